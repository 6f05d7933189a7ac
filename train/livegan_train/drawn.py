"""Bars of a model file exactly as the runtime plays them, as rolls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from livegan.core.choosing import onwards
from livegan.core.rendering import Generator, cue_for, cues_for, make_bar
from livegan.core.state import State, initial

Tune = Sequence[NDArray[np.bool_]]
"""Bars `[step, pitch]` of the track that a model accompanies; without one it hears silence."""


def drawn_bars(generator: Generator, bars: int, seed: int, tune: Tune = ()) -> NDArray[np.bool_]:
    """Bars from fresh latents, bool `[bar, track, step, pitch]`: what `livegan render --fresh --seed`
    plays."""
    return played(generator, replace(initial(seed, generator.info.latent), fresh=True), bars, tune)


def streamed_bars(generator: Generator, bars: int, seed: int, tune: Tune = ()) -> NDArray[np.bool_]:
    """Bars that follow each other, bool `[bar, track, step, pitch]`: what `livegan render --seed`
    plays, with every control where it is at the start."""
    return played(generator, initial(seed, generator.info.latent), bars, tune)


def played(generator: Generator, state: State, bars: int, tune: Tune = ()) -> NDArray[np.bool_]:
    """The rolls of the bars from a state on, bool `[bar, track, step, pitch]`, each the context of the
    next."""
    rolls: list[NDArray[np.bool_]] = []

    def heard(number: int) -> NDArray[np.bool_] | None:
        return rolls[number] if number >= 0 else None

    for bar in range(bars):
        if bar:
            coming = partial(cue_for, generator, bar=bar, tune=tune, before=rolls[-1])
            state = onwards(generator, state, bar, coming)
        rolls.append(make_bar(generator, state, *cues_for(generator, state, bar, tune, heard)).roll)
    return np.stack(rolls)
