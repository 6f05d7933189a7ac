"""Where the latent's axes lie among the codes: first what changes slowly from bar to bar (slow feature
analysis, Wiskott and Sejnowski, 2002), then what varies most of the rest (PCA)."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST = 1e-6


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
