"""A critic's weights, found while the music is chosen by it: so that what is chosen measures, on the
whole, what songs do.

Of a few ways the best one is seldom as good as songs, and a thin bar, in which little can be wrong,
more often than a full one: by its odds alone the music thins out. So the odds are tilted until the mean
of every figure, and of its square, is the songs' (the likelihood's gradient of a log-linear model,
whose sampler is the choice).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from livegan.core.choosing import WAYS
from livegan.core.rendering import Cue, Generator
from livegan.core.state import State, initial
from livegan.core.wandering import advance

from ..evaluate.scoreboard.playing import bars_at
from ..metrics import BoolArray
from ..stream.cells import Cells, cells_of_codes, codes_of
from ..stream.data import StreamData
from .network import BarCritic
from .proposals import LARGEST_SEED, silence_of

STREAMS = 24
"""Side by side; as many bars that follow nothing beside them."""
FIRST, LAST = 0.15, 0.03
"""How far weights go for a standard deviation that is missing, at first and in the end."""
EVERY = 50
SEEN = 200
"""Batches of songs' bars that are measured."""


@torch.no_grad()
def settle(
    critic: BarCritic,
    generator: Generator,
    data: StreamData,
    rounds: int,
    seed: int,
    say: Callable[[str], object],
) -> None:
    """Find the weights, in so many rounds of a bar in each stream; the mean of the last half's is
    taken."""
    critic.eval()
    wanted = measured(critic, data, seed)
    total = torch.zeros_like(critic.weights)
    streams = Streams(generator, data.cells, seed)
    for done in range(rounds):
        pace = FIRST * (LAST / FIRST) ** (done / rounds)
        missing = wanted - torch.stack([streams.fresh(critic), streams.onwards(critic)])
        critic.weights += pace * missing
        if done >= rounds // 2:
            total += critic.weights
        if (done + 1) % EVERY == 0 or done + 1 == rounds:
            far = missing.pow(2).mean(1).sqrt().tolist()
            say(f"round {done + 1}: off by {far[0]:.2f} after silence, {far[1]:.2f} after a bar")
    critic.weights.copy_(total / (rounds - rounds // 2))


def measured(critic: BarCritic, data: StreamData, seed: int) -> Tensor:
    """Mean moments of songs' bars, `[2, moment]`: of any, after silence, and of those that follow."""
    random = torch.Generator().manual_seed(seed)
    found, alone = [], []
    for _ in range(SEEN):
        batch = data.batch(64, random)
        heard = batch.before.onset.sum((1, 2, 3)) > 0
        found.append(critic.figures(batch.now, batch.before)[heard])
        alone.append(critic.figures(batch.now, batch.before.where(torch.zeros_like(heard))))
    every = torch.cat(found)
    critic.middle.copy_(every.mean(0))
    critic.spread.copy_(every.std(0).clamp_min(1e-2))
    return torch.stack([critic.moments(torch.cat(part)).mean(0) for part in (alone, found)])


class Streams:
    """Music that is chosen by a critic while it changes."""

    def __init__(self, generator: Generator, cells: int, seed: int) -> None:
        self._generator, self._cells = generator, cells
        self._random = np.random.default_rng([37, seed])
        seeds = self._random.integers(LARGEST_SEED, size=STREAMS).tolist()
        self._states = [replace(initial(s, *generator.info.size), comeback=0.0) for s in seeds]
        self._before: Sequence[BoolArray] = [silence_of(generator)] * STREAMS
        self._bar = 0

    def fresh(self, critic: BarCritic) -> Tensor:
        """Mean moments of chosen bars that follow nothing, `[moment]`."""
        states = [replace(state, fresh=True) for state in self._states]
        silence = [silence_of(self._generator)] * STREAMS
        moments, _ = self._look(critic, states, silence)
        return moments

    def onwards(self, critic: BarCritic) -> Tensor:
        """A bar further; mean moments of those that follow another one, `[moment]`."""
        moments, (states, rolls) = self._look(critic, self._states, self._before)
        self._states, self._before = states, rolls
        self._bar += 1
        return moments

    def _look(
        self, critic: BarCritic, states: Sequence[State], before: Sequence[BoolArray]
    ) -> tuple[Tensor, tuple[list[State], list[BoolArray]]]:
        """What is to be expected of the choice, and what it came to."""
        info = self._generator.info
        bar = self._bar + 1
        place = bar % info.phrase
        ways = [
            replace(advance(state, bar, info.wandering, way), fresh=False)
            for state in states
            for way in range(WAYS)
        ]
        heard = [roll for roll in before for _ in range(WAYS)]
        cues = [Cue(s.point, place, context=roll) for s, roll in zip(ways, heard, strict=True)]
        rolls = bars_at(self._generator, cues)
        now, then = self._read(rolls), self._read(np.stack(before))
        each = Cells(*(part.repeat_interleave(WAYS, 0) for part in then))
        odds = critic(now, each, torch.full((len(rolls),), place)).reshape(-1, WAYS)
        shares = torch.softmax(odds, 1)
        moments = critic.moments(critic.figures(now, each)).reshape(*shares.shape, -1)
        follows = torch.from_numpy(np.stack([roll.any() for roll in before]))
        counted = follows if follows.any() else ~follows
        mean = (shares[:, :, None] * moments).sum(1)[counted].mean(0)
        taken = [self._random.choice(WAYS, p=own / own.sum()) for own in shares.double().numpy()]
        rows = [WAYS * stream + int(way) for stream, way in enumerate(taken)]
        return mean, ([ways[row] for row in rows], [rolls[row] for row in rows])

    def _read(self, rolls: BoolArray) -> Cells:
        return cells_of_codes(torch.from_numpy(codes_of(rolls, self._cells)), self._cells)
