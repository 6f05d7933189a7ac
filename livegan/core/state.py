"""What the performer has set, as one immutable record, and the pure moves on it.

A bar is rendered from a `State`; `advance` takes it over a bar line. Random numbers are drawn from
(seed, bar), so the same seed and the same moves give the same music, however often a bar is rendered
again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi
from typing import NamedTuple

import numpy as np

from . import latent
from .knobs import KEYS
from .latent import Point

SCENES = 16
DIRECTIONS = 8
REMEMBERED = 4
"""Sections that the music may come back to."""
RETURNS = 0.4
"""How often a new section is one of those."""
FULL_DRIFT = pi / 2
"""Drift 1 goes this far a bar, in radians: a quarter of the circle, which is as far as chance."""


class BadValue(ValueError):
    """A control can't take this value; the message says what it would take."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A stored point of the latent sphere, and a name if it was given one."""

    point: Point
    name: str = ""


@dataclass(frozen=True, slots=True)
class Morph:
    """On the way to `target`, to be there after so many more bar lines."""

    target: Point
    bars: int


@dataclass(frozen=True, slots=True)
class State:
    """`tempo` is where the tempo goes, over `ramp` bars from when it was set; `first_bar`, from 0, is
    where play begins; channels count from 1; latencies are in ms; `sync` is who leads the time;
    `if_hung` is loop or silence. `held` is the point that sounds while frozen; a knob (`density` to
    `length`, shares of the data's range, and `key`) that is None is left to the model; `directions` are
    how far the latent is moved along the model's own; after `section` bars comes another section, one
    of `sections` or a new one; `fresh` draws a new point for every bar."""

    seed: int
    point: Point
    heading: Point
    scenes: tuple[Scene, ...]
    tempo: float = 120.0
    ramp: int = 0
    swing: float = 0.0
    swing_grid: int = 16
    count_in: int = 0
    metronome: bool = False
    metronome_channel: int = 10
    latency: float = 0.0
    clock_latency: float = 0.0
    sync: str = "internal"
    sync_lost: str = "keep"
    if_hung: str = "loop"
    playing: bool = False
    first_bar: int = 0
    quantum: str = "step"
    drift: float = 0.15
    density: float | None = None
    register: float | None = None
    polyphony: float | None = None
    syncopation: float | None = None
    length: float | None = None
    key: int | None = None
    directions: tuple[float, ...] = (0.0,) * DIRECTIONS
    section: int = 16
    sections: tuple[Point, ...] = ()
    velocity: float = 0.7
    humanise: float = 1.0
    xy: tuple[float, float] = (0.0, 0.0)
    morph: Morph | None = None
    held: Point | None = None
    fresh: bool = False

    @property
    def heard(self) -> Point:
        """The point that the next rendering uses."""
        return self.point if self.held is None else self.held


def initial(seed: int, size: int) -> State:
    """A fresh instrument: a point, a heading and sixteen scenes drawn from the seed."""
    random = np.random.default_rng([seed])
    point, heading = latent.random_point(random, size), random.standard_normal(size)
    scenes = tuple(Scene(latent.random_point(random, size)) for _ in range(SCENES))
    return State(seed, point, heading, scenes)


class Wandering(NamedTuple):
    """How a model's latent moves by itself: it lasts `steady` bars; its first `split` numbers say the
    section; section and rest go so many times as far in a bar as /drift says."""

    steady: int = 1
    split: int = 0
    paces: tuple[float, float] = (0.2, 1.0)


PLAIN = Wandering()


def advance(state: State, bar: int, model: Wandering = PLAIN) -> State:
    """Over the line into `bar`: morph a step, or drift, or stand still while frozen. What moves by
    itself moves where a latent ends, and as far as in all of its bars together."""
    steady, split, paces = model
    random = np.random.default_rng([state.seed, bar])
    if state.held is not None:
        return state
    if state.morph is None and bar % steady:
        return state
    if state.fresh:
        return replace(state, point=latent.random_point(random, len(state.point)))
    if state.morph is not None:
        point = latent.slerp(state.point, state.morph.target, 1 / state.morph.bars)
        left = state.morph.bars - 1
        return replace(state, point=point, morph=Morph(state.morph.target, left) if left else None)
    if split and state.section and bar % state.section == 0:
        return next_section(state, random)
    parts = zip((slice(split), slice(split, None)), paces, strict=True)
    point, heading = state.point.copy(), state.heading.copy()
    for part, pace in parts if split else [(slice(None), 1.0)]:
        far = min(1.0, state.drift * steady * pace) * FULL_DRIFT
        point[part], heading[part] = latent.wander(state.point[part], state.heading[part], far, random)
    return replace(state, point=point, heading=heading)


def next_section(state: State, random: np.random.Generator) -> State:
    """Another part of the music: where an earlier section was left, or somewhere new."""
    earlier = state.sections
    if earlier and random.random() < RETURNS:
        point = earlier[int(random.integers(len(earlier)))]
    else:
        point = latent.random_point(random, len(state.point))
    return replace(state, point=point, sections=(*earlier, state.point)[-REMEMBERED:])


def resized(state: State, size: int) -> State:
    """The same settings for a model of another latent size; its points start from the seed again."""
    if len(state.point) == size:
        return state
    new = initial(state.seed, size)
    held = None if state.held is None else new.point
    return replace(
        state,
        point=new.point,
        heading=new.heading,
        scenes=new.scenes,
        sections=(),
        morph=None,
        held=held,
    )


# moves: state and values in, state out


def set_tempo(state: State, bpm: float, bars: int = 0) -> State:
    return replace(state, tempo=bpm, ramp=bars)


def play_from(state: State, bar: int) -> State:
    """From this bar on, counted from 1. What plays goes on."""
    return state if state.playing else replace(state, playing=True, first_bar=bar - 1)


def move_to(state: State, point: Point) -> State:
    return replace(state, point=point, morph=None)


def set_seed(state: State, seed: int) -> State:
    """Another place, and another way of drifting; scenes stay."""
    random = np.random.default_rng([seed])
    point = latent.random_point(random, len(state.point))
    return replace(move_to(state, point), seed=seed, heading=random.standard_normal(len(point)))


def set_coordinate(state: State, index: int, value: float) -> State:
    if not 0 <= index < len(state.point):
        raise BadValue(f"z has coordinates 0 to {len(state.point) - 1}, not {index}")
    return move_to(state, latent.with_coordinate(state.point, index, value))


def set_point(state: State, *values: float) -> State:
    """The whole latent; only its direction counts."""
    if len(values) != len(state.point):
        raise BadValue(f"z takes {len(state.point)} numbers, not {len(values)}")
    try:
        return move_to(state, latent.on_sphere(np.array(values, dtype=np.float64)))
    except ValueError as error:
        raise BadValue(str(error)) from None


def set_direction(state: State, number: int, value: float) -> State:
    """Along one of the model's own directions, in standard deviations of the latent."""
    values = (*state.directions[: number - 1], value, *state.directions[number:])
    return replace(state, directions=values)


def set_key(state: State, name: str) -> State:
    return replace(state, key=KEYS.index(name) if name in KEYS else None)


def set_xy(state: State, x: float, y: float) -> State:
    """On the plane through scenes 1 to 4, which lie at its corners."""
    one, two, three, four = (scene.point for scene in state.scenes[:4])
    point = latent.on_plane((one, two, three, four), x, y)
    return replace(move_to(state, point), xy=(x, y))


def store_scene(state: State, number: int, name: str = "") -> State:
    scene = Scene(state.heard, name or state.scenes[number - 1].name)
    scenes = (*state.scenes[: number - 1], scene, *state.scenes[number:])
    return replace(state, scenes=scenes)


def recall_scene(state: State, number: int) -> State:
    return move_to(state, state.scenes[number - 1].point)


def find_scene(state: State, wanted: str) -> Scene:
    for number, scene in enumerate(state.scenes, start=1):
        if wanted and wanted in (scene.name, str(number)):
            return scene
    raise BadValue(f"no scene {wanted!r}: give a number from 1 to {SCENES} or a stored name")


def start_morph(state: State, scene: str, bars: int) -> State:
    """To a scene over so many bar lines; at once for 0."""
    target = find_scene(state, scene).point
    if bars == 0:
        return move_to(state, target)
    return replace(state, morph=Morph(target, bars))


def set_freeze(state: State, on: bool) -> State:
    """Hold the latent that sounds now; what moves meanwhile is heard on release."""
    if on == (state.held is not None):
        return state
    return replace(state, held=state.point if on else None)
