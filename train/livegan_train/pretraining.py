"""The encoder of the generator's pretraining, dropped afterwards."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.music import SIXTEENTHS_PER_BAR

from .bars import Bars, by_sixteenth, features


class Encoder(nn.Module):
    """Bars `[phrase * bar, ...]` to points of the latent sphere, `[phrase, latent]`."""

    def __init__(self, tracks: int, phrase: int, latent: int, width: int) -> None:
        super().__init__()
        self.phrase = phrase
        self.hear = nn.Conv1d(features(tracks), width, 3, padding=1)
        self.last = nn.Linear(phrase * SIXTEENTHS_PER_BAR * width, latent)

    def forward(self, bars: Bars) -> Tensor:
        x = F.leaky_relu(self.hear(by_sixteenth(bars)), 0.2)
        z = self.last(x.reshape(len(x) // self.phrase, -1))
        return math.sqrt(z.shape[1]) * F.normalize(z, dim=1)
