"""Overlap area and Kullback-Leibler divergence of distances, after Yang & Lerch (2018), `mgeval`.

For each feature: the distances of real bars to each other (intra-set) and of a model's bars to real
ones (inter-set), as two densities. Unlike mgeval's code, which takes each density on a grid of its own,
both stand on one grid and have one bandwidth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CELLS = 512
SMALLEST = 1e-9
REACH = 4


@dataclass(frozen=True, slots=True)
class Overlap:
    """`area` 0 to 1, more is better; `divergence` of the intra-set density from the inter-set's, in
    nats, less is better."""

    area: float
    divergence: float


def distances(one: FloatArray, other: FloatArray) -> FloatArray:
    """Euclidean, between the rows of `[a, width]` and `[b, width]`, `[a, b]`."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * (one @ other.T)
    apart: FloatArray = np.sqrt(np.maximum(squares, 0.0))
    return apart


def intra_set(bars: FloatArray) -> FloatArray:
    """Distances of each bar to every other, flat."""
    apart = distances(bars, bars)
    flat: FloatArray = apart[~np.eye(len(bars), dtype=bool)]
    return flat


def overlap(intra: FloatArray, inter: FloatArray) -> Overlap:
    """Compare two flat sets of distances."""
    top = max(float(intra.max()), float(inter.max())) or 1.0
    width = top / CELLS
    bandwidth = max(float(intra.std()) * len(intra) ** -0.2, width)  # Scott's rule
    both = [density(sample, width, bandwidth) for sample in (intra, inter)]
    p, q = (np.maximum(one, SMALLEST) for one in both)
    return Overlap(float(np.minimum(*both).sum()), float((p * np.log(p / q)).sum()))


def density(sample: FloatArray, width: float, bandwidth: float) -> FloatArray:
    """Gaussian kernel density by cells of `width` from 0 on, with room at both ends; sums to 1."""
    margin = int(np.ceil(REACH * bandwidth / width))
    counts = np.bincount((sample / width).astype(np.int64).clip(0, CELLS - 1), minlength=CELLS)
    kernel = np.exp(-0.5 * (np.arange(-margin, margin + 1) * width / bandwidth) ** 2)
    smooth: FloatArray = np.convolve(counts, kernel / kernel.sum()) / len(sample)
    return smooth
