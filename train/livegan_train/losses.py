"""Losses: they know a critic's scores and nothing else."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .heads import Bars


class Scores(NamedTuple):
    """A critic's scores of real and of drawn bars, each `[batch]`."""

    real: Tensor
    fake: Tensor


def paper_critic(scores: Scores) -> Tensor:
    """Cross-entropy (the paper's equation 3)."""
    return F.softplus(-scores.real).mean() + F.softplus(scores.fake).mean()


def paper_generator(scores: Scores) -> Tensor:
    """Cross-entropy, non-saturating (equation 4 with the labels flipped, as is customary)."""
    return F.softplus(-scores.fake).mean()


def relativistic_critic(scores: Scores) -> Tensor:
    """Relativistic pairing loss (R3GAN, Huang et al., 2024, equation 2)."""
    return F.softplus(scores.fake - scores.real).mean()


def relativistic_generator(scores: Scores) -> Tensor:
    return F.softplus(scores.real - scores.fake).mean()


LOSSES = {
    "cross-entropy": (paper_critic, paper_generator),
    "relativistic": (relativistic_critic, relativistic_generator),
}


def gradient_penalty(critic: nn.Module, bars: Bars) -> Tensor:
    """Mean squared norm of the critic's gradient at these bars: R1 on real ones, R2 on drawn ones
    (Mescheder et al., 2018). The caller scales it by gamma / 2."""
    inputs = [bars.roll.detach().requires_grad_(), bars.onsets.detach().requires_grad_()]
    gradients = torch.autograd.grad(
        critic(Bars(*inputs)).sum(), inputs, create_graph=True, allow_unused=True
    )
    norms = [g.pow(2).flatten(1).sum(1) for g in gradients if g is not None]
    return torch.stack(norms).sum(0).mean()
