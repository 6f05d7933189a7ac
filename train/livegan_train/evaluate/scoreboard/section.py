"""One group of figures: what is measured, and what it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ..rows import Figure, Values
from ..sources import Model
from .goals import Goal
from .part import Held, Part, Real

TRACK, PAIR, ALL = "track", "pair", "all"
"""What a figure can be about: each track, each pair of pitched tracks, several tracks together."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure and its goal; without one it is only to be read."""

    figure: Figure
    goal: Goal | None = None


def aim(
    key: str, heading: str, digits: int, says: str, goal: Goal | None = None, better: str = "near"
) -> Aim:
    return Aim(Figure(key, heading, digits, better, says), goal)


AFTER = "_after"
"""Ends the key of a figure for which the model has heard a held-out bar."""
FEWER = 2
"""So many times fewer latents are tried after a held-out bar than after silence."""


def after_a_bar(one: Aim) -> Aim:
    """The same figure where the model has heard a held-out bar; its goal must not look into the
    data."""
    figure = replace(
        one.figure, key=one.figure.key + AFTER, heading=f"after a bar: {one.figure.heading}"
    )
    return replace(one, figure=figure)


def renamed(found: Mapping[str, Values], ending: str = AFTER) -> Mapping[str, Values]:
    """Values by what they are about, their keys with an ending."""
    return {
        about: {key + ending: value for key, value in values.items()} for about, values in found.items()
    }


def nothing(held: Held) -> Values:
    return {}


@dataclass(frozen=True, slots=True)
class Section:
    """`measure` takes one seed's part, the held-out songs in the same tracks, and the seed; `own` gives
    the held-out songs' own values, which are in `held.own` when `measure` is called."""

    title: str
    aims: tuple[Aim, ...]
    measure: Callable[[Part, Held, int], Values]
    own: Callable[[Held], Values] = nothing
    about: tuple[str, ...] = (TRACK,)


def unknown(real: Real, tracks: tuple[str, ...]) -> Mapping[str, Values]:
    return {}


@dataclass(frozen=True, slots=True)
class Played:
    """Figures for which a model is played by hand. `own` gives the data's values for some tracks by
    what they are about; `measure` takes the model, the real songs, those values, bars a seed and the
    seed."""

    title: str
    aims: tuple[Aim, ...]
    measure: Callable[[Model, Real, Mapping[str, Values], int, int], Mapping[str, Values]]
    own: Callable[[Real, tuple[str, ...]], Mapping[str, Values]] = unknown
