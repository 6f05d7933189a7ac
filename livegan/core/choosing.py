"""Of several ways that the latent could go by itself into the next bar, one is taken by how believable
the model's critic finds the bar there.

Resampling by importance (Rubin, 1987): a critic that tells bars of songs from made ones as well as can
be knows how much more often a bar is played by songs than by the model (Azadi et al., Discriminator
rejection sampling, 2019), and drawn by these odds, what is made is played as often as songs play it.
Where the hand puts the latent there is nothing to choose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .rendering import Cue, Generator, controls_alone
from .state import AS_ODDS, State
from .wandering import advance

WAYS = 16
"""How many are looked at: the more, the closer to songs; each takes about a millisecond."""
CHOICE = 23
"""Among the seeds, that of the choice."""


@runtime_checkable
class Choosing(Protocol):
    """A generator that may have a critic."""

    @property
    def chooses(self) -> bool: ...

    def believable(self, cue: Cue, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithms of odds for the bars at points `[point, latent]`, all else as in the cue:
        `[point]`."""
        ...


def choose(generator: Generator, state: State, bar: int, cue_at: Callable[[State], Cue]) -> int:
    """Which way to go (`wandering.advance`) from a state into this bar; 0 where all ways are one, or
    nobody can tell. `cue_at` says what the model would hear in the new bar."""
    if not isinstance(generator, Choosing) or not generator.chooses or not state.critic:
        return 0
    wandering = generator.info.wandering
    ways = [advance(state, bar, wandering, way) for way in range(WAYS)]
    if all(np.array_equal(ways[0].point, other.point) for other in ways[1:3]):
        return 0
    cues = [cue_at(way) for way in ways]
    heard = replace(cues[0], controls=controls_alone(generator.info, state))
    odds = generator.believable(heard, np.stack([cue.z for cue in cues]))
    if state.critic == 1:
        return int(np.argmax(odds))
    power = state.critic / (1 - state.critic) * (1 - AS_ODDS) / AS_ODDS
    shares = np.exp(power * (odds - odds.max()))
    random = np.random.default_rng([state.seed, bar, CHOICE])
    return int(np.searchsorted(shares.cumsum(), random.random() * shares.sum(), side="right"))


def onwards(generator: Generator, state: State, bar: int, cue_at: Callable[[State], Cue]) -> State:
    """Over the line into a bar, the way that is chosen."""
    way = choose(generator, state, bar, cue_at)
    return advance(state, bar, generator.info.wandering, way)
