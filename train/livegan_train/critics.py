"""Critics (discriminators): bars in, one score a bar out, `[batch]`, as logits.

They know nothing of training. `paper-bilstm` is the paper's discriminator; `conv-lstm` hears the
same bars by sixteenths, with pitch classes and note counts beside the roll, before its bi-LSTM.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.music import PITCHES, SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH

from .heads import Bars

SLOPE = 0.2


class PaperBiLstm(nn.Module):
    """LSTM `width`, sequence; bi-LSTM 2 x `width`, last state; dense 512, 256, 1. It reads a bar as
    96 steps of 84 pitches (times tracks)."""

    def __init__(self, tracks: int, width: int) -> None:
        super().__init__()
        self.first = nn.LSTM(tracks * PITCHES, width, batch_first=True)
        self.second = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.dense = nn.Sequential(
            nn.Linear(2 * width, 512),
            nn.LeakyReLU(SLOPE),
            nn.Linear(512, 256),
            nn.LeakyReLU(SLOPE),
            nn.Linear(256, 1),
        )

    def forward(self, bars: Bars) -> Tensor:
        steps = bars.roll.transpose(1, 2).flatten(2)
        last = self.second(self.first(steps)[0])[1][0]
        out: Tensor = self.dense(torch.cat([last[0], last[1]], dim=1))
        return out[:, 0]


class ConvLstm(nn.Module):
    """Sixteenths of (roll, onsets, chroma, counts) -> two convolutions -> bi-LSTM -> score, with the
    spread of the minibatch as one more feature, so that copies are seen as such."""

    def __init__(self, tracks: int, width: int) -> None:
        super().__init__()
        features = tracks * (PITCHES * (STEPS_PER_SIXTEENTH + 1) + 12 + 12 + 1)
        self.first = nn.Conv1d(features, width, 3, padding=1)
        self.second = nn.Conv1d(width, width, 3, padding=1)
        self.lstm = nn.LSTM(width, width // 2, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(SIXTEENTHS_PER_BAR * width // 2 + width + 1, width)
        self.pool = nn.Linear(2 * width, width // 2)
        self.last = nn.Linear(width, 1)

    def forward(self, bars: Bars) -> Tensor:
        x = F.leaky_relu(self.first(by_sixteenth(bars)), SLOPE)
        x = x + F.leaky_relu(self.second(x), SLOPE)
        x = x.transpose(1, 2)
        sequence, (last, _) = self.lstm(x)
        places = F.leaky_relu(self.pool(torch.cat([x, sequence], dim=2)), SLOPE).flatten(1)
        whole = torch.cat([places, last[0], last[1]], dim=1)
        spread = (whole.var(dim=0) + 1e-8).sqrt().mean().expand(len(whole), 1)
        x = F.leaky_relu(self.dense(torch.cat([whole, spread], dim=1)), SLOPE)
        out: Tensor = self.last(x)
        return out[:, 0]


def by_sixteenth(bars: Bars) -> Tensor:
    """Features `[batch, feature, sixteenth]`: the six steps of each cell, its onsets, the pitch
    classes struck and sounding, the number of onsets."""
    batch, tracks = bars.roll.shape[:2]
    cells = bars.roll.reshape(batch, tracks, SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH, PITCHES)
    both = torch.stack([cells[:, :, :, 0], bars.onsets], dim=4)
    chroma = both.reshape(batch, tracks, SIXTEENTHS_PER_BAR, PITCHES // 12, 12, 2).sum(3)
    parts = [
        cells.permute(0, 1, 3, 4, 2).flatten(1, 3),
        bars.onsets.transpose(2, 3).flatten(1, 2),
        chroma.permute(0, 1, 3, 4, 2).flatten(1, 3),
        bars.onsets.sum(3) * 0.3,
    ]
    return torch.cat(parts, dim=1)


CRITICS: dict[str, Callable[[int, int], nn.Module]] = {
    "paper-bilstm": PaperBiLstm,
    "conv-lstm": ConvLstm,
}
