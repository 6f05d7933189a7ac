"""The smoothest way from one bar to another that changes whole notes: one note a step.

A note that both bars strike at the same place changes its length; the others go and come by turns, so
that there is always something to hear. With more changes than steps, several fall into one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...metrics import BoolArray, note_table

Notes = dict[tuple[int, int], int]
"""Length in steps by row (track * pitches + pitch) and start."""


class Walk(NamedTuple):
    """In Jaccard distance: the largest step, and the length of the way."""

    largest: float
    length: float


def notes_of(roll: BoolArray) -> Notes:
    """Of a bar `[track, step, pitch]`."""
    rows = np.concatenate(list(roll), axis=1)[None]
    return {(int(row), int(start)): int(length) for _, row, start, length in note_table(rows)}


def changes(one: Notes, other: Notes) -> list[tuple[tuple[int, int], int]]:
    """Place and new length (0: gone) of every change from one bar to another, in the order of the
    walk."""
    held = [(place, other[place]) for place in one if other.get(place, one[place]) != one[place]]
    gone = [(place, 0) for place in one if place not in other]
    new = [(place, length) for place, length in other.items() if place not in one]
    by_turns = [(i / len(kind), change) for kind in (held, new, gone) for i, change in enumerate(kind)]
    return [change for _, change in sorted(by_turns, key=lambda turn: turn[0])]


def cells_of(notes: Notes, row: int) -> int:
    """The steps of one row that sound, a bit for each."""
    found = 0
    for (own, start), length in notes.items():
        if own == row:
            found |= ((1 << length) - 1) << start
    return found


def walk(one: BoolArray, other: BoolArray, steps: int) -> Walk:
    """From one bar `[track, step, pitch]` to another in at most so many steps."""
    notes, turns = notes_of(one), changes(notes_of(one), notes_of(other))
    rows = {row: cells_of(notes, row) for row, _ in notes}
    total = sum(cells.bit_count() for cells in rows.values())
    largest = length = 0.0
    for some in shared_out(turns, steps):
        before = {place[0]: rows.get(place[0], 0) for place, _ in some}
        for place, value in some:
            notes.pop(place, None)
            if value:
                notes[place] = value
        after = {row: cells_of(notes, row) for row in before}
        rows |= after
        rest = total - sum(cells.bit_count() for cells in before.values())
        common = rest + sum((before[row] & after[row]).bit_count() for row in after)
        either = rest + sum((before[row] | after[row]).bit_count() for row in after)
        total = rest + sum(cells.bit_count() for cells in after.values())
        step = 1 - common / either if either else 0.0
        largest, length = max(largest, step), length + step
    return Walk(largest, length)


def shared_out(
    turns: Sequence[tuple[tuple[int, int], int]], steps: int
) -> list[list[tuple[tuple[int, int], int]]]:
    """One change a step, or as evenly as can be."""
    count = min(steps, len(turns))
    edges: NDArray[np.int64] = np.linspace(0, len(turns), count + 1).round().astype(int)
    return [list(turns[a:b]) for a, b in pairwise(edges)]
