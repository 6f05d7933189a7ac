"""One training run of a stream and what its steps do to it: first an autoencoder that says every bar
again, then a GAN whose generator finds the codes of bars that could follow.

The critic judges bars beside the one before, or alone. The decoder stays as the autoencoder left it.
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

from ..bars import Bars
from ..checkpoint import Checkpoint
from ..heads import OnsetHead
from ..losses import Scores, relativistic_critic, relativistic_generator
from ..run import Told, average
from .attributes import Ranks, attributes, in_key, scales
from .cells import STRUCK, Cells, joined
from .config import StreamConfig
from .data import Batch, StreamData
from .features import axes
from .losses import asked_loss, divergence, reconstruction
from .matched import clouds_apart, intervals_apart, matching, outlines, shared, sorted_apart
from .networks import (
    BarEncoder,
    Inverse,
    Shape,
    StreamCritic,
    StreamGenerator,
    free_controls,
    on_sphere,
    on_spheres,
    place_and_detail,
    silence,
)

ALL_FREE, EACH_FREE, KEY_SET = 0.5, 0.5, 0.3
"""How often no knob is set, each of the others is free, and a key is asked."""
CALIBRATION = 4_096
MAPPED = 80
"""Batches from which the latent's axes are found."""
RAREST = 1e-5
LEAST_MATCHED = 8
"""Sorted counts of fewer bars are noise. Bars that follow from a context and bars that don't are
matched apart, or one kind would thin out and the other make up for it."""
LARGEST_STEP = {"autoencoder": 1.0, "gan": 10.0}
"""Norm of a gradient: now and then a batch has one a thousand times the usual."""
WARM_UP, COOL_DOWN, COLDEST = 200, 0.3, 0.03
"""The autoencoder's rate rises over so many steps and falls over the last share of them to so much;
the GAN's rises."""
DIVERGENCE_WARM_UP = 2_000
INVERSE_FASTER = 5.0
AGREEMENT_ROOM = 0.05
"""In `matched.sorted_apart`, of shares of 0 to 1."""
RESTING_RATE = 0.05
"""Notes, for each standard deviation of one bar's resting."""
NATS = 15.0
"""The autoencoder's loss, in nats a bar, is divided by this, so that its gradients are of order 1."""


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
        free = free_controls(len(z), shape, z.device)
        return self.head.draw(self.generator(z, silence(len(z), shape, z.device), place, free))


@dataclass(slots=True)
class StreamRun:
    """All that changes while training. `ema` are the averaged networks but for the critic."""

    config: StreamConfig
    fabric: Fabric
    shape: Shape
    head: OnsetHead
    networks: nn.ModuleDict
    critic: StreamCritic
    ema: nn.ModuleDict
    autoencoder_optimiser: torch.optim.Optimizer
    generator_optimiser: torch.optim.Optimizer
    critic_optimiser: torch.optim.Optimizer
    random: torch.Generator
    ranks: Ranks
    pitched: Tensor
    scale: Tensor
    resting: Tensor
    step: int = 0
    pretrained: int = 0
    best: float = math.inf

    @property
    def generator(self) -> StreamGenerator:
        return self.networks["generator"]  # type: ignore[return-value]

    @property
    def encoder(self) -> BarEncoder:
        return self.networks["encoder"]  # type: ignore[return-value]

    @property
    def inverse(self) -> Inverse:
        return self.networks["inverse"]  # type: ignore[return-value]

    @property
    def averaged(self) -> StreamMaker:
        generator = self.ema["generator"]
        assert isinstance(generator, StreamGenerator)
        return StreamMaker(generator, self.head)

    @property
    def pretraining(self) -> bool:
        return self.pretrained < self.config.autoencoder_steps

    def state(self) -> dict[str, Any]:
        parts = {name: getattr(self, name).state_dict() for name in STATEFUL}
        counts = {"pretrained": self.pretrained, "quantiles": self.ranks.quantiles}
        return {**parts, **counts, "rng": self.random.get_state()}

    def restore(self, saved: Checkpoint) -> None:
        for name in STATEFUL:
            getattr(self, name).load_state_dict(saved.state[name])
        try:
            self.random.set_state(saved.state["rng"])
        except (RuntimeError, TypeError):  # a GPU's random numbers are not a CPU's
            self.random.manual_seed(self.config.seed + saved.step)
        self.step, self.best, self.pretrained = saved.step, saved.best, saved.state["pretrained"]

    def rand(self, *size: int) -> Tensor:
        return torch.rand(*size, generator=self.random, device=self.fabric.device)

    def noise(self, *size: int) -> Tensor:
        return torch.randn(*size, generator=self.random, device=self.fabric.device)


STATEFUL = (
    "networks", "critic", "ema", "autoencoder_optimiser", "generator_optimiser", "critic_optimiser",
)  # fmt: skip


def setup(config: StreamConfig, data: StreamData, fabric: Fabric) -> StreamRun:
    """Build everything from the config and its seed."""
    torch.manual_seed(config.seed)
    shape = config.shape(len(data.pitched))
    head = OnsetHead(shape.cells).to(fabric.device)
    generator, encoder, inverse = StreamGenerator(shape), BarEncoder(shape), Inverse(shape)
    networks = nn.ModuleDict({"generator": generator, "encoder": encoder, "inverse": inverse})
    networks.to(fabric.device)
    critic = StreamCritic(shape).to(fabric.device)
    said = [*encoder.parameters(), *generator.decoder.parameters()]
    learned = [
        {"params": list(generator.mapping.parameters()), "lr": config.lr, "share": 1.0},
        {"params": list(inverse.parameters()), "lr": config.lr, "share": INVERSE_FASTER},
    ]
    betas = (0.0, 0.99)
    return StreamRun(
        config,
        fabric,
        shape,
        head,
        networks,
        critic,
        copy.deepcopy(networks).requires_grad_(False),
        torch.optim.Adam(said, config.autoencoder_lr, (0.9, 0.99)),
        torch.optim.Adam(learned, config.lr, betas),
        torch.optim.Adam(critic.parameters(), config.critic_lr, betas),
        torch.Generator(fabric.device).manual_seed(config.seed),
        Ranks(data.quantiles),
        data.pitched,
        scales().to(fabric.device),
        data.resting,
    )


@torch.no_grad()
def begin(run: StreamRun, data: StreamData) -> None:
    """Bias the decoder towards how often the data strikes each track's pitches."""
    rows = torch.randint(len(data), (CALIBRATION,), generator=run.random, device=run.fabric.device)
    rate = (data.codes[rows] >= STRUCK).float().mean((0, 2)).clamp_min(RAREST)
    bias = run.generator.decoder.last.bias
    assert bias is not None
    bias.view(run.shape.tracks, 3, -1, rate.shape[1])[:, 0] += torch.logit(rate)[:, None]
    run.ema.load_state_dict(run.networks.state_dict())


# the autoencoder


def pretrain_step(run: StreamRun, data: StreamData) -> Tensor:
    """One step of the autoencoder; after its last one the latent's axes are laid."""
    loss = autoencoder_loss(run, data)
    cool = (run.config.autoencoder_steps - run.pretrained) / (COOL_DOWN * run.config.autoencoder_steps)
    set_rates(
        run.autoencoder_optimiser,
        run.config.autoencoder_lr * min(1.0, (run.pretrained + 1) / WARM_UP, max(COLDEST, cool)),
    )
    update(run.autoencoder_optimiser, loss / NATS, LARGEST_STEP["autoencoder"])
    average(run.ema, run.networks, early(run.config.ema, run.pretrained))
    run.pretrained += 1
    if not run.pretraining:
        run.networks.load_state_dict(run.ema.state_dict())
        lay_axes(run, data)
    return loss.detach()


def autoencoder_loss(run: StreamRun, data: StreamData) -> Tensor:
    """Nats a bar."""
    bars = data.bars(run.config.batch, run.random)
    mean, log_variance = run.encoder(bars)
    code = mean + (log_variance / 2).exp() * run.noise(*mean.shape)
    said = reconstruction(run.generator.decoder(code), run.head.thresholds, bars, run.config.missing)
    weight = run.config.divergence * min(1.0, run.pretrained / DIVERGENCE_WARM_UP)
    return said + weight * divergence(mean, log_variance)


@torch.no_grad()
def lay_axes(run: StreamRun, data: StreamData) -> None:
    """Lay the latent's axes through the codes of the data, and measure their own noise."""
    found = []
    for _ in range(MAPPED):
        batch = data.batch(run.config.batch, run.random)
        found.append((*run.encoder(batch.now), run.encoder(batch.near)[0]))
    codes, log_variances, near = (torch.cat(part) for part in zip(*found, strict=True))
    mapping = run.generator.mapping
    mapping.mean.copy_(codes.mean(0))
    mapping.basis.copy_(axes(codes, near, run.shape.section, run.shape.bar))
    mapping.grain.copy_(run.config.detail * log_variances.exp().mean(0).sqrt())
    run.ema.load_state_dict(run.networks.state_dict())


def take_autoencoder(run: StreamRun, data: StreamData, state: dict[str, Any]) -> None:
    """Begin where the autoencoder of another run's `state` ended, which has the same shape: its encoder
    and decoder, and the latent's axes laid again with this run's `detail`."""
    saved = state["networks"]
    for prefix, part in (("encoder.", run.encoder), ("generator.decoder.", run.generator.decoder)):
        own = {k.removeprefix(prefix): v for k, v in saved.items() if k.startswith(prefix)}
        part.load_state_dict(own)
    run.pretrained = run.config.autoencoder_steps
    lay_axes(run, data)


# the GAN


class Seen(NamedTuple):
    """A batch as a step sees it: the bars, and those before them where they are heard (`follows`), as
    the decoder says them, with the codes of both; and what the knobs measure."""

    real: Batch
    now: Cells
    context: Cells
    code: Tensor
    code_before: Tensor
    follows: Tensor
    values: Tensor
    ranks: Tensor
    sounding: Tensor


class Drawn(NamedTuple):
    """Bars that were drawn; from which of the batch's bars they have their knobs, what was asked, and
    where on the map they lie."""

    bars: Cells
    other: Tensor
    knobs: Tensor
    key: Tensor
    code: Tensor
    known: Tensor


def train_step(run: StreamRun, data: StreamData) -> Told:
    """One update of the critic and one of the generator. Before the generator's first, the critic has
    some of its own: the generator shall not suffer from one that knows nothing yet."""
    seen = look(run, data)
    alone = run.step < run.config.critic_first
    run.step += 1
    with torch.set_grad_enabled(not alone):
        drawn = draw(run, seen)
    critic_loss, scores = critic_step(run, seen, drawn)
    right = (scores.real > scores.fake).float().mean().detach()
    if alone:
        return Told(critic_loss.detach(), torch.zeros_like(right), right)
    loss, told = generator_loss(run, seen, drawn, scores)
    warm = min(1.0, (run.step - run.config.critic_first) / WARM_UP)
    set_rates(run.generator_optimiser, run.config.lr * warm)
    update(run.generator_optimiser, loss, LARGEST_STEP["gan"])
    average(run.ema, run.networks, early(run.config.ema, run.step - run.config.critic_first))
    return Told(critic_loss.detach(), told, right)


def look(run: StreamRun, data: StreamData) -> Seen:
    config = run.config
    real = data.batch(config.batch, run.random)
    (now, before), (code, code_before) = said_again(run, real)
    heard = real.before.onset.sum((1, 2, 3)) > 0
    follows = (run.rand(config.batch) < config.context) & heard
    values, sounding = attributes(real.now)
    context, ranks = before.where(follows), run.ranks.of(values)
    return Seen(real, now, context, code, code_before, follows, values, ranks, sounding)


@torch.no_grad()
def said_again(run: StreamRun, real: Batch) -> tuple[tuple[Cells, Cells], tuple[Tensor, Tensor]]:
    """Bars and those before them through the autoencoder, with the detail's noise, and their codes: the
    critic shall not judge the decoder, which stays as it is, but where in its codes the mapping
    goes."""
    bars = joined(real.now, real.before)
    mean, _ = run.encoder(bars)
    code = mean + run.generator.mapping.grain * run.noise(*mean.shape)
    said = run.head.draw_cells(run.generator.decoder(code))
    count = len(real.place)
    return (said.rows(slice(count)), said.rows(slice(count, None))), (code[:count], code[count:])


def set_rates(optimiser: torch.optim.Optimizer, lr: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = lr * group.get("share", 1.0)


def early(keep: float, step: int) -> float:
    """An average of few steps forgets faster."""
    return min(keep, (step + 1) / (step + 20))


def update(optimiser: torch.optim.Optimizer, loss: Tensor, largest: float) -> None:
    optimiser.zero_grad()
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    torch.autograd.backward(loss, inputs=parameters)
    torch.nn.utils.clip_grad_norm_(parameters, largest)
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


def fresh(run: StreamRun, count: int) -> Tensor:
    return on_spheres(run.noise(count, run.shape.latent), run.shape.sizes)


def section_of(run: StreamRun, bars: Cells) -> Tensor:
    """Where bars lie along the slow axes, on their sphere."""
    mapping = run.generator.mapping
    slow = mapping.basis[:, : run.shape.section]
    code = run.encoder(bars)[0] - mapping.mean
    return on_sphere(code @ torch.linalg.pinv(slow).T, run.shape.section)


def draw(run: StreamRun, seen: Seen) -> Drawn:
    """Bars as the instrument makes them. What follows shares its section with the bar before."""
    real, cut, follows = seen.real, run.shape.section, seen.follows
    batch = len(real.place)
    z = fresh(run, batch)
    with torch.no_grad():
        z[follows, :cut] = section_of(run, seen.context.rows(follows))
    other = torch.randperm(batch, generator=run.random, device=z.device)
    key = torch.where(follows, real.key, real.key[other])
    knobs = some_controls(run, seen.ranks[other], key, seen.sounding[other])
    code = run.generator.mapping(z, seen.context, real.place, knobs)
    logits, expected = run.generator.said(code)
    keep_resting(run, expected.detach()[(knobs < 0).all(1)])
    bars = run.head.draw_cells(logits)
    known, _ = place_and_detail(z, run.shape)
    return Drawn(bars, other, knobs, key, code, known)


@torch.no_grad()
def keep_resting(run: StreamRun, expected: Tensor) -> None:
    """Move each track's least number of notes `[bar, track]` to where as many bars lie below it as rest
    in the data."""
    if len(expected):
        below = (expected < run.generator.rest).float().mean(0)
        chance = (run.resting * (1 - run.resting)).sqrt().clamp_min(0.05)
        run.generator.rest += RESTING_RATE * (run.resting - below) / chance


def critic_step(run: StreamRun, seen: Seen, drawn: Drawn) -> tuple[Tensor, Scores]:
    """The critic's update. Some bars that it shall see through are real ones after a wrong bar."""
    config, real = run.config, seen.real
    context, places = seen.context, torch.cat([real.place, real.place])
    wrong = seen.follows & (run.rand(len(real.place)) < config.mismatched)
    shown = pick(wrong[:, None, None, None], seen.now.rows(drawn.other), drawn.bars)
    both = run.critic(joined(seen.now, shown), joined(context, context), places)
    scores = Scores(*both.chunk(2))
    loss = relativistic_critic(scores)
    total = loss
    if run.step % config.penalty_every == 0:
        weight = config.gamma * config.penalty_every / 2
        norms = [zero_centred(run, seen, bars) for bars in (seen.now, shown)]
        total = loss + weight * torch.stack(norms).sum()
    update(run.critic_optimiser, total, LARGEST_STEP["gan"])
    return loss, scores


def pick(mask: Tensor, yes: Cells, no: Cells) -> Cells:
    return Cells(*(torch.where(mask, y, n.detach()) for y, n in zip(yes, no, strict=True)))


def zero_centred(run: StreamRun, seen: Seen, bars: Cells) -> Tensor:
    """R1 or R2 (Mescheder et al., 2018), on half the batch."""
    half = slice(len(seen.real.place) // 2)
    inputs = [part[half].detach().requires_grad_() for part in bars]
    scores = run.critic(Cells(*inputs), seen.context.rows(half), seen.real.place[half])
    gradients = torch.autograd.grad(scores.sum(), inputs, create_graph=True)
    return torch.stack([g.pow(2).flatten(1).sum(1).mean() for g in gradients]).sum()


def generator_loss(run: StreamRun, seen: Seen, drawn: Drawn, scores: Scores) -> tuple[Tensor, Tensor]:
    """All that the mapping and its inverse learn from, and the GAN's part of it."""
    config = run.config
    fake = run.critic(drawn.bars, seen.context, seen.real.place)
    loss = relativistic_generator(Scores(scores.real.detach(), fake))
    asked = config.asked * asked_of(run, seen, drawn)
    found = (run.inverse(drawn.code.detach()) - drawn.known).pow(2).mean()
    return loss + asked + matched(run, seen, drawn) + found, loss.detach()


def matched(run: StreamRun, seen: Seen, drawn: Drawn) -> Tensor:
    """What of the batch as a whole is held to the real one's. Bars of which something was asked are
    left out, but for their intervals."""
    config = run.config
    unasked = (drawn.knobs < 0).all(1)
    follows, alone = seen.follows & unasked, ~seen.follows & unasked
    terms = [config.intervals * intervals_apart(drawn.bars, seen.real.now, run.pitched)]
    kinds = [rows for rows in (follows, alone) if int(rows.sum()) >= LEAST_MATCHED]
    if kinds:
        counts = [matching(drawn.bars.rows(rows), seen.real.now) for rows in kinds]
        terms += [config.matching * torch.stack(counts).mean(), *clouds(run, seen, drawn, unasked)]
    if int(follows.sum()) >= LEAST_MATCHED:
        terms.append(config.following * following(run, seen, drawn, follows))
    return torch.stack(terms).sum()


def clouds(run: StreamRun, seen: Seen, drawn: Drawn, chosen: Tensor) -> list[Tensor]:
    """How far codes and outlines of the chosen bars lie from real ones', with their places, and beside
    those of the bars before."""
    config, real = run.config, seen.real
    sketched, sketch, sketch_before = (
        outlines(bars).flatten(1) for bars in (drawn.bars, real.now, seen.context)
    )
    codes = cloud(run, seen, chosen, (drawn.code, seen.code, seen.code_before))
    sketches = cloud(run, seen, chosen, (sketched, sketch, sketch_before))
    return [config.codes * codes, config.outlines * sketches]


def cloud(run: StreamRun, seen: Seen, chosen: Tensor, points: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Of points that were drawn, real ones, and those of the bars before, each `[bar, number]`."""
    drawn, real, before = points
    place = F.one_hot(seen.real.place, run.shape.places).to(drawn.dtype)
    drawn, real = torch.cat([drawn, place], 1), torch.cat([real, place], 1)
    apart = clouds_apart(drawn[chosen], real, run.random)
    follows = seen.follows & chosen
    if int(follows.sum()) < LEAST_MATCHED:
        return apart
    drawn, real = torch.cat([before, drawn], 1), torch.cat([before, real], 1)
    return apart + clouds_apart(drawn[follows], real[seen.follows], run.random)


def following(run: StreamRun, seen: Seen, drawn: Drawn, follows: Tensor) -> Tensor:
    """How much bars share with those before them, against real ones and theirs."""
    real, every = seen.real, seen.follows
    got = shared(drawn.bars.rows(follows), seen.context.rows(follows), run.pitched)
    wanted = shared(real.now.rows(every), real.before.rows(every), run.pitched)
    return sorted_apart(got, wanted, AGREEMENT_ROOM).mean()


def asked_of(run: StreamRun, seen: Seen, drawn: Drawn) -> Tensor:
    """How far the drawn bars are from what their knobs ask, the tonal centre among them."""
    real, knobs, other = seen.real, drawn.knobs, drawn.other
    got, _ = attributes(drawn.bars)
    is_set = (knobs[:, :-1] >= 0).float().reshape(got.shape)
    apart = asked_loss(got, seen.values[other], run.ranks.spread, is_set)
    key_set = (knobs[:, -1] >= 0).float()
    fits = in_key(real.now, real.key, run.pitched, run.scale)
    wanted = torch.where(seen.follows, fits, fits[other])
    off = F.relu(wanted - in_key(drawn.bars, drawn.key, run.pitched, run.scale)) * key_set
    return apart + off.sum() / key_set.sum().clamp_min(1.0)
