"""Told apart from unseen real bars, by trees and by a network; and how the distributions overlap.

`trees`, `cnn` and `areas` say how. Bars that don't sound are left to EB; as many are taken of either
kind.
"""

from __future__ import annotations

from ..rows import NAN, Values
from . import areas, cnn, trees
from .goals import at_least, at_most
from .part import Held, Part
from .section import Section, aim

LEAST = 50
"""With fewer sounding bars on either side nothing is told."""


def by_trees(part: Part, held: Held, seed: int) -> Values:
    made, real = part.sounding_some(held.some), held.some.sounding_some(part)
    if min(len(made), len(real)) < LEAST:
        return {"trees": NAN}
    points = part.points[: len(made)], held.some.points[: len(real)]
    return {"trees": trees.told_apart(*points, part.song[made], held.some.song[real], seed)}


def by_network(part: Part, held: Held, seed: int) -> Values:
    made, real = part.sounding_some(held.some), held.some.sounding_some(part)
    if min(len(made), len(real)) < LEAST:
        return {"cnn": NAN}
    rolls = part.roll[made], held.some.roll[real]
    songs = part.song[made], held.some.song[real]
    return {"cnn": cnn.told_apart(*rolls, *songs, held.some.all_drums, seed)}


def overlap(part: Part, held: Held, seed: int) -> Values:
    if min(len(part.points), len(held.some.points)) < LEAST:
        return {"oa": NAN, "oa_worst": NAN}
    found = areas.areas(part.points, held.some.points)
    return {"oa": float(found.mean()), "oa_worst": float(found.min())}


TREES = Section(
    "told apart by boosted trees",
    (aim("trees", "by trees %", 1, "bars told right from 25 features; 50 is chance", at_most(60)),),
    by_trees,
)
NETWORK = Section(
    "told apart by a network",
    (aim("cnn", "by a CNN %", 1, "bars told right from their rolls; 50 is chance", at_most(65)),),
    by_network,
)
OVERLAP = Section(
    "overlap area",
    (
        aim("oa", "overlap, mean", 3, "overlap area, mean of 25 features", at_least(0.90)),
        aim("oa_worst", "overlap, worst", 3, "of the feature that overlaps least", at_least(0.80)),
    ),
    overlap,
)
