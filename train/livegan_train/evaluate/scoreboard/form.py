"""Form over minutes: how alike the bars of 64-bar pieces are, by how far apart they lie (Foote, 1999).

Alike are bars by the cosine of their chroma, and by the sixteenths struck in both. Each lag's mean is
taken over the pairs of bars in one piece; the form figures are the mean distance of the lags 1 to 32
from those of real songs. There is no goal: it is to be read, and to be seen in the matrices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...metrics import BoolArray, FloatArray
from ..flow import outline
from ..rows import NAN, Values
from .part import PIECE, Held, Part
from .section import ALL, TRACK, Section, aim

LAGS = range(1, PIECE // 2 + 1)
KINDS = ("chroma", "onsets")


def alike(rolls: BoolArray, drums: NDArray[np.bool_]) -> dict[str, FloatArray]:
    """How alike any two bars of a piece `[bar, track, step, pitch]` are: chroma cosine and share of
    common onsets, each `[bar, bar]`; nan where either is silent."""
    chroma, sixteenths, _ = outline(rolls, drums)
    lengths = np.linalg.norm(chroma, axis=1)
    directions = chroma / np.where(lengths > 0, lengths, NAN)[:, None]
    struck = sixteenths.astype(float)
    both = struck @ struck.T
    either = struck.sum(axis=1)[:, None] + struck.sum(axis=1) - both
    return {"chroma": directions @ directions.T, "onsets": both / np.where(either > 0, either, NAN)}


def levels(part: Part) -> dict[str, float]:
    """Of all its pieces."""
    return by_lag([part.stream[first:end] for first, end in part.pieces], part.drums)


def by_lag(pieces: Sequence[BoolArray], drums: NDArray[np.bool_]) -> dict[str, float]:
    """'chroma 1' to 'onsets 32': the mean over all pairs of bars that far apart in one of the pieces
    `[bar, track, step, pitch]`."""
    sums: dict[str, list[FloatArray]] = {f"{kind} {lag}": [] for kind in KINDS for lag in LAGS}
    for rolls in pieces:
        for kind, matrix in alike(rolls, drums).items():
            for lag in range(1, min(len(LAGS), len(rolls) - 1) + 1):
                sums[f"{kind} {lag}"].append(np.diagonal(matrix, lag))
    return {key: mean_of(found) for key, found in sums.items()}


def mean_of(found: list[FloatArray]) -> float:
    flat = np.concatenate(found) if found else np.zeros(0)
    flat = flat[~np.isnan(flat)]
    return float(flat.mean()) if len(flat) else NAN


def measure(part: Part, held: Held, seed: int) -> Values:
    found = levels(part)
    for kind in KINDS:
        keys = [f"{kind} {lag}" for lag in LAGS]
        found[f"{kind}_form"] = mean_of([np.array([abs(found[key] - held.own[key]) for key in keys])])
    return found


FORM = Section(
    "form: how alike bars are by their distance in 64-bar pieces",
    (
        aim("chroma_form", "harmony, off by", 3, "lags 1 to 32 against real songs', mean", None, "low"),
        aim("onsets_form", "rhythm, off by", 3, "the same of struck sixteenths", None, "low"),
    ),
    measure,
    lambda held: levels(held.all),
    (TRACK, ALL),
)
