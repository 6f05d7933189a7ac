"""Overlap area of each of the twenty-five features, after mgeval (Yang & Lerch, 2018; `overlap`): of
the distances of made bars to real ones with those of real bars to each other; 0 to 1."""

from __future__ import annotations

import numpy as np

from ...metrics import FloatArray
from ..judging import COMPARED_BARS
from ..overlap import distances, intra_set, overlap


def areas(made: FloatArray, real: FloatArray) -> FloatArray:
    """Of points `[bar, 25]`, the area of each feature `[25]`."""
    made, real = made[:COMPARED_BARS], real[:COMPARED_BARS]
    found = []
    for feature in range(real.shape[1]):
        mine, theirs = made[:, feature, None], real[:, feature, None]
        found.append(overlap(intra_set(theirs), distances(mine, theirs).ravel()).area)
    return np.array(found)
