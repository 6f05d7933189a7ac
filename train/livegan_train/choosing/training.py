"""How a critic learns: bars of songs, each after the one before or alone, against a model's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data import BarSet
from ..devices import make_fabric
from ..provenance import code, machine
from ..stream.cells import Cells, joined
from ..stream.config import StreamConfig
from ..stream.data import StreamData
from .network import BarCritic
from .proposals import Proposals

BATCH = 64
"""Of either kind."""
RATE, DECAY = 2e-3, 1e-2
RISE, FALL, LEAST = 0.1, 0.7, 0.01
"""Shares of the steps in which the rate rises and falls, and how far down."""
FOLLOWS = 0.75
"""How often a song's bar is heard after the one before."""
TRANSPOSED = 3
"""Semitones by which a model's bars are moved, since songs' are too."""
ASKED = 2_000
"""Bars of either kind by which it is judged, of which it learned nothing."""
EVERY = 250


@dataclass(frozen=True, slots=True)
class Learned:
    """How a critic was made, and how well it tells bars: per cent right of `ASKED` of either kind,
    songs held out for validation, and the cross-entropy in nats."""

    steps: int
    seed: int
    bars: int
    right: float
    nats: float
    seconds: float
    code: str
    machine: str

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


Heard = tuple[Cells, Cells, Tensor]
"""Bars, those before them, and places."""


class Made:
    """A model's bars, in many keys."""

    def __init__(self, found: Proposals, data: StreamData) -> None:
        self._found, self._data = found, data

    def batch(self, count: int, random: torch.Generator) -> Heard:
        rows = torch.randint(len(self._found), (count,), generator=random)
        by = torch.randint(-TRANSPOSED, TRANSPOSED + 1, (count,), generator=random)
        some = self._found.rows(rows)
        now, before = (self._data.moved(part, by) for part in (some.now, some.before))
        return now, before, some.place


def of_songs(data: StreamData, count: int, random: torch.Generator) -> Heard:
    found = data.batch(count, random)
    return found.now, found.before.where(torch.rand(count, generator=random) < FOLLOWS), found.place


def learn(
    songs: BarSet,
    valid: BarSet,
    found: Proposals,
    config: StreamConfig,
    steps: int,
    seed: int,
    say: Callable[[str], object],
    finish: Callable[[BarCritic, StreamData], object] = lambda critic, data: None,
) -> tuple[BarCritic, Learned]:
    """A critic of a model that made `found`, trained on songs; both of one grid (`config.head`).
    `finish` is what is done to it afterwards."""
    began, device = time.monotonic(), make_fabric("cpu", 1, "32", 1).device
    data, held = (StreamData(bars, config, device) for bars in (songs, valid))
    random = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(found), generator=random)
    asked = Made(found.rows(order[:ASKED]), held)
    made = Made(found.rows(order[ASKED:]), data)
    torch.manual_seed(seed)
    critic = BarCritic(data.pitched.tolist(), data.cells, config.places)
    optimiser = torch.optim.AdamW(critic.parameters(), RATE, weight_decay=DECAY)
    truth = torch.cat([torch.ones(BATCH), torch.zeros(BATCH)])
    right = nats = 0.0
    for step in range(1, steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = RATE * rate(step / steps)
        score = told(critic, of_songs(data, BATCH, random), made.batch(BATCH, random))
        loss = F.binary_cross_entropy_with_logits(score, truth)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        if step % EVERY == 0 or step == steps:
            right, nats = judged(critic, held, asked, seed)
            say(f"step {step:,}: tells {right:.1f} % right, {nats:.3f} nats")
    finish(critic.eval(), data)
    seconds = time.monotonic() - began
    learned = Learned(steps, seed, len(found), right, nats, seconds, code(), machine(device))
    return critic, learned


def rate(done: float) -> float:
    """The share of the full rate when so much is done, 0 to 1."""
    return min(1.0, done / RISE, max(LEAST, (1 - done) / FALL))


def told(critic: BarCritic, real: Heard, made: Heard) -> Tensor:
    """Scores of songs' bars and then of made ones, together, so that no statistics of a batch tell."""
    now, before, place = real
    other, earlier, places = made
    out: Tensor = critic(joined(now, other), joined(before, earlier), torch.cat([place, places]))
    return out


@torch.no_grad()
def judged(critic: BarCritic, held: StreamData, asked: Made, seed: int) -> tuple[float, float]:
    """Per cent right, and nats."""
    random = torch.Generator().manual_seed(seed)
    critic.eval()
    found = [
        told(critic, of_songs(held, BATCH, random), asked.batch(BATCH, random)).reshape(2, BATCH)
        for _ in range(ASKED // BATCH)
    ]
    critic.train()
    real, made = torch.cat(found, 1)
    right = 50.0 * float((real > 0).float().mean() + (made <= 0).float().mean())
    return right, float(F.softplus(-real).mean() + F.softplus(made).mean()) / 2
