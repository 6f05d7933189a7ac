"""One training run: its networks, optimisers and random numbers, and what a step does to them."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format
from torch.optim.swa_utils import get_ema_multi_avg_fn

from .bars import Bars, bars_from_roll, both, in_full
from .checkpoint import Checkpoint
from .config import Config
from .data import Batches
from .losses import COMPARING, LOSSES, PENALTIES, Scores, accuracy, reconstruction
from .matching import matching_loss
from .networks import Maker, build_critic, build_maker
from .pretraining import Encoder


@dataclass(frozen=True, slots=True)
class Told:
    """What a step has to say, as tensors, so that nobody waits for the device: the losses without
    penalty and how often the critic was right."""

    critic: Tensor
    generator: Tensor
    accuracy: Tensor


@dataclass(slots=True)
class Run:
    """All that changes while training, and the `fabric` that knows devices and precision.

    Every process draws the same whole batch of row numbers and latents and takes its own part, so the
    number of processes does not change what is learnt.
    """

    config: Config
    fabric: Fabric
    maker: Maker
    critic: nn.Module
    ema: nn.Module
    generator_optimiser: torch.optim.Optimizer
    critic_optimiser: torch.optim.Optimizer
    random: torch.Generator
    encoder: Encoder | None = None
    encoder_optimiser: torch.optim.Optimizer | None = None
    pretrained: int = 0
    step: int = 0
    best: float = math.inf

    @property
    def generator(self) -> nn.Module:
        return self.maker.generator

    @property
    def averaged(self) -> Maker:
        """The maker with the averaged weights."""
        return Maker(self.ema, self.maker.head, self.maker.latent, self.maker.given)

    def state(self) -> dict[str, Any]:
        parts = {name: getattr(self, name).state_dict() for name in self.stateful()}
        random = {"rng": self.random.get_state(), "torch_rng": torch.get_rng_state()}
        return {**parts, **random, "pretrained": self.pretrained}

    def restore(self, saved: Checkpoint) -> None:
        self.pretrained = saved.state["pretrained"]
        for name in self.stateful():
            getattr(self, name).load_state_dict(saved.state[name])
        try:
            self.random.set_state(saved.state["rng"])
        except (RuntimeError, TypeError):  # a GPU's random numbers are not a CPU's
            self.random.manual_seed(self.config.seed + saved.step)
        torch.set_rng_state(saved.state["torch_rng"])
        self.step, self.best = saved.step, saved.best

    def stateful(self) -> tuple[str, ...]:
        """The encoder counts while the generator is pretrained."""
        lasting = ("generator", "critic", "ema", "generator_optimiser", "critic_optimiser")
        return (*lasting, "encoder", "encoder_optimiser") if self.pretraining else lasting

    @property
    def pretraining(self) -> bool:
        return self.pretrained < self.config.pretrain_steps


def setup(config: Config, tracks: Sequence[str], fabric: Fabric | None = None) -> Run:
    """Build everything from the config and its seed."""
    fabric = fabric or Fabric(accelerator="cpu", devices=1)
    torch.manual_seed(config.seed)
    maker = build_maker(config, tracks)
    critic = build_critic(config, len(tracks))
    convert_conv2d_weight_memory_format(maker.generator, torch.channels_last)  # three times as fast
    for module in (maker.generator, maker.head, critic):
        module.to(fabric.device)
    run = Run(
        config,
        fabric,
        maker,
        critic,
        copy.deepcopy(maker.generator).requires_grad_(False),
        optimiser(config, maker.generator.parameters(), fabric.device),
        optimiser(config, critic.parameters(), fabric.device),
        torch.Generator(fabric.device).manual_seed(config.seed),
    )
    if config.pretrain_steps:
        run.encoder = Encoder(len(tracks), config.phrase, maker.latent, config.generator_width)
        run.encoder.to(fabric.device)
        run.encoder_optimiser = optimiser(config, run.encoder.parameters(), fabric.device)
    return run


def optimiser(
    config: Config, parameters: Iterable[nn.Parameter], device: torch.device
) -> torch.optim.Optimizer:
    if config.optimiser == "sgd":
        return torch.optim.SGD(parameters, config.lr, config.momentum)
    betas = (config.beta1, config.beta2)
    return torch.optim.Adam(parameters, config.lr, betas, fused=device.type == "cuda")


def sample_latents(count: int, size: int, random: torch.Generator) -> Tensor:
    """Uniform points on the sphere of radius sqrt(size), `[count, size]`: where the player moves."""
    z = torch.randn(count, size, generator=random, device=random.device)
    return math.sqrt(size) * torch.nn.functional.normalize(z, dim=1)


def own_part(run: Run, whole: Tensor) -> Tensor:
    """This process's share of a batch that all of them drew alike."""
    each = len(whole) // run.fabric.world_size
    return whole[run.fabric.global_rank * each :][:each]


def draw_real(run: Run, batches: Batches) -> Bars:
    """The next batch of this process."""
    chosen, shifts = batches.choose(run.config.batch, run.random)
    return bars_from_roll(batches.rolls(own_part(run, chosen), own_part(run, shifts)))


def draw_latents(run: Run) -> Tensor:
    return own_part(run, sample_latents(run.config.batch, run.maker.latent, run.random))


def train_step(run: Run, batches: Batches) -> Told:
    """One generator step, with the critic steps that the ratio asks for."""
    config = run.config
    run.generator.train()
    run.critic.train()
    set_rate(run, batches)
    real = draw_real(run, batches)
    critic_loss = right = torch.full((), math.nan, device=real.roll.device)
    if run.step % config.generator_steps == 0:
        for again in range(config.critic_steps):
            if again:
                real = draw_real(run, batches)
            count = run.step // config.generator_steps * config.critic_steps + again
            penalise = config.gamma > 0 and count % config.penalty_every == 0
            critic_loss, right = critic_step(run, real, penalise)
    generator_loss = generator_step(run, real)
    run.step += 1
    return Told(critic_loss, generator_loss, right)


def critic_step(run: Run, real: Bars, penalise: bool) -> tuple[Tensor, Tensor]:
    """One update of the critic: its loss without the penalty, and how often it was right."""
    config = run.config
    with run.fabric.autocast():
        with torch.no_grad():
            fake = in_full(run.maker.draw(draw_latents(run), real))
        scores = Scores(*run.critic(both(real, fake), 2).float().chunk(2))
        loss = LOSSES[config.loss][0](scores)
    total = loss
    if penalise:  # in full precision: it squares small gradients
        penalty = PENALTIES[config.penalty](run.critic, real, fake)
        total = loss + config.gamma * config.penalty_every * penalty
    update(run, run.critic_optimiser, run.critic, total)
    relative = config.loss in ("relativistic", "wasserstein")
    return loss.detach(), accuracy(scores, relative).detach()


def generator_step(run: Run, real: Bars) -> Tensor:
    """One update of the generator and of its running average."""
    run.critic.requires_grad_(False)
    with run.fabric.autocast():
        fake = in_full(run.maker.draw(draw_latents(run), real))
        fake_scores = run.critic(fake).float()
        real_scores = fake_scores.detach()
        if run.config.loss in COMPARING:
            with torch.no_grad():
                real_scores = run.critic(real).float()
        loss = LOSSES[run.config.loss][1](Scores(real_scores, fake_scores))
    total = loss
    if run.config.matching:
        total = loss + run.config.matching * matching_loss(fake, real)
    update(run, run.generator_optimiser, run.generator, total)
    run.critic.requires_grad_(True)
    average(run.ema, run.generator, run.config.ema)
    return loss.detach()


def pretrain_step(run: Run, real: Bars) -> Tensor:
    """One step of generator and encoder as an autoencoder (the paper's 'pretraining the generator
    model with unsupervised learning', section 3.1; it gives no recipe)."""
    assert run.encoder is not None
    assert run.encoder_optimiser is not None
    run.generator.train()
    z = run.encoder(real)
    given = run.maker.given
    if given is None:
        logits, target = run.generator(z), real.roll
    else:
        logits = run.generator(z, real.roll[:, given])
        target = torch.cat([real.roll[:, :given], real.roll[:, given + 1 :]], 1)
    loss = reconstruction(run.maker.head.export(logits), target)
    run.encoder_optimiser.zero_grad()
    update(run, run.generator_optimiser, run.generator, loss)
    share_gradients(run, run.encoder)
    run.encoder_optimiser.step()
    average(run.ema, run.generator, run.config.ema)
    run.pretrained += 1
    return loss.detach()


def update(run: Run, steps: torch.optim.Optimizer, module: nn.Module, loss: Tensor) -> None:
    """Gradients, their mean over all processes, one step."""
    steps.zero_grad()
    torch.autograd.backward(loss)
    share_gradients(run, module)
    steps.step()


def share_gradients(run: Run, module: nn.Module) -> None:
    """Their mean over all processes. Not by a wrapped module (DistributedDataParallel): that can't
    differentiate twice, which the penalties need."""
    if run.fabric.world_size == 1:
        return
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    mean = cast(Tensor, run.fabric.all_reduce(flat, reduce_op="mean"))
    start = 0
    for gradient in gradients:
        gradient.copy_(mean[start : start + gradient.numel()].reshape(gradient.shape))
        start += gradient.numel()


def set_rate(run: Run, batches: Batches) -> None:
    """The learning rate falls by the config's factor after every epoch."""
    if run.config.lr_decay == 1:
        return
    epoch = run.step * run.config.batch // len(batches)
    for steps in (run.generator_optimiser, run.critic_optimiser):
        for group in steps.param_groups:
            group["lr"] = run.config.lr * run.config.lr_decay**epoch


@torch.no_grad()
def average(ema: nn.Module, now: nn.Module, keep: float) -> None:
    get_ema_multi_avg_fn(keep)(  # type: ignore[no-untyped-call]
        list(ema.parameters()), list(now.parameters()), 0
    )
    for kept, fresh in zip(ema.buffers(), now.buffers(), strict=True):
        kept.copy_(fresh)
