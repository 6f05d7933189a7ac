"""The paper's networks (section 3 and its figures 4 to 7), full size by their default widths.

Where the paper prints no size, a DCGAN's customary one is taken; what it never describes (the naive
model) is a guess and called one. Bars are hard or soft rolls as a head wants them.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.music import PITCHES, STEPS_PER_BAR

from .bars import Bars
from .heads import Head

SLOPE = 0.2
LITERAL_STEPS = 100
"""Length of the sequence that figure 4 prints: it can't hold a bar of 96 x 84."""


def in_full(layer: nn.Module, x: Tensor) -> Tensor:
    """A critic's last layer in 32 bits, whatever the passes before it ran in."""
    with torch.autocast(x.device.type, enabled=False):
        out: Tensor = layer(x.float())
    return out


class PaperNaive(nn.Module):
    """A guess at the 'naive model', which the paper never describes: dense layers of `width`, twice
    and four times that (256, 512, 1024), LeakyReLU, batch normalisation."""

    def __init__(self, latent: int, tracks: int, head: Head, width: int, dropout: float) -> None:
        super().__init__()
        self.shape = (-1, tracks, head.channels, head.cells, PITCHES)
        sizes = (latent, width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [
                nn.Linear(before, after),
                nn.LeakyReLU(SLOPE),
                nn.BatchNorm1d(after, momentum=0.2),
                nn.Dropout(dropout),
            ]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Linear(sizes[-1], tracks * head.channels * head.cells * PITCHES)

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self.last(self.layers(z))
        return out.reshape(self.shape)


class BiLstmTrunk(nn.Module):
    """Figure 4 up to its last dense layer: the latent read as a sequence of scalars `[batch, latent,
    1]`, LSTM `width`, two bi-LSTMs, dense, LeakyReLU, batch normalisation; `out` values."""

    def __init__(self, width: int, dropout: float, out: int) -> None:
        super().__init__()
        self.first = nn.LSTM(1, width, batch_first=True)
        self.second = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.third = nn.LSTM(2 * width, width, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(dropout)
        self.dense = nn.Linear(2 * width, 2 * width)
        self.norm = nn.BatchNorm1d(2 * width)
        self.last = nn.Linear(2 * width, out)

    def forward(self, z: Tensor) -> Tensor:
        x = self.drop(self.first(z.unsqueeze(2))[0])
        x = self.drop(self.second(x)[0])
        last = self.third(x)[1][0]
        x = self.dense(torch.cat([last[0], last[1]], dim=1))
        out: Tensor = self.last(self.norm(F.leaky_relu(x, SLOPE)))
        return out


class LiteralBiLstm(nn.Module):
    """Figure 4 as printed, `[batch, 100, 1]`: kept so that its parameter counts can be checked."""

    def __init__(self, width: int = 512, dropout: float = 0.3) -> None:
        super().__init__()
        self.trunk = BiLstmTrunk(width, dropout, LITERAL_STEPS)

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self.trunk(z)
        return out.unsqueeze(2)


class PaperBiLstmGenerator(nn.Module):
    """The 'pianoroll' reading of figure 4: the last dense layer gives a bar."""

    def __init__(self, latent: int, tracks: int, head: Head, width: int, dropout: float) -> None:
        super().__init__()
        self.shape = (-1, tracks, head.channels, head.cells, PITCHES)
        self.trunk = BiLstmTrunk(width, dropout, tracks * head.channels * head.cells * PITCHES)

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self.trunk(z)
        return out.reshape(self.shape)


class PaperCnn(nn.Module):
    """The paper's CNN generator: dense 24 x 21 x width, two upsampling blocks, a last transposed
    convolution to 96 x 84. Width 128, latent 100 and one track of raw cells give 6,738,177
    parameters as Keras counts them. The last layer strides over time where the head's grid is
    coarser than steps."""

    def __init__(self, latent: int, tracks: int, head: Head, width: int, dropout: float) -> None:
        super().__init__()
        self.tracks, self.channels, self.width = tracks, head.channels, width
        self.cells = head.cells
        stride = STEPS_PER_BAR // head.cells
        self.dense = nn.Linear(latent, 24 * 21 * width)
        self.first = nn.ConvTranspose2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.second = nn.ConvTranspose2d(width, width // 2, 3, padding=1)
        self.drop = nn.Dropout2d(dropout)
        self.last = (
            nn.ConvTranspose2d(width // 2, tracks * head.channels, 3, padding=1)
            if stride == 1
            else nn.Conv2d(
                width // 2, tracks * head.channels, (stride, 3), stride=(stride, 1), padding=(0, 1)
            )
        )

    def forward(self, z: Tensor) -> Tensor:
        x = self.dense(z).reshape(-1, self.width, 24, 21)
        x = self.norm(self.first(F.interpolate(x, scale_factor=2.0)))
        x = self.drop(F.leaky_relu(x, SLOPE))
        x = self.drop(F.leaky_relu(self.second(F.interpolate(x, scale_factor=2.0)), SLOPE))
        out: Tensor = self.last(x)
        return out.reshape(-1, self.tracks, self.channels, self.cells, PITCHES)


class BiLstmScore(nn.Module):
    """Figure 5 and 7: LSTM `width`, sequence; bi-LSTM 2 x `width`, last state; dense `width`, half of
    it (512, 256), 1. It reads `[batch, step, feature]` and gives logits `[batch]` (the sigmoid is
    the loss's)."""

    def __init__(self, features: int, width: int, dropout: float) -> None:
        super().__init__()
        self.first = nn.LSTM(features, width, batch_first=True)
        self.second = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(dropout)
        self.dense = nn.Sequential(
            nn.Linear(2 * width, width),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width, width // 2),
            nn.LeakyReLU(SLOPE),
        )
        self.last = nn.Linear(width // 2, 1)

    def forward(self, steps: Tensor) -> Tensor:
        last = self.second(self.drop(self.first(steps)[0]))[1][0]
        x = self.dense(self.drop(torch.cat([last[0], last[1]], dim=1)))
        return in_full(self.last, x)[:, 0]


class PaperBiLstmCritic(nn.Module):
    """The paper's discriminator on bars: 96 steps of 84 pitches (times tracks)."""

    def __init__(self, tracks: int, width: int, dropout: float) -> None:
        super().__init__()
        self.score = BiLstmScore(tracks * PITCHES, width, dropout)

    def forward(self, bars: Bars, parts: int = 1) -> Tensor:
        """`parts` is for critics that compare the bars of a batch; this one does not."""
        out: Tensor = self.score(bars.roll.transpose(1, 2).flatten(2))
        return out
