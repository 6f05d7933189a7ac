"""Bars after the runtime's shaping: the same figures with five knobs set, for a quarter of the bars.

Each bar has a fresh latent. "Shaped" are bars of one track with the knobs where some training bar of it
has them: what songs have is asked for, so it should come, near the held-out songs. "Mixed" are bars
with five knobs at random shares between the data's 5th and its 95th percentile, each by itself: what no
song combines has no bars to be held to, but it must not clash. The key is left free. What asks for
notes asks for no silence: made and held-out bars are compared where they sound, and EB is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from livegan.core.knobs import share_of
from livegan.core.model import Track
from livegan.core.music import LOWEST_PITCH

from ...metrics import BoolArray
from ..rows import NAN, Values
from ..sources import Draw, Model
from . import clashes, closeness
from .apart import LEAST, TREES, by_trees
from .clashes import CLASHES
from .closeness import CLOSENESS, farthest
from .goals import Goal
from .knobs import NAMES, SETTINGS, TRAINING_BARS, measured
from .part import Held, Part, Real, part_of
from .playing import KNOBS, cues, turned
from .section import Aim, Played

SHARE = 4
"""One bar for so many of those that are judged raw."""
SHAPED, MIXED = "shaped_", "mixed_"
FIGURES = (*(key for key in closeness.ROOM if key != "eb"), "dis")
LITTLE = 0.001
"""The least share of the data's range that asks for notes at all."""
ASKED = (*FIGURES, "all_at_once", "trees")


def levels(part: Part) -> Values:
    """Of the bars that sound."""
    full = part.sounding
    if not full.any():
        return dict.fromkeys(FIGURES, NAN)
    heard = replace(part, bars=part.bars[full], song=part.song[full])
    found = {**closeness.levels(heard), **clashes.levels(heard)}
    return {key: found[key] for key in FIGURES}


def named(values: Values, start: str = SHAPED) -> Values:
    return {start + key: value for key, value in values.items()}


def own(real: Real, tracks: tuple[str, ...]) -> Mapping[str, Values]:
    found = {track: levels(real.held((track,)).all) for track in tracks}
    return {track: {**named(some), **named(some, MIXED)} for track, some in found.items()}


def measure(
    model: Model, real: Real, own: Mapping[str, Values], bars: int, seed: int
) -> Mapping[str, Values]:
    """Of each track."""
    count = max(LEAST, bars // SHARE)
    mixed = at_random(model, count, seed)
    found = {}
    for place, track in enumerate(model.tracks):
        held = real.held((track,))
        usual = {key: own[track][SHAPED + key] for key in FIGURES}
        shaped = like_songs(model, real, track, count, seed)
        found[track] = {
            **named(judged(shaped, held, usual, seed)),
            **named(judged(mixed[:, place], held, usual, seed), MIXED),
        }
    return found


def judged(bars: BoolArray, held: Held, usual: Values, seed: int) -> Values:
    """One track's bars `[bar, step, pitch]`, which don't follow each other."""
    rolls = bars[:, None]
    part = part_of(Draw(rolls, rolls, np.zeros(len(bars) - 1, bool)), held.names)
    values = levels(part)
    return {**values, "all_at_once": farthest(values, usual), **by_trees(part, held, seed)}


def at_random(model: Model, count: int, seed: int) -> BoolArray:
    """Bars `[bar, track, step, pitch]` with each knob at a share by itself."""
    random = np.random.default_rng([23, seed])
    shares = random.uniform(SETTINGS[0], SETTINGS[-1], (count, len(NAMES)))
    return drawn(model, [dict(zip(NAMES, some, strict=True)) for some in shares.tolist()], seed)


def like_songs(model: Model, real: Real, track: str, count: int, seed: int) -> BoolArray:
    """Bars of one track `[bar, step, pitch]`, each with the knobs of a random training bar."""
    number = model.tracks.index(track)
    place = model.places[number]
    asked = shares_of_songs(real, model.generator.info.tracks[place], track, count, seed)
    return drawn(model, asked, seed, (place,))[:, number]


def shares_of_songs(
    real: Real, own: Track, track: str, count: int, seed: int
) -> list[dict[str, float]]:
    """Where a model's knobs say what random training bars of a track have; `own` is the model's."""
    values = measured(real.training_bars(track, TRAINING_BARS))
    values[:, NAMES.index("register")] -= LOWEST_PITCH
    chosen = values[np.random.default_rng([24, seed]).integers(len(values), size=count)]
    quantiles = [own.quantiles(knob) for knob in NAMES]
    return [
        {k: max(share_of(v, q), LITTLE) for k, v, q in zip(NAMES, bar, quantiles, strict=True)}
        for bar in chosen.tolist()
    ]


def drawn(
    model: Model,
    asked: Sequence[Mapping[str, float]],
    seed: int,
    tracks: tuple[int, ...] | None = None,
) -> BoolArray:
    """Fresh bars `[bar, track, step, pitch]` with these knobs, in all places of a phrase; with knobs
    only on these tracks, by their places in the model, if any are said."""
    generator = model.generator
    rolls = []
    for number, (cue, shares) in enumerate(zip(cues(generator, len(asked), seed), asked, strict=True)):
        here = replace(cue, place=number % generator.info.phrase, tracks=tracks)
        settings = {knob: share for knob, share in shares.items() if knob in KNOBS}
        rolls.append(turned(generator, here, settings)[list(model.places)])
    return np.stack(rolls)


def renamed(one: Aim, start: str, heading: str, goal: Goal | None) -> Aim:
    figure = one.figure
    figure = replace(figure, key=start + figure.key, heading=f"{heading}: {figure.heading}")
    return replace(one, figure=figure, goal=goal)


AIMS = [one for one in (*CLOSENESS.aims, *TREES.aims, *CLASHES.aims) if one.figure.key in ASKED]
SHAPING = Played(
    "after shaping: five knobs as songs have them, a quarter of the bars",
    (
        *(renamed(one, SHAPED, "shaped", one.goal) for one in AIMS),
        *(renamed(one, MIXED, "mixed", one.goal if one.figure.key == "dis" else None) for one in AIMS),
    ),
    measure,
    own,
)
