"""Which triad each half bar is nearest to, by templates (Fujishima, 1999)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...metrics import BoolArray, FloatArray

HALVES = 2
SILENT = -1
CHUNK = 1_000


def templates() -> BoolArray:
    """Twelve major triads, then twelve minor ones, bool `[24, 12]`."""
    shapes = np.zeros((2, 12), bool)
    shapes[0, [0, 4, 7]] = shapes[1, [0, 3, 7]] = True
    return np.stack([np.roll(shape, root) for shape in shapes for root in range(12)])


TRIADS = templates()


def half_bar_chroma(rolls: BoolArray, drums: NDArray[np.bool_]) -> FloatArray:
    """Sounding cells of each pitch class in each half of rolls `[bar, track, step, pitch]`, drums left
    out; `[bar * 2, 12]`."""
    parts = []
    for i in range(0, len(rolls), CHUNK):
        by_step = rolls[i : i + CHUNK, ~drums].sum(axis=1)  # [bar, step, pitch]
        halves = by_step.reshape(len(by_step) * HALVES, -1, by_step.shape[2]).sum(axis=1)
        parts.append(halves.reshape(len(halves), -1, 12).sum(axis=1))
    return np.concatenate(parts).astype(float)


def triads(chroma: FloatArray) -> NDArray[np.int64]:
    """The template that holds most of each row of `[half, 12]`, 0 to 23; -1 for silence. Of templates
    that hold as much the first counts."""
    held = chroma @ TRIADS.T
    found: NDArray[np.int64] = np.where(chroma.any(axis=1), held.argmax(axis=1), SILENT)
    return found


def change_rate(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """The share of pairs of chords that differ, of those that both sound; nan without any."""
    heard = (one != SILENT) & (other != SILENT)
    return float((one != other)[heard].mean()) if heard.any() else float("nan")
