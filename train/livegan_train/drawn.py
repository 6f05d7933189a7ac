"""Bars of a model file exactly as the runtime plays them, as rolls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from livegan.core.conductor import Generator, cue_for, render_bar
from livegan.core.state import State, advance, initial
from livegan.shell.archive import rolls_of

Tune = Sequence[NDArray[np.bool_]]
"""Bars `[step, pitch]` of the track that a model accompanies; without one it hears silence."""


def drawn_bars(generator: Generator, bars: int, seed: int, tune: Tune = ()) -> NDArray[np.bool_]:
    """Bars from fresh latents, bool `[bar, track, step, pitch]`: what `livegan render --fresh --seed`
    plays."""
    return played(generator, replace(initial(seed, generator.latent_size), fresh=True), bars, tune)


def streamed_bars(generator: Generator, bars: int, seed: int, tune: Tune = ()) -> NDArray[np.bool_]:
    """Bars that follow each other, bool `[bar, track, step, pitch]`: what `livegan render --seed`
    plays, with every control where it is at the start."""
    return played(generator, initial(seed, generator.latent_size), bars, tune)


def played(generator: Generator, state: State, bars: int, tune: Tune = ()) -> NDArray[np.bool_]:
    """The rolls of the bars from a state on, bool `[bar, track, step, pitch]`."""
    rolls = [
        rolls_of(render_bar(generator, here, cue_for(generator, here, bar, tune)), 1, generator.tracks)
        for bar, here in enumerate(states(state, bars, generator.phrase))
    ]
    return np.ascontiguousarray(np.moveaxis(np.concatenate(rolls), 3, 1))


def states(state: State, bars: int, phrase: int) -> Iterator[State]:
    for bar in range(bars):
        if bar:
            state = advance(state, bar, phrase)
        yield state
