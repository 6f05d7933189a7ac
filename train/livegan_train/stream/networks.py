"""Autoencoder, generator and critic of a stream, all 1-D convolutions over sixteenths with pitches as
channels. They know nothing of training.

Encoder and decoder are a variational autoencoder (Kingma and Welling, 2014): every bar has a code.
The generator maps a latent, with what was heard and asked, to a code, and the decoder says it. The
latent has two parts, each on a sphere of its own: the section, which neighbouring bars share, and the
bar, whose last numbers, the detail, reach every code there is. Knobs are shares of the data's range, 0
to 1; below 0 they are free.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.knobs import FREE, KEYS
from livegan.core.music import PITCHES, SIXTEENTHS_PER_BAR

from ..generators import double_length
from ..paper import SLOPE
from .cells import Cells, by_position, channels

LOG_VARIANCES = (-8.0, 2.0)
SILENT = 100.0
BARELY = 1.0
"""Logits below 0 of what does not begin, or ends, where a track rests or plays alone."""
FILLED = 3.0
"""Release at which the whole of a cell sounds (`OnsetHead.thresholds`)."""
CLASHES = (1, 11, 13)
"""Semitones: intervals that sound as one."""
EAR_WIDTHS = (32, 48, 64)
REACH = 8.0
"""How many times its usual size the detail can have: what it takes to reach a bar that was played."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a stream's networks are made for."""

    pitched: tuple[bool, ...]
    """Of every track: is it no drums?"""
    cells: int
    section: int
    bar: int
    code: int
    places: int
    knobs: int
    """Knobs of one track; the tonal centre comes beside them."""
    width: int
    blocks: int
    sure: float
    """Logits above which a note gives way to none that it clashes with; 0: no note does."""
    alone: tuple[bool, ...]
    """Of every track: does it strike one note at a time?"""

    @property
    def tracks(self) -> int:
        return len(self.pitched)

    @property
    def sizes(self) -> tuple[int, int]:
        """Of the latent's parts."""
        return self.section, self.bar + self.code

    @property
    def latent(self) -> int:
        return self.section + self.bar + self.code

    @property
    def controls(self) -> int:
        return self.tracks * self.knobs + 1

    @property
    def steepness(self) -> float:
        """Of the detail's growth with its share of the bar's sphere, so that all of it is `REACH`."""
        return math.log(REACH) / (math.sqrt(1 + self.bar / self.code) - 1)


def on_sphere(points: Tensor, size: int) -> Tensor:
    """Points `[batch, size]` on the sphere of radius sqrt(size)."""
    return math.sqrt(size) * F.normalize(points, dim=1)


def on_spheres(z: Tensor, sizes: tuple[int, int]) -> Tensor:
    """Each part `[batch, size]` on its own sphere of radius sqrt(size)."""
    parts = zip(torch.split(z, list(sizes), 1), sizes, strict=True)
    return torch.cat([on_sphere(part, size) for part, size in parts], 1)


def place_and_detail(z: Tensor, shape: Shape) -> tuple[Tensor, Tensor]:
    """A latent as the place on the map `[batch, section + bar]`, both on their spheres, and the detail
    `[batch, code]`, usually of unit variance."""
    section, rest = torch.split(z, list(shape.sizes), 1)
    bar, detail = torch.split(on_sphere(rest, shape.sizes[1]), [shape.bar, shape.code], 1)
    size = detail.norm(dim=1, keepdim=True) / math.sqrt(shape.code)
    grown = on_sphere(detail, shape.code) * torch.exp(shape.steepness * (size - 1))
    return on_spheres(torch.cat([section, bar], 1), (shape.section, shape.bar)), grown


def latent_of(place: Tensor, detail: Tensor, shape: Shape) -> Tensor:
    """The way back from `place_and_detail`; a detail beyond its reach is as near as it gets."""
    size = detail.norm(dim=1, keepdim=True) / math.sqrt(shape.code)
    most = math.sqrt(1 + shape.bar / shape.code)
    share = (1 + size.clamp_min(1e-6).log() / shape.steepness).clamp(0.1, 0.999 * most)
    section, bar = torch.split(place, [shape.section, shape.bar], 1)
    left = (shape.bar + shape.code * (1 - share.pow(2))).sqrt() / math.sqrt(shape.bar)
    return torch.cat([section, left * bar, share * on_sphere(detail, shape.code)], 1)


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


class BarEncoder(nn.Module):
    """A bar to its code: mean and logarithm of the variance, each `[batch, code]`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.hear = nn.Conv1d(channels(shape.tracks, shape.cells), width, 1)
        self.relate = nn.Conv1d(width, width, 3, padding=1)
        self.blocks = Blocks(width, shape.blocks)
        self.mean = nn.Linear(SIXTEENTHS_PER_BAR * width, shape.code)
        self.spread = nn.Linear(SIXTEENTHS_PER_BAR * width, shape.code)

    def features(self, bar: Cells) -> Tensor:
        x = F.leaky_relu(self.hear(by_position(bar)), SLOPE)
        x = self.blocks(F.leaky_relu(self.relate(x), SLOPE))
        return F.leaky_relu(x, SLOPE).flatten(1)

    def forward(self, bar: Cells) -> tuple[Tensor, Tensor]:
        x = self.features(bar)
        return self.mean(x), self.spread(x).clamp(*LOG_VARIANCES)


class BarDecoder(nn.Module):
    """Codes to logits `[batch, track, 3, cell, pitch]`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.folds = shape.cells // SIXTEENTHS_PER_BAR
        self.dense = nn.Linear(shape.code, width * SIXTEENTHS_PER_BAR)
        self.position = nn.Parameter(torch.randn(width, SIXTEENTHS_PER_BAR) * 0.3)
        self.blocks = Blocks(width, shape.blocks + 1, shape.code)
        self.last = nn.Conv1d(width, shape.tracks * 3 * self.folds * PITCHES, 1)

    def forward(self, code: Tensor) -> Tensor:
        x = self.dense(code).reshape(-1, self.shape.width, SIXTEENTHS_PER_BAR) + self.position
        x = self.blocks(F.leaky_relu(x, SLOPE), code)
        out: Tensor = self.last(F.leaky_relu(x, SLOPE))
        shape = (-1, self.shape.tracks, 3, self.folds, PITCHES, SIXTEENTHS_PER_BAR)
        return out.reshape(shape).permute(0, 1, 2, 5, 3, 4).flatten(3, 4)


class Told(NamedTuple):
    """What was heard, by sixteenth and as a whole, and what place and knobs say."""

    relation: Tensor
    memory: Tensor
    words: Tensor


class Mapping(nn.Module):
    """(`z` `[batch, latent]`, context, `place` int64 `[batch]`, `controls` `[batch, knob]`) to codes.

    Linear at the start: along `basis` `[code, section + bar]` from the codes' mean, and the detail.
    What is added to it grows from four positions to sixteen, so that a beat's harmony is one thing and
    not four. At last the code, detail and all, is steered to what the knobs ask.
    """

    mean: Tensor
    basis: Tensor
    grain: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width, known = shape.width, shape.section + shape.bar
        self.register_buffer("mean", torch.zeros(shape.code))
        self.register_buffer("basis", torch.zeros(shape.code, known))
        self.register_buffer("grain", torch.ones(shape.code))
        self.dense = nn.Linear(known, 4 * width)
        self.up = nn.ModuleList(nn.Conv1d(width, 2 * width, 3, padding=1) for _ in range(2))
        self.latents = nn.ModuleList(nn.Linear(known, width) for _ in range(3))
        self.position = nn.Parameter(torch.randn(width, SIXTEENTHS_PER_BAR) * 0.3)
        self.place = nn.Embedding(shape.places, width)
        self.knobs = nn.Linear(2 * (shape.controls - 1) + len(KEYS), width)
        self.asked = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.hear = nn.Conv1d(channels(shape.tracks, shape.cells), width, 1)
        self.relate = nn.Conv1d(width, width, 5, padding=2)
        self.remember = nn.Linear(width, width)
        self.inner = nn.Conv1d(width, width, 3, padding=1)
        self.back = nn.Conv1d(width, width, 3, padding=1)
        self.blocks = Blocks(width, shape.blocks, known + width)
        self.last = nn.Linear(SIXTEENTHS_PER_BAR * width, shape.code)
        self.steering = Steering(shape)
        for layer in (self.relate, self.remember, self.back, self.last, *self.asked):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def told(self, context: Cells, place: Tensor, controls: Tensor) -> Told:
        heard = F.leaky_relu(self.hear(by_position(context)), SLOPE)
        words = F.leaky_relu(self.place(place) + self.knobs(asked_inputs(controls)), SLOPE)
        return Told(self.relate(heard), self.remember(heard.mean(2)), words)

    def mapped(self, known: Tensor, told: Told) -> Tensor:
        """The code of a place on the map, without its detail."""
        wishes = [layer(told.words).unsqueeze(2) for layer in self.asked]
        x = self.dense(known).reshape(-1, self.shape.width, 4)
        x = F.leaky_relu(x + told.memory.unsqueeze(2), SLOPE)
        for up, latent, wish in zip(self.up, self.latents, wishes, strict=False):
            x = F.leaky_relu(double_length(up(x)) + latent(known).unsqueeze(2) + wish, SLOPE)
        x = x + self.position + told.relation
        inner = self.inner(x) + self.latents[-1](known).unsqueeze(2) + wishes[-1]
        x = x + self.back(F.leaky_relu(inner, SLOPE))
        x = self.blocks(x, torch.cat([known, told.words], 1))
        added: Tensor = self.last(F.leaky_relu(x, SLOPE).flatten(1))
        return self.mean + known @ self.basis.T + added

    @torch.no_grad()
    def move(self, shift: Tensor) -> None:
        """All codes, by `[code]`."""
        self.last.bias.add_(shift)

    def forward(self, z: Tensor, context: Cells, place: Tensor, controls: Tensor) -> Tensor:
        known, detail = place_and_detail(z, self.shape)
        code = self.mapped(known, self.told(context, place, controls)) + self.grain * detail
        out: Tensor = self.steering(code, controls)
        return out


class Steering(nn.Module):
    """Moves codes to where bars are as the knobs ask: how far each knob is turned up in a bar is read
    off its code, and what is missing of what is asked is written to it. Knobs that are free stay as
    they were read. Nothing at the start; `autoencoder.lay_knobs` finds both by least squares."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        knobs = shape.controls - 1
        self.read = nn.Linear(shape.code, knobs)
        self.write = nn.Linear(knobs, shape.code, bias=False)
        for part in (*self.read.parameters(), *self.write.parameters()):
            nn.init.zeros_(part)

    def forward(self, code: Tensor, controls: Tensor) -> Tensor:
        knobs = controls[:, :-1]
        missing = torch.where(knobs >= 0, knobs - self.read(code), 0.0)
        out: Tensor = code + self.write(missing)
        return out


class StreamGenerator(nn.Module):
    """A latent, the bar before, the place and the knobs to logits `[batch, track, 3, cell, pitch]`.

    A track of which fewer notes are to be expected than `rest` `[2, track]`, after silence and after a
    bar, rests: as often as it does in the data, which training sees to. Silence is one point among the
    codes, too small to be hit.
    """

    rest: Tensor
    pitched: Tensor
    alone: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.mapping = Mapping(shape)
        self.decoder = BarDecoder(shape)
        self.register_buffer("rest", torch.zeros(2, shape.tracks))
        pitched = torch.tensor(shape.pitched)[:, None, None, None]
        self.register_buffer("pitched", pitched, persistent=False)
        alone = torch.tensor(shape.alone)[:, None, None, None]
        self.register_buffer("alone", alone, persistent=False)

    def said(self, code: Tensor, follows: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of codes, and how many notes of each track were to be expected, `[batch, track]`;
        `follows` `[batch]`, 0 or 1: after a bar?"""
        logits: Tensor = self.decoder(code)
        if self.shape.sure:
            given = yielding(logits, self.shape.cells, self.shape.sure)
            logits = torch.where(self.pitched, given, logits)
        if any(self.shape.alone):
            logits = torch.where(self.alone, one_by_one(logits), logits)
        likely = torch.sigmoid(logits[:, :, 0])
        alone = self.alone.flatten()
        expected = torch.where(alone, likely.amax(3).sum(2), likely.sum((2, 3)))
        resting = (expected < self.rest[follows.long()])[:, :, None, None, None]
        return torch.where(resting, at_rest(logits), logits), expected

    def forward(self, z: Tensor, context: Cells, place: Tensor, controls: Tensor) -> Tensor:
        return self.said(self.mapping(z, context, place, controls), context.heard)[0]


def at_rest(logits: Tensor) -> Tensor:
    """Logits `[batch, track, 3, cell, pitch]` in which nothing begins; the likeliest barely does not,
    so that a knob can wake the track. Training does not feel it."""
    onset, other = logits[:, :, :1].detach(), logits[:, :, 1:].detach()
    return torch.cat([onset - onset.amax((3, 4), keepdim=True).relu() - BARELY, other], 2)


def one_by_one(logits: Tensor) -> Tensor:
    """Logits `[batch, track, 3, cell, pitch]` in which only the surest note begins at a time, and ends
    what sounds; the others barely do not begin, and the note barely ends, so that knobs can lean on
    them. Training does not feel it."""
    onset, release, tie = logits.unbind(2)
    surest = onset.amax(3, keepdim=True)
    ends = F.pad(surest[:, :, 1:] > 0, (0, 0, 0, 1))
    others = torch.where(onset < surest, onset, -SILENT).detach()
    second = others.amax(3, keepdim=True)
    left_out = torch.where(second > 0, others - second - BARELY, others)
    whole, cut = release.detach().clamp_min(FILLED), tie.detach().clamp_max(-BARELY)
    begins = torch.where(onset < surest, left_out, onset)
    return torch.stack([begins, torch.where(ends, whole, release), torch.where(ends, cut, tie)], 2)


def yielding(logits: Tensor, cells: int, sure: float) -> Tensor:
    """Logits `[batch, track, 3, cell, pitch]` in which a note below `sure` gives way to a
    surer one of its track that clashes with it: it does not begin, or ends where that one begins.
    Between the codes of bars the decoder is unsure of much, and that clashes; of real bars it is sure,
    and they stay."""
    onset, release, tie = logits.unbind(2)
    into = F.pad(tie[:, :, :-1], (0, 0, 1, 0), value=-SILENT) > 0
    began = torch.where(onset > 0, onset, -SILENT)
    held = torch.where(into, later(sounding(began, into, cells), 1), -SILENT)
    begins = onset - sure * gives_way(onset, torch.maximum(onset, held), sure)
    ended = gives_way(held, onset, sure) * (held > 0)
    ends = F.pad(ended[:, :, 1:], (0, 0, 0, 1))
    return torch.stack([begins, release, tie - SILENT * ends], 2)


def sounding(began: Tensor, into: Tensor, cells: int) -> Tensor:
    """How sure what sounds in each cell `[batch, track, cell, pitch]` was when it began; `into` says
    where the cell before is held on. In as many steps as the number of cells has binary digits."""
    value, gate = began, torch.where(into, 0.0, -SILENT)
    for digit in range((cells - 1).bit_length()):
        value = torch.maximum(value, gate + later(value, 2**digit))
        gate = gate + later(gate, 2**digit)
    return value


def later(cells: Tensor, by: int) -> Tensor:
    return F.pad(cells[:, :, :-by], (0, 0, by, 0), value=-SILENT)


def gives_way(own: Tensor, others: Tensor, sure: float) -> Tensor:
    """1 where an unsure note is weaker than a clashing one that sounds, `[..., pitch]`; else 0."""
    reach = max(CLASHES)
    around = F.pad(others, (reach, reach), value=-SILENT)
    beside = [reach + side * apart for apart in CLASHES for side in (-1, 1)]
    rivals = around[..., beside[0] : beside[0] + PITCHES]
    for first in beside[1:]:
        rivals = torch.maximum(rivals, around[..., first : first + PITCHES])
    gives: Tensor = ((own < sure) & (own < rivals) & (rivals > 0)).to(own.dtype)
    return gives


def asked_inputs(controls: Tensor) -> Tensor:
    """Knobs `[batch, knob]`, the tonal centre last, as numbers: how much, whether at all, which key."""
    knobs, key = controls[:, :-1], controls[:, -1:]
    is_set = (knobs >= 0).to(knobs.dtype)
    keys = torch.arange(len(KEYS), device=key.device, dtype=key.dtype)
    in_key = ((key - keys).abs() < 0.5).to(key.dtype)
    return torch.cat([is_set * (2 * knobs - 1), is_set, in_key], 1)


class Inverse(nn.Module):
    """Codes to the places on the map `[batch, section + bar]` that come nearest to them."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.sizes = (shape.section, shape.bar)
        hidden = 2 * shape.width
        self.layers = nn.Sequential(
            nn.Linear(shape.code, hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(SLOPE),
            nn.Linear(hidden, shape.section + shape.bar),
        )

    def forward(self, code: Tensor) -> Tensor:
        return on_spheres(self.layers(code), self.sizes)


class Capture(nn.Module):
    """A bar to the latent from which the generator makes it, with nothing before it and every knob
    free: the nearest place on the map, and what is missing there as its detail."""

    relation: Tensor
    memory: Tensor
    words: Tensor

    def __init__(self, generator: StreamGenerator, encoder: BarEncoder, inverse: Inverse) -> None:
        super().__init__()
        self.shape = generator.shape
        self.encoder, self.inverse, self.mapping = encoder, inverse, generator.mapping
        told = self.mapping.told(
            silence(1, self.shape, self.mapping.mean.device),
            torch.zeros(1, dtype=torch.int64, device=self.mapping.mean.device),
            free_controls(1, self.shape, self.mapping.mean.device),
        )
        for name, value in told._asdict().items():
            self.register_buffer(name, value.detach())

    def forward(self, bar: Cells) -> Tensor:
        code, _ = self.encoder(bar)
        known = self.inverse(code)
        told = Told(self.relation, self.memory, self.words + 0 * known[:, :1])
        missing = (code - self.mapping.mapped(known, told)) / self.mapping.grain
        return latent_of(known, missing, self.shape)


def silence(count: int, shape: Shape, device: torch.device) -> Cells:
    nothing = torch.zeros(count, shape.tracks, shape.cells, PITCHES, device=device)
    return Cells(nothing, nothing)


def free_controls(count: int, shape: Shape, device: torch.device) -> Tensor:
    """No knob is set."""
    return torch.full((count, shape.controls), FREE, device=device)


class PitchEar(nn.Module):
    """What a bar and the one before it are like wherever in pitch, `[batch, width]`: convolutions over
    sixteenths and pitches hear an interval as the same thing in every key, which a layer with pitches
    as channels has to learn for each."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        heard = 4 * shape.tracks * shape.cells // SIXTEENTHS_PER_BAR
        one, two, three = EAR_WIDTHS
        self.layers = nn.Sequential(
            nn.Conv2d(heard, one, (3, 13), stride=(1, 3), padding=(1, 6)),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(one, two, (3, 5), stride=(2, 2), padding=(1, 2)),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(two, three, 3, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Flatten(),
        )
        with torch.no_grad():
            size = self.layers(torch.zeros(1, heard, SIXTEENTHS_PER_BAR, PITCHES)).shape[1]
        self.last = nn.Linear(size, shape.width)

    def forward(self, bar: Cells, before: Cells) -> Tensor:
        planes = torch.cat([plane(part) for part in (*bar, *before)], 1)
        out: Tensor = self.last(self.layers(planes))
        return out


def plane(part: Tensor) -> Tensor:
    """`[batch, track, cell, pitch]` as `[batch, channel, sixteenth, pitch]`."""
    within = part.reshape(*part.shape[:2], SIXTEENTHS_PER_BAR, -1, PITCHES)
    return within.transpose(2, 3).flatten(1, 2)


class StreamCritic(nn.Module):
    """Bars beside the bar before and their place: scores `[batch]`.

    It doesn't see the minibatch's spread, as other critics do: one number that is right about a whole
    batch would settle every comparison, and nothing more would be learnt about bars."""

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
        self.dense = nn.Linear(SIXTEENTHS_PER_BAR * (width // 2), width)
        self.ear = PitchEar(shape)
        self.last = nn.Linear(width, 1)

    def forward(self, bar: Cells, context: Cells, place: Tensor) -> Tensor:
        now = F.leaky_relu(self.hear(by_position(bar)) + self.place(place).unsqueeze(2), SLOPE)
        before = F.leaky_relu(self.before(by_position(context)), SLOPE)
        x = F.leaky_relu(self.relate(torch.cat([now, before], 1)), SLOPE)
        x = F.leaky_relu(self.blocks(x), SLOPE)
        whole = F.leaky_relu(self.pool(x), SLOPE).flatten(1)
        x = F.leaky_relu(self.dense(whole) + self.ear(bar, context), SLOPE)
        out: Tensor = self.last(x)[:, 0]
        return out
