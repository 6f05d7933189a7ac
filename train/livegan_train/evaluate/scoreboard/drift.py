"""Does a stream wander off? Its first 200 bars against its last 200, in the twenty-five features.

Each feature's means are compared in the data's standard deviations: the mean over features, and the
feature that moved farthest. Real songs differ as well: the held-out songs' own values are what 95 of a
hundred pairs of such stretches stay under, and nothing more is asked.
"""

from __future__ import annotations

import numpy as np

from ...metrics import BoolArray, FloatArray
from ..rows import NAN, Values
from .goals import at_most_times
from .part import Held, Part
from .scalars import scalars
from .section import Section, aim

BARS, SHARE = 200, 10
"""Stretches of so many bars, or this part of a shorter stream."""
PAIRS, MOST = 400, 95


def stretch(part: Part) -> int:
    return min(BARS, max(1, len(part.stream) // SHARE))


def means(rolls: BoolArray, drums: bool) -> FloatArray:
    """Of the bars that sound, `[25]`; nan without any."""
    full = rolls[rolls.any(axis=(1, 2))]
    return scalars(full, drums).mean(axis=0) if len(full) else np.full(25, NAN)


def summed_up(moved: FloatArray) -> Values:
    """Of moves `[feature]`."""
    return {"drift": float(moved.mean()), "drift_worst": float(moved.max())}


def measure(part: Part, held: Held, seed: int) -> Values:
    bars = stretch(part)
    ends = part.stream[:bars, 0], part.stream[-bars:, 0]
    first, last = (means(end, part.all_drums) for end in ends)
    return summed_up(np.abs(first - last) / held.spread)


def own(held: Held) -> Values:
    """What two stretches of the held-out songs, one after the other, hardly ever differ by."""
    stream, bars = held.all.stream[:, 0], min(BARS, max(1, held.count // SHARE))
    starts = np.arange(0, max(1, len(stream) - bars + 1), max(1, bars // 4))
    found = np.stack([means(stream[start : start + bars], held.all.all_drums) for start in starts])
    one, other = np.random.default_rng(6).integers(len(starts), size=(2, PAIRS))
    apart = np.abs(one - other) >= 4
    if not apart.any():
        return {"drift": NAN, "drift_worst": NAN}
    moved = np.abs(found[one] - found[other])[apart] / held.spread
    moved = moved[~np.isnan(moved).any(axis=1)]
    both = [summed_up(one) for one in moved]
    return {
        key: float(np.percentile([each[key] for each in both], MOST)) if both else NAN
        for key in ("drift", "drift_worst")
    }


DRIFT = Section(
    "stream: does it wander off?",
    (
        aim("drift", "drift", 2, "first 200 bars against last 200, mean of features", at_most_times(1)),
        aim("drift_worst", "drift, worst", 2, "the feature that moved farthest", at_most_times(1)),
    ),
    measure,
    own,
)
