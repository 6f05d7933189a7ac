"""What is to be learned: the notes of an archive, and how each was struck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import STEPS_PER_SIXTEENTH

from ..data import SPLITS, BadArchive, BarSet, load_bars
from ..metrics import note_table

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

BLOCK = 512
MAX_VELOCITY = 127
LEAST_VALUES, LEAST_SPREAD = 5, 3.0
LEAST_TIMING = 0.35
"""Steps: what rounding to steps leaves has a spread of 0.29."""
MOST_ALIKE = 0.3
FEW_NOTES = 16
LEAST_PLAYED = 0.8
"""A track of whose notes fewer were played has nothing to learn from: what was not typed are a few
hands and a few programs, which say nothing of other songs (train/NOTES.md)."""


@dataclass(frozen=True, slots=True)
class Felt:
    """The bars of an archive and their notes.

    `start` int `[bar + 1]`: the first note of each bar. Of each note `[note]`: `bar`, `track`, `step`
    and `pitch` (row), `velocity` 0 to 1 (`raw` as it is in the file), `timing` in steps; whether its
    velocity and its timing are a player's (`loud`, `late`) or were typed. Velocity and timing have no
    trace of how loud and how late the track is in its whole song: that is the level knob's, and the
    recording's.
    """

    bars: BarSet
    start: IntArray
    bar: IntArray
    track: IntArray
    step: IntArray
    pitch: IntArray
    raw: FloatArray
    velocity: FloatArray
    timing: FloatArray
    loud: BoolArray
    late: BoolArray

    def split(self, name: str) -> IntArray:
        """The bars of a split."""
        return np.flatnonzero(self.bars.song_split[self.bars.song_id] == SPLITS[name])

    def rows(self, split: str) -> IntArray:
        """The bars of a split that have a note to learn from."""
        learned = np.bincount(self.bar, self.loud | self.late, len(self.bars)) > 0
        rows = self.split(split)
        return rows[learned[rows]]

    def trained(self, track: str) -> BoolArray:
        """Which notes are of this track and of the training split, `[note]`."""
        split = self.bars.song_split[self.bars.song_id[self.bar]]
        mine: BoolArray = (split == SPLITS["train"]) & (self.track == self.bars.tracks.index(track))
        return mine

    def notes(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """The notes of some bars, and for each the place of its bar among them."""
        counts = self.start[rows + 1] - self.start[rows]
        place = np.repeat(np.arange(len(rows)), counts)
        before = np.cumsum(counts) - counts
        return np.arange(len(place)) - before[place] + self.start[rows][place], place


def load_felt(path: Path) -> Felt:
    """Read an archive with velocities. Raises `BadArchive` with one line."""
    bars = load_bars(path)
    with np.load(path, allow_pickle=False) as archive:
        if "note_velocity" not in archive:
            raise BadArchive(f"{path}: has no velocities; livegan prepare makes archives that do")
        start = archive["note_start"].astype(np.int64)
        velocity, timing = archive["note_velocity"], archive["note_timing"]
    track, step, pitch = places(bars)
    if not len(start) - 1 == len(bars) or not start[-1] == len(velocity) == len(timing) == len(track):
        raise BadArchive(f"{path}: its velocities are not those of its notes")
    bar = np.repeat(np.arange(len(bars)), np.diff(start))
    voice = bars.song_id[bar].astype(np.int64) * len(bars.tracks) + track
    raw = velocity.astype(np.float64)
    spread = np.where(velocity > 0, raw, np.nan)
    steps = timing.astype(np.float64) * (STEPS_PER_SIXTEENTH / 100)
    return Felt(
        bars,
        *(start, bar, track, step, pitch),
        (raw / MAX_VELOCITY).astype(np.float32),
        (centred(spread, voice, track) / MAX_VELOCITY).astype(np.float32),
        (steps - group_mean(steps, voice)).astype(np.float32),
        enough((velocity > 0) & played_loudness(velocity, voice)[voice], track),
        enough(played_timing(timing, voice)[voice], track),
    )


def load_all(path: Path, others: Sequence[Path]) -> tuple[Felt, list[Felt]]:
    """An archive and those that teach some of its tracks in its place: their names must be its own,
    each once. Raises `BadArchive` with one line."""
    own = load_felt(path)
    taken: list[str] = []
    loaded = []
    for other in others:
        loaded.append(load_felt(other))
        for name in loaded[-1].bars.tracks:
            if name not in own.bars.tracks:
                raise BadArchive(f"{other}: its track {name} is not one of {path}")
            if name in taken:
                raise BadArchive(f"{other}: its track {name} is in another one, too")
            taken.append(name)
    return without(own, taken), loaded


def without(felt: Felt, names: Sequence[str]) -> Felt:
    """The same notes, with nothing to learn of some tracks."""
    there = ~np.array([name in names for name in felt.bars.tracks])[felt.track]
    return replace(felt, loud=felt.loud & there, late=felt.late & there)


def places(bars: BarSet) -> tuple[IntArray, IntArray, IntArray]:
    """Track, step and pitch row of every note, ordered by bar, track, pitch and step."""
    found = []
    for first in range(0, len(bars), BLOCK):
        rolls = bars.rolls(slice(first, first + BLOCK))
        table = note_table(rolls.reshape(-1, *rolls.shape[2:]))
        found.append(np.stack([table[:, 0] % rolls.shape[1], table[:, 2], table[:, 1]]))
    track, step, pitch = np.concatenate(found, axis=1)
    return track, step, pitch


def enough(played: BoolArray, track: IntArray) -> BoolArray:
    """Without the tracks of which too few notes were played."""
    share = group_mean(played.astype(np.float64), track)
    kept: BoolArray = played & (share > LEAST_PLAYED)
    return kept


def group_mean(values: NDArray[np.float64], group: IntArray) -> NDArray[np.float64]:
    """For each value the mean of its group, without nan."""
    known = np.isfinite(values)
    total = np.bincount(group[known], values[known], int(group.max(initial=0)) + 1)
    count = np.bincount(group[known], minlength=len(total))
    mean: NDArray[np.float64] = (total / np.maximum(count, 1))[group]
    return mean


def centred(values: NDArray[np.float64], voice: IntArray, track: IntArray) -> NDArray[np.float64]:
    """Values with the mean of their track in place of that of their track in their song."""
    moved = values - group_mean(values, voice) + group_mean(values, track)
    return np.where(np.isfinite(moved), moved, 0.0)


def played_loudness(velocity: NDArray[np.uint8], voice: IntArray) -> BoolArray:
    """Which voices (a track of a song) have the velocities of a player, `[voice]`: typed ones have few
    values, or hardly differ."""
    voices = int(voice.max(initial=0)) + 1
    table = np.zeros((voices, 128), bool)
    table[voice, velocity] = True
    raw = velocity.astype(np.float64)
    squares = np.bincount(voice, (raw - group_mean(raw, voice)) ** 2, voices)
    spread = np.sqrt(squares / np.maximum(np.bincount(voice, minlength=voices), 1))
    played: BoolArray = (table.sum(axis=1) >= LEAST_VALUES) & (spread >= LEAST_SPREAD)
    return played


def played_timing(timing: NDArray[np.int8], voice: IntArray) -> BoolArray:
    """Which voices have the timing of a player, `[voice]`: of typed notes many are late by exactly the
    same, most often by nothing. What only rounding took away says nothing either: performances are to
    be prepared with `--snap`."""
    voices = int(voice.max(initial=0)) + 1
    counts = np.bincount(voice * 256 + timing.astype(np.int64) + 128, minlength=voices * 256)
    table = counts.reshape(voices, 256)
    total = table.sum(axis=1)
    steps = timing.astype(np.float64) * (STEPS_PER_SIXTEENTH / 100)
    squares = np.bincount(voice, (steps - group_mean(steps, voice)) ** 2, voices)
    differs = np.sqrt(squares / np.maximum(total, 1)) >= LEAST_TIMING
    played: BoolArray = (total >= FEW_NOTES) & (table.max(axis=1) < MOST_ALIKE * total) & differs
    return played
