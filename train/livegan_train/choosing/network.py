"""The critic that a model carries. It knows nothing of training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.music import PITCHES, SIXTEENTHS_PER_BAR

from ..paper import SLOPE
from ..stream.cells import Cells, by_position, channels
from ..stream.matched import harmonies, outlines, shared
from ..stream.networks import plane
from .lines import lines

WIDTH, POOLED = 96, 48
EAR_WIDTHS = (32, 48, 64)
DROPPED = 0.2
FARTHEST = 3.0
"""Standard deviations."""


class BarCritic(nn.Module):
    """Bars, what came before them (one bar for all, or one for each) and their place: the logarithm of
    the odds that a bar is of a song, `[batch]`.

    Three ears: convolutions over sixteenths with pitches as channels, convolutions over sixteenths and
    pitches, which hear an interval alike in every key, and figures that say what hangs together in a
    bar and over the bar line (`stream.matched`, `lines`).

    To that the same figures, in their standard deviations over songs, and their squares are added as
    `weights` say, `[2, 2 * figure]`, after silence and after a bar; nothing at first (`settling`).
    """

    chosen: Tensor
    middle: Tensor
    spread: Tensor
    weights: Tensor

    def __init__(self, pitched: Sequence[bool], cells: int, places: int) -> None:
        super().__init__()
        tracks, self.cells = len(pitched), cells
        heard = channels(tracks, cells)
        self.register_buffer("chosen", torch.nonzero(torch.tensor(pitched))[:, 0], persistent=False)
        self.hear, self.before = nn.Linear(heard, WIDTH), nn.Linear(heard, WIDTH)
        self.place = nn.Embedding(places, WIDTH)
        self.relate = nn.Conv1d(WIDTH, WIDTH, 3, padding=1)
        self.remember = nn.Conv1d(WIDTH, WIDTH, 3, padding=1, bias=False)
        self.near, self.far = (
            nn.Conv1d(WIDTH, WIDTH, 3, padding=apart, dilation=apart) for apart in (2, 4)
        )
        self.pool = nn.Conv1d(WIDTH, POOLED, 1)
        self.whole = nn.Linear(SIXTEENTHS_PER_BAR * POOLED, WIDTH)
        planes, (one, two, three) = 2 * tracks * cells // SIXTEENTHS_PER_BAR, EAR_WIDTHS
        around = {"stride": (1, 3), "padding": (1, 6)}
        self.ear = nn.Conv2d(planes, one, (3, 13), **around)  # type: ignore[arg-type]
        self.echo = nn.Conv2d(planes, one, (3, 13), bias=False, **around)  # type: ignore[arg-type]
        self.deeper = nn.Sequential(
            nn.LeakyReLU(SLOPE),
            nn.BatchNorm2d(one),
            nn.Conv2d(one, two, (3, 5), stride=(2, 2), padding=(1, 2)),
            nn.LeakyReLU(SLOPE),
            nn.BatchNorm2d(two),
            nn.Conv2d(two, three, 3, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Flatten(),
            nn.Dropout(DROPPED),
        )
        silence = Cells(*(torch.zeros(2, tracks, cells, PITCHES) for _ in range(2)))
        with torch.no_grad():
            self.intervals = nn.Linear(self.deeper(self.ear(planes_of(silence))).shape[1], WIDTH)
        count = self.figures(silence, silence).shape[1]
        self.register_buffer("middle", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))
        self.register_buffer("weights", torch.zeros(2, 2 * count))
        self.figured = nn.Sequential(
            nn.BatchNorm1d(count),
            nn.Linear(count, WIDTH),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(DROPPED),
            nn.Linear(WIDTH, WIDTH),
        )
        self.drop, self.last = nn.Dropout(DROPPED), nn.Linear(WIDTH, 1)

    def figures(self, bar: Cells, before: Cells) -> Tensor:
        """`[batch, figure]`."""
        parts = (
            harmonies(bar, self.chosen), outlines(bar).flatten(1), shared(bar, before, self.chosen),
            rests(bar).flatten(1), lines(bar, self.chosen, self.cells).flatten(1),
        )  # fmt: skip
        return torch.cat(parts, 1)

    def moments(self, figures: Tensor) -> Tensor:
        """Figures in standard deviations, and their squares, `[batch, 2 * figure]`."""
        apart = ((figures - self.middle) / self.spread).clamp(-FARTHEST, FARTHEST)
        return torch.cat([apart, apart.pow(2)], 1)

    def forward(self, bar: Cells, before: Cells, place: Tensor) -> Tensor:
        now = self.hear(by_position(bar).transpose(1, 2)) + self.place(place).unsqueeze(1)
        then = self.before(by_position(before).transpose(1, 2))
        now, then = (F.leaky_relu(part, SLOPE).transpose(1, 2) for part in (now, then))
        x = F.leaky_relu(self.relate(now) + self.remember(then), SLOPE)
        for layer in (self.near, self.far):
            x = x + F.leaky_relu(layer(x), SLOPE)
        x = self.whole(self.drop(F.leaky_relu(self.pool(x), SLOPE).flatten(1)))
        x = x + self.intervals(self.deeper(self.ear(planes_of(bar)) + self.echo(planes_of(before))))
        figures = self.figures(bar, before)
        x = self.last(self.drop(F.leaky_relu(x + self.figured(figures), SLOPE)))[:, 0]
        follows = before.onset.amax((1, 2, 3)).unsqueeze(1)
        weights = self.weights[:1] + follows * (self.weights[1:] - self.weights[:1])
        out: Tensor = x + (self.moments(figures) * weights).sum(1)
        return out


def rests(bar: Cells) -> Tensor:
    """1 where nothing begins in a bar, in its second half, in its last quarter, else 0; on each track
    and on all, `[batch, track + 1, 3]`."""
    each = bar.onset.sum(3)
    every = torch.cat([each, each.sum(1, keepdim=True)], 1)
    quarters = every.reshape(*every.shape[:2], 4, -1).sum(3)
    late = [quarters.sum(2), quarters[:, :, 2:].sum(2), quarters[:, :, 3]]
    return 1 - torch.stack(late, 2).clamp(max=1)


def planes_of(bar: Cells) -> Tensor:
    """`[batch, channel, sixteenth, pitch]`."""
    return torch.cat([plane(part) for part in bar], 1)
