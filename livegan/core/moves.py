"""The moves: a state and a control's values in, the new state out. Raise `BadValue` for what they can't
take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from . import latent, whereabouts
from .knobs import KEYS
from .latent import Point
from .state import LONGEST_TRAIL, MASK, SCENES, BadValue, Morph, Scene, State

MUTATE, DICE = 101, 102
"""Among the seeds, those of what is left to chance."""


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
    return replace(leap_to(state, point), seed=seed, heading=random.standard_normal(len(point)))


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
    """On the surface through the four scenes at the pad's corners."""
    return on_pad(replace(state, xy=(x, y)))


def set_depth(state: State, depth: float) -> State:
    """From the pad's surface, 0, to the scene above it, 1."""
    return on_pad(replace(state, depth=depth))


def on_pad(state: State) -> State:
    """Where pad and depth fader are."""
    return move_to(state, whereabouts.on_pad(state, *state.xy))


def leap_to(state: State, point: Point) -> State:
    """To another place, from where /back comes back."""
    return replace(move_to(state, point), trail=(*state.trail, state.point)[-LONGEST_TRAIL:])


def mutate(state: State, far: float = 0.25) -> State:
    """Aside by chance, in the scale of now: 1 is a quarter of the circle, which is as far as chance."""
    random = np.random.default_rng([state.seed, state.drawn, MUTATE])
    aside = random.standard_normal(len(state.point))
    point = latent.turn(state.point, aside, far * latent.FULL_DRIFT)
    point = latent.in_scale_of(point, state.point, state.homes)
    return replace(leap_to(state, point), drawn=state.drawn + 1)


def dice(state: State) -> State:
    """A new seed, drawn from the old one."""
    random = np.random.default_rng([state.seed, state.drawn, DICE])
    return replace(set_seed(state, int(random.integers(2**31))), drawn=state.drawn + 1)


def back(state: State) -> State:
    """To where the latent was before the last leap."""
    if not state.trail:
        raise BadValue("there is nowhere to go back to")
    return replace(move_to(state, state.trail[-1]), trail=state.trail[:-1])


def store_scene(state: State, number: int, name: str = "") -> State:
    return store_point(state, number, state.heard, name)


def store_point(state: State, number: int, point: Point, name: str = "") -> State:
    """As a scene, under the name that it had unless there is another."""
    scene = Scene(point, name or state.scenes[number - 1].name)
    return replace(state, scenes=(*state.scenes[: number - 1], scene, *state.scenes[number:]))


def recall_scene(state: State, number: int) -> State:
    return leap_to(state, state.scenes[number - 1].point)


def find_scene(state: State, wanted: str) -> int:
    """The number of a scene, from 1, by this number or, if it is none, by its name."""
    if wanted in map(str, range(1, SCENES + 1)):
        return int(wanted)
    for number, scene in enumerate(state.scenes, start=1):
        if wanted and wanted == scene.name:
            return number
    raise BadValue(f"no scene {wanted!r}: give a number from 1 to {SCENES} or a stored name")


def way_to_scene(state: State, scene: str, bars: int = 0) -> str:
    """A recall or a morph in words."""
    number = find_scene(state, scene)
    name = state.scenes[number - 1].name
    way = f"scene {number}" + (f": {name}" if name else "")
    return f"{way}, over {bars} bars" if bars else way


def start_morph(state: State, scene: str, bars: int) -> State:
    """To a scene over so many bar lines, along the curve that is set; at once for 0."""
    target = state.scenes[find_scene(state, scene) - 1].point
    if bars == 0:
        return leap_to(state, target)
    morph = Morph(state.point, target, bars, curve=state.morph_curve)
    return replace(state, morph=morph, trail=(*state.trail, state.point)[-LONGEST_TRAIL:])


def name_scene(state: State, number: int, name: str) -> State:
    scene = replace(state.scenes[number - 1], name=name)
    return replace(state, scenes=(*state.scenes[: number - 1], scene, *state.scenes[number:]))


def set_freeze(state: State, on: bool) -> State:
    """Hold the latent that sounds now; what moves meanwhile is heard on release."""
    if on == (state.held is not None):
        return state
    return replace(state, held=state.point if on else None)


def set_track(state: State, number: int, **fields: Any) -> State:
    """Of a track, counted from 1."""
    settings = replace(state.tracks[number - 1], **fields)
    return replace(state, tracks=(*state.tracks[: number - 1], settings, *state.tracks[number:]))


def unlock(state: State) -> State:
    """Every track goes on."""
    if not any(settings.lock for settings in state.tracks):
        return state
    return replace(state, tracks=tuple(replace(settings, lock=False) for settings in state.tracks))


def set_ends(state: State, name: str, low: int, high: int) -> State:
    """A range, whichever end was given first."""
    changed: dict[str, Any] = {name: (min(low, high), max(low, high))}
    return replace(state, **changed)


def set_mask(state: State, place: int, on: bool) -> State:
    """One sixteenth of the rhythm mask, counted from 1."""
    rhythm = (*state.rhythm[: place - 1], on, *state.rhythm[place:])
    return replace(state, rhythm=rhythm)


def set_rhythm(state: State, pattern: str) -> State:
    """The whole mask: x for each sixteenth that may be struck, . for each that may not."""
    if len(pattern) != MASK or set(pattern) - set("x."):
        raise BadValue(f"a rhythm is {MASK} characters, x or ., not {pattern[:40]!r}")
    return replace(state, rhythm=tuple(character == "x" for character in pattern))
