"""Where things lie among the codes. The latent's axes: first what changes slowly from bar to bar (slow
feature analysis, Wiskott and Sejnowski, 2002), then what varies most of the rest (PCA). The knobs: what
goes with each in the codes."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST = 1e-6
RIDGE = 10.0
FEWEST = 8
"""Bars from which something can be read."""
TRUST = 0.3
"""How much of what is read wrongly counts as noise."""


def axes(codes: Tensor, near: Tensor, slow: int, rest: int) -> Tensor:
    """From codes `[bar, code]` and those of bars near them in their songs: axes `[code, slow + rest]`,
    each as long as the codes' standard deviation along it. The slow ones come slowest first."""
    codes, near = codes - codes.mean(0), near - near.mean(0)
    spread = codes.T @ codes / len(codes)
    both = codes.T @ near / len(codes)
    white, back = power(spread, -0.5), power(spread, 0.5)
    _, vectors = torch.linalg.eigh(white @ (both + both.T) @ white / 2)
    slowest = back @ vectors.flip(1)[:, :slow]
    values, others = torch.linalg.eigh(spread - slowest @ slowest.T)
    most = values.flip(0)[:rest].clamp_min(0).sqrt() * others.flip(1)[:, :rest]
    return torch.cat([slowest, most], 1)


def power(matrix: Tensor, exponent: float) -> Tensor:
    """Of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    out: Tensor = (vectors * values.clamp_min(LEAST).pow(exponent)) @ vectors.T
    return out


def knob_axes(codes: Tensor, shares: Tensor, counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How shares `[bar, knob]` are read off codes `[bar, code]`, as weights `[knob, code]` and bias
    `[knob]`; and where a code goes, `[code, knob]`, when more of a knob is asked: along what goes with
    it in the codes, and less far the worse it is read (least squares both ways). Only bars that count
    `[bar, knob]` tell anything of a knob."""
    own = codes - codes.mean(0)
    spread = own.T @ own / len(codes)
    columns = zip(shares.T, counts.T, strict=True)
    lines = [line(codes[some], share[some]) for share, some in columns]
    weights, biases, errors = zip(*lines, strict=True)
    read = torch.stack(weights)
    along = read @ spread
    inner = along @ read.T + TRUST * torch.diag(torch.stack(errors).clamp_min(LEAST))
    return read, torch.stack(biases), torch.linalg.solve(inner, along).T


def line(points: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The weights and the bias by which values are read off points best, and their mean squared error;
    all 0 where there are too few."""
    if len(points) < FEWEST:
        nothing = points.new_zeros(points.shape[1] + 2)
        return nothing[2:], nothing[0], nothing[1]
    own, wanted = points - points.mean(0), values - values.mean()
    ridge = RIDGE * torch.eye(points.shape[1], device=points.device)
    weight = torch.linalg.solve(own.T @ own + ridge, own.T @ wanted)
    error = (wanted - own @ weight).pow(2).mean()
    return weight, values.mean() - points.mean(0) @ weight, error
