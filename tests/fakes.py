"""Stand-ins for a model, where what is tested is not the model."""

from __future__ import annotations

import numpy as np

from livegan.core.decode import FloatArray, Logits
from livegan.core.feel import FeelMaps
from livegan.core.model import ModelInfo, Track
from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan.core.rendering import Cue

QUANTILES = tuple(float(count) for count in range(1, 22))


class FakeGenerator:
    """A generator whose bar follows from the latent: four quarter notes, whose pitches are the places
    of the largest coordinates, and a ladder of unlikelier onsets for the density knob."""

    name = "fake"

    def __init__(self, latent: int = 8) -> None:
        self.info = ModelInfo(self.name, "onset", latent, (Track("piano", 0, False, QUANTILES),))
        self.calls = 0

    def logits(self, cue: Cue) -> Logits:
        z = cue.z
        self.calls += 1
        onset = np.full((1, STEPS_PER_BAR, PITCHES), -2e4, np.float32)
        keep = np.full_like(onset, -1.0)
        onset[0, ::6] = -5.0 - np.arange(PITCHES) / PITCHES
        order = np.argsort(-z)
        for beat in range(4):
            row = 30 + int(order[beat % len(z)])
            onset[0, beat * 24, row] = 5.0
            keep[0, beat * 24 + 1 : beat * 24 + 12, row] = 1.0
        return Logits(onset, keep)

    def feel(self, roll: FloatArray) -> FeelMaps | None:
        return None


class BrokenGenerator(FakeGenerator):
    """Fails whenever `broken` is set."""

    name = "broken"
    broken = False

    def logits(self, cue: Cue) -> Logits:
        if self.broken:
            raise RuntimeError("out of order")
        return super().logits(cue)
