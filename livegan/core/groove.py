"""A rhythm that holds: what a model begins in a bar goes to where notes began in the bar before, as far
as the two are at odds.

A bar begins notes at as many moments as the model would. Which these are is leaned on: a moment at
which the bar before began something counts as that much likelier (a prior, in logits), and what is left
out goes where something is missing, in order, with all its notes. Pure numpy on logits `[step, pitch]`.
"""

from __future__ import annotations

import numpy as np

from .decode import IMPOSSIBLE, BoolArray, FloatArray, Ints, decode
from .music import PITCHES, STEPS_PER_BAR, STEPS_PER_SIXTEENTH

AS_SONGS = 0.5
"""Where /groove holds a rhythm as long as the songs do that a model learned from."""
SURE = 6.0
"""Logits by which a note that was moved lasts, and ends."""


def strength_of(groove: float, usual: float) -> float:
    """How much likelier a moment of the bar before is, in logits, at a `groove` of 0 to 1; `usual` at
    `AS_SONGS`."""
    return usual * groove / (1 - groove) if groove < 1 else -2 * IMPOSSIBLE


def in_groove(
    onset: FloatArray, keep: FloatArray, before: BoolArray, strength: float, drums: bool, alone: bool
) -> tuple[FloatArray, FloatArray]:
    """Onset and keep logits of a track's bar after one, all `[step, pitch]`; of drums each pitch keeps
    its own moments. A track that plays `alone` ends a note where the next begins."""
    grid = np.flatnonzero((onset > IMPOSSIBLE).any(axis=1))
    had = began(before, grid)
    if strength <= 0 or not had.any() or not (onset > 0).any():
        return onset, keep
    if drums:
        return leaned(onset, had, grid, strength), keep
    moments = onset[grid].max(axis=1)
    now = moments > 0
    wanted = likeliest_of(moments + strength * had.any(axis=1), int(now.sum()))
    return moved(onset, keep, grid[now & ~wanted], grid[wanted & ~now], alone)


def began(before: BoolArray, grid: Ints) -> BoolArray:
    """What a bar `[step, pitch]` begins nearest to each place of a grid, `[place, pitch]`."""
    struck = before.copy()
    struck[1:] &= ~before[:-1]
    found = np.zeros((len(grid), PITCHES), bool)
    if len(grid):
        steps, rows = np.nonzero(struck)
        found[np.abs(steps[:, None] - grid).argmin(axis=1), rows] = True
    return found


def likeliest_of(values: FloatArray, count: int) -> BoolArray:
    """The `count` highest; of equal ones the first."""
    found = np.zeros(len(values), bool)
    found[np.argsort(-values, kind="stable")[:count]] = True
    return found


def leaned(onset: FloatArray, had: BoolArray, grid: Ints, strength: float) -> FloatArray:
    """Onsets that were there before likelier, and as many of all as there would be without."""
    count = int((onset > 0).sum())
    out = onset.copy()
    out[grid] += np.float32(strength) * had
    order = np.sort(out[grid], axis=None)[::-1]
    if count < len(order):
        out -= (order[count - 1] + order[count]) / 2
    return np.where(onset > IMPOSSIBLE, out, onset)


def moved(
    onset: FloatArray, keep: FloatArray, left: Ints, missing: Ints, alone: bool
) -> tuple[FloatArray, FloatArray]:
    """What begins at the steps that are `left` out goes to those that are `missing`, as many, in order:
    each note ends where it did, or is as long as it was where that would be no sixteenth."""
    if not len(left):
        return onset, keep
    notes = decode(onset, keep)
    onset, keep = onset.copy(), keep.copy()
    onset[left], onset[missing] = onset[missing], onset[left]
    for old, new in zip(left, missing, strict=True):
        for length, row in zip(
            notes.lengths[notes.starts == old], notes.rows[notes.starts == old], strict=True
        ):
            end = old + length
            if end < new + min(length, STEPS_PER_SIXTEENTH):
                end = new + length
            keep[new + 1 : end, row] = np.maximum(keep[new + 1 : end, row], SURE)
            if end < STEPS_PER_BAR:
                keep[end, row] = min(keep[end, row], -SURE)
    if alone:
        begins = (onset > 0).any(axis=1)
        keep[begins] = np.minimum(keep[begins], -SURE)
    return onset, keep
