"""Told apart by a small convolutional network that no training saw: per cent of unseen bars told
right.

A classifier two-sample test (Lopez-Paz & Oquab, 2017) on the rolls themselves. The network hears what
is struck and what sounds in each sixteenth, transposed by up to half an octave (drums stay), and is
asked about bars of songs that it did not learn from; 50 is chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from livegan.core.music import SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH

from ...metrics import BoolArray
from .folds import accuracy, fold_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKED = 4
"""One bar in so many is asked about; the others are learned from."""
PASSES, BATCH, RATE, DECAY = 12, 64, 5e-3, 1e-2
WIDTHS = (24, 32, 48)
TRANSPOSED = 6


class Ear(nn.Module):
    """Bars `[bar, channel, sixteenth, pitch]` to logits of 'made' `[bar]`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        one, two, three = WIDTHS
        self.layers = nn.Sequential(
            nn.Conv2d(channels, one, (3, 13), stride=(1, 3), padding=(1, 6)),
            nn.LeakyReLU(0.2),
            nn.BatchNorm2d(one),
            nn.Conv2d(one, two, (3, 5), stride=(2, 2), padding=(1, 2)),
            nn.LeakyReLU(0.2),
            nn.BatchNorm2d(two),
            nn.Conv2d(two, three, 3, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Dropout(0.3),
        )
        self.last = nn.LazyLinear(1)

    def forward(self, bars: Tensor) -> Tensor:
        found: Tensor = self.last(self.layers(bars))
        return found[:, 0]


def heard(roll: BoolArray) -> Tensor:
    """Channels `[bar, 3, sixteenth, pitch]` of rolls `[bar, step, pitch]`: notes that start, share of
    steps sounding, and whether the last of them does."""
    started = roll.copy()
    started[:, 1:] &= ~roll[:, :-1]
    shape = (len(roll), SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH, roll.shape[2])
    cells = roll.reshape(shape)
    channels = [started.reshape(shape).sum(axis=2), cells.mean(axis=2), cells[:, :, -1]]
    return torch.from_numpy(np.stack([channel.astype(np.float32) for channel in channels], axis=1))


def told_apart(
    made: BoolArray,
    real: BoolArray,
    made_songs: NDArray[np.int64],
    real_songs: NDArray[np.int64],
    drums: bool,
    seed: int,
) -> float:
    """Of rolls `[bar, step, pitch]`, as many of either; songs `[bar]` stay whole on one side."""
    random = np.random.default_rng([12, seed])
    bars = heard(np.concatenate([made, real]))
    is_made = np.arange(len(bars)) < len(made)
    fold = np.concatenate([fold_of(made_songs, ASKED, random), fold_of(real_songs, ASKED, random)])
    asked = fold == 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        ear = learned(bars[torch.from_numpy(~asked)], is_made[~asked], drums, random)
    with torch.no_grad():
        said = torch.cat([ear(some) for some in torch.split(bars[torch.from_numpy(asked)], 500)]) > 0
    return accuracy(said.numpy(), is_made[asked])


def learned(bars: Tensor, is_made: BoolArray, drums: bool, random: np.random.Generator) -> Ear:
    """A network that has heard these bars a few times."""
    ear = Ear(bars.shape[1])
    ear(bars[:2])  # fixes the size of its last layer
    truth = torch.from_numpy(is_made.astype(np.float32))
    optimizer = torch.optim.AdamW(ear.parameters(), RATE, weight_decay=DECAY)
    steps = PASSES * -(-len(bars) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    ear.train()
    for rows in batches(len(bars), random):
        some = bars[rows]
        if not drums:
            some = torch.roll(some, int(random.integers(-TRANSPOSED, TRANSPOSED)), dims=3)
        loss = F.binary_cross_entropy_with_logits(ear(some), truth[rows])
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    return ear.eval()


def batches(count: int, random: np.random.Generator) -> Iterator[Tensor]:
    """Rows of every batch of every pass."""
    for _ in range(PASSES):
        order = torch.from_numpy(random.permutation(count))
        yield from torch.split(order, BATCH)
