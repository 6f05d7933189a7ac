"""Held-out bars as a model has them."""

from __future__ import annotations

import numpy as np

from livegan.core.rendering import Cue

from ...metrics import BoolArray
from ..sources import Model
from .part import Real
from .playing import cues


def unseen(model: Model, real: Real, count: int, seed: int) -> BoolArray:
    """Random held-out bars in which something sounds that the model plays, at most so many, bool
    `[bar, track, step, pitch]` with the model's own tracks; those that the data lacks are silent."""
    part = real.held(model.tracks).all
    chosen = np.random.default_rng([22, seed]).permutation(np.flatnonzero(part.sounding))[:count]
    bars = part.bars[chosen]
    found = np.zeros((len(bars), len(model.generator.info.tracks), *bars.shape[2:]), bool)
    found[:, list(model.places)] = bars
    return found


def heard_before(model: Model, real: Real, count: int, seed: int) -> BoolArray:
    """As `unseen`, for a model that hears the bar before; none for others."""
    return unseen(model, real, count if model.generator.info.context else 0, seed)


def cues_after(model: Model, real: Real, bars: int, count: int, seed: int) -> list[Cue]:
    """So many random latents, each after one of so many held-out bars; none for a model that does not
    hear them, or without any."""
    before = heard_before(model, real, bars, seed)
    return cues(model.generator, count, seed, before) if len(before) else []
