"""A stream whose bars are learned in one scale (`homes`), played in all: in the scale of the bar
before, or of the key that is asked, or else where the latent's first numbers, the home, put it.

What is heard is moved to C major's scale, the generator answers there, and the answer is moved back;
with nothing but what an ONNX graph has.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.knobs import KEYS, KNOBS
from livegan.core.model import HOMES
from livegan.core.music import PITCHES
from livegan.core.wandering import FIFTH

from .attributes import OUTSIDE, scales
from .cells import Cells
from .homes import HIGHEST, LOWEST, to_home
from .networks import SILENT, Capture, Shape, StreamGenerator

PLAIN = 0.02
"""How much of a scale's profile counts: it decides between scales that fit as well."""
PROFILE = (0.17, 0.13, 0.18, 0.09, 0.17, 0.18, 0.08)
"""Shares of the degrees of C major in POP909's piano."""
AWAY, FARTHER = 1.5, 0.25
"""Nats by which a bar must fit another scale better than home's, and more for each fifth that it lies
away: so that music that has left home comes back, by fifths, where bars fit both."""
REGISTER = KNOBS.index("register")
MINOR = len(KEYS) // 2
TO_MAJOR = 3
"""Semitones from a minor key to the major key of the same notes."""


def evidence() -> Tensor:
    """What a note of each pitch class says for each scale, in nats, `[class, tonic]`."""
    own = torch.full((12,), -OUTSIDE)
    shares = torch.tensor(PROFILE)
    own[scales()[0] > 0] = PLAIN * (shares / shares.mean()).log()
    return torch.stack([own.roll(tonic) for tonic in range(12)], 1)


def pull_home() -> Tensor:
    """What speaks for each scale where nothing is heard, by home, `[home, tonic]`."""
    apart = (FIFTH * (torch.arange(12)[:, None] - torch.arange(12))) % 12
    fifths = torch.minimum(apart, 12 - apart).float()
    return -FARTHER * fifths - AWAY * (fifths > 0)


class Moving(nn.Module):
    """Tracks with pitches, from scale to scale."""

    evidence: Tensor
    pull: Tensor
    places: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.pitched = [number for number, pitched in enumerate(shape.pitched) if pitched]
        self.register_buffer("evidence", evidence(), persistent=False)
        self.register_buffer("pull", pull_home(), persistent=False)
        moves = torch.tensor(shape.pitched).long()
        self.register_buffer("moves", moves[:, None, None], persistent=False)
        self.register_buffer("places", torch.arange(PITCHES), persistent=False)

    moves: Tensor

    def fits(self, bar: Cells) -> Tensor:
        """How well each scale fits a bar, in nats, `[batch, tonic]`."""
        heard = bar.onset[:, self.pitched].sum((1, 2))
        return heard.reshape(-1, PITCHES // 12, 12).sum(1) @ self.evidence

    def moved(self, part: Tensor, by: Tensor, empty: float = 0.0) -> Tensor:
        """`[batch, track, ..., pitch]` so many semitones higher, int64 `[batch]`, each of them `LOWEST`
        to `HIGHEST` either way."""
        reach = max(-LOWEST, HIGHEST)
        padded = F.pad(part, (reach, reach), value=empty)
        by = by.reshape(-1, *[1] * (part.dim() - 1))
        moves = self.moves if part.dim() == 4 else self.moves[:, None]
        index = self.places + reach - by * moves
        return padded.gather(part.dim() - 1, index.expand(part.shape))


class KeyedStream(nn.Module):
    """(`z` `[batch, HOMES + latent]`, the bar before, place, controls) to logits `[batch, track, 3,
    cell, pitch]`."""

    slopes: Tensor

    def __init__(self, generator: StreamGenerator, quantiles: Tensor) -> None:
        """`quantiles` are the knobs', `[track, knob, level]`."""
        super().__init__()
        self.generator = generator
        self.shape = generator.shape
        self.moving = Moving(self.shape)
        levels = quantiles[:, REGISTER]
        pitched = torch.tensor(self.shape.pitched)
        slopes = pitched * 0.9 / (levels[:, -2] - levels[:, 1]).clamp_min(1.0)
        self.register_buffer("slopes", slopes, persistent=False)

    def forward(self, z: Tensor, context: Cells, place: Tensor, controls: Tensor) -> Tensor:
        home, latent = z[:, :HOMES].argmax(1), z[:, HOMES:]
        key = controls[:, -1].round().long()
        asks = key >= 0
        major = torch.where(key < MINOR, key, key - MINOR + TO_MAJOR) % 12
        own = torch.where(asks, major, home)
        heard = (self.moving.fits(context) + self.moving.pull[own]).argmax(1)
        there = to_home(torch.where(asks, own, heard))
        before = Cells(*(self.moving.moved(part, to_home(heard)) for part in context))
        told = torch.cat([self.knobs(controls[:, :-1], there), self.key(key, there, asks)], 1)
        logits = self.generator(latent, before, place, told)
        return self.moving.moved(logits, -there, -SILENT)

    def knobs(self, shares: Tensor, there: Tensor) -> Tensor:
        """Knobs `[batch, knob]` as asked at home: the register moves with the music."""
        by_track = shares.reshape(-1, self.shape.tracks, len(KNOBS))
        register = by_track[:, :, REGISTER]
        moved = (register + there[:, None] * self.slopes).clamp(0.0, 1.0)
        moved = torch.where(register >= 0, moved, register)
        parts = [by_track[:, :, :REGISTER], moved[:, :, None], by_track[:, :, REGISTER + 1 :]]
        return torch.cat(parts, 2).flatten(1)

    def key(self, key: Tensor, there: Tensor, asks: Tensor) -> Tensor:
        """The key `[batch, 1]` as asked at home: C major, A minor, or none."""
        minor = (key >= MINOR).long()
        at_home = (key - MINOR * minor + there) % 12 + MINOR * minor
        return torch.where(asks, at_home, key).to(self.slopes)[:, None]


class KeyedCapture(nn.Module):
    """A bar to its latent, home and all."""

    def __init__(self, capture: Capture) -> None:
        super().__init__()
        self.capture, self.shape = capture, capture.shape
        self.moving = Moving(self.shape)

    def forward(self, bar: Cells) -> Tensor:
        tonic = self.moving.fits(bar).argmax(1)
        at_home = Cells(*(self.moving.moved(part, to_home(tonic)) for part in bar))
        here = (tonic[:, None] == torch.arange(HOMES, device=tonic.device)).to(bar.onset)
        return torch.cat([HOMES**0.5 * here, self.capture(at_home)], 1)
