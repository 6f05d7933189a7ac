"""Output heads: how a generator's logits become bars that a critic can judge.

A head is asked for two things: the bars it draws, hard 0/1 with straight-through gradients so that
the critic never sees grey, and the logits at the model file's resolution.

`cells`  the paper's raw piano roll: one logit a cell, 96 x 84.
`onset`  three logits a sixteenth and pitch: onset, release (one logit against five fixed thresholds:
         the length in steps inside the sixteenth) and tie. A cell sounds if it is struck, or if it
         sounded before and was kept: fragments can't be said.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from livegan.core.music import SIXTEENTHS_PER_BAR, STEPS_PER_BAR

from .bars import Bars, bars_from_roll
from .stream.cells import Cells

NEVER = -1e4
"""Logit of what a head can't say (an onset off its grid)."""


class Hard(torch.autograd.Function):
    """0 or 1 forward, the sigmoid's gradient backward (straight-through estimator)."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor) -> Tensor:
        ctx.save_for_backward(logits)
        return (logits > 0).to(logits.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (logits,) = ctx.saved_tensors
        soft = torch.sigmoid(logits)
        return gradient * soft * (1 - soft)


def hard(logits: Tensor) -> Tensor:
    """Exactly 0 or 1; adding soft and taking it away again would leave rounding errors."""
    drawn: Tensor = Hard.apply(logits)  # type: ignore[no-untyped-call]
    return drawn


class Head(Protocol):
    """Logits are `[batch, track, channel, cell, pitch]`."""

    name: str
    channels: int
    cells: int

    def draw(self, logits: Tensor) -> Bars: ...

    def export(self, logits: Tensor) -> dict[str, Tensor]: ...


class CellsHead(nn.Module):
    """The paper's raw cells."""

    name = "cells"
    channels = 1
    cells = STEPS_PER_BAR

    def draw(self, logits: Tensor) -> Bars:
        return bars_from_roll(hard(logits[:, :, 0]))

    def export(self, logits: Tensor) -> dict[str, Tensor]:
        """`cells` `[batch, track, step, pitch]`."""
        return {"cells": logits[:, :, 0]}


class OnsetHead(nn.Module):
    """Onset, release and tie on a grid of sixteenths, or of 48 cells, which triplets and swing need."""

    name = "onset"
    channels = 3
    thresholds: Tensor

    def __init__(self, cells: int = SIXTEENTHS_PER_BAR) -> None:
        super().__init__()
        self.cells, self.steps = cells, STEPS_PER_BAR // cells
        spread = 2.0 if self.steps > 2 else 0.0
        self.register_buffer("thresholds", torch.linspace(-spread, spread, self.steps - 1))

    def steps_drawn(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Onsets `[batch, track, cell, pitch]` and which steps of each cell sound, `[batch, track,
        cell, step, pitch]`, hard."""
        onset, tie = hard(logits[:, :, 0]), hard(logits[:, :, 2])
        inside = hard(logits[:, :, 1].unsqueeze(3) - self.thresholds[:, None])
        sounding = [onset[:, :, 0]]
        for cell in range(1, self.cells):
            held = sounding[-1] * tie[:, :, cell - 1]
            sounding.append(onset[:, :, cell] + (1 - onset[:, :, cell]) * held)
        alive = torch.stack(sounding, dim=2).unsqueeze(3)
        tied = tie.unsqueeze(3)
        steps = alive * (tied + (1 - tied) * inside)
        struck_next = torch.zeros_like(onset)
        struck_next[:, :, :-1] = onset[:, :, 1:]
        last = steps[:, :, :, -1:] * (1 - struck_next.unsqueeze(3))
        return onset, torch.cat([alive, steps[:, :, :, :-1], last], dim=3)

    def draw(self, logits: Tensor) -> Bars:
        onset, steps = self.steps_drawn(logits)
        shape = (*onset.shape[:2], SIXTEENTHS_PER_BAR, -1, onset.shape[3])
        by_sixteenth = onset.reshape(shape).sum(3)
        return Bars(steps.flatten(2, 3), by_sixteenth)

    def draw_cells(self, logits: Tensor) -> Cells:
        """What a stream's critic reads."""
        onset, steps = self.steps_drawn(logits)
        return Cells(onset, steps.mean(3))

    def export(self, logits: Tensor) -> dict[str, Tensor]:
        """`onset` and `keep`, both `[batch, track, step, pitch]`: a cell sounds if struck
        (`onset` > 0), or if the cell before sounded and this one is kept (`keep` > 0)."""
        onset, release, tie = (logits[:, :, i].unsqueeze(3) for i in range(3))
        never = torch.full_like(onset, NEVER).expand(-1, -1, -1, self.steps - 1, -1)
        onsets = torch.cat([onset, never], dim=3).flatten(2, 3)
        inside = torch.maximum(release - self.thresholds[:, None], tie)
        into = torch.cat([torch.full_like(tie[:, :, :1], NEVER), tie[:, :, :-1]], dim=2)
        return {"onset": onsets, "keep": torch.cat([into, inside], dim=3).flatten(2, 3)}


ONSET_GRIDS = {"onset": SIXTEENTHS_PER_BAR, "onset48": 48}
"""Cells of a bar, by the head's name."""

HEADS: dict[str, Callable[[], CellsHead | OnsetHead]] = {
    "cells": CellsHead,
    **{name: partial(OnsetHead, cells) for name, cells in ONSET_GRIDS.items()},
}
