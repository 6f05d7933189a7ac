"""Critics (discriminators): bars in, logits out, one score a bar `[batch]`, or one a track `[batch,
track]` where each track has a critic of its own, or one a phrase.

They know nothing of training. A batch may have several `parts` of one size (real bars, then drawn
ones); statistics of a minibatch never mix them. `paper-bilstm` is the paper's discriminator; `conv`
hears the bars by sixteenths, with pitch classes and note counts beside the roll; `conv-lstm` adds a
bi-LSTM.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.music import SIXTEENTHS_PER_BAR

from .bars import Bars, by_sixteenth, features, only_track
from .paper import SLOPE, PaperBiLstmCritic, in_full


class ConvLstm(nn.Module):
    """Sixteenths of (roll, onsets, chroma, counts) -> two convolutions -> bi-LSTM -> score, with the
    spread of the minibatch as one more feature, so that copies are seen as such."""

    def __init__(self, tracks: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Conv1d(features(tracks), width, 3, padding=1)
        self.second = nn.Conv1d(width, width, 3, padding=1)
        self.lstm = nn.LSTM(width, width // 2, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(dropout)
        self.dense = nn.Linear(SIXTEENTHS_PER_BAR * width // 2 + width + 1, width)
        self.pool = nn.Linear(2 * width, width // 2)
        self.last = nn.Linear(width, 1)

    def forward(self, bars: Bars, parts: int = 1) -> Tensor:
        x = F.leaky_relu(self.first(by_sixteenth(bars)), SLOPE)
        x = x + F.leaky_relu(self.second(x), SLOPE)
        x = x.transpose(1, 2)
        sequence, (last, _) = self.lstm(x)
        places = F.leaky_relu(self.pool(torch.cat([x, sequence], dim=2)), SLOPE).flatten(1)
        whole = self.drop(torch.cat([places, last[0], last[1]], dim=1))
        x = F.leaky_relu(self.dense(with_spread(whole, parts)), SLOPE)
        return in_full(self.last, x)[:, 0]


class Conv(nn.Module):
    """As `ConvLstm`, with a third convolution, twice as far-sighted, in place of the bi-LSTM, whose
    second derivatives are slow. A phrase of `bars` bars is heard as bars first and then as a whole."""

    def __init__(self, tracks: int, width: int, dropout: float = 0.0, bars: int = 1) -> None:
        super().__init__()
        self.bars = bars
        self.first = nn.Conv1d(features(tracks), width, 1)
        self.second = nn.Conv1d(width, width, 3, padding=1)
        self.third = nn.Conv1d(width, width, 3, padding=2, dilation=2)
        self.drop = nn.Dropout(dropout)
        self.pool = nn.Conv1d(width, width // 2, 1)
        self.dense = nn.Linear(bars * SIXTEENTHS_PER_BAR * (width // 2) + 1, width)
        self.last = nn.Linear(width, 1)

    def forward(self, bars: Bars, parts: int = 1) -> Tensor:
        x = F.leaky_relu(self.first(by_sixteenth(bars)), SLOPE)
        x = x + F.leaky_relu(self.second(x), SLOPE)
        x = x + F.leaky_relu(self.third(x), SLOPE)
        whole = self.drop(F.leaky_relu(self.pool(x), SLOPE)).flatten(1)
        whole = whole.reshape(len(whole) // self.bars, -1)
        x = F.leaky_relu(self.dense(with_spread(whole, parts)), SLOPE)
        return in_full(self.last, x)[:, 0]


def with_spread(whole: Tensor, parts: int) -> Tensor:
    """One more column: the standard deviation over each part of the minibatch, mean over features
    (Karras et al., 2018, section 3)."""
    each = whole.reshape(parts, len(whole) // parts, -1)
    spread = (each.var(dim=1) + 1e-8).sqrt().mean(1).repeat_interleave(each.shape[1])
    return torch.cat([whole, spread[:, None]], dim=1)


class EachTrack(nn.Module):
    """Jamming's critics, one a track, each hearing its own: scores `[batch, track]`."""

    def __init__(self, critics: list[nn.Module]) -> None:
        super().__init__()
        self.critics = nn.ModuleList(critics)

    def forward(self, bars: Bars, parts: int = 1) -> Tensor:
        scores = [critic(only_track(bars, i), parts) for i, critic in enumerate(self.critics)]
        return torch.stack(scores, dim=1)


CRITICS: dict[str, Callable[[int, int, float], nn.Module]] = {
    "paper-bilstm": PaperBiLstmCritic,
    "conv-lstm": ConvLstm,
    "conv": Conv,
}
