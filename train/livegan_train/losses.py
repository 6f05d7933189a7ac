"""Losses and penalties: they know a critic, its scores and bars, and nothing else.

Scores are `[batch]`, or `[batch, judge]` where each track has a critic of its own; judges add up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .bars import Bars, first, step_before


class Scores(NamedTuple):
    """A critic's scores of real and of drawn bars."""

    real: Tensor
    fake: Tensor


def over_batch(values: Tensor) -> Tensor:
    """Mean over the batch, sum over judges."""
    return values.mean(0).sum()


def paper_critic(scores: Scores) -> Tensor:
    """Cross-entropy (the paper's equation 3)."""
    return over_batch(F.softplus(-scores.real) + F.softplus(scores.fake))


def paper_generator(scores: Scores) -> Tensor:
    """Cross-entropy, non-saturating (equation 4 with the labels flipped, as is customary)."""
    return over_batch(F.softplus(-scores.fake))


def minimax_generator(scores: Scores) -> Tensor:
    """Equation 4 to the letter: it saturates where the critic is sure."""
    return over_batch(-F.softplus(scores.fake))


def relativistic_critic(scores: Scores) -> Tensor:
    """Relativistic pairing loss (R3GAN, Huang et al., 2024, equation 2)."""
    return over_batch(F.softplus(scores.fake - scores.real))


def relativistic_generator(scores: Scores) -> Tensor:
    return over_batch(F.softplus(scores.real - scores.fake))


def wasserstein_critic(scores: Scores) -> Tensor:
    """The critic's side of WGAN (Arjovsky et al., 2017); MuseGAN's, with the `wgan-gp` penalty."""
    return over_batch(scores.fake - scores.real)


def wasserstein_generator(scores: Scores) -> Tensor:
    return over_batch(-scores.fake)


Loss = Callable[[Scores], Tensor]
LOSSES: dict[str, tuple[Loss, Loss]] = {
    "cross-entropy": (paper_critic, paper_generator),
    "minimax": (paper_critic, minimax_generator),
    "relativistic": (relativistic_critic, relativistic_generator),
    "wasserstein": (wasserstein_critic, wasserstein_generator),
}


COMPARING = ("relativistic",)
"""Losses whose generator side needs the scores of real bars."""


def accuracy(scores: Scores, relative: bool) -> Tensor:
    """How often the critic is right: real above 0 and drawn below it, or, where only differences
    count, real above drawn."""
    if relative:
        return (scores.real > scores.fake).float().mean()
    return ((scores.real > 0).float().mean() + (scores.fake < 0).float().mean()) / 2


def squared_norms(critic: nn.Module, bars: Bars) -> Tensor:
    """Squared norm of the critic's gradient at these bars, for each score it gives."""
    inputs = [bars.roll.detach().requires_grad_(), bars.onsets.detach().requires_grad_()]
    with torch.backends.cudnn.flags(enabled=False):  # its LSTM can't be differentiated twice
        scores = critic(Bars(*inputs))
    gradients = torch.autograd.grad(scores.sum(), inputs, create_graph=True, allow_unused=True)
    by_track = [
        g.pow(2).flatten(2).sum(2).reshape(len(scores), -1, g.shape[1]).sum(1)
        for g in gradients
        if g is not None
    ]
    norms = torch.stack(by_track).sum(0)
    return norms if scores.dim() == 2 else norms.sum(1)


def zero_centred(critic: nn.Module, real: Bars, fake: Bars) -> Tensor:
    """R1 on real bars plus R2 on drawn ones (Mescheder et al., 2018), each halved as they define it;
    on half the batch, which is as good and half the work."""
    half = len(real.roll) // 2
    norms = [squared_norms(critic, first(bars, half)) for bars in (real, fake)]
    return over_batch(norms[0] + norms[1]) / 2


def one_centred(critic: nn.Module, real: Bars, fake: Bars) -> Tensor:
    """WGAN-GP (Gulrajani et al., 2017, equation 3): at points between real and drawn bars the
    gradient's norm shall be 1."""
    share = torch.rand(len(real.roll), 1, 1, 1, device=real.roll.device)
    between = Bars(*(r.lerp(f, share) for r, f in zip(real, fake, strict=True)))
    norms = (squared_norms(critic, between) + 1e-12).sqrt()
    return over_batch((norms - 1).pow(2))


PENALTIES: dict[str, Callable[[nn.Module, Bars, Bars], Tensor]] = {
    "r1r2": zero_centred,
    "wgan-gp": one_centred,
}


def reconstruction(logits: dict[str, Tensor], roll: Tensor) -> Tensor:
    """Cross-entropy of a head's exported logits against the roll that they should say, `[batch, track,
    step, pitch]`: for the generator's unsupervised pretraining."""
    if "cells" in logits:
        return F.binary_cross_entropy_with_logits(logits["cells"], roll)
    before = step_before(roll)
    started = roll * (1 - before)
    sayable = (logits["onset"] > -1e3).to(roll.dtype)
    struck = F.binary_cross_entropy_with_logits(logits["onset"], started, sayable)
    kept = F.binary_cross_entropy_with_logits(logits["keep"], roll, before)
    return struck / sayable.mean() + kept / before.mean().clamp_min(1e-6)
