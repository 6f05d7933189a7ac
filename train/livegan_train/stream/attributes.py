"""What the knobs ask for, measured on bars: per track the number of notes, mean pitch, polyphony,
syncopation and note length; over all tracks, how well a tonal centre fits.

Differentiable, so that a generator can be held to what it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.knobs import KEYS, KNOBS, plays_alone, scale_of
from livegan.core.music import SIXTEENTHS_PER_BAR

from .cells import Cells

LEVELS = 21
MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Krumhansl and Kessler, 1982."""
OUTSIDE = 1.2
"""Nats that a note outside a scale speaks against it."""


def scales() -> Tensor:
    """Which pitch classes belong to each of the 24 keys, `[key, class]`."""
    return torch.stack([torch.from_numpy(scale_of(key)) for key in range(len(KEYS))]).float()


def weakness(cells: int) -> Tensor:
    """How far off the beat a cell lies: 0 on it, 1/2 on the eighth between, 1 elsewhere, `[cell]`."""
    place = torch.arange(cells) % (cells // 4)
    half = cells // 8
    return torch.where(place == 0, 0.0, torch.where(place == half, 0.5, 1.0))


def attributes(cells: Cells) -> tuple[Tensor, Tensor]:
    """Values `[batch, track, knob]`, and where they mean anything: bool `[batch, track]`, bars that
    have a note."""
    onset, hold = cells
    count, pitches = onset.shape[2:]
    notes = onset.sum((2, 3))
    some = notes.clamp_min(1.0)
    pitch = torch.arange(pitches, device=onset.device, dtype=onset.dtype)
    sounding = hold.sum((2, 3))
    off = weakness(count).to(onset)
    values = (
        notes,
        (onset.sum(2) * pitch).sum(2) / some,
        sounding / hold.amax(3).sum(2).clamp_min(0.1),
        (onset.sum(3) * off).sum(2) / some,
        sounding * (SIXTEENTHS_PER_BAR / count) / some,
    )
    return torch.stack(values, 2), notes > 0


def in_key(cells: Cells, key: Tensor, pitched: Tensor, scale: Tensor) -> Tensor:
    """Share of the struck notes of pitched tracks that belong to a key, int64 `[batch]`: `[batch]`."""
    struck = cells.onset[:, pitched].sum((1, 2))
    by_class = struck.reshape(len(struck), -1, 12).sum(1)
    out: Tensor = (by_class * scale[key]).sum(1) / by_class.sum(1).clamp_min(1.0)
    return out


class Ranks:
    """From values to shares of the data's range and back: quantiles `[track, knob, level]`, made
    strictly increasing."""

    def __init__(self, quantiles: Tensor) -> None:
        steps = torch.arange(quantiles.shape[2], device=quantiles.device) * 1e-4
        self.quantiles = (quantiles + steps).contiguous()
        self.spread = (quantiles[..., -2] - quantiles[..., 1]).clamp_min(0.05) / 3.3

    def of(self, values: Tensor) -> Tensor:
        """Shares 0 to 1 of values `[batch, track, knob]`."""
        batch = len(values)
        levels = self.quantiles.shape[2]
        wanted = values.detach().permute(1, 2, 0).contiguous()
        above = torch.searchsorted(self.quantiles, wanted).clamp(1, levels - 1)
        table = self.quantiles
        low, high = table.gather(2, above - 1), table.gather(2, above)
        share = ((wanted - low) / (high - low)).clamp(0, 1)
        return ((above - 1 + share) / (levels - 1)).permute(2, 0, 1).reshape(batch, *values.shape[1:])

    def values(self, ranks: Tensor) -> Tensor:
        """What shares `[batch, track, knob]` ask for."""
        levels = self.quantiles.shape[2]
        place = (ranks.clamp(0, 1) * (levels - 1)).permute(1, 2, 0)
        below = place.long().clamp(max=levels - 2)
        low, high = self.quantiles.gather(2, below), self.quantiles.gather(2, below + 1)
        return (low + (place - below) * (high - low)).permute(2, 0, 1)


def alone_of(quantiles: Tensor, pitched: Sequence[bool]) -> list[bool]:
    """Which tracks strike one note at a time, by the knobs' quantiles `[track, knob, level]`."""
    voices = quantiles[:, KNOBS.index("polyphony")].tolist()
    return [is_pitched and plays_alone(own) for own, is_pitched in zip(voices, pitched, strict=True)]


def quantiles_of(values: NDArray[np.float32], sounding: NDArray[np.bool_]) -> NDArray[np.float32]:
    """From values `[bar, track, knob]` of training bars: `[track, knob, level]`, the outermost at 1 and
    99 %."""
    levels = np.linspace(0, 1, LEVELS).clip(0.01, 0.99)
    tables = []
    for track in range(values.shape[1]):
        heard = values[sounding[:, track], track]
        tables.append(
            np.quantile(heard, levels, axis=0).T if len(heard) else np.zeros((len(KNOBS), LEVELS))
        )
    return np.stack(tables).astype(np.float32)
