"""What a stream is trained on: every bar with the one before it, a neighbour, its place in the phrase
and its tonal centre."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.music import PITCHES, is_drums

from ..data import BarSet
from ..heads import ONSET_GRIDS
from .attributes import MAJOR_PROFILE, MINOR_PROFILE, alone_of, attributes, quantiles_of
from .cells import STRUCK, Cells, cells_of_codes, codes_of
from .config import StreamConfig
from .homes import homes_of, to_home

CHUNK = 500
NEAR = 8
"""Bars on either side that share a section with a bar, more often than not."""
KEY_BARS = 4
"""Bars on either side that a bar's key is told from."""


class Batch(NamedTuple):
    """Bars, those before them (silence where a song begins) and neighbours; `place` and `key` int64
    `[batch]`."""

    now: Cells
    before: Cells
    near: Cells
    place: Tensor
    key: Tensor


class StreamData:
    """A training split on the device, one byte a cell."""

    def __init__(self, bars: BarSet, config: StreamConfig, device: torch.device) -> None:
        cells, places = ONSET_GRIDS[config.head], config.places
        self.cells, self.transpose, self.home = cells, config.transpose, config.home
        chunks = [codes_of(bars.rolls(slice(i, i + CHUNK)), cells) for i in range(0, len(bars), CHUNK)]
        codes = np.concatenate(chunks)
        drums = np.array([is_drums(track) for track in bars.tracks])
        keys, phases, moves = (np.zeros(len(bars), np.int64) for _ in range(3))
        for song in np.unique(bars.song_id):
            rows = np.flatnonzero(bars.song_id == song)
            keys[rows] = keys_of(codes[rows][:, ~drums])
            phases[rows] = places_of(codes[rows], bars.bar_index[rows], places)
            moves[rows] = to_home(homes_of(codes[rows][:, ~drums]))
        self.codes = torch.from_numpy(codes).to(device)
        self.keys = torch.from_numpy(keys).to(device)
        self.moves = torch.from_numpy(moves).to(device)
        self.places = torch.from_numpy(phases).to(device)
        self.song = torch.from_numpy(bars.song_id.astype(np.int64)).to(device)
        self.index = torch.from_numpy(bars.bar_index.astype(np.int64)).to(device)
        self.pitched = torch.from_numpy(~drums).to(device)
        self.quantiles = self.ranges().to(device)
        notes = (self.codes >= STRUCK).sum((2, 3)).float()
        self.notes = notes.mean(0)
        """How many each track has in a bar, `[track]`."""
        self.resting = 1 - (notes > 0).float().mean(0)
        """How often each track is silent, `[track]`."""

    def ranges(self) -> Tensor:
        """The knobs' quantiles, `[track, knob, level]`."""
        seen = [
            attributes(cells_of_codes(self.codes[i : i + CHUNK], self.cells))
            for i in range(0, len(self), CHUNK)
        ]
        values, sounding = (torch.cat(part).cpu().numpy() for part in zip(*seen, strict=True))
        return torch.from_numpy(quantiles_of(values, sounding))

    @property
    def alone(self) -> list[bool]:
        """Of every track: does it strike one note at a time?"""
        return alone_of(self.quantiles, self.pitched.tolist())

    def __len__(self) -> int:
        return len(self.codes)

    def batch(self, count: int, random: torch.Generator) -> Batch:
        """Random bars, each in a random key within reach, or all at home."""
        device = random.device
        rows = torch.randint(len(self), (count,), generator=random, device=device)
        previous = (rows - 1).clamp_min(0)
        follows = (self.song[previous] == self.song[rows]) & (
            self.index[previous] == self.index[rows] - 1
        )
        away = torch.randint(1, NEAR + 1, (count,), generator=random, device=device)
        sign = torch.randint(0, 2, (count,), generator=random, device=device) * 2 - 1
        near = (rows + sign * away).clamp(0, len(self) - 1)
        near = torch.where(self.song[near] == self.song[rows], near, rows)
        shifts = self.shifts(rows, random)
        keys = self.keys[rows]
        moved = (keys % 12 + shifts) % 12 + 12 * (keys // 12)
        now, before, beside = (self.take(r, shifts) for r in (rows, previous, near))
        return Batch(now, before.where(follows), beside, self.places[rows], moved)

    def bars(self, count: int, random: torch.Generator) -> Cells:
        """Random bars alone, each in a random key within reach, or all at home."""
        rows = torch.randint(len(self), (count,), generator=random, device=random.device)
        return self.take(rows, self.shifts(rows, random))

    def shifts(self, rows: Tensor, random: torch.Generator) -> Tensor:
        """Semitones by which bars are moved, `[bar]`."""
        if self.home:
            return self.moves[rows]
        span = (-self.transpose, self.transpose + 1)
        return torch.randint(*span, (len(rows),), generator=random, device=random.device)

    def take(self, rows: Tensor, shifts: Tensor) -> Cells:
        return self.moved(self.codes[rows], shifts)

    def moved(self, codes: Tensor, shifts: Tensor) -> Cells:
        """Bars `[batch, track, cell, pitch]` so many semitones higher, drums where they are."""
        if self.transpose or self.home:
            moves = (shifts[:, None] * self.pitched)[:, :, None, None]
            source = torch.arange(PITCHES, device=codes.device) - moves
            inside = (source >= 0) & (source < PITCHES)
            index = source.clamp(0, PITCHES - 1).expand_as(codes)
            codes = codes.gather(3, index) * inside
        return cells_of_codes(codes, self.cells)


def keys_of(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The key around each bar of one song `[bar, track, cell, pitch]`: the best of 24 by correlation of
    sounding pitch classes (Krumhansl and Schmuckler), over the bars beside it too."""
    sounding = (codes % STRUCK).sum(axis=(1, 2)).reshape(len(codes), -1, 12).sum(axis=1).astype(float)
    total = np.concatenate([np.zeros((1, 12)), sounding.cumsum(axis=0)])
    places = np.arange(len(codes))
    window = total[(places + KEY_BARS + 1).clip(max=len(codes))] - total[(places - KEY_BARS).clip(0)]
    profiles = np.stack([np.roll(p, t) for p in (MAJOR_PROFILE, MINOR_PROFILE) for t in range(12)])
    profiles = profiles - profiles.mean(axis=1, keepdims=True)
    profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
    centred = window - window.mean(axis=1, keepdims=True)
    found: NDArray[np.int64] = (centred @ profiles.T).argmax(axis=1)
    return found


def early_ends(codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How early the last onset of each bar falls, in shares of the bar; 0 for silent bars."""
    struck = np.asarray((codes >= STRUCK).any(axis=(1, 3)))
    last = struck.shape[1] - 1 - struck[:, ::-1].argmax(axis=1)
    early: NDArray[np.float64] = np.where(struck.any(axis=1), 1 - (last + 1) / struck.shape[1], 0.0)
    return early


def places_of(codes: NDArray[np.uint8], index: NDArray[np.int32], places: int) -> NDArray[np.int64]:
    """Each bar's place in a phrase of so many bars. A song tells where its phrases end by the bars that
    end early; the half of a phrase ends less clearly."""
    early, place = early_ends(codes), index % places
    each = np.array([early[place == p].mean() if (place == p).any() else 0.0 for p in range(places)])
    ending = int(np.argmax(each + 0.5 * np.roll(each, places // 2)))
    return (index.astype(np.int64) - ending - 1) % places
