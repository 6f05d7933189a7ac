"""Logits to notes: the one place where a model's output becomes music.

A head gives either `cells` `[track, step, pitch]` (the paper's raw roll) or `onset` and `keep` of that
shape. Both become onset and keep logits, and one rule reads them: a cell sounds if it is struck, or
if the cell before sounded and this one is kept. `tilt.py` leans on the logits for the knobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
Ints = NDArray[np.int64]

HEADS = {"cells": ("cells",), "onset": ("onset", "keep")}
"""The outputs of the graph, by the name of its head."""

IMPOSSIBLE = -1e3
"""An onset below this is off the head's grid: no knob asks for it."""


class Logits(NamedTuple):
    """Of one bar, each `[track, step, pitch]`; above 0 means yes."""

    onset: FloatArray
    keep: FloatArray


class Notes(NamedTuple):
    """Decoded notes of one track: starts and lengths in steps, rows above the lowest pitch, each int
    `[note]`, ordered by start and row."""

    starts: Ints
    lengths: Ints
    rows: Ints


def onset_and_keep(head: str, outputs: Mapping[str, FloatArray]) -> Logits:
    """The two logits from whatever the head gives, of one bar or of several. For raw cells a note
    starts where a cell is on and the one before is off, so the onset's logit is the smaller of the
    two."""
    if head == "onset":
        return Logits(outputs["onset"], outputs["keep"])
    cells = outputs["cells"]
    off_before = np.full_like(cells, np.inf)
    off_before[..., 1:, :] = -cells[..., :-1, :]
    return Logits(np.minimum(cells, off_before), cells)


def decode(onset: FloatArray, keep: FloatArray) -> Notes:
    """Notes of one track and bar from its logits, both `[step, pitch]`: onsets above 0 are struck."""
    starts, rows = np.nonzero(onset > 0)
    return Struck(starts, rows, keep).held()


def rolls_of(logits: Logits) -> BoolArray:
    """Of many bars at once, `[..., step, pitch]`, what `decode` gives, drawn as `roll_from_notes` draws
    it."""
    struck, kept = logits.onset > 0, logits.keep > 0
    roll = struck.copy()
    for step in range(1, roll.shape[-2]):
        roll[..., step, :] |= roll[..., step - 1, :] & kept[..., step, :]
    longer = roll[..., :-1, :] & ~struck[..., :-1, :]
    roll[..., :-1, :] &= ~(longer & struck[..., 1:, :])  # struck again: the note before ends earlier
    for step in range(2, roll.shape[-2]):
        roll[..., step - 1, :] &= ~(struck[..., step, :] & roll[..., step - 2, :])
    return roll


class Struck:
    """Notes that are struck at these steps and rows, `[note]`: for how long they may be held is up to
    `keep`, `[step, pitch]`."""

    def __init__(self, starts: Ints, rows: Ints, keep: FloatArray) -> None:
        steps = len(keep)
        used, self.column = np.unique(rows, return_inverse=True)  # most pitches are silent
        self.starts, self.rows = starts, rows
        self.struck = np.zeros((steps, len(used)), bool)
        self.struck[starts, self.column] = True
        self.kept = np.where(self.struck, -np.inf, keep[:, used])
        self.last = starts + 1 >= steps

    def held(self, least: float = 0.0) -> Notes:
        """While their cells are kept, above `least`. A note struck again ends one step before, if it is
        longer than one, as in the data."""
        steps = len(self.kept)
        stops = np.where(self.kept > least, steps, np.arange(steps)[:, None])
        stops = np.minimum.accumulate(stops[::-1], axis=0)[::-1]
        ends = np.where(self.last, steps, stops[np.where(self.last, 0, self.starts + 1), self.column])
        lengths = ends - self.starts
        again = (ends < steps) & self.struck[np.minimum(ends, steps - 1), self.column]
        return Notes(self.starts, lengths - (again & (lengths > 1)), self.rows)


def likeliest(onset: NDArray[np.floating[Any]], count: int) -> tuple[Ints, Ints]:
    """Steps and pitches of the `count` highest onsets of `[step, pitch]` (fewer only if the head has no
    more places for one); ties fall to the earlier and lower one."""
    flat = onset.ravel()
    count = min(count, int(np.count_nonzero(flat > IMPOSSIBLE)))
    if count <= 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    least = -np.partition(-flat, count - 1)[count - 1]
    above = np.flatnonzero(flat > least)
    ties = np.flatnonzero(flat == least)[: count - len(above)]
    steps, rows = np.divmod(np.sort(np.concatenate([above, ties])), onset.shape[1])
    return steps, rows


def notes_for_density(density: float, quantiles: tuple[float, ...]) -> int:
    """Notes a bar for a density of 0 to 1, from the data's quantiles at even distances: 0 is silence,
    0.5 the data's median, 1 its densest."""
    if density <= 0:
        return 0
    levels = np.linspace(0, 1, len(quantiles))
    return max(1, round(float(np.interp(density, levels, quantiles))))
