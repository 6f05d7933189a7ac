"""Generators: latents `[batch, latent]` in, a head's logits out, `[batch, track, channel, cell,
pitch]`.

They know nothing of training. `paper-cnn` is the paper's (section 3, sizes as customary for a DCGAN
where the paper prints none); `conv16` works on sixteenths with pitch as channels, which buys more per
CPU second than a 2-D stack.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.music import PITCHES, SIXTEENTHS_PER_BAR, STEPS_PER_BAR

from .heads import Head

SLOPE = 0.2


class PaperCnn(nn.Module):
    """The paper's CNN generator: dense 24 x 21 x width, two upsampling blocks, a last transposed
    convolution to 96 x 84. Width 128, latent 100 and one track of raw cells give 6,738,177
    parameters as Keras counts them. The last layer strides over time where the head's grid is
    coarser than steps."""

    def __init__(self, latent: int, tracks: int, head: Head, width: int) -> None:
        super().__init__()
        self.tracks, self.channels, self.width = tracks, head.channels, width
        self.cells = head.cells
        stride = STEPS_PER_BAR // head.cells
        self.dense = nn.Linear(latent, 24 * 21 * width)
        self.first = nn.ConvTranspose2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.second = nn.ConvTranspose2d(width, width // 2, 3, padding=1)
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
        x = F.leaky_relu(x, SLOPE)
        x = F.leaky_relu(self.second(F.interpolate(x, scale_factor=2.0)), SLOPE)
        out: Tensor = self.last(x)
        return out.reshape(-1, self.tracks, self.channels, self.cells, PITCHES)


class Conv16(nn.Module):
    """1-D convolutions over time, pitches as channels: 4 positions, sub-pixel upsampling to 16,
    a position embedding, one residual block (zero at the start: deep stacks without normalisation
    collapse), logits. The latent enters at every stage."""

    def __init__(self, latent: int, tracks: int, head: Head, width: int) -> None:
        super().__init__()
        if head.cells != SIXTEENTHS_PER_BAR:
            raise ValueError(
                f"generator conv16 draws sixteenths; head {head.name!r} has {head.cells} cells"
            )
        self.tracks, self.channels, self.width = tracks, head.channels, width
        self.dense = nn.Linear(latent, 4 * width)
        self.up = nn.ModuleList(nn.Conv1d(width, 2 * width, 3, padding=1) for _ in range(2))
        self.latents = nn.ModuleList(nn.Linear(latent, width) for _ in range(3))
        self.position = nn.Parameter(torch.randn(width, SIXTEENTHS_PER_BAR) * 0.3)
        self.inner = nn.Conv1d(width, width, 3, padding=1)
        self.back = nn.Conv1d(width, width, 3, padding=1)
        nn.init.zeros_(self.back.weight)
        self.last = nn.Conv1d(width, tracks * head.channels * PITCHES, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        x = F.leaky_relu(self.dense(z).reshape(-1, self.width, 4), SLOPE)
        for up, latent in zip(self.up, self.latents, strict=False):
            x = F.leaky_relu(double_length(up(x)) + latent(z).unsqueeze(2), SLOPE)
        x = x + self.position
        x = x + self.back(F.leaky_relu(self.inner(x) + self.latents[-1](z).unsqueeze(2), SLOPE))
        out: Tensor = self.last(x)
        by_pitch = out.reshape(-1, self.tracks, self.channels, PITCHES, SIXTEENTHS_PER_BAR)
        return by_pitch.transpose(3, 4)


def double_length(x: Tensor) -> Tensor:
    """Sub-pixel upsampling in time: `[batch, 2 * width, length]` to `[batch, width, 2 * length]`."""
    batch, channels, length = x.shape
    return x.reshape(batch, 2, channels // 2, length).permute(0, 2, 3, 1).flatten(2, 3)


GENERATORS: dict[str, Callable[[int, int, Head, int], nn.Module]] = {
    "paper-cnn": PaperCnn,
    "conv16": Conv16,
}
