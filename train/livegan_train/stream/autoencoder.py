"""The first part of a stream's training: an autoencoder gives every bar a code, and the latent's axes
are laid through the codes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..run import average
from .attributes import attributes
from .data import StreamData
from .features import axes, knob_axes
from .losses import divergence, reconstruction
from .networks import free_controls
from .run import StreamRun
from .steps import early, set_rates, update, warm

MAPPED = 80
"""Batches from which the latent's axes are found."""
LARGEST_STEP = 1.0
"""Norm of a gradient: now and then a batch has one a thousand times the usual."""
COOL_DOWN, COLDEST = 0.3, 0.03
"""The rate falls over the last share of the steps to so much."""
DIVERGENCE_WARM_UP = 2_000
LEAST_NOTES = 0.1
"""A bar, for which a track is taken at the least."""
NATS = 15.0
"""The loss, in nats a bar, is divided by this, so that its gradients are of order 1."""


def pretrain_step(run: StreamRun, data: StreamData) -> Tensor:
    """One step of the autoencoder; after its last one the latent's axes are laid."""
    loss = autoencoder_loss(run, data)
    cool = (run.config.autoencoder_steps - run.pretrained) / (COOL_DOWN * run.config.autoencoder_steps)
    set_rates(
        run.autoencoder_optimiser,
        run.config.autoencoder_lr * min(warm(run.pretrained), max(COLDEST, cool)),
    )
    update(run.autoencoder_optimiser, loss / NATS, LARGEST_STEP)
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
    logits, config = run.generator.decoder(code), run.config
    evened = (data.notes.max() / data.notes.clamp_min(LEAST_NOTES)) ** config.even
    said = reconstruction(logits, run.head.thresholds, bars, config.missing, evened)
    weight = config.divergence * min(1.0, run.pretrained / DIVERGENCE_WARM_UP)
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
    lay_knobs(run, data)
    run.ema.load_state_dict(run.networks.state_dict())


@torch.no_grad()
def lay_knobs(run: StreamRun, data: StreamData) -> None:
    """Find what moves each knob, from bars as the decoder says them: real ones with the detail's noise,
    and made ones."""
    mapping, found = run.generator.mapping, []
    for _ in range(MAPPED):
        batch = data.batch(run.config.batch, run.random)
        count = len(batch.place)
        free = free_controls(count, run.shape, run.fabric.device)
        mean, _ = run.encoder(batch.now)
        real = mean + mapping.grain * run.noise(*mean.shape)
        codes = torch.cat([real, mapping(run.latents(count), batch.before, batch.place, free)])
        heard = torch.cat([batch.before.heard, batch.before.heard])
        values, sounding = attributes(run.head.draw_cells(run.generator.said(codes, heard)[0]))
        found.append((codes, run.ranks.of(values), sounding))
    codes, shares, sounding = (torch.cat(part) for part in zip(*found, strict=True))
    counts = sounding[:, :, None].expand_as(shares)
    read, bias, write = knob_axes(codes, shares.flatten(1), counts.flatten(1))
    mapping.steering.read.weight.copy_(read)
    mapping.steering.read.bias.copy_(bias)
    mapping.steering.write.weight.copy_(write)


def take_autoencoder(run: StreamRun, data: StreamData, state: dict[str, Any]) -> None:
    """Begin where the autoencoder of another run's `state` ended, which has the same shape: its encoder
    and decoder, and the latent's axes laid again with this run's `detail`."""
    saved = state["networks"]
    for prefix, part in (("encoder.", run.encoder), ("generator.decoder.", run.generator.decoder)):
        own = {k.removeprefix(prefix): v for k, v in saved.items() if k.startswith(prefix)}
        part.load_state_dict(own)
    run.pretrained = run.config.autoencoder_steps
    lay_axes(run, data)
