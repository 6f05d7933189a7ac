"""What the steps of both parts of a stream's training share."""

from __future__ import annotations

import torch
from torch import Tensor

WARM_UP = 200
"""Steps over which rates rise."""


def warm(step: int) -> float:
    """The share of its rate that a step has, of those counted from 0."""
    return min(1.0, (step + 1) / WARM_UP)


def set_rates(optimiser: torch.optim.Optimizer, lr: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = lr * group.get("share", 1.0)


def early(keep: float, step: int) -> float:
    """An average of few steps forgets faster."""
    return min(keep, (step + 1) / (step + 20))


def update(optimiser: torch.optim.Optimizer, loss: Tensor, largest: float) -> None:
    optimiser.zero_grad()
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    torch.autograd.backward(loss, inputs=parameters)
    torch.nn.utils.clip_grad_norm_(parameters, largest)
    optimiser.step()
