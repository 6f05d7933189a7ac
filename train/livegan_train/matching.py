"""A term of the generator's loss that keeps the counts of its bars where the data's are.

A critic tells well which note is wrong and badly which note is missing: with hard 0/1 bars, generators
thin out for thousands of steps, and tracks die. So the batch's counts are matched to the real batch's
directly (feature matching, Salimans et al., 2016, section 3.1; the one-dimensional optimal transport
between two batches is to sort both). Which notes, when and together is left to the critic.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .bars import Bars

OCTAVE = 12


def counts(bars: Bars) -> Tensor:
    """Per bar and track, `[batch, track, 5]`: notes, sounding cells, pitch classes struck, steps that
    are not silent (the long ones in sixteenths), and log(1 + notes), which tells an empty bar."""
    struck = bars.onsets.sum(2)
    octaves = struck.reshape(*struck.shape[:2], -1, OCTAVE)
    per_sixteenth = bars.roll.shape[2] // bars.onsets.shape[2]
    notes = struck.sum(2)
    found = (
        notes,
        bars.roll.sum((2, 3)) / per_sixteenth,
        octaves.sum(2).clamp(max=1).sum(2),
        bars.roll.sum(3).clamp(max=1).sum(2) / per_sixteenth,
        notes.log1p(),
    )
    return torch.stack(found, dim=2)


def matching_loss(fake: Bars, real: Bars) -> Tensor:
    """Distance between the sorted counts of two batches, in units of the real ones' spread, and
    between how often each pitch and each sixteenth is struck (chi-squared); tracks add up."""
    drawn, wanted = counts(fake).sort(dim=0).values, counts(real).sort(dim=0).values
    spread = wanted.std(dim=0) + 0.2
    apart = ((drawn - wanted) / spread).pow(2).mean((0, 2)).sum()
    rates = [
        chi_squared(fake.onsets.mean((0, other)), real.onsets.mean((0, other))) for other in (2, 3)
    ]
    return apart + torch.stack(rates).sum()


def chi_squared(drawn: Tensor, wanted: Tensor) -> Tensor:
    apart = (drawn - wanted).pow(2) / (wanted + drawn.detach() + 1e-3)
    return apart.sum()
