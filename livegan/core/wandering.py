"""How a latent moves by itself from bar to bar: morphs, drift, sections, and half phrases that come
back."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from . import latent
from .returning import FARTHEST, HALF, PHRASES, VARIED, Visited, Way, drawn, luck_of
from .state import State

REMEMBERED = 4
"""Sections that the music may come back to."""
WAY = 29
"""Among the seeds, that of the ways that are not the first."""
RETURNS = 0.4
"""How often a new section is one of those."""
SONG = 64
"""Bars after which music that moves by itself leaves for a scale near by."""
NEAR = (-2, -1, 1, 2)
"""How many fifths up that lies."""
FIFTH = 7
MODULATION = 31
"""Among the seeds, that of those scales."""


class Wandering(NamedTuple):
    """How a model's latent moves by itself: it lasts `steady` bars; its first `split` numbers say the
    section, and of these the first `homes` the scale, which stays for a song; section and rest go so
    many times as far in a bar as /drift says; its `tracks` come back in these `ways`."""

    steady: int = 1
    split: int = 0
    paces: tuple[float, float] = (0.2, 1.0)
    tracks: int = 1
    ways: tuple[Way, ...] = PHRASES
    homes: int = 0


PLAIN = Wandering()


def advance(state: State, bar: int, model: Wandering = PLAIN, way: int = 0) -> State:
    """Over the line into `bar`: morph a step, or drift, or stand still while frozen; where a model
    knows sections, half a phrase may come back. What goes by chance has many ways to go."""
    new = wandered(state, bar, model, way)
    return came_back(state, new, bar, model) if model.split else new


def came_back(state: State, new: State, bar: int, model: Wandering) -> State:
    """The new state, or tracks of it where they were half a phrase or a whole one before, in the scale
    of now. Never away from where the performer went since, nor from what somebody else plays."""
    path, into = places(state), bar % HALF
    if state.held is not None:
        return replace(new, path=(path[-1].later(),))
    if state.morph is not None or state.fresh or state.listen != "off":
        return replace(new, path=(Visited(new.point),))
    luck = luck_of(state.seed, (bar - into) // HALF, model.tracks)
    way, kept = drawn(model.ways, model.tracks, state.comeback, luck)
    turns = bool(state.section) and (bar - into) % state.section == 0
    here = Visited(new.point)
    if way and not turns and way <= len(path) - into:
        then = path[-way]
        same = all(kept) or then.point is new.point
        point = then.point if same else latent.slerp(then.point, new.point, VARIED)
        if not np.array_equal(point[: model.homes], new.point[: model.homes]):
            point = latent.in_scale_of(point, new.point, model.homes)
        sources = (then.source(n).later(way) if k else None for n, k in enumerate(kept))
        here = Visited(point, tuple(sources))
    return replace(new, point=here.point, path=(*path, here)[-(FARTHEST + HALF - 1) :])


def places(state: State) -> tuple[Visited, ...]:
    """Where the last bars were, the present one last, since the hand moved the latent."""
    return state.path if state.went_by_itself else (Visited(state.heard),)


def wandered(state: State, bar: int, model: Wandering, way: int) -> State:
    """What moves by itself moves where a latent ends, and as far as in all of its bars together."""
    steady, split, paces, homes = model.steady, model.split, model.paces, model.homes
    random = np.random.default_rng([state.seed, bar, WAY, way] if way else [state.seed, bar])
    if state.held is not None:
        return state
    if state.morph is None and bar % steady:
        return state
    if state.fresh:
        return replace(state, point=latent.random_point(random, len(state.point)))
    if state.morph is not None:
        morph = replace(state.morph, done=state.morph.done + 1)
        return replace(state, point=morph.place, morph=morph if morph.done < morph.bars else None)
    if homes and bar % SONG == 0 and (state.section or state.drift):
        state = modulated(state, bar, homes)
    if split and state.section and bar % state.section == 0:
        return next_section(state, random, homes)
    if not state.drift:
        return state  # a part of a scene's point need not lie on a sphere of its own
    parts = zip((slice(homes, split), slice(split, None)), paces, strict=True)
    point, heading = state.point.copy(), state.heading.copy()
    for part, pace in parts if split else [(slice(None), 1.0)]:
        far = min(1.0, state.drift * steady * pace) * latent.FULL_DRIFT
        point[part], heading[part] = latent.wander(state.point[part], state.heading[part], far, random)
    return replace(state, point=point, heading=heading)


def modulated(state: State, bar: int, homes: int) -> State:
    """At home in a scale some fifths away."""
    fifths = NEAR[int(np.random.default_rng([state.seed, bar, MODULATION]).integers(len(NEAR)))]
    home = np.zeros(homes)
    home[(int(state.point[:homes].argmax()) + FIFTH * fifths) % homes] = np.sqrt(homes)
    return replace(state, point=np.concatenate([home, state.point[homes:]]))


def next_section(state: State, random: np.random.Generator, homes: int) -> State:
    """Another part of the music, in the scale of now: where an earlier section was left, or somewhere
    new."""
    earlier = state.sections
    if earlier and random.random() < RETURNS:
        point = earlier[int(random.integers(len(earlier)))]
    else:
        point = latent.random_point(random, len(state.point))
    point = latent.in_scale_of(point, state.point, homes)
    return replace(state, point=point, sections=(*earlier, state.point)[-REMEMBERED:])
