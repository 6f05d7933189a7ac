"""Tap tempo: from the times of taps, in seconds, to a tempo."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from .music import FASTEST, SLOWEST

REMEMBERED = 9
"""Taps: two bars."""
ENOUGH = 3
"""Taps that make a tempo: one interval can be a mishap."""
BOUNCE_SECONDS = 0.75 * 60 / FASTEST
PAUSE_SECONDS, PAUSE_INTERVALS = 1.25 * 60 / SLOWEST, 2.5
"""Who waits longer than either begins anew; one tap may be missed."""
ALIKE, OTHER = 0.15, 0.25
"""Intervals that differ by less are of one tempo; the last two that differ by more from the rest are of
a new one."""

Taps = tuple[float, ...]


def tapped(taps: Taps, now: float) -> Taps:
    """With one more tap. One that bounced is none; after a pause, or where the last two intervals are
    of another tempo than those before, what was tapped earlier is forgotten."""
    if not taps:
        return (now,)
    gap, earlier = now - taps[-1], intervals(taps)
    if gap < BOUNCE_SECONDS:
        return taps
    if gap > PAUSE_SECONDS or (earlier and gap > PAUSE_INTERVALS * median(earlier)):
        return (now,)
    if len(earlier) >= ENOUGH and differ(gap, earlier[-1]) < ALIKE:
        usual = median(earlier[:-1])
        if differ(gap, usual) > OTHER and differ(earlier[-1], usual) > OTHER:
            return (*taps[-2:], now)
    return (*taps, now)[-REMEMBERED:]


def tempo_of(taps: Taps) -> float | None:
    """Quarters a minute by the median interval, which a tap that was missed or came askew leaves as it
    was; None as long as there are too few."""
    if len(taps) < ENOUGH:
        return None
    return min(FASTEST, max(SLOWEST, round(60 / median(intervals(taps)), 2)))


def intervals(taps: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(taps)]


def differ(one: float, other: float) -> float:
    """By which share."""
    return abs(one - other) / other
