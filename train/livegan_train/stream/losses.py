"""Losses of a stream beside the GAN's own: the autoencoder's, and how knobs are met. They know tensors
and nothing else."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .cells import Cells


def reconstruction(
    logits: Tensor, thresholds: Tensor, target: Cells, weight: float, tracks: Tensor
) -> Tensor:
    """Cross-entropy of a head's logits `[batch, track, 3, cell, pitch]` against bars that they should
    say, in nats a bar, ties and lengths at half their weight. A missing onset costs `weight` times a
    wrong one, a track `tracks` `[track]` times as much as it is."""
    onset, release, tie = logits.unbind(2)
    steps = thresholds.shape[0] + 1
    alive = (target.hold > 0).to(onset.dtype)
    full = (target.hold > 1 - 0.5 / steps).to(onset.dtype)
    next_alive = F.pad(alive * (1 - target.onset), (0, 0, 0, 1))[:, :, 1:]
    next_alive[:, :, -1] = 1.0
    tied = alive * full * next_alive
    struck = F.binary_cross_entropy_with_logits(
        onset, target.onset, pos_weight=onset.new_tensor(weight), reduction="none"
    )
    ties = F.binary_cross_entropy_with_logits(tie, tied, reduction="none") * alive
    inside = release.unsqueeze(4) - thresholds
    reached = (target.hold * steps - 0.5).unsqueeze(4) > torch.arange(1, steps, device=onset.device)
    lengths = F.binary_cross_entropy_with_logits(inside, reached.to(onset.dtype), reduction="none")
    ended = (alive * (1 - tied)).unsqueeze(4)
    each = (struck + 0.5 * ties).sum((0, 2, 3)) + 0.5 * (lengths * ended).sum((0, 2, 3, 4))
    loss: Tensor = (each * tracks).sum() / len(onset)
    return loss


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of codes from standard normal ones, in nats a bar."""
    each = mean.pow(2) + log_variance.exp() - 1 - log_variance
    return 0.5 * each.sum(1).mean()


def asked_loss(got: Tensor, asked: Tensor, spread: Tensor, counts: Tensor) -> Tensor:
    """How far bars are from what the knobs asked, in the data's standard deviations: smooth L1 over
    `[batch, track, knob]` where `counts` (0 or 1)."""
    apart = F.smooth_l1_loss(got / spread, asked / spread, reduction="none")
    return (apart * counts).sum() / counts.sum().clamp_min(1.0)
