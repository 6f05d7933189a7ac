"""Bars on a head's grid: what is struck in each cell, and how much of the cell sounds.

A bar has 16 or 48 cells. This is all that a head can say, in a form that networks read six times as
fast as the 96 steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.music import PITCHES, SIXTEENTHS_PER_BAR, STEPS_PER_BAR

STRUCK = 8
"""Added to a cell's code if a note begins there; the rest is how many of its steps sound."""


class Cells(NamedTuple):
    """`onset` and `hold`, both float `[batch, track, cell, pitch]`: struck or not, and the share of the
    cell that sounds, counted from its beginning."""

    onset: Tensor
    hold: Tensor

    @property
    def heard(self) -> Tensor:
        """Is anything struck? Bool `[batch]`."""
        return self.onset.sum((1, 2, 3)) > 0

    def rows(self, chosen: Tensor | slice) -> Cells:
        return Cells(self.onset[chosen], self.hold[chosen])

    def put(self, chosen: Tensor, rows: Cells) -> Cells:
        """Other bars in these rows, bool `[batch]`."""
        parts = [part.clone() for part in self]
        for part, new in zip(parts, rows, strict=True):
            part[chosen] = new
        return Cells(*parts)

    def where(self, kept: Tensor) -> Cells:
        """Silence but in the rows that are kept, bool `[batch]`."""
        mask = kept.to(self.onset.dtype)[:, None, None, None]
        return Cells(self.onset * mask, self.hold * mask)


def joined(*parts: Cells) -> Cells:
    return Cells(torch.cat([p.onset for p in parts]), torch.cat([p.hold for p in parts]))


def codes_of(rolls: NDArray[np.bool_], cells: int) -> NDArray[np.uint8]:
    """Rolls `[bar, track, step, pitch]` as one byte a cell, `[bar, track, cell, pitch]`. An onset
    off the grid falls into the nearest cell; what sounds in a cell before its onset is left out."""
    steps = STEPS_PER_BAR // cells
    before = np.zeros_like(rolls)
    before[:, :, 1:] = rolls[:, :, :-1]
    started = rolls & ~before
    near = np.zeros_like(started)
    near[:, :, steps // 2 :] = started[:, :, : STEPS_PER_BAR - steps // 2]
    near[:, :, -1] |= started[:, :, STEPS_PER_BAR - steps // 2 :].any(axis=2)
    shape = (*rolls.shape[:2], cells, steps, rolls.shape[3])
    onset = near.reshape(shape).any(axis=3)
    by_cell = rolls.reshape(shape)
    sounding = by_cell.sum(axis=3)
    entered = np.zeros_like(onset)
    entered[:, :, 1:] = by_cell[:, :, :-1, -1] & by_cell[:, :, 1:, 0]
    alive = onset | entered
    hold = np.where(alive, np.maximum(sounding, 1), 0)
    return (hold + STRUCK * onset).astype(np.uint8)


def cells_of_codes(codes: Tensor, cells: int) -> Cells:
    """Codes `[batch, track, cell, pitch]` as what networks read."""
    return Cells((codes >= STRUCK).float(), (codes % STRUCK).float() / (STEPS_PER_BAR // cells))


def cells_of_roll(roll: Tensor, cells: int) -> Cells:
    """Cells of a float roll `[batch, track, step, pitch]` whose onsets lie on the grid or behind it,
    with nothing but what an ONNX graph has: for the context that a model file is given."""
    steps = STEPS_PER_BAR // cells
    by_cell = roll.reshape(-1, roll.shape[1], cells, steps, PITCHES)
    before = torch.cat([torch.zeros_like(roll[:, :, :1]), roll[:, :, :-1]], 2)
    struck = (roll * (1 - before)).reshape(by_cell.shape).amax(3)
    return Cells(struck, by_cell.mean(3))


def by_position(cells: Cells) -> Tensor:
    """`[batch, channel, sixteenth]`: onsets and held shares of every pitch, and over them the pitch
    classes and the number of onsets."""
    batch, tracks, count, pitches = cells.onset.shape
    folds = count // SIXTEENTHS_PER_BAR
    split = (batch, tracks, SIXTEENTHS_PER_BAR, folds, pitches)
    onset, hold = cells.onset.reshape(split), cells.hold.reshape(split)
    whole = torch.stack([onset.sum(3), hold.mean(3)], 3)
    chroma = whole.reshape(batch, tracks, SIXTEENTHS_PER_BAR, 2, pitches // 12, 12).sum(4)
    struck = 0.3 * onset.sum(4)
    parts = [
        onset.permute(0, 1, 3, 4, 2).flatten(1, 3),
        hold.permute(0, 1, 3, 4, 2).flatten(1, 3),
        chroma.permute(0, 1, 3, 4, 2).flatten(1, 3),
        struck.permute(0, 1, 3, 2).flatten(1, 2),
    ]
    return torch.cat(parts, 1)


def channels(tracks: int, cells: int) -> int:
    """Channels of `by_position`."""
    folds = cells // SIXTEENTHS_PER_BAR
    return tracks * (folds * (2 * PITCHES + 1) + 24)
