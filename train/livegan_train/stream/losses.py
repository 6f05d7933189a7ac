"""Losses of a stream beside the GAN's own: the autoencoder's, and knobs, counts and intervals. They
know tensors and nothing else."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..matching import chi_squared
from .cells import Cells


def reconstruction(logits: Tensor, thresholds: Tensor, target: Cells, weight: float) -> Tensor:
    """Cross-entropy of a head's logits `[batch, track, 3, cell, pitch]` against bars that they should
    say, in nats a bar, ties and lengths at half their weight. A missing onset costs `weight` times a
    wrong one."""
    onset, release, tie = logits.unbind(2)
    steps = thresholds.shape[0] + 1
    alive = (target.hold > 0).to(onset.dtype)
    full = (target.hold > 1 - 0.5 / steps).to(onset.dtype)
    next_alive = F.pad(alive * (1 - target.onset), (0, 0, 0, 1))[:, :, 1:]
    next_alive[:, :, -1] = 1.0
    tied = alive * full * next_alive
    struck = F.binary_cross_entropy_with_logits(
        onset, target.onset, pos_weight=onset.new_tensor(weight), reduction="sum"
    )
    ties = (F.binary_cross_entropy_with_logits(tie, tied, reduction="none") * alive).sum()
    inside = release.unsqueeze(4) - thresholds
    reached = (target.hold * steps - 0.5).unsqueeze(4) > torch.arange(1, steps, device=onset.device)
    lengths = F.binary_cross_entropy_with_logits(inside, reached.to(onset.dtype), reduction="none")
    ended = (alive * (1 - tied)).unsqueeze(4)
    loss: Tensor = (struck + 0.5 * ties + 0.5 * (lengths * ended).sum()) / len(onset)
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


def matching(drawn: Cells, real: Cells) -> Tensor:
    """The sorted counts of a batch against the real batch's (see `livegan_train.matching`)."""
    return (
        torch.stack(
            [counts_apart(drawn, real), rates_apart(drawn, real, 2), rates_apart(drawn, real, 3)]
        )
    ).sum()


def counts(cells: Cells) -> Tensor:
    """`[batch, track, 6]`: notes, sounding cells, pitch classes, cells not silent, cells with two or
    more pitches, log(1 + notes)."""
    struck = cells.onset.sum(2)
    classes = struck.reshape(*struck.shape[:2], -1, 12).sum(2).clamp(max=1).sum(2)
    notes = struck.sum(2)
    sounding, loudest = cells.hold.sum(3), cells.hold.amax(3)
    several = (sounding - loudest).clamp(max=1)
    found = (notes, sounding.sum(2), classes, loudest.sum(2), several.sum(2), notes.log1p())
    return torch.stack(found, dim=2)


def counts_apart(drawn: Cells, real: Cells) -> Tensor:
    got, wanted = counts(drawn).sort(dim=0).values, counts(real).sort(dim=0).values
    places = torch.linspace(0, len(wanted) - 1, len(got), device=wanted.device)
    wanted = wanted[places.round().long()]
    return ((got - wanted) / (wanted.std(dim=0) + 0.2)).pow(2).mean((0, 2)).sum()


def rates_apart(drawn: Cells, real: Cells, over: int) -> Tensor:
    """How often each pitch (over cells, 2) or cell (over pitches, 3) is struck: chi-squared."""
    return chi_squared(drawn.onset.mean((0, over)), real.onset.mean((0, over)))


def intervals_apart(drawn: Cells, real: Cells, pitched: Tensor) -> Tensor:
    """How the shares of the six interval classes differ: between pitch classes that sound in one cell,
    begin in one beat, or in one bar. Chi-squared."""
    got, wanted = (intervals(bars, pitched) for bars in (drawn, real))
    return torch.stack([chi_squared(g, w) for g, w in zip(got, wanted, strict=True)]).sum()


def intervals(bars: Cells, pitched: Tensor) -> Tensor:
    """Shares of the interval classes, one to six semitones, in a batch's cells, beats and bars, `[3,
    class]`."""
    struck, held = (classes(part[:, pitched].sum(1)) for part in bars)
    beats = struck.reshape(len(struck), 4, -1, 12).sum(2)
    found = [pairs(part.clamp(max=1)) for part in (held, beats, struck.sum(1))]
    return torch.stack([part / part.sum().clamp_min(1.0) for part in found])


def classes(cells: Tensor) -> Tensor:
    """`[batch, cell, pitch]` to `[batch, cell, class]`."""
    return cells.reshape(*cells.shape[:2], -1, 12).sum(2)


def pairs(present: Tensor) -> Tensor:
    """How many pairs of pitch classes `[..., class]` are so many semitones apart, `[6]`."""
    found = [(present * present.roll(-apart, -1)).sum() for apart in range(1, 7)]
    return torch.stack([*found[:-1], found[-1] / 2])
