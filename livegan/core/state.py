"""What the performer has set, as one immutable record; `moves.py` has the moves on it.

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
from .latent import Point

SCENES = 16
DIRECTIONS = 8
MAX_TRACKS = 16
"""As many as MIDI has channels."""
LONGEST_TRAIL = 100
"""Places that /back can go back to."""
MASK = 16
"""A bar's rhythm mask has a switch for each sixteenth."""
CURVES = {
    "straight": lambda share: share,
    "smooth": lambda share: share * share * (3 - 2 * share),
    "early": lambda share: 1 - (1 - share) ** 2,
    "late": lambda share: share * share,
}
"""How far a morph is at a share of its time: even, slow at both ends, fast at first, slow at first."""
REMEMBERED = 4
"""Sections that the music may come back to."""
RETURNS = 0.4
"""How often a new section is one of those."""
HALF = 4
"""Bars of half a phrase, which comes back as a whole."""
WAYS_BACK = (HALF, 2 * HALF)
"""From how many bars before."""
FULL_DRIFT = pi / 2
"""Drift 1 goes this far a bar, in radians: a quarter of the circle, which is as far as chance."""


class BadValue(ValueError):
    """A control can't take this value; the message says what it would take."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A stored point of the latent sphere, and a name if it was given one."""

    point: Point
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Morph:
    """On the way from `origin` to `target` by one of `CURVES`: `done` of its `bars` lines are
    passed."""

    origin: Point
    target: Point
    bars: int
    done: int = 0
    curve: str = "straight"

    @property
    def place(self) -> Point:
        return latent.slerp(self.origin, self.target, CURVES[self.curve](self.done / self.bars))


class Visited(NamedTuple):
    """Where a bar was, and how many bars before it that was new."""

    point: Point
    back: int


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """What the performer has set for one track of the model. Channel and program count from 1, 0 is the
    model's own channel, and no program; `density` is a share of the data's range, None as for all;
    `velocity` is a factor."""

    mute: bool = False
    solo: bool = False
    lock: bool = False
    channel: int = 0
    program: int = 0
    octave: int = 0
    density: float | None = None
    velocity: float = 1.0


@dataclass(frozen=True, slots=True)
class State:
    """`tempo` is where the tempo goes, over `ramp` bars from when it was set; `first_bar`, from 0, is
    where play begins; channels count from 1; latencies are in ms; `sync` is who leads the time;
    `if_hung` is loop or silence. `held` is the point that sounds while frozen; a knob (`density` to
    `length`, shares of the data's range, and `key`) that is None is left to the model; `directions` are
    how far the latent is moved along the model's own; after `section` bars comes another section, one
    of `sections` or a new one; `comeback` is how often half a phrase comes back, `back` how many
    bars before the present one it was new, and `path` where the last bars were; `fresh` draws
    a new point for every bar.

    Shaping, which acts on the notes: `accent`, `gate` and `chance` are factors and shares, ranges
    hold their ends, `voices` 0 is no limit, `rhythm` is a switch a sixteenth, `scale` is one of
    `scales.SCALES` from `root` (a pitch class) on, `fit` lock or nudge. Of `tracks` the first
    `track_count` are the model's. `corners` and `above` are scenes, from 1; `trail` is where /back
    goes, the last place last; `drawn` counts what was left to chance; `loop` is how many bars go
    round, 0 none. `listen` and `keyboard` say what a MIDI keyboard does, `keyed` by how much it
    transposes now; `learning` is the address that waits for a MIDI controller."""

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
    comeback: float = 0.15
    back: int = 0
    path: tuple[Visited, ...] = ()
    velocity: float = 0.7
    humanise: float = 1.0
    accent: float = 1.0
    velocity_range: tuple[int, int] = (1, 127)
    gate: float = 1.0
    pitch_range: tuple[int, int] = (0, 127)
    voices: int = 0
    chance: float = 1.0
    rhythm: tuple[bool, ...] = (True,) * MASK
    transpose: int = 0
    scale: str = "free"
    root: int = 0
    fit: str = "nudge"
    tracks: tuple[TrackSettings, ...] = (TrackSettings(),) * MAX_TRACKS
    track_count: int = 1
    xy: tuple[float, float] = (0.0, 0.0)
    depth: float = 0.0
    corners: tuple[int, ...] = (1, 2, 3, 4)
    above: int = 5
    morph: Morph | None = None
    morph_curve: str = "straight"
    held: Point | None = None
    trail: tuple[Point, ...] = ()
    drawn: int = 0
    loop: int = 0
    bank: str = ""
    recording: bool = False
    listen: str = "off"
    keyboard: str = "notes"
    keyed: int = 0
    midi_map: str = ""
    midi_feedback: bool = True
    learning: str = ""
    fresh: bool = False

    @property
    def heard(self) -> Point:
        """The point that the next rendering uses."""
        return self.point if self.held is None else self.held


def initial(seed: int, size: int, tracks: int = 1) -> State:
    """A fresh instrument: a point, a heading and sixteen scenes drawn from the seed."""
    random = np.random.default_rng([seed])
    point, heading = latent.random_point(random, size), random.standard_normal(size)
    scenes = tuple(Scene(latent.random_point(random, size)) for _ in range(SCENES))
    return State(seed, point, heading, scenes, track_count=tracks)


class Wandering(NamedTuple):
    """How a model's latent moves by itself: it lasts `steady` bars; its first `split` numbers say the
    section; section and rest go so many times as far in a bar as /drift says."""

    steady: int = 1
    split: int = 0
    paces: tuple[float, float] = (0.2, 1.0)


PLAIN = Wandering()


def advance(state: State, bar: int, model: Wandering = PLAIN) -> State:
    """Over the line into `bar`: morph a step, or drift, or stand still while frozen; where a model
    knows sections, half a phrase may come back."""
    new = wandered(state, bar, model)
    return came_back(state, new, bar) if model.split else new


def came_back(state: State, new: State, bar: int) -> State:
    """The new state, or where it was half a phrase or a whole one before. Never away from where the
    performer went since, nor from what somebody else plays."""
    stayed = bool(state.path) and state.path[-1].point is state.point
    path = state.path if stayed else (Visited(state.point, 0),)
    if state.held is not None or state.morph is not None or state.fresh or state.listen != "off":
        path = ()
    first = bar - bar % HALF
    random = np.random.default_rng([state.seed, first, HALF])
    chance, way = random.random(), WAYS_BACK[int(random.integers(len(WAYS_BACK)))]
    back = 0
    turns = bool(state.section) and first % state.section == 0
    if chance < state.comeback and not turns and way <= len(path):
        then = path[-way]
        new, back = replace(new, point=then.point), way + then.back
    return replace(new, back=back, path=(*path, Visited(new.point, back))[-max(WAYS_BACK) :])


def heard_before(state: State, bar: int) -> int:
    """Which bar this one follows from: the one before it, or, as half a phrase begins to come back, the
    one that was before it when it was new."""
    return bar - 1 - (state.back if bar % HALF == 0 else 0)


def wandered(state: State, bar: int, model: Wandering) -> State:
    """What moves by itself moves where a latent ends, and as far as in all of its bars together."""
    steady, split, paces = model
    random = np.random.default_rng([state.seed, bar])
    if state.held is not None:
        return state
    if state.morph is None and bar % steady:
        return state
    if state.fresh:
        return replace(state, point=latent.random_point(random, len(state.point)))
    if state.morph is not None:
        morph = replace(state.morph, done=state.morph.done + 1)
        return replace(state, point=morph.place, morph=morph if morph.done < morph.bars else None)
    if split and state.section and bar % state.section == 0:
        return next_section(state, random)
    if not state.drift:
        return state  # a part of a scene's point need not lie on a sphere of its own
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


def resized(state: State, size: int, tracks: int = 1) -> State:
    """The same settings for a model of another latent size and number of tracks; its points start from
    the seed again."""
    if state.track_count != tracks:
        state = replace(state, track_count=tracks)
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
        trail=(),
        bank="",
    )
