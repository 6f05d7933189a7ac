"""Where the music is, as seen from the pad: drift, morphs and leaps take it off the surface through the
four scenes, and the panel shows the nearest place on it."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi
from typing import NamedTuple

from . import latent
from .latent import Point
from .state import State

FAR = pi / 2
"""Radians: as far as chance."""
COARSE = 5
"""Places along each side where the search begins."""
FINEST = 0.002
AROUND = ((1, 0), (-1, 0), (0, 1), (0, -1))


class Place(NamedTuple):
    """On the pad, 0 to 1, and how near the music is to it: 1 on it, 0 as far as chance."""

    x: float
    y: float
    near: float


def whereabouts(state: State) -> Place:
    """The place on the pad that sounds most alike, at the depth that is set; where hands have put it,
    if nothing has moved it since."""
    angle = distance(state, *state.xy)
    if angle < 1e-6:
        return Place(*state.xy, 1.0)
    angle, x, y = min((distance(state, x, y), x, y) for x, y in [state.xy, *lattice()])
    step = 1 / COARSE
    while step > FINEST:
        tried = [(within(x + dx * step), within(y + dy * step)) for dx, dy in AROUND]
        best = min((distance(state, *place), *place) for place in tried)
        if best[0] < angle:
            angle, x, y = best
        else:
            step /= 2
    return Place(x, y, max(0.0, 1 - angle / FAR))


def within(place: float) -> float:
    return min(1.0, max(0.0, place))


def lattice() -> Iterator[tuple[float, float]]:
    """Places to begin at."""
    places = [place / (COARSE - 1) for place in range(COARSE)]
    return ((x, y) for x in places for y in places)


def distance(state: State, x: float, y: float) -> float:
    """The angle between what sounds and a place on the pad."""
    return latent.angle_between(state.heard, on_pad(state, x, y))


def on_pad(state: State, x: float, y: float) -> Point:
    """The point at a place on the pad, at the depth that is set."""
    one, two, three, four = (state.scenes[number - 1].point for number in state.corners)
    point = latent.on_plane((one, two, three, four), x, y)
    return latent.slerp(point, state.scenes[state.above - 1].point, state.depth)
