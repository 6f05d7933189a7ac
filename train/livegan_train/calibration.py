"""Where a generator starts: at the data's own density, pitch by pitch.

A fresh generator strikes half of all cells; the critic then drives every onset down at once, past where
the gradient dies away, and many never come back. Started with as many notes as the data has, and kept
there (`matching.py`), none has to die.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .bars import Bars
from .generators import Conv16
from .heads import CellsHead
from .networks import Maker
from .run import sample_latents

RAREST = 1e-4
"""A pitch that the data never strikes keeps this chance."""


@torch.no_grad()
def calibrate(maker: Maker, real: Bars) -> None:
    """Set the last biases of every `Conv16` in the generator so that each track strikes each pitch as
    often as these bars do. Other networks have no bias for a pitch, and stay as they are."""
    parts = [module for module in maker.generator.modules() if isinstance(module, Conv16)]
    if not parts:
        return
    seen = real.roll if isinstance(maker.head, CellsHead) else real.onsets
    made = [track for track in range(seen.shape[1]) if track != maker.given]
    rates = seen[:, made].clamp(max=1).mean(dim=(0, 2)).clamp(RAREST, 0.5)
    logits = first_logits(maker, real)
    wanted = torch.special.ndtri(rates) * logits.std(dim=(0, 2))
    change = wanted - logits.mean(dim=(0, 2))
    for part, shift in zip(parts, change.split(parts[0].tracks), strict=True):
        assert part.last.bias is not None
        shape = (part.tracks, part.channels, part.folds, shift.shape[1])
        part.last.bias.view(shape)[:, 0] += shift[:, None]


def first_logits(maker: Maker, real: Bars) -> Tensor:
    """Logits of 'sounds' or 'is struck' for random latents, `[bar, track, cell, pitch]`."""
    random = torch.Generator(real.roll.device).manual_seed(0)
    z = sample_latents(len(real.roll), maker.latent, random)
    given = () if maker.given is None else (real.roll[:, maker.given],)
    logits: Tensor = maker.generator(z, *given)
    return logits[:, :, 0]
