"""Precision, recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .overlap import distances

FloatArray = NDArray[np.float64]
NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Prdc:
    """Shares, 0 to 1; density can pass 1."""

    precision: float
    recall: float
    density: float
    coverage: float


def radii(points: FloatArray) -> FloatArray:
    """Distance of each point to its fifth nearest neighbour, `[point]`; more than 5 are needed."""
    found: FloatArray = np.partition(distances(points, points), NEIGHBOURS, axis=1)[:, NEIGHBOURS]
    return found


def prdc(real: FloatArray, made: FloatArray) -> Prdc:
    """Compare made points with real ones, both `[point, dimension]` and more than 5."""
    apart = distances(real, made)
    in_real, in_made = apart < radii(real)[:, None], apart < radii(made)[None]
    return Prdc(
        precision=float(in_real.any(axis=0).mean()),
        recall=float(in_made.any(axis=1).mean()),
        density=float(in_real.sum(axis=0).mean() / NEIGHBOURS),
        coverage=float(in_real.any(axis=1).mean()),
    )
