"""The network of feel: from the notes of a bar to how each is struck.

Time goes through 1-D convolutions over 48 places, with tracks and pitches as channels; what they make
of the bar weighs a few plain features of each note (its pitch, top or bottom of its chord, its length).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livegan.core.music import PITCHES, STEPS_PER_BAR

from ..bars import step_before

PLACES = 48
STEPS_PER_PLACE = STEPS_PER_BAR // PLACES
OUTPUTS = ("velocity", "velocity_spread", "timing", "timing_spread")
HIDDEN, PER_TRACK, POSITION = 48, 14, 16
DILATIONS = (1, 2, 4, 8)
PITCH_FEATURES = 8
PLAIN_FEATURES = 6
FEATURES = PITCH_FEATURES + PLAIN_FEATURES
LENGTH_PLACES = 12
MOST = 8.0
LEAST_VELOCITY_SPREAD, LEAST_TIMING_SPREAD = 0.01, 0.03


class Strokes(NamedTuple):
    """Mean and spread of velocity (0 to 1) and timing (steps), of whatever shape."""

    velocity: Tensor
    velocity_spread: Tensor
    timing: Tensor
    timing_spread: Tensor


class Feel(nn.Module):
    """`loud` and `late` say for each track `[track]` whether its velocity and its timing were learned;
    where not, spread is 0. `base` is what a track's notes are on the whole, `trust` how much of what a
    bar says holds for songs that were not trained on (`training.calibrate`), both `[track, output]`."""

    loud: Tensor
    late: Tensor

    def __init__(self, tracks: int) -> None:
        super().__init__()
        self.tracks = tracks
        self.position = nn.Parameter(0.1 * torch.randn(1, POSITION, PLACES))
        self.pitch = nn.Parameter(0.1 * torch.randn(tracks, PITCH_FEATURES, PITCHES))
        self.reduce = nn.Conv1d(2 * PITCHES * tracks, PER_TRACK * tracks, 1, groups=tracks)
        widths = [PER_TRACK * tracks + POSITION, *[HIDDEN] * len(DILATIONS)]
        self.layers = nn.ModuleList(
            nn.Conv1d(width, HIDDEN, 3, padding=dilation, dilation=dilation)
            for width, dilation in zip(widths, DILATIONS, strict=False)
        )
        self.whole = nn.Conv1d(HIDDEN, HIDDEN, 1)
        self.weigh = nn.Conv1d(HIDDEN, tracks * len(OUTPUTS) * FEATURES, 1)
        self.base = nn.Parameter(torch.zeros(tracks, len(OUTPUTS)))
        self.trust = nn.Parameter(torch.ones(tracks, len(OUTPUTS)), requires_grad=False)
        self.register_buffer("loud", torch.ones(tracks))
        self.register_buffer("late", torch.ones(tracks))
        nn.init.normal_(self.weigh.weight, std=0.01)

    def forward(self, roll: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of rolls `[batch, track, step, pitch]` the four maps of that shape (`core.feel.FeelMaps`)."""
        onset, sounding = by_place(roll)
        weights = self.read(onset, sounding) * self.trust[:, None, :, None]
        one = weights[..., :1] + self.base[:, None, :, None]
        made = one + weights[..., 1:PLAIN_FEATURES] @ plain_features(onset, sounding)[:, :, :, 1:]
        of_pitch = weights[..., PLAIN_FEATURES:].flatten(2, 3) @ self.pitch
        made = made + of_pitch.reshape(made.shape)
        learned = (each[:, None, None] for each in (self.loud, self.late))
        velocity, velocity_spread, timing, timing_spread = (
            each[:, :, :, None].expand(-1, -1, -1, STEPS_PER_PLACE, -1).flatten(2, 3)
            for each in strokes_of(made.unbind(3), *learned)
        )
        return velocity, velocity_spread, timing, timing_spread

    def at(self, roll: Tensor, notes: tuple[Tensor, Tensor, Tensor, Tensor]) -> Strokes:
        """Only of some notes, `[note]`: their places in the batch, tracks, steps and pitch rows."""
        return self.strokes(self.leanings(roll, notes), notes[1])

    def strokes(self, leanings: Tensor, track: Tensor) -> Strokes:
        """Of notes of some tracks `[note]`, from their `leanings`."""
        made = leanings * self.trust[track] + self.base[track]
        return strokes_of(made.unbind(1), self.loud[track], self.late[track])

    def leanings(self, roll: Tensor, notes: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """How far the notes are from those of their track on the whole, `[note, output]`."""
        batch, track, step, pitch = notes
        onset, sounding = by_place(roll)
        place = step // STEPS_PER_PLACE
        plain = plain_features(onset, sounding)[batch, track, place, :, pitch]
        features = torch.cat([plain, self.pitch[track, :, pitch]], 1)
        weights = self.read(onset, sounding)[batch, track, place]
        return torch.einsum("nof,nf->no", weights, features)

    def read(self, onset: Tensor, sounding: Tensor) -> Tensor:
        """How much each feature of a note counts there: `[batch, track, place, output, feature]`."""
        batch = onset.shape[0]
        seen = torch.cat([onset, sounding], 3).flatten(0, 1).transpose(1, 2)
        hidden = self.reduce(seen.reshape(batch, -1, PLACES)).relu()
        hidden = torch.cat([hidden, self.position.expand(batch, -1, -1)], 1)
        for number, layer in enumerate(self.layers):
            made = layer(hidden).relu()
            hidden = made if number == 0 else hidden + made
        hidden = (hidden + self.whole(hidden.mean(2, keepdim=True))).relu()
        weights = self.weigh(hidden).reshape(batch, self.tracks, len(OUTPUTS), FEATURES, PLACES)
        ordered: Tensor = weights.permute(0, 1, 4, 2, 3)
        return ordered


def strokes_of(made: tuple[Tensor, ...], loud: Tensor, late: Tensor) -> Strokes:
    """Four numbers in their ranges; nothing where nothing was learned."""
    velocity, velocity_spread, timing, timing_spread = made
    return Strokes(
        velocity.sigmoid(),
        (velocity_spread.clamp(-MOST, MOST).exp() + LEAST_VELOCITY_SPREAD) * loud,
        timing * late,
        (timing_spread.clamp(-MOST, MOST).exp() + LEAST_TIMING_SPREAD) * late,
    )


def by_place(roll: Tensor) -> tuple[Tensor, Tensor]:
    """Whether a note starts in each of 48 places, and how much of it sounds, `[batch, track, place,
    pitch]`."""
    onset = roll * (1 - step_before(roll))
    shape = (*roll.shape[:2], PLACES, STEPS_PER_PLACE, PITCHES)
    struck, on = onset.reshape(shape).unbind(3), roll.reshape(shape).unbind(3)
    return torch.maximum(struck[0], struck[1]), 0.5 * (on[0] + on[1])


def plain_features(onset: Tensor, sounding: Tensor) -> Tensor:
    """Of every cell `[batch, track, place, 6, pitch]`: one; no note above it, and none below, among
    those struck with it; how many are; how much of the half bar from here its pitch sounds; whether its
    pitch sounded just before."""
    chord, counted = onset.sum(3, keepdim=True), onset.cumsum(3)
    above, below = chord - counted, counted - onset
    until = F.pad(sounding.cumsum(2), (0, 0, 0, LENGTH_PLACES - 1), mode="replicate")
    until = F.pad(until, (0, 0, 1, 0))
    length = (until[:, :, LENGTH_PLACES:] - until[:, :, :PLACES]) / LENGTH_PLACES
    before = F.pad(sounding, (0, 0, 2, 0))[:, :, :-2]
    many = (0.25 * chord).expand_as(onset)
    tops = [(above < 0.5).float(), (below < 0.5).float()]
    return torch.stack([torch.ones_like(onset), *tops, many, length, before], 3)
