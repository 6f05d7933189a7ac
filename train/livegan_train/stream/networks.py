"""Generator, encoder and critic of a stream, all 1-D convolutions over sixteenths with pitches as
channels. They know nothing of training.

The latent has two parts, each a sphere of its own: the section, which neighbouring bars share, and the
bar. Knobs are shares of the data's range, 0 to 1; below 0 they are free.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.knobs import KEYS
from livegan.core.music import PITCHES, SIXTEENTHS_PER_BAR

from ..critics import with_spread
from ..generators import double_length
from ..paper import SLOPE
from .cells import Cells, by_position, channels


@dataclass(frozen=True, slots=True)
class Shape:
    """What a stream's networks are made for."""

    tracks: int
    cells: int
    section: int
    bar: int
    places: int
    knobs: int
    """Knobs of one track; the tonal centre comes beside them."""
    width: int
    blocks: int

    @property
    def sizes(self) -> tuple[int, int]:
        """Of the latent's parts."""
        return self.section, self.bar

    @property
    def latent(self) -> int:
        return self.section + self.bar

    @property
    def controls(self) -> int:
        return self.tracks * self.knobs + 1


def on_spheres(z: Tensor, sizes: tuple[int, int]) -> Tensor:
    """Each part `[batch, size]` on its own sphere of radius sqrt(size)."""
    parts = torch.split(z, list(sizes), 1)
    each = [math.sqrt(n) * F.normalize(p, dim=1) for n, p in zip(sizes, parts, strict=True) if n]
    return torch.cat(each, 1)


class Block(nn.Module):
    """A residual block, nothing at the start: deep stacks without normalisation collapse else."""

    def __init__(self, width: int, dilation: int, told: int = 0) -> None:
        super().__init__()
        self.inner = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.back = nn.Conv1d(width, width, 1)
        self.tell = nn.Linear(told, width) if told else None
        nn.init.zeros_(self.back.weight)
        nn.init.zeros_(self.back.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, told: Tensor | None = None) -> Tensor:
        y = self.inner(x)
        if self.tell is not None and told is not None:
            y = y + self.tell(told).unsqueeze(2)
        out: Tensor = x + self.back(F.leaky_relu(y, SLOPE))
        return out


class Blocks(nn.Module):
    def __init__(self, width: int, count: int, told: int = 0) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, 2 ** (i % 3), told) for i in range(count))

    def forward(self, x: Tensor, told: Tensor | None = None) -> Tensor:
        for block in self.blocks:
            x = block(x, told)
        return x


class StreamGenerator(nn.Module):
    """(`z` `[batch, latent]`, context, `place` int64 `[batch]`, `controls` `[batch, knob]`) to logits
    `[batch, track, 3, cell, pitch]`.

    As `Conv16`, from four positions to sixteen, so that a beat's harmony is one thing and not four;
    what was heard, the place and the knobs say nothing at the start.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.folds = shape.cells // SIXTEENTHS_PER_BAR
        self.dense = nn.Linear(shape.latent, 4 * width)
        self.up = nn.ModuleList(nn.Conv1d(width, 2 * width, 3, padding=1) for _ in range(2))
        self.latents = nn.ModuleList(nn.Linear(shape.latent, width) for _ in range(3))
        self.position = nn.Parameter(torch.randn(width, SIXTEENTHS_PER_BAR) * 0.3)
        self.place = nn.Embedding(shape.places, width)
        self.knobs = nn.Linear(2 * (shape.controls - 1) + len(KEYS), width)
        self.asked = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.hear = nn.Conv1d(channels(shape.tracks, shape.cells), width, 1)
        self.relate = nn.Conv1d(width, width, 5, padding=2)
        self.remember = nn.Linear(width, width)
        self.inner = nn.Conv1d(width, width, 3, padding=1)
        self.back = nn.Conv1d(width, width, 3, padding=1)
        self.blocks = Blocks(width, shape.blocks, shape.latent + width)
        self.last = nn.Conv1d(width, shape.tracks * 3 * self.folds * PITCHES, 3, padding=1)
        for layer in (self.relate, self.remember, self.back, *self.asked):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, z: Tensor, context: Cells, place: Tensor, controls: Tensor) -> Tensor:
        z = on_spheres(z, self.shape.sizes)
        heard = F.leaky_relu(self.hear(by_position(context)), SLOPE)
        told = F.leaky_relu(self.place(place) + self.knobs(asked_inputs(controls)), SLOPE)
        wishes = [layer(told).unsqueeze(2) for layer in self.asked]
        memory = self.remember(heard.mean(2)).unsqueeze(2)
        x = self.dense(z).reshape(-1, self.shape.width, 4)
        x = F.leaky_relu(x + memory, SLOPE)
        for up, latent, wish in zip(self.up, self.latents, wishes, strict=False):
            x = F.leaky_relu(double_length(up(x)) + latent(z).unsqueeze(2) + wish, SLOPE)
        x = x + self.position + self.relate(heard)
        inner = self.inner(x) + self.latents[-1](z).unsqueeze(2) + wishes[-1]
        x = x + self.back(F.leaky_relu(inner, SLOPE))
        x = self.blocks(x, torch.cat([z, told], 1))
        out: Tensor = self.last(x)
        shape = (-1, self.shape.tracks, 3, self.folds, PITCHES, SIXTEENTHS_PER_BAR)
        return out.reshape(shape).permute(0, 1, 2, 5, 3, 4).flatten(3, 4)


def asked_inputs(controls: Tensor) -> Tensor:
    """Knobs `[batch, knob]`, the tonal centre last, as numbers: how much, whether at all, which key."""
    knobs, key = controls[:, :-1], controls[:, -1:]
    is_set = (knobs >= 0).to(knobs.dtype)
    keys = torch.arange(len(KEYS), device=key.device, dtype=key.dtype)
    in_key = ((key - keys).abs() < 0.5).to(key.dtype)
    return torch.cat([is_set * (2 * knobs - 1), is_set, in_key], 1)


class StreamEncoder(nn.Module):
    """A bar to its latent, `[batch, latent]`, both parts on their spheres."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.sizes = shape.sizes
        width = shape.width
        self.hear = nn.Conv1d(channels(shape.tracks, shape.cells), width, 1)
        self.relate = nn.Conv1d(width, width, 3, padding=1)
        self.blocks = Blocks(width, shape.blocks)
        self.last = nn.Linear(SIXTEENTHS_PER_BAR * width, shape.latent)

    def forward(self, bar: Cells) -> Tensor:
        x = F.leaky_relu(self.hear(by_position(bar)), SLOPE)
        x = self.blocks(F.leaky_relu(self.relate(x), SLOPE))
        return on_spheres(self.last(F.leaky_relu(x, SLOPE).flatten(1)), self.sizes)


class StreamCritic(nn.Module):
    """Bars beside the bar before and their place: scores `[batch]`. A batch may have several `parts`
    of one size, as with every critic."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        heard = channels(shape.tracks, shape.cells)
        self.hear = nn.Conv1d(heard, width, 1)
        self.before = nn.Conv1d(heard, width, 1)
        self.place = nn.Embedding(shape.places, width)
        self.relate = nn.Conv1d(2 * width, width, 3, padding=1)
        self.blocks = Blocks(width, shape.blocks)
        self.pool = nn.Conv1d(width, width // 2, 1)
        self.dense = nn.Linear(SIXTEENTHS_PER_BAR * (width // 2) + 1, width)
        self.last = nn.Linear(width, 1)

    def forward(self, bar: Cells, context: Cells, place: Tensor, parts: int = 1) -> Tensor:
        now = F.leaky_relu(self.hear(by_position(bar)) + self.place(place).unsqueeze(2), SLOPE)
        before = F.leaky_relu(self.before(by_position(context)), SLOPE)
        x = F.leaky_relu(self.relate(torch.cat([now, before], 1)), SLOPE)
        x = F.leaky_relu(self.blocks(x), SLOPE)
        whole = F.leaky_relu(self.pool(x), SLOPE).flatten(1)
        x = F.leaky_relu(self.dense(with_spread(whole, parts)), SLOPE)
        out: Tensor = self.last(x)[:, 0]
        return out
