"""Logits to notes: the one place where a model's output becomes music.

A head gives either `cells` `[track, step, pitch]` (the paper's raw roll) or `onset` and `keep` of that
shape. Both become onset and keep logits, and one rule reads them: a cell sounds if it is struck, or
if the cell before sounded and this one is kept. The density knob chooses how many are struck, the
likeliest first, so it is met exactly by any model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .music import LOWEST_PITCH

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

HEADS = {"cells": ("cells",), "onset": ("onset", "keep")}
"""The outputs of the graph, by the name of its head."""

IMPOSSIBLE = -1e3
"""An onset below this is off the head's grid: no knob asks for it."""


class Logits(NamedTuple):
    """Of one bar, each `[track, step, pitch]`; above 0 means yes."""

    onset: FloatArray
    keep: FloatArray


class Struck(NamedTuple):
    """A decoded note: start and length in steps, MIDI pitch."""

    start: int
    length: int
    pitch: int


def onset_and_keep(head: str, outputs: Mapping[str, FloatArray]) -> Logits:
    """The two logits from whatever the head gives. For raw cells a note starts where a cell is on
    and the one before is off, so the onset's logit is the smaller of the two."""
    if head == "onset":
        return Logits(outputs["onset"], outputs["keep"])
    cells = outputs["cells"]
    off_before = np.full_like(cells, np.inf)
    off_before[:, 1:] = -cells[:, :-1]
    return Logits(np.minimum(cells, off_before), cells)


def decode(onset: FloatArray, keep: FloatArray, count: int | None = None) -> list[Struck]:
    """Notes of one track and bar from its logits, both `[step, pitch]`, ordered by start and pitch.

    `count` asks for exactly so many notes (fewer only if the head has no more places for one);
    without it every onset above 0 is struck. A note struck again ends one step before, if it is
    longer than one, as in the data.
    """
    struck = onset > 0 if count is None else likeliest(onset, count)
    steps = len(onset)
    goes_on = (keep > 0) & ~struck
    notes = []
    for start, row in zip(*(axis.tolist() for axis in np.nonzero(struck)), strict=True):
        stops = np.flatnonzero(~goes_on[start + 1 :, row])
        end = start + 1 + int(stops[0]) if len(stops) else steps
        struck_again = end < steps and struck[end, row]
        length = end - start - (1 if struck_again and end - start > 1 else 0)
        notes.append(Struck(start, length, row + LOWEST_PITCH))
    return notes


def likeliest(onset: FloatArray, count: int) -> BoolArray:
    """Mark the `count` highest onsets of `[step, pitch]`; ties fall to the earlier and lower one."""
    order = np.argsort(-onset, axis=None, kind="stable")[:count]
    struck = np.zeros(onset.size, dtype=bool)
    struck[order] = onset.ravel()[order] > IMPOSSIBLE
    return struck.reshape(onset.shape)


def notes_for_density(density: float, quantiles: tuple[float, ...]) -> int:
    """Notes a bar for a density of 0 to 1, from the data's quantiles at even distances: 0 is silence,
    0.5 the data's median, 1 its densest."""
    if density <= 0:
        return 0
    levels = np.linspace(0, 1, len(quantiles))
    return max(1, round(float(np.interp(density, levels, quantiles))))
