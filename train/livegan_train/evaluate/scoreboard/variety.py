"""Does it repeat itself? Different bars among those that sound (per cent), and how far apart two of
them are (mean Jaccard distance of their cells, over 4,000 random pairs)."""

from __future__ import annotations

import numpy as np

from ..judging import distinct
from ..likeness import mean_jaccard
from ..rows import NAN, Values
from .goals import no_less_than_real
from .part import Held, Part
from .section import Section, aim


def levels(part: Part) -> Values:
    full = part.roll[part.sounding]
    if not len(full):
        return {"distinct": NAN, "jaccard": NAN}
    return {
        "distinct": 100.0 * len(distinct(full)) / len(full),
        "jaccard": mean_jaccard(full[:, None], np.random.default_rng(3)),
    }


def measure(part: Part, held: Held, seed: int) -> Values:
    return levels(part)


VARIETY = Section(
    "variety",
    (
        aim("distinct", "distinct bars %", 1, "of those that sound", no_less_than_real),
        aim("jaccard", "pairs apart", 3, "mean Jaccard distance of two bars", no_less_than_real),
    ),
    measure,
    lambda held: levels(held.some),
)
