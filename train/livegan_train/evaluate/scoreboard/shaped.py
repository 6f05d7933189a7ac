"""Bars after the runtime's shaping: the same figures with every knob set, for a quarter of the bars.

Each bar has a fresh latent and five knobs at random shares between the data's 5th and its 95th
percentile, each by itself, so that the data's own range of each is asked for; which of them go together
is chance, not the data's, and trees may tell just that. The key is left free. What asks for notes asks
for no silence: made and held-out bars are compared where they sound, and EB is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...metrics import BoolArray
from ..rows import NAN, Values
from ..sources import Draw, Model
from . import clashes, closeness
from .apart import LEAST, TREES, by_trees
from .clashes import CLASHES
from .closeness import CLOSENESS, farthest
from .knobs import NAMES, SETTINGS
from .part import Part, Real, part_of
from .playing import KNOBS, cues, turned
from .section import Aim, Played

SHARE = 4
"""One bar for so many of those that are judged raw."""
SHAPED = "shaped_"
FIGURES = (*(key for key in closeness.ROOM if key != "eb"), "dis")
ASKED = (*FIGURES, "all_at_once", "trees")


def levels(part: Part) -> Values:
    """Of the bars that sound."""
    full = part.sounding
    if not full.any():
        return dict.fromkeys(FIGURES, NAN)
    heard = replace(part, bars=part.bars[full], song=part.song[full])
    found = {**closeness.levels(heard), **clashes.levels(heard)}
    return {key: found[key] for key in FIGURES}


def own(real: Real, tracks: tuple[str, ...]) -> Mapping[str, Values]:
    return {track: named(levels(real.held((track,)).all)) for track in tracks}


def named(values: Values) -> Values:
    return {SHAPED + key: value for key, value in values.items()}


def measure(
    model: Model, real: Real, own: Mapping[str, Values], bars: int, seed: int
) -> Mapping[str, Values]:
    """Of each track."""
    made = part_of(as_draw(drawn(model, max(LEAST, bars // SHARE), seed)), model.tracks)
    found = {}
    for track in model.tracks:
        part = made.of((track,))
        values = levels(part)
        usual = {key: own[track][SHAPED + key] for key in FIGURES}
        more = {"all_at_once": farthest(values, usual)}
        found[track] = named({**values, **more, **by_trees(part, real.held((track,)), seed)})
    return found


def drawn(model: Model, count: int, seed: int) -> BoolArray:
    """Fresh bars `[bar, track, step, pitch]` with the knobs at random, in all places of a phrase."""
    generator, random = model.generator, np.random.default_rng([23, seed])
    rolls = []
    for number, cue in enumerate(cues(generator, count, seed)):
        shares = random.uniform(SETTINGS[0], SETTINGS[-1], len(NAMES)).tolist()
        settings = {knob: s for knob, s in zip(NAMES, shares, strict=True) if knob in KNOBS}
        here = replace(cue, place=number % generator.info.phrase)
        rolls.append(turned(generator, here, settings)[list(model.places)])
    return np.stack(rolls)


def as_draw(bars: BoolArray) -> Draw:
    """Bars that don't follow each other."""
    return Draw(bars, bars, np.zeros(len(bars) - 1, bool))


def shaped(one: Aim) -> Aim:
    figure = one.figure
    return replace(
        one, figure=replace(figure, key=SHAPED + figure.key, heading=f"shaped: {figure.heading}")
    )


SHAPING = Played(
    "after shaping: five knobs at random, a quarter of the bars",
    tuple(
        shaped(one) for one in (*CLOSENESS.aims, *TREES.aims, *CLASHES.aims) if one.figure.key in ASKED
    ),
    measure,
    own,
)
