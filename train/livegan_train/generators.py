"""Generators: latents in, a head's logits out, `[batch, track, channel, cell, pitch]`.

They know nothing of training. A bar network makes one bar from one latent; `musegan.py` arranges bar
networks by track and by phrase. `paper.py` has the paper's; `conv16` works on sixteenths with pitch as
channels, which buys more per CPU second than a 2-D stack.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.music import PITCHES, SIXTEENTHS_PER_BAR

from .bars import bars_from_roll, by_sixteenth, features
from .heads import Head
from .paper import SLOPE, PaperBiLstmGenerator, PaperCnn, PaperNaive


class Conv16(nn.Module):
    """1-D convolutions over time, pitches as channels: 4 positions, sub-pixel upsampling to 16,
    a position embedding, one residual block (zero at the start: deep stacks without normalisation
    collapse), logits. The latent enters at every stage; with `listens`, a given track's roll `[batch,
    step, pitch]` enters before the residual block."""

    def __init__(
        self,
        latent: int,
        tracks: int,
        head: Head,
        width: int,
        dropout: float = 0.0,
        listens: bool = False,
    ) -> None:
        super().__init__()
        self.tracks, self.channels, self.width = tracks, head.channels, width
        self.folds = head.cells // SIXTEENTHS_PER_BAR
        self.dense = nn.Linear(latent, 4 * width)
        self.up = nn.ModuleList(nn.Conv1d(width, 2 * width, 3, padding=1) for _ in range(2))
        self.latents = nn.ModuleList(nn.Linear(latent, width) for _ in range(3))
        self.position = nn.Parameter(torch.randn(width, SIXTEENTHS_PER_BAR) * 0.3)
        self.listen = nn.Conv1d(features(1), width, 5, padding=2) if listens else None
        self.drop = nn.Dropout(dropout)
        self.inner = nn.Conv1d(width, width, 3, padding=1)
        self.back = nn.Conv1d(width, width, 3, padding=1)
        nn.init.zeros_(self.back.weight)
        self.last = nn.Conv1d(width, tracks * self.folds * head.channels * PITCHES, 3, padding=1)

    def forward(self, z: Tensor, given: Tensor | None = None) -> Tensor:
        x = F.leaky_relu(self.dense(z).reshape(-1, self.width, 4), SLOPE)
        for up, latent in zip(self.up, self.latents, strict=False):
            x = F.leaky_relu(double_length(up(x)) + latent(z).unsqueeze(2), SLOPE)
        x = x + self.position
        if self.listen is not None:
            if given is None:
                raise ValueError("this generator accompanies a track and was given none")
            x = x + F.leaky_relu(self.listen(by_sixteenth(bars_from_roll(given.unsqueeze(1)))), SLOPE)
        x = self.drop(x)
        x = x + self.back(F.leaky_relu(self.inner(x) + self.latents[-1](z).unsqueeze(2), SLOPE))
        out: Tensor = self.last(x)
        by_pitch = out.reshape(-1, self.tracks, self.channels, self.folds, PITCHES, SIXTEENTHS_PER_BAR)
        return by_pitch.permute(0, 1, 2, 5, 3, 4).flatten(3, 4)


def double_length(x: Tensor) -> Tensor:
    """Sub-pixel upsampling in time: `[batch, 2 * width, length]` to `[batch, width, 2 * length]`."""
    batch, channels, length = x.shape
    return x.reshape(batch, 2, channels // 2, length).permute(0, 2, 3, 1).flatten(2, 3)


BarNetwork = Callable[[int, int, Head, int, float], nn.Module]
"""(latent, tracks, head, width, dropout)"""

GENERATORS: dict[str, BarNetwork] = {
    "paper-naive": PaperNaive,
    "paper-bilstm": PaperBiLstmGenerator,
    "paper-cnn": PaperCnn,
    "conv16": Conv16,
}
