"""A band: drum patterns, tracks that care for each other, and none that is dead or stuck.

DP as MuseGAN has it (`metrics.drum_pattern`), per cent. Two pitched tracks: how much farther apart
they are in tonal space (TD) when one is shuffled against the other than as they were played together.
A track is dead if it sounds in less than a fifth of the bars that the data's does, stuck if half of
its bars that sound are the same one and the data's aren't.
"""

from __future__ import annotations

import numpy as np

from ... import metrics
from ...metrics import BoolArray
from ..rows import NAN, Values
from .goals import at_least_times, at_most, near
from .part import Held, Part
from .section import PAIR, Section, aim

DP_ROOM = 3.0
GAP_KEPT, LEAST_GAP = 0.7, 0.01
"""Pairs whose gap in the data is smaller than this have nothing to keep."""
ALIVE, STUCK = 0.2, 0.5
SHUFFLES = 4


def drum_levels(part: Part) -> Values:
    full = part.roll[part.sounding]
    heard = part.all_drums and len(full)
    return {"dp": 100.0 * float(metrics.drum_pattern(full).mean()) if heard else NAN}


def tonal_gap(part: Part) -> Values:
    """TD shuffled less TD together, of two tracks."""
    one, other = part.bars[:, 0], part.bars[:, 1]
    random = np.random.default_rng(8)
    shuffled = [
        metrics.tonal_distance(one, other[random.permutation(len(other))]) for _ in range(SHUFFLES)
    ]
    return {"td_gap": float(np.mean(shuffled)) - metrics.tonal_distance(one, other)}


def life(roll: BoolArray) -> tuple[float, float]:
    """The share of bars that sound, and how many of those are the commonest one."""
    packed = np.packbits(roll.reshape(len(roll), -1), axis=1)
    full = packed[packed.any(axis=1)]
    if not len(full):
        return 0.0, 0.0
    counts = np.unique(full.view(np.dtype((np.void, full.shape[1]))), return_counts=True)[1]
    return len(full) / len(packed), float(counts.max() / len(full))


def lifeless(part: Part, held: Held, seed: int) -> Values:
    """1 for a track that is dead or stuck."""
    heard, commonest = life(part.roll)
    real, usual = life(held.some.roll)
    return {"lifeless": float(heard < ALIVE * real or (commonest > STUCK and commonest > usual))}


DRUMS = Section(
    "band: drums",
    (
        aim(
            "dp", "drum pattern %", 1, "onsets on sixteenths, 0.3 of those a step beside", near(DP_ROOM)
        ),
    ),
    lambda part, held, seed: drum_levels(part),
    lambda held: drum_levels(held.all),
)
TOGETHER = Section(
    "band: do tracks listen to each other?",
    (
        aim(
            "td_gap", "tonal gap", 3, "tonal distance when shuffled, less that together",
            at_least_times(GAP_KEPT, LEAST_GAP)),
    ),
    lambda part, held, seed: tonal_gap(part),
    lambda held: tonal_gap(held.all),
    (PAIR,),
)  # fmt: skip
LIFE = Section(
    "band: does every track live?",
    (aim("lifeless", "dead or stuck", 0, "1 for a track that is dead or always the same", at_most(0)),),
    lifeless,
)
