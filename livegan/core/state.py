"""What the performer has set, as one immutable record; `moves.py` has the moves on it.

A bar is rendered from a `State`; `wandering.advance` takes it over a bar line. Random numbers are drawn
from (seed, bar), so the same seed and the same moves give the same music, however often a bar is
rendered again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import groove, latent
from .latent import Point
from .returning import AS_SONGS, Source, Visited

SCENES = 16
DIRECTIONS = 8
AS_ODDS = 0.5
"""Where /critic is as the critic's odds say, neither more nor less."""
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
    of `sections` or a new one; `comeback` is how often half a phrase comes back, and `path` where
    the last bars were; where the latent goes by itself, `groove` is how far a bar holds the rhythm of
    the one before, and `critic` how far the model's critic is heeded; `fresh` draws a new point for
    every bar.

    Shaping, which acts on the notes: `accent`, `gate` and `chance` are factors and shares, ranges
    hold their ends, `voices` 0 is no limit, `rhythm` is a switch a sixteenth, `scale` is one of
    `scales.SCALES` from `root` (a pitch class) on, `fit` lock or nudge. Of `tracks` the first
    `track_count` are the model's, of the latent's numbers the first `homes` say the scale. `corners`
    and `above` are scenes, from 1; `trail` is where /back goes, the last place last; `drawn` counts
    what was left to chance; `loop` is how many bars go round, 0 none. `listen` and `keyboard` say
    what a MIDI keyboard does, `keyed` by how much it transposes now; `learning` is the address that
    waits for a MIDI controller."""

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
    comeback: float = AS_SONGS
    groove: float = groove.AS_SONGS
    critic: float = AS_ODDS
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
    homes: int = 0
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

    @property
    def went_by_itself(self) -> bool:
        """To where it is, or has the hand moved the latent?"""
        return bool(self.path) and self.path[-1].point is self.heard

    @property
    def sources(self) -> tuple[Source | None, ...]:
        """Where each track comes back from; empty where none does, or the hand has moved the latent."""
        return self.path[-1].sources if self.went_by_itself else ()


def initial(seed: int, size: int, tracks: int = 1, homes: int = 0) -> State:
    """A fresh instrument: a point, a heading and sixteen scenes drawn from the seed, all in one scale,
    so that the way from one to another is no change of key."""
    random = np.random.default_rng([seed])
    point, heading = latent.random_point(random, size), random.standard_normal(size)
    others = (latent.random_point(random, size) for _ in range(SCENES))
    scenes = tuple(Scene(latent.in_scale_of(other, point, homes)) for other in others)
    return State(seed, point, heading, scenes, track_count=tracks, homes=homes)


def resized(state: State, size: int, tracks: int = 1, homes: int = 0) -> State:
    """The same settings for a model of another latent size and number of tracks; its points start from
    the seed again."""
    if (state.track_count, state.homes) != (tracks, homes):
        state = replace(state, track_count=tracks, homes=homes)
    if len(state.point) == size:
        return state
    new = initial(state.seed, size, tracks, homes)
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
