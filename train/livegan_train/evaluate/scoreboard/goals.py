"""Goals: from the held-out songs' own values, and what the floor reaches, to the line that a model
holds.

A goal is a function of a figure's key, the held-out songs' own values and the floor's seeds. It gives
None where the data has nothing to say, for instance of two tracks that don't care for each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..rows import NAN, Values
from ..verdicts import Line

Goal = Callable[[str, Values, Sequence[Values]], Line | None]


def at_most(high: float) -> Goal:
    return lambda key, own, floor: Line(high=high)


def at_least(low: float) -> Goal:
    return lambda key, own, floor: Line(low=low)


def between(low: float, high: float) -> Goal:
    return lambda key, own, floor: Line(low, high)


def near(room: float) -> Goal:
    """Not farther than this from the data's own."""
    return lambda key, own, floor: around(own.get(key, NAN), room)


def near_share(share: float, of: str = "", least: float = 0.0) -> Goal:
    """Not farther from the data's own than a share of it, or of another of the data's own values; but
    so far at least."""

    def goal(key: str, own: Values, floor: Sequence[Values]) -> Line | None:
        return around(own.get(key, NAN), max(share * abs(own.get(of or key, NAN)), least))

    return goal


def around(middle: float, room: float) -> Line | None:
    """Not below 0 for what is never negative."""
    if math.isnan(middle) or math.isnan(room):
        return None
    return Line(middle - room if middle < 0 else max(0.0, middle - room), middle + room)


def at_most_times(share: float) -> Goal:
    """At most so many times the data's own."""

    def goal(key: str, own: Values, floor: Sequence[Values]) -> Line | None:
        high = share * own.get(key, NAN)
        return None if math.isnan(high) else Line(high=high)

    return goal


def at_least_times(share: float, least: float = -math.inf) -> Goal:
    """At least so many times the data's own, where that is worth measuring at all."""

    def goal(key: str, own: Values, floor: Sequence[Values]) -> Line | None:
        middle = own.get(key, NAN)
        return Line(low=share * middle) if middle >= least else None

    return goal


def no_less_than_real(key: str, own: Values, floor: Sequence[Values]) -> Line | None:
    """The held-out songs' own value or more, or what the floor's worst seed has: both are real
    songs."""
    real = known(key, own, floor)
    return Line(low=min(real)) if real else None


def no_more_than_real(key: str, own: Values, floor: Sequence[Values]) -> Line | None:
    real = known(key, own, floor)
    return Line(high=max(real)) if real else None


def known(key: str, own: Values, floor: Sequence[Values]) -> list[float]:
    values = [own.get(key, NAN), *(seed.get(key, NAN) for seed in floor)]
    return [value for value in values if not math.isnan(value)]
