"""Phrases: bars that end early, and how far apart they are.

A bar ends early if its last onset is before its half, or before its third quarter (per cent of bars
that have an onset). The spacing is that of bars ending before the third quarter, within pieces of 64
bars: bars from one to the next, their mean, and how much of the histogram (1 to 16 and more) is the
songs'.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import STEPS_PER_BAR

from ...metrics import BoolArray, FloatArray
from ..rows import NAN, Values
from .goals import at_least, near_share
from .part import Held, Part
from .section import ALL, TRACK, Section, aim

HALF, THREE_QUARTERS = STEPS_PER_BAR // 2, STEPS_PER_BAR * 3 // 4
WIDEST = 16
NEAR, LEAST_ENDS = 0.25, 0.5
"""Of the data's own; so many points are near where the data's bars hardly ever end early."""
CHUNK = 500


def last_onsets(rolls: BoolArray) -> NDArray[np.int64]:
    """The last step at which any track of `[bar, track, step, pitch]` strikes, `[bar]`; -1 without."""
    found = []
    for i in range(0, len(rolls), CHUNK):
        started = rolls[i : i + CHUNK].copy()
        started[:, :, 1:] &= ~rolls[i : i + CHUNK, :, :-1]
        struck = np.asarray(started.any(axis=(1, 3)))
        last = STEPS_PER_BAR - 1 - struck[:, ::-1].argmax(axis=1)
        found.append(np.where(struck.any(axis=1), last, -1))
    return np.concatenate(found)


def gaps(part: Part, early: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Bars from one early end to the next, in every piece, flat."""
    found = [np.diff(np.flatnonzero(early[first:end])) for first, end in part.pieces]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def histogram(apart: NDArray[np.int64]) -> FloatArray:
    """Shares of 1 to 16 (and more) bars, `[16]`; nan without any."""
    counts = np.bincount(np.minimum(apart, WIDEST), minlength=WIDEST + 1)[1:]
    return counts / (len(apart) or NAN)


def levels(part: Part) -> Values:
    last = last_onsets(part.stream)
    heard = last >= 0
    apart = gaps(part, heard & (last < THREE_QUARTERS))
    shares = (
        100.0 * float((last[heard] < limit).mean()) if heard.any() else NAN
        for limit in (HALF, THREE_QUARTERS)
    )
    before_half, before_last = shares
    mean = float(apart.mean()) if len(apart) else NAN
    bins = {f"gap {bars}": float(share) for bars, share in enumerate(histogram(apart), start=1)}
    return {"end_half": before_half, "end_three_quarters": before_last, "end_gap": mean} | bins


def measure(part: Part, held: Held, seed: int) -> Values:
    found = dict(levels(part))
    pairs = [(found[key], held.own[key]) for key in found if key.startswith("gap ")]
    found["end_overlap"] = float(np.minimum(*np.array(pairs).T).sum())
    return found


ENDS = near_share(NEAR, least=LEAST_ENDS)
PHRASES = Section(
    "phrases",
    (
        aim("end_half", "end by half %", 1, "bars whose last onset is before the half", ENDS),
        aim("end_three_quarters", "end by 3/4 %", 1, "before the third quarter", ENDS),
        aim("end_gap", "bars between", 1, "mean distance of bars that end by 3/4", near_share(NEAR)),
        aim("end_overlap", "spacing", 2, "overlap of their histogram", at_least(1 - NEAR)),
    ),
    measure,
    lambda held: levels(held.all),
    (TRACK, ALL),
)
