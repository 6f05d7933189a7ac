"""Bar archives: reading, writing and drawing batches.

The archive (`.npz`) holds one bit-packed row per 4/4 bar: `np.packbits` of the boolean roll
`[step 96, pitch 84, track T]` in C order, beside song ids, names, tempi and a split by song.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from livegan.core.music import PITCHES, STEPS_PER_BAR

BoolArray = NDArray[np.bool_]
SPLITS = {"train": 0, "valid": 1, "test": 2}
NEEDED = ("bars", "song_id", "song_split", "tracks")


class BadArchive(ValueError):
    """The file is not a bar archive; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class BarSet:
    """Bars of one or more tracks, bit-packed.

    `packed` is uint8 `[bar, ceil(96*84*T/8)]`; `song_id` int `[bar]`; `song_split` int `[song]`.
    """

    packed: NDArray[np.uint8]
    song_id: NDArray[np.int32]
    song_split: NDArray[np.int32]
    tracks: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.packed)

    def select(self, split: str) -> BarSet:
        """The bars of one split: 'train', 'valid' or 'test'."""
        chosen = self.song_split[self.song_id] == SPLITS[split]
        return BarSet(self.packed[chosen], self.song_id[chosen], self.song_split, self.tracks)

    def rolls(self, rows: NDArray[np.int64] | slice) -> BoolArray:
        """Rolls of some rows, bool `[n, track, step, pitch]`."""
        count = len(self.tracks)
        bits = np.unpackbits(self.packed[rows], axis=1, count=STEPS_PER_BAR * PITCHES * count)
        shape = (-1, STEPS_PER_BAR, PITCHES, count)
        return np.ascontiguousarray(np.moveaxis(bits.reshape(shape), 3, 1)).view(bool)


def load_bars(path: Path) -> BarSet:
    """Read a bar archive. Raises `BadArchive` with one line that says what is wrong."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = [key for key in NEEDED if key not in archive]
            if missing:
                raise BadArchive(f"{path}: not a bar archive, it has no {', '.join(missing)}")
            bars = BarSet(
                archive["bars"],
                archive["song_id"].astype(np.int32),
                archive["song_split"].astype(np.int32),
                tuple(str(track) for track in archive["tracks"]),
            )
    except BadArchive:
        raise
    except FileNotFoundError:
        raise BadArchive(f"{path}: no such file") from None
    except Exception:  # zip, pickle, shape and type errors all mean the same to the user
        raise BadArchive(f"{path}: not a bar archive (.npz), or a damaged one") from None
    width = -(-STEPS_PER_BAR * PITCHES * len(bars.tracks) // 8)
    if bars.packed.ndim != 2 or bars.packed.shape[1] != width or bars.packed.dtype != np.uint8:
        raise BadArchive(
            f"{path}: bars are {bars.packed.dtype} {bars.packed.shape}, "
            f"expected uint8 (n, {width}) for {len(bars.tracks)} tracks"
        )
    if not len(bars):
        raise BadArchive(f"{path}: holds no bars")
    return bars


def draw_batch(bars: BarSet, size: int, transpose: int, generator: torch.Generator) -> torch.Tensor:
    """A random batch of rolls, float `[size, track, step, pitch]`, each transposed by up to
    `transpose` semitones (tracks named like drums are left alone)."""
    rows = torch.randint(len(bars), (size,), generator=generator).numpy()
    shifts = torch.randint(-transpose, transpose + 1, (size,), generator=generator).tolist()
    rolls = bars.rolls(rows)
    pitched = [i for i, track in enumerate(bars.tracks) if "drum" not in track.lower()]
    for roll, shift in zip(rolls, shifts, strict=True):
        if shift:
            roll[pitched] = shift_pitch(roll[pitched], shift)
    return torch.from_numpy(rolls).float()


def shift_pitch(roll: BoolArray, semitones: int) -> BoolArray:
    """Move a roll `[..., pitch]` up or down; what leaves the range is lost."""
    moved = np.zeros_like(roll)
    if semitones > 0:
        moved[..., semitones:] = roll[..., :-semitones]
    elif semitones < 0:
        moved[..., :semitones] = roll[..., -semitones:]
    else:
        moved[...] = roll
    return moved
