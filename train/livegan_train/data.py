"""Bar archives: reading them, and drawing batches on the device that trains.

The archive (`.npz`) holds one bit-packed row per 4/4 bar: `np.packbits` of the boolean roll
`[step 96, pitch 84, track T]` in C order, beside song ids, names, tempi and a split by song
(docs/bars.md).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR

BoolArray = NDArray[np.bool_]
SPLITS = {"train": 0, "valid": 1, "test": 2}
NEEDED = ("bars", "song_id", "song_split", "tracks")


class BadArchive(ValueError):
    """The file is not a bar archive; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class BarSet:
    """Bars of one or more tracks, bit-packed.

    `packed` is uint8 `[bar, ceil(96*84*T/8)]`; `song_id` and `bar_index` int `[bar]`: consecutive
    numbers of one song are consecutive music; `song_split` int `[song]`; `song_names` by song, where
    the archive tells them.
    """

    packed: NDArray[np.uint8]
    song_id: NDArray[np.int32]
    song_split: NDArray[np.int32]
    tracks: tuple[str, ...]
    bar_index: NDArray[np.int32]
    song_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.packed)

    @property
    def checksum(self) -> int:
        """By which a run knows its data again."""
        return zlib.crc32(self.packed.tobytes())

    def select(self, split: str) -> BarSet:
        """The bars of one split: 'train', 'valid' or 'test'."""
        return self.rows(np.flatnonzero(self.song_split[self.song_id] == SPLITS[split]))

    def rows(self, chosen: NDArray[np.int64]) -> BarSet:
        """Some of the bars, of the same songs."""
        return replace(
            self,
            packed=self.packed[chosen],
            song_id=self.song_id[chosen],
            bar_index=self.bar_index[chosen],
        )

    def rolls(self, rows: NDArray[np.int64] | slice) -> BoolArray:
        """Rolls of some rows, bool `[n, track, step, pitch]`."""
        count = len(self.tracks)
        bits = np.unpackbits(self.packed[rows], axis=1, count=STEPS_PER_BAR * PITCHES * count)
        shape = (-1, STEPS_PER_BAR, PITCHES, count)
        return np.ascontiguousarray(np.moveaxis(bits.reshape(shape), 3, 1)).view(bool)

    def phrase_starts(self, bars: int) -> NDArray[np.int64]:
        """The rows from which so many consecutive bars of one song follow."""
        starts = np.arange(max(0, len(self) - bars + 1))
        ends = starts + bars - 1
        one_song = self.song_id[starts] == self.song_id[ends]
        unbroken = self.bar_index[ends] - self.bar_index[starts] == bars - 1
        found: NDArray[np.int64] = starts[one_song & unbroken]
        return found


def load_bars(path: Path) -> BarSet:
    """Read a bar archive. Raises `BadArchive` with one line that says what is wrong."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = [key for key in NEEDED if key not in archive]
            if missing:
                raise BadArchive(f"{path}: not a bar archive, it has no {', '.join(missing)}")
            check_grid(path, archive)
            song_id = archive["song_id"].astype(np.int32)
            bars = BarSet(
                archive["bars"],
                song_id,
                archive["song_split"].astype(np.int32),
                tuple(str(track) for track in archive["tracks"]),
                archive["bar_index"].astype(np.int32)
                if "bar_index" in archive
                else np.arange(len(song_id), dtype=np.int32),
                tuple(map(str, archive["song_names"])) if "song_names" in archive else (),
            )
    except BadArchive:
        raise
    except FileNotFoundError:
        raise BadArchive(f"{path}: no such file") from None
    except Exception:  # zip, pickle, shape and type errors all mean the same to the user
        raise BadArchive(f"{path}: not a bar archive (.npz), or a damaged one") from None
    check_rows(path, bars)
    return bars


def check_grid(path: Path, archive: np.lib.npyio.NpzFile) -> None:
    grid = tuple(archive["shape"][:2].tolist()) if "shape" in archive else (STEPS_PER_BAR, PITCHES)
    lowest = int(archive["lowest_pitch"]) if "lowest_pitch" in archive else LOWEST_PITCH
    if grid != (STEPS_PER_BAR, PITCHES) or lowest != LOWEST_PITCH:
        raise BadArchive(
            f"{path}: its bars are {grid[0]} steps of {grid[1]} pitches from {lowest}; expected "
            f"{STEPS_PER_BAR} of {PITCHES} from {LOWEST_PITCH} (4/4 bars of 24 steps a beat)"
        )


def check_rows(path: Path, bars: BarSet) -> None:
    width = -(-STEPS_PER_BAR * PITCHES * len(bars.tracks) // 8)
    if bars.packed.ndim != 2 or bars.packed.shape[1] != width or bars.packed.dtype != np.uint8:
        raise BadArchive(
            f"{path}: bars are {bars.packed.dtype} {bars.packed.shape}, "
            f"expected uint8 (n, {width}) for {len(bars.tracks)} tracks"
        )
    if not len(bars):
        raise BadArchive(f"{path}: holds no bars")
    if not len(bars.song_id) == len(bars.bar_index) == len(bars):
        raise BadArchive(f"{path}: song_id and bar_index must have one entry a bar ({len(bars)})")
    if bars.song_id.min() < 0 or bars.song_id.max() >= len(bars.song_split):
        raise BadArchive(f"{path}: song_id must lie in 0 to {len(bars.song_split) - 1}")


class Batches:
    """Random batches from a whole set that lives, bit-packed, on the device: unpacked, cut into phrases
    and transposed there, so that no bar crosses the bus while training."""

    def __init__(self, bars: BarSet, phrase: int, transpose: int, device: torch.device) -> None:
        self.phrase, self.transpose, self.tracks = phrase, transpose, len(bars.tracks)
        self.packed = torch.from_numpy(bars.packed).to(device)
        self.starts = torch.from_numpy(bars.phrase_starts(phrase)).to(device)
        if not len(self.starts):
            raise BadArchive(f"the archive has no {phrase} consecutive bars in its train split")
        bits = (torch.arange(256)[:, None] >> torch.arange(7, -1, -1)) & 1
        self.bits = bits.to(torch.uint8).to(device)
        pitched = ["drum" not in track.lower() for track in bars.tracks]
        self.pitched = torch.tensor(pitched, device=device)
        self.pitches = torch.arange(PITCHES, device=device)
        self.places = torch.arange(phrase, device=device)

    def __len__(self) -> int:
        """Phrases to choose from."""
        return len(self.starts)

    def choose(self, phrases: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """First rows of random phrases and how many semitones each is moved, both int64 `[phrase]`."""
        device = random.device
        chosen = torch.randint(len(self.starts), (phrases,), generator=random, device=device)
        span = (-self.transpose, self.transpose + 1)
        shifts = torch.randint(*span, (phrases,), generator=random, device=device)
        return self.starts[chosen], shifts

    def rolls(self, firsts: Tensor, semitones: Tensor) -> Tensor:
        """Float rolls `[phrase * bar, track, step, pitch]` of phrases by their first row, transposed
        but for tracks named like drums; what leaves the range is lost."""
        rows = (firsts[:, None] + self.places).flatten()
        cells = self.bits[self.packed[rows].int()].flatten(1)
        cells = cells[:, : STEPS_PER_BAR * PITCHES * self.tracks]
        rolls = cells.reshape(-1, STEPS_PER_BAR, PITCHES, self.tracks).permute(0, 3, 1, 2)
        rolls = rolls.to(torch.float32, memory_format=torch.contiguous_format)
        if not self.transpose:
            return rolls
        return self.shifted(rolls, semitones.repeat_interleave(self.phrase))

    def shifted(self, rolls: Tensor, semitones: Tensor) -> Tensor:
        """Move each bar's pitched tracks `[bar, track, step, pitch]` by its own `semitones` `[bar]`."""
        moves = semitones[:, None] * self.pitched
        source = self.pitches - moves[:, :, None]
        inside = ((source >= 0) & (source < PITCHES))[:, :, None]
        index = source.clamp(0, PITCHES - 1)[:, :, None].expand_as(rolls)
        return rolls.gather(3, index) * inside
