"""Bars as tensors: what heads draw, what critics read, and the features that both sides hear."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.music import PITCHES, SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH


class Bars(NamedTuple):
    """What a critic reads. `roll` `[batch, track, step, pitch]`, 0 or 1; `onsets` `[batch, track,
    sixteenth, pitch]`, how many notes start there. The bars of a phrase follow each other in the
    batch."""

    roll: Tensor
    onsets: Tensor


def bars_from_roll(roll: Tensor) -> Bars:
    """Derive the onsets of a roll `[batch, track, step, pitch]`: a cell on whose predecessor is off."""
    started = roll * (1 - step_before(roll))
    by_cell = (*roll.shape[:2], SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH, roll.shape[3])
    return Bars(roll, started.reshape(by_cell).sum(3))


def step_before(roll: Tensor) -> Tensor:
    """The roll one step later; nothing sounds before the first."""
    return F.pad(roll, (0, 0, 1, 0))[..., :-1, :]


def first(bars: Bars, count: int) -> Bars:
    return Bars(bars.roll[:count], bars.onsets[:count])


def both(one: Bars, other: Bars) -> Bars:
    """Two batches as one, for a single pass through a critic."""
    return Bars(torch.cat([one.roll, other.roll]), torch.cat([one.onsets, other.onsets]))


def in_full(bars: Bars) -> Bars:
    """In 32 bits, whatever they were drawn in: counts and penalties need them."""
    return Bars(bars.roll.float(), bars.onsets.float())


def only_track(bars: Bars, track: int) -> Bars:
    return Bars(bars.roll[:, track : track + 1], bars.onsets[:, track : track + 1])


def insert_track(drawn: Bars, real: Bars, track: int) -> Bars:
    """The drawn tracks with one track of the real bars among them."""
    return Bars(
        torch.cat([drawn.roll[:, :track], real.roll[:, track : track + 1], drawn.roll[:, track:]], 1),
        torch.cat(
            [drawn.onsets[:, :track], real.onsets[:, track : track + 1], drawn.onsets[:, track:]], 1
        ),
    )


def features(tracks: int) -> int:
    """Channels of `by_sixteenth`."""
    return tracks * (PITCHES * (STEPS_PER_SIXTEENTH + 1) + 12 + 12 + 1)


def by_sixteenth(bars: Bars) -> Tensor:
    """Features `[batch, feature, sixteenth]`: the six steps of each cell, its onsets, the pitch
    classes struck and sounding, the number of onsets."""
    batch, tracks = bars.roll.shape[:2]
    cells = bars.roll.reshape(batch, tracks, SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH, PITCHES)
    heard = torch.stack([cells[:, :, :, 0], bars.onsets], dim=4)
    chroma = heard.reshape(batch, tracks, SIXTEENTHS_PER_BAR, PITCHES // 12, 12, 2).sum(3)
    parts = [
        cells.permute(0, 1, 3, 4, 2).flatten(1, 3),
        bars.onsets.transpose(2, 3).flatten(1, 2),
        chroma.permute(0, 1, 3, 4, 2).flatten(1, 3),
        bars.onsets.sum(3) * 0.3,
    ]
    return torch.cat(parts, dim=1)
