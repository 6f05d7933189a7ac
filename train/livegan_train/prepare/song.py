"""A song on its way into bars: notes in steps, bar lines, and the settings both are made by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BEAT

from .tracks import TrackPlan

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

COMMON_TIME = (4, 4)
CUT_TIME = (2, 2)
MOST_BARS = 20_000
"""Eleven hours at 120 bpm. What is longer is a damaged file, and would only fill the disk."""


class Unreadable(ValueError):
    """The file can't be read; the message says why."""


class Unsuitable(ValueError):
    """The file can be read, but has no bars for this archive; the message says why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How music becomes bars. `snap` None leaves it to the reader: 2 steps of 24 for POP909, whose
    performers were recorded, and none for other music."""

    steps_per_beat: int = STEPS_PER_BEAT
    lowest_pitch: int = LOWEST_PITCH
    pitches: int = PITCHES
    metre: tuple[int, int] = COMMON_TIME
    snap: int | None = None
    families: str = "lpd5"
    plan: TrackPlan | None = None
    min_bars: int = 1
    max_bars: int = 400

    def __post_init__(self) -> None:
        if self.metre[0] * 4 * self.steps_per_beat % self.metre[1]:
            raise ValueError(
                f"a bar of {self.metre[0]}/{self.metre[1]} is no whole number of steps "
                f"at {self.steps_per_beat} a beat"
            )

    @property
    def steps_per_bar(self) -> int:
        return self.metre[0] * 4 * self.steps_per_beat // self.metre[1]

    def is_metre(self, numerator: int, denominator: int) -> bool:
        """Whether bars of this time signature are kept. 2/2 counts as 4/4: the same bar, conducted in
        two."""
        if (numerator, denominator) == CUT_TIME and self.metre == COMMON_TIME:
            return True
        return (numerator, denominator) == self.metre


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes as parallel arrays `[note]`: start and end in steps (not rounded), MIDI pitch, index of the
    song's track, whether it is a drum hit, MIDI velocity (0 where nobody knows)."""

    start: FloatArray
    end: FloatArray
    pitch: IntArray
    track: IntArray
    drum: NDArray[np.bool_]
    velocity: IntArray

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True, slots=True)
class BarLines:
    """The bars of the wanted metre: `start` in steps (rounded) and `index`, both `[bar]`, ascending.
    `index` counts every bar, so it jumps where one of another metre or length is left out."""

    start: IntArray
    index: IntArray

    def __len__(self) -> int:
        return len(self.start)

    def part(self, first: int, last: int) -> BarLines:
        """Bars number `first` to before `last` of these."""
        return BarLines(self.start[first:last], self.index[first:last])


@dataclass(frozen=True, slots=True)
class Song:
    """What a reader makes of one file. `snap`: onsets at most so many steps from a 16th move to it."""

    notes: Notes
    tracks: tuple[str, ...]
    bars: BarLines
    bpm: float
    snap: int


def joined(parts: list[Notes]) -> Notes:
    """The notes of several tracks. Raises `Unsuitable` if there are none."""
    if not sum(len(part) for part in parts):
        raise Unsuitable("no notes")
    return Notes(
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.end for part in parts]),
        np.concatenate([part.pitch for part in parts]),
        np.concatenate([part.track for part in parts]),
        np.concatenate([part.drum for part in parts]),
        np.concatenate([part.velocity for part in parts]),
    )


def bars_between(lines: FloatArray, whole: NDArray[np.bool_]) -> BarLines:
    """Bar lines from where all bars start, in steps `[bar]`, and which of them are `whole` bars of the
    wanted metre `[bar]`."""
    index = np.flatnonzero(whole)
    return BarLines(np.rint(lines[index]).astype(np.int64), index.astype(np.int64))
