"""One training run of a stream, and what a step does to it: autoencoder and GAN at once.

The encoder and the generator reconstruct bars, with the section's part of the latent from a neighbour.
The critic judges bars beside the one before, as the instrument plays them: from fresh latents with no
context, or a step away from where the bar before lies.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor, nn

from livegan.core.knobs import FREE
from livegan.core.music import PITCHES

from ..bars import Bars
from ..checkpoint import Checkpoint
from ..checks import BadConfig
from ..heads import OnsetHead
from ..losses import Scores, relativistic_critic, relativistic_generator
from ..run import Told, average
from .attributes import Ranks, attributes, in_key, scales
from .cells import STRUCK, Cells, joined
from .config import StreamConfig
from .data import Batch, StreamData
from .losses import asked_loss, matching, reconstruction, uniformity
from .networks import Shape, StreamCritic, StreamEncoder, StreamGenerator, on_spheres

BORROWED = 0.7
"""How often a bar is made with its neighbour's section."""
ALL_FREE, EACH_FREE, KEY_SET = 0.5, 0.5, 0.3
"""How often no knob is set, each of the others is free, and a key is asked."""
FARTHEST = (0.2, 1.0)
"""Of a quarter turn: how far section and bar may go in one bar line."""
DIRECTIONS = 64
CALIBRATION = 4_096
BIAS = 0.3
"""Of the way from an even chance to the data's density: starting sparse stays silent."""
RAREST = 1e-5
LEAST_MATCHED = 8
"""Sorted counts of fewer bars are noise. Bars that follow from a context and bars that don't are
matched apart, or one kind would thin out and the other make up for it."""
LARGEST_STEP = 10.0
"""Norm of a gradient: now and then a batch has one a thousand times the usual."""
QUIET = 0.2
"""Of their first values: weights of latents that the generator taken over did not have."""


@dataclass(frozen=True, slots=True)
class StreamMaker:
    """What validation draws with: fresh latents, nothing before them, every knob free."""

    generator: StreamGenerator
    head: OnsetHead
    given: int | None = None

    @property
    def latent(self) -> int:
        return self.generator.shape.latent

    def draw(self, z: Tensor, real: Bars) -> Bars:
        shape = self.generator.shape
        place = torch.arange(len(z), device=z.device) % shape.places
        free = torch.full((len(z), shape.controls), FREE, device=z.device)
        return self.head.draw(self.generator(z, silence(len(z), shape, z.device), place, free))


def silence(count: int, shape: Shape, device: torch.device) -> Cells:
    nothing = torch.zeros(count, shape.tracks, shape.cells, PITCHES, device=device)
    return Cells(nothing, nothing)


@dataclass(slots=True)
class StreamRun:
    """All that changes while training. `ema` are the averaged generator and encoder."""

    config: StreamConfig
    fabric: Fabric
    shape: Shape
    head: OnsetHead
    generator: StreamGenerator
    encoder: StreamEncoder
    critic: StreamCritic
    ema: nn.ModuleDict
    generator_optimiser: torch.optim.Optimizer
    critic_optimiser: torch.optim.Optimizer
    random: torch.Generator
    ranks: Ranks
    pitched: Tensor
    scale: Tensor
    step: int = 0
    best: float = math.inf
    pretrained: int = 0
    pretraining: bool = False

    @property
    def averaged(self) -> StreamMaker:
        generator = self.ema["generator"]
        assert isinstance(generator, StreamGenerator)
        return StreamMaker(generator, self.head)

    def learning(self) -> nn.ModuleDict:
        return nn.ModuleDict({"generator": self.generator, "encoder": self.encoder})

    def state(self) -> dict[str, Any]:
        parts = {name: getattr(self, name).state_dict() for name in STATEFUL}
        return {**parts, "rng": self.random.get_state(), "quantiles": self.ranks.quantiles}

    def restore(self, saved: Checkpoint) -> None:
        for name in STATEFUL:
            getattr(self, name).load_state_dict(saved.state[name])
        try:
            self.random.set_state(saved.state["rng"])
        except (RuntimeError, TypeError):  # a GPU's random numbers are not a CPU's
            self.random.manual_seed(self.config.seed + saved.step)
        self.step, self.best = saved.step, saved.best

    def rand(self, *size: int) -> Tensor:
        return torch.rand(*size, generator=self.random, device=self.fabric.device)

    def noise(self, *size: int) -> Tensor:
        return torch.randn(*size, generator=self.random, device=self.fabric.device)


STATEFUL = ("generator", "encoder", "critic", "ema", "generator_optimiser", "critic_optimiser")


def setup(config: StreamConfig, data: StreamData, fabric: Fabric) -> StreamRun:
    """Build everything from the config and its seed."""
    torch.manual_seed(config.seed)
    shape = config.shape(len(data.pitched))
    head = OnsetHead(shape.cells).to(fabric.device)
    generator = StreamGenerator(shape).to(fabric.device)
    encoder, critic = StreamEncoder(shape).to(fabric.device), StreamCritic(shape).to(fabric.device)
    both = nn.ModuleDict({"generator": generator, "encoder": encoder})
    betas = (0.0, 0.99)
    return StreamRun(
        config,
        fabric,
        shape,
        head,
        generator,
        encoder,
        critic,
        copy.deepcopy(both).requires_grad_(False),
        torch.optim.Adam(both.parameters(), config.lr, betas),
        torch.optim.Adam(critic.parameters(), config.lr, betas),
        torch.Generator(fabric.device).manual_seed(config.seed),
        Ranks(data.quantiles),
        data.pitched,
        scales().to(fabric.device),
    )


@torch.no_grad()
def begin(run: StreamRun, data: StreamData, trained: Checkpoint | None = None) -> None:
    """Take over what a generator of single bars has learned, or bias each track's pitches towards how
    often the data strikes them. Raises `BadConfig` if the two don't fit."""
    if trained is not None:
        take_over(run, trained.state["ema"])
        run.ema.load_state_dict(run.learning().state_dict())
        return
    rows = torch.randint(len(data), (CALIBRATION,), generator=run.random, device=run.fabric.device)
    rate = (data.codes[rows] >= STRUCK).float().mean((0, 2)).clamp_min(RAREST)
    assert run.generator.last.bias is not None
    bias = run.generator.last.bias.view(run.shape.tracks, 3, -1, rate.shape[1])
    bias[:, 0] += BIAS * torch.logit(rate)[:, None]
    run.ema.load_state_dict(run.learning().state_dict())


def take_over(run: StreamRun, weights: dict[str, Tensor]) -> None:
    """A `conv16` generator's weights. Where its latent is smaller, each part of the stream's begins
    with its share of it, and the rest of the part with little to say."""
    own, cut = run.generator.state_dict(), run.shape.section
    for name, tensor in weights.items():
        if name not in own or own[name].dim() != tensor.dim() or len(own[name]) != len(tensor):
            raise BadConfig(
                f"can't begin from a generator with {name} {list(tensor.shape)}: a stream begins "
                "from a conv16 generator of the same width, head and tracks"
            )
        if own[name].shape == tensor.shape:
            own[name] = tensor
            continue
        known = tensor.shape[1]
        first = known * cut // run.shape.latent
        own[name] = own[name] * QUIET
        own[name][:, :first] = tensor[:, :first]
        own[name][:, cut : cut + known - first] = tensor[:, first:]
    run.generator.load_state_dict(own)


class Seen(NamedTuple):
    """A batch as a step sees it: the context where it is heard, and what the knobs measure."""

    real: Batch
    context: Cells
    values: Tensor
    ranks: Tensor
    sounding: Tensor


def train_step(run: StreamRun, data: StreamData) -> Told:
    """One step of encoder, generator and critic; without the critic while pretraining."""
    config = run.config
    seen = look(run, data)
    alone = run.step < config.pretrain_steps
    set_rates(run, config.pretrain_lr if alone else config.lr)
    loss = autoencoder_loss(
        run, seen, config.batch if alone else int(config.batch * config.reconstructed)
    )
    unknown = torch.full((), math.nan, device=run.fabric.device)
    told = Told(unknown, loss.detach(), unknown)
    run.step += 1
    if not alone and run.step <= config.pretrain_steps + config.critic_first:
        return critic_alone(run, seen)
    if not alone:
        added, told = gan_loss(run, seen)
        loss = loss + added
    update(run.generator_optimiser, loss)
    average(run.ema, run.learning(), config.ema)
    return told


def critic_alone(run: StreamRun, seen: Seen) -> Told:
    """A step of the critic against a generator that was trained before and shall not suffer from a
    critic that knows nothing yet."""
    with torch.no_grad():
        drawn, follows, other, _, _ = draw(run, seen)
    loss, scores = critic_step(run, seen, drawn, follows, other)
    right = (scores.real > scores.fake).float().mean()
    return Told(loss.detach(), torch.zeros_like(right), right.detach())


def look(run: StreamRun, data: StreamData) -> Seen:
    real = data.batch(run.config.batch, run.random)
    context = real.before.where(run.rand(run.config.batch) < run.config.context)
    values, sounding = attributes(real.now)
    return Seen(real, context, values, run.ranks.of(values), sounding)


def set_rates(run: StreamRun, lr: float) -> None:
    for group in run.generator_optimiser.param_groups:
        group["lr"] = lr


def update(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    torch.nn.utils.clip_grad_norm_(parameters, LARGEST_STEP)
    optimiser.step()


def some_controls(run: StreamRun, ranks: Tensor, key: Tensor, sounding: Tensor) -> Tensor:
    """The knobs of these bars `[batch, knob]`, some of them free; those of silent tracks always are."""
    batch, _, knobs = ranks.shape
    all_free = run.rand(batch, 1, 1) < ALL_FREE
    free = all_free | (run.rand(batch, 1, knobs) < EACH_FREE)
    shares = ranks.masked_fill(free | ~sounding[:, :, None], FREE).flatten(1)
    ask_key = (run.rand(batch) < KEY_SET) & ~all_free[:, 0, 0]
    keys = torch.where(ask_key, key.float(), FREE)
    return torch.cat([shares, keys[:, None]], 1)


def autoencoder_loss(run: StreamRun, seen: Seen, count: int) -> Tensor:
    """Reconstruction of `count` bars of the batch, and codes that fill their spheres."""
    config, cut, some = run.config, run.shape.section, slice(count)
    real = seen.real
    codes = run.encoder(joined(real.now.rows(some), real.near.rows(some)))
    own, near = codes.chunk(2)
    borrowed = (run.rand(count, 1) < BORROWED).float()
    section = borrowed * near[:, :cut] + (1 - borrowed) * own[:, :cut]
    z = torch.cat([section, own[:, cut:]], 1)
    z = z + config.noise * run.noise(*z.shape)
    knobs = some_controls(run, seen.ranks[some], real.key[some], seen.sounding[some])
    logits = run.generator(z, seen.context.rows(some), real.place[some], knobs)
    said = reconstruction(logits, run.head.thresholds, real.now.rows(some), config.missing)
    apart = [uniformity(part, DIRECTIONS, run.random) for part in (codes[:, :cut], codes[:, cut:])]
    return config.reconstruct * said + config.spread * torch.stack(apart).sum()


def turn(z: Tensor, angle: Tensor, noise: Tensor) -> Tensor:
    """Points of a sphere `[batch, size]` after `angle` radians `[batch, 1]` in random directions."""
    radius = math.sqrt(z.shape[1])
    unit = z / radius
    across = F.normalize(noise - (noise * unit).sum(1, keepdim=True) * unit, dim=1)
    return radius * (angle.cos() * unit + angle.sin() * across)


def stepped(run: StreamRun, codes: Tensor) -> Tensor:
    """Where the instrument may go in one bar line: anywhere near in the bar's part, a little in the
    section's."""
    cut = run.shape.section
    parts = []
    for part, far in zip((codes[:, :cut], codes[:, cut:]), FARTHEST, strict=True):
        angle = run.rand(len(codes), 1) * (math.pi / 2) * far
        parts.append(turn(part, angle, run.noise(*part.shape)))
    return torch.cat(parts, 1)


class Drawn(NamedTuple):
    """Bars that were drawn, which of them follow from a context, from which of the batch's bars
    they have their knobs, and what was asked."""

    bars: Cells
    follows: Tensor
    other: Tensor
    knobs: Tensor
    key: Tensor


def draw(run: StreamRun, seen: Seen) -> Drawn:
    """Bars as the instrument makes them: from fresh latents with nothing before them, or a step
    away from where the bar before lies."""
    real, context = seen.real, seen.context
    batch = len(real.place)
    follows = context.onset.sum((1, 2, 3)) > 0
    z = on_spheres(run.noise(batch, run.shape.latent), run.shape.sizes)
    with torch.no_grad():
        z[follows] = stepped(run, run.encoder(context.rows(follows)))
    other = torch.randperm(batch, generator=run.random, device=z.device)
    key = torch.where(follows, real.key, real.key[other])
    knobs = some_controls(run, seen.ranks[other], key, seen.sounding[other])
    bars = run.head.draw_cells(run.generator(z, context, real.place, knobs))
    return Drawn(bars, follows, other, knobs, key)


def gan_loss(run: StreamRun, seen: Seen) -> tuple[Tensor, Told]:
    """One update of the critic, then the generator's loss against it."""
    config, real = run.config, seen.real
    drawn, follows, other, knobs, key = draw(run, seen)
    critic_loss, scores = critic_step(run, seen, drawn, follows, other)

    run.critic.requires_grad_(False)
    fake = run.critic(drawn, seen.context, real.place)
    loss = relativistic_generator(Scores(scores.real.detach(), fake))
    run.critic.requires_grad_(True)
    asked = asked_of(run, seen, drawn, knobs, key, follows, other)
    unasked = (knobs < 0).all(1)
    kinds = [rows & unasked for rows in (follows, ~follows)]
    counts = [matching(drawn.rows(k), real.now) for k in kinds if int(k.sum()) >= LEAST_MATCHED]
    total = loss + config.asked * asked
    if counts:
        total = total + config.matching * torch.stack(counts).mean()
    right = (scores.real > scores.fake).float().mean()
    return total, Told(critic_loss.detach(), loss.detach(), right.detach())


def critic_step(
    run: StreamRun, seen: Seen, drawn: Cells, follows: Tensor, other: Tensor
) -> tuple[Tensor, Scores]:
    """The critic's update. Some bars that it shall see through are real ones after a wrong bar."""
    config, real = run.config, seen.real
    wrong = follows & (run.rand(len(other)) < config.mismatched)
    mask = wrong[:, None, None, None]
    pairs = zip(real.now, drawn, strict=True)
    shown = Cells(*(torch.where(mask, r[other], d.detach()) for r, d in pairs))
    context, place = joined(seen.context, seen.context), torch.cat([real.place, real.place])
    scores = Scores(*run.critic(joined(real.now, shown), context, place, 2).chunk(2))
    loss = relativistic_critic(scores)
    total = loss
    if run.step % config.penalty_every == 0:
        weight = config.gamma * config.penalty_every
        total = loss + weight * zero_centred(run, seen, (real.now, shown))
    update(run.critic_optimiser, total)
    return loss, scores


def zero_centred(run: StreamRun, seen: Seen, both: tuple[Cells, Cells]) -> Tensor:
    """R1 and R2 (Mescheder et al., 2018), on half the batch."""
    half = slice(len(seen.real.place) // 2)
    norms = []
    for bars in both:
        inputs = [part[half].detach().requires_grad_() for part in bars]
        scores = run.critic(Cells(*inputs), seen.context.rows(half), seen.real.place[half])
        gradients = torch.autograd.grad(scores.sum(), inputs, create_graph=True)
        norms += [gradient.pow(2).flatten(1).sum(1).mean() for gradient in gradients]
    return torch.stack(norms).sum() / 2


def asked_of(
    run: StreamRun, seen: Seen, drawn: Cells, knobs: Tensor, key: Tensor, follows: Tensor, other: Tensor
) -> Tensor:
    """How far the drawn bars are from what their knobs ask, the tonal centre among them."""
    real = seen.real
    got, _ = attributes(drawn)
    is_set = (knobs[:, :-1] >= 0).float().reshape(got.shape)
    apart = asked_loss(got, seen.values[other], run.ranks.spread, is_set)
    key_set = (knobs[:, -1] >= 0).float()
    fits = in_key(real.now, real.key, run.pitched, run.scale)
    wanted = torch.where(follows, fits, fits[other])
    off = F.relu(wanted - in_key(drawn, key, run.pitched, run.scale)) * key_set
    return apart + off.sum() / key_set.sum().clamp_min(1.0)
