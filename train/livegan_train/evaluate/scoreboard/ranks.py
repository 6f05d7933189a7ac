"""Rank correlation (Spearman, 1904), ties sharing their rank."""

from __future__ import annotations

import numpy as np

from ...metrics import FloatArray
from ..rows import NAN


def ranks(values: FloatArray) -> FloatArray:
    """From 0 on, `[n]`."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    found: FloatArray = (counts.cumsum() - (counts + 1) / 2)[place]
    return found


def rank_correlation(one: FloatArray, other: FloatArray) -> float:
    """-1 to 1; nan where either does not vary."""
    a, b = ranks(one), ranks(other)
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return NAN
    return float(np.corrcoef(a, b)[0, 1])
