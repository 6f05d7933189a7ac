"""How many notes of a bar begin on the beat, on the eighth between and elsewhere, for a bar as
syncopated as was asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .decode import IMPOSSIBLE, FloatArray, Ints, likeliest

CLASSES = (0.0, 0.5, 1.0)
"""How far these places lie off the beat (`knobs.WEAKNESS`)."""
SPARE, COST = 2, 0.02
"""So many notes more or fewer may come, each for so much nearer to what was asked."""

Offbeat = NDArray[np.float64]
Quota = tuple[int, ...]
"""Notes of each class."""


def in_quota(onset: FloatArray, off: Offbeat, quota: Quota) -> tuple[Ints, Ints]:
    """Steps and rows of the likeliest onsets of `[step, pitch]` of each class, ordered by step and row;
    `off` `[step]` says how far the steps lie off the beat."""
    found = []
    for value, count in zip(CLASSES, quota, strict=True):
        own = np.flatnonzero(off == value)
        steps, rows = likeliest(onset[own], count)
        found.append((own[steps], rows))
    steps, rows = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((rows, steps))
    return steps[order], rows[order]


def quota_for(
    onset: FloatArray, off: Offbeat, count: int, wanted: float, exactly: bool, chord: float = 1.0
) -> Quota:
    """The quota by which `count` notes lie off the beat as far as `wanted` on the mean, or as near as
    there are places; of those that are as near, the one that takes the fewest moments if so many are
    struck together in a `chord`, and then the one with the likeliest notes. Unless it is to be
    `exactly` so many, a few more or fewer where that comes nearer."""
    gains = [gains_of(onset[off == value], count + SPARE) for value in CLASSES]
    places = sum(len(gain) - 1 for gain in gains)
    count, spare = min(count, places), 0 if exactly else SPARE
    found = [
        nearest(gains, notes, wanted, COST * abs(notes - count), chord)
        for notes in range(max(1, count - spare), min(count + spare, places) + 1)
    ]
    return min(found, key=lambda one: one[:3])[3] if found else (0, 0, 0)


def gains_of(onset: FloatArray, most: int) -> FloatArray:
    """The sum of the likeliest onsets of one class, by how many they are, from none to `most`, as far
    as there are places."""
    places = np.sort(onset[onset > IMPOSSIBLE])[::-1][:most]
    return np.concatenate([[0.0], places.cumsum()])


def nearest(
    gains: Sequence[FloatArray], notes: int, wanted: float, price: float, chord: float
) -> tuple[float, float, float, Quota]:
    """Of so many notes, for which there are places: how far they are from what was wanted, with their
    `price`, how many moments they take, how unlikely they are, and their quota."""
    on, eighths, off = (np.arange(len(gain)) for gain in gains)
    second, third = np.meshgrid(eighths, off, indexing="ij")
    first = notes - second - third
    fits = (first >= 0) & (first < len(on))
    first, second, third = first[fits], second[fits], third[fits]
    apart = np.abs((CLASSES[1] * second + CLASSES[2] * third) / notes - wanted).round(6)
    likely = gains[0][first] + gains[1][second] + gains[2][third]
    parts = np.stack([first, second, third])
    moments = np.ceil(parts / chord).sum(axis=0) if chord > 1 else np.zeros(len(first))
    at = np.lexsort((-likely, moments, apart))[0]
    quota = int(first[at]), int(second[at]), int(third[at])
    return round(float(apart[at]) + price, 6), float(moments[at]), -float(likely[at]), quota
