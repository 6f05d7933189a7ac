"""Does it copy? Jaccard distance to the nearest training bar at any transposition within an octave
(`likeness.nearest`): the median, and per cent of bars nearer than 0.1. One bar in eight is asked."""

from __future__ import annotations

import numpy as np

from ..judging import COPY, LEAST_QUERIES, QUERY_SHARE
from ..likeness import nearest, pack
from ..rows import NAN, Values
from .goals import no_less_than_real, no_more_than_real
from .part import Held, Part
from .section import ALL, TRACK, Section, aim


def measure(part: Part, held: Held, seed: int) -> Values:
    queries = max(LEAST_QUERIES, len(part.bars) // QUERY_SHARE)
    full = part.bars[part.sounding][:queries]
    if not len(full) or not len(held.library.song):
        return {"nearest": NAN, "copies": NAN}
    apart = nearest(pack(full), held.library, part.without)
    return {"nearest": float(np.median(apart)), "copies": 100.0 * float((apart < COPY).mean())}


ORIGINALITY = Section(
    "nearest training bar, over all transpositions",
    (
        aim("nearest", "nearest", 3, "median Jaccard distance to it", no_less_than_real),
        aim("copies", "copies %", 1, "bars nearer than 0.1", no_more_than_real),
    ),
    measure,
    lambda held: measure(held.some, held, 0),
    (TRACK, ALL),
)
