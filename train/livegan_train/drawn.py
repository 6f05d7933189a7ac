"""Bars of a model file exactly as the runtime plays them, as rolls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from livegan.core.rendering import Generator, cues_for, make_bar
from livegan.core.state import State, initial
from livegan.core.wandering import advance

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
    for bar, here in enumerate(states(state, bars, generator)):
        cues = cues_for(generator, here, bar, tune, lambda n: rolls[n] if n >= 0 else None)
        rolls.append(make_bar(generator, here, *cues).roll)
    return np.stack(rolls)


def states(state: State, bars: int, generator: Generator) -> Iterator[State]:
    for bar in range(bars):
        if bar:
            state = advance(state, bar, generator.info.wandering)
        yield state
