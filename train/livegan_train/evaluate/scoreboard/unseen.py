"""Held-out bars as a model has them."""

from __future__ import annotations

import numpy as np

from ...metrics import BoolArray
from ..sources import Model
from .part import Real


def unseen(model: Model, real: Real, count: int, seed: int) -> BoolArray:
    """Random held-out bars in which something sounds that the model plays, at most so many, bool
    `[bar, track, step, pitch]` with the model's own tracks; those that the data lacks are silent."""
    part = real.held(model.tracks).all
    chosen = np.random.default_rng([22, seed]).permutation(np.flatnonzero(part.sounding))[:count]
    bars = part.bars[chosen]
    found = np.zeros((len(bars), len(model.generator.info.tracks), *bars.shape[2:]), bool)
    found[:, list(model.places)] = bars
    return found
