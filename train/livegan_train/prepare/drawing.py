"""Notes and bar lines in, bit-packed bars out.

The rules of the archive (docs/bars.md): a pitch that is struck again is off for the step before; a drum
hit lasts one step; a note that crosses the bar line goes on at step 0 of the next bar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .song import BarLines, FloatArray, IntArray, Notes, Settings, Song, Unsuitable

BLOCK = 256
"""Bars drawn at once, so that a song of hours takes no more memory than one of minutes."""
TIMING = 100
"""Parts of a 16th in which a note's timing is counted."""


def snapped(start: FloatArray, settings: Settings, snap: int) -> IntArray:
    """Onsets in whole steps; those at most `snap` steps from a 16th move to it."""
    steps = np.rint(start)
    if snap:
        sixteenth = settings.steps_per_beat / 4
        nearest = np.rint(start / sixteenth) * sixteenth
        steps = np.where(np.abs(start - nearest) <= snap, np.rint(nearest), steps)
    return steps.astype(np.int64)


def played(notes: Notes, settings: Settings, snap: int, order: IntArray) -> IntArray:
    """Notes as the roll shows them: rows of (start, end, pitch row, track, velocity, timing), int
    `[note, 6]`, sorted by track, pitch and start. `order` gives each of the song's tracks its place in
    the roll, or -1. Of notes struck together the longest counts; each ends a step before its pitch is
    struck again. Timing is how late the note was, in hundredths of a 16th."""
    row = notes.pitch - settings.lowest_pitch
    track = order[notes.track]
    chosen = np.flatnonzero((row >= 0) & (row < settings.pitches) & (track >= 0))
    start = snapped(notes.start[chosen], settings, snap)
    end = np.where(notes.drum[chosen], start + 1, np.rint(notes.end[chosen]).astype(np.int64))
    end = np.maximum(end, start + 1)
    late = np.rint((notes.start[chosen] - start) * (4 * TIMING / settings.steps_per_beat))
    rows = np.stack(
        [start, end, row[chosen], track[chosen], notes.velocity[chosen], late.astype(np.int64)], axis=1
    )
    rows = rows[np.lexsort((-end, start, row[chosen], track[chosen]))]
    start, end, row, track = rows[:, :4].T
    voice = track * settings.pitches + row
    first = np.ones(len(start), bool)
    first[1:] = (voice[1:] != voice[:-1]) | (start[1:] != start[:-1])
    rows, voice = rows[first], voice[first]
    again = np.flatnonzero(voice[1:] == voice[:-1])
    start, end = rows[:, 0], rows[:, 1]
    end[again] = np.maximum(np.minimum(end[again], start[again + 1] - 1), start[again] + 1)
    return rows


def sounding(bars: BarLines, steps_per_bar: int, start: IntArray, end: IntArray) -> BarLines:
    """The bars from the first to the last in which one of the notes sounds."""
    first = np.searchsorted(bars.start + steps_per_bar, start, "right")
    last = np.searchsorted(bars.start, end, "left") - 1
    heard = first <= last
    if not heard.any():
        raise Unsuitable("nothing sounds in a bar of the metre")
    return bars.part(int(first[heard].min()), int(last[heard].max()) + 1)


def cells_of(notes: IntArray, bars: BarLines, steps_per_bar: int) -> tuple[IntArray, IntArray]:
    """Which cells are on: for each its note's place in `notes`, and its step counted over these bars
    alone."""
    low, high = int(bars.start[0]), int(bars.start[-1]) + steps_per_bar
    near = np.flatnonzero((notes[:, 0] < high) & (notes[:, 1] > low))
    start, end = np.maximum(notes[near, 0], low), np.minimum(notes[near, 1], high)
    length = end - start
    before = np.cumsum(length) - length
    step = np.arange(int(length.sum())) + np.repeat(start - before, length)
    bar = np.searchsorted(bars.start, step, "right") - 1
    within = step - bars.start[bar]
    inside = within < steps_per_bar
    return np.repeat(near, length)[inside], (bar * steps_per_bar + within)[inside]


@dataclass(frozen=True, slots=True)
class Struck:
    """How the notes of some bars were struck: velocity uint8 and timing int8 (late by hundredths of a
    16th), both `[note]`, in the order of bar, track, pitch and start; `count` int64 `[bar]`."""

    velocity: NDArray[np.uint8]
    timing: NDArray[np.int8]
    count: IntArray


def draw(
    notes: IntArray, bars: BarLines, settings: Settings, tracks: int
) -> Iterator[tuple[NDArray[np.uint8], Struck]]:
    """Bit-packed bars in blocks, uint8 `[bar, ceil(step * pitch * track / 8)]`, of `played` notes, and
    how their notes were struck."""
    steps = settings.steps_per_bar
    for first in range(0, len(bars), BLOCK):
        block = bars.part(first, first + BLOCK)
        roll = np.zeros((len(block) * steps, settings.pitches, tracks), bool)
        note, step = cells_of(notes, block, steps)
        roll[step, notes[note, 2], notes[note, 3]] = True
        bar, within = np.divmod(step, steps)
        voice = (bar * tracks + notes[note, 3]) * settings.pitches + notes[note, 2]
        fresh = within == notes[note, 0] - block.start[bar]
        yield (
            np.packbits(roll.reshape(len(block), -1), axis=1),
            struck(notes[note], fresh, voice * steps + within, steps, bar, len(block)),
        )


def struck(
    notes: IntArray, fresh: NDArray[np.bool_], key: IntArray, steps: int, bar: IntArray, bars: int
) -> Struck:
    """From the cells of a block: each one's note (a row of `played`), whether it is the note's first,
    its `key` (which orders cells by bar, track, pitch and step) and its bar. What begins a run of cells
    is a note of the archive; where it is the rest of one of the bar before, it is not late."""
    order = np.argsort(key)
    begins = np.ones(len(key), bool)
    begins[1:] = (np.diff(key[order]) != 1) | (key[order][1:] % steps == 0)
    first = order[begins]
    most = np.iinfo(np.int8).max
    return Struck(
        np.clip(notes[first, 4], 0, 127).astype(np.uint8),
        np.where(fresh[first], np.clip(notes[first, 5], -most, most), 0).astype(np.int8),
        np.bincount(bar[first], minlength=bars).astype(np.int64),
    )


def arrange(song: Song, settings: Settings) -> tuple[IntArray, BarLines, int]:
    """The notes and bars to draw, and of how many tracks: the song's bars from the first to the last
    that sounds in any track, at most `max_bars`, with the plan's tracks in them. Raises
    `Unsuitable`."""
    everything = played(song.notes, settings, song.snap, np.arange(len(song.tracks)))
    bars = sounding(song.bars, settings.steps_per_bar, everything[:, 0], everything[:, 1])
    bars = bars.part(0, settings.max_bars)
    if len(bars) < settings.min_bars:
        raise Unsuitable(f"fewer than {settings.min_bars} bars")
    if settings.plan is None:
        return everything, bars, len(song.tracks)
    notes = played(song.notes, settings, song.snap, settings.plan.places(song.tracks))
    low, high = bars.start[0], bars.start[-1] + settings.steps_per_bar
    if not ((notes[:, 0] < high) & (notes[:, 1] > low)).any():
        raise Unsuitable("nothing sounds in the tracks to keep")
    return notes, bars, len(settings.plan.names)
