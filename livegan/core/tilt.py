"""Tilting a model's logits until the bar measures what the knobs ask.

Density is met by taking the likeliest onsets. The others lean on the logits: a slope over pitch for the
register, a bias off the beat for syncopation, a bias on 'goes on' for lengths and with them for
polyphony, a penalty outside the key. Where both length and polyphony are asked, a pull towards (or
from) the moments at which much is likely makes the chords. Each is found by bisection, so that what
is asked is reached, whatever the model learned; what it finds unlikely comes last. Pure numpy on one
track of one bar, `[step, pitch]`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .decode import IMPOSSIBLE, FloatArray, Ints, Notes, decode, held, likeliest
from .knobs import WEAKNESS, Measured, measured, scale_of
from .music import PITCHES

HALVINGS = 9
CLOSE = {"register": 0.1, "syncopation": 0.005, "polyphony": 0.1, "length": 0.05}
"""What need not be mended: semitones, shares, sounding pitches, sixteenths or sounding pitches."""
SWEEPS = 2
FARTHEST = {"register": 30.0, "syncopation": 16.0, "polyphony": 3.0, "length": 40.0}
"""How far each tilt may lean, in logits (register: over the whole range of pitches) of a model that is
as sure as `USUAL`; those that are surer are leaned on as much harder."""
USUAL = 9.0
"""How far below 0 the middle one of a bar's onset logits lies."""
OUTSIDE = -12.0
"""Logits that a pitch class outside the key costs, of such a model."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What one track's bar shall measure; None is as it comes."""

    density: int | None = None
    register: float | None = None
    polyphony: float | None = None
    syncopation: float | None = None
    length: float | None = None
    key: int | None = None

    @property
    def anything(self) -> bool:
        return self != Wish()


@dataclass(frozen=True, slots=True)
class Lean:
    """How far the logits are tilted for each knob."""

    register: float = 0.0
    syncopation: float = 0.0
    polyphony: float = 0.0
    length: float = 0.0


PITCH_SLOPE = np.linspace(-0.5, 0.5, PITCHES)


class Tilter:
    """One track's logits, ready to be leaned on."""

    def __init__(self, onset: FloatArray, keep: FloatArray, wish: Wish) -> None:
        self.grid = np.flatnonzero((onset > IMPOSSIBLE).any(axis=1))
        self.onset = onset[self.grid].astype(np.float64)
        self.harder = max(1.0, -float(np.median(self.onset)) / USUAL) if self.onset.size else 1.0
        if wish.key is not None:
            outside = ~np.resize(scale_of(wish.key), PITCHES)  # row 0 is a C
            self.onset[:, outside] += OUTSIDE * self.harder
        self.keep, self.wish = keep, wish
        likely = np.log1p(np.exp(np.clip(self.onset, -20, 20))).sum(axis=1)
        strength = np.log(likely + 1e-3)
        self.strength = strength - strength.mean()
        self.off = WEAKNESS[self.grid]
        free = int((self.onset > 0).sum())
        self.count = free if wish.density is None else wish.density

    def struck(self, lean: Lean) -> tuple[Ints, Ints]:
        """Steps and rows of the likeliest onsets."""
        by_time = lean.syncopation * self.off + lean.polyphony * self.strength
        tilted = self.onset + by_time[:, None] + lean.register * PITCH_SLOPE
        steps, rows = likeliest(tilted, self.count)
        return self.grid[steps], rows

    def decoded(self, lean: Lean) -> Notes:
        return held(*self.struck(lean), self.keep, -lean.length)

    def solve(self) -> Lean:
        """Lean until the bar measures what is wished, one knob after the other, twice round.
        Lengths and polyphony come by how long notes are kept; where that did not suffice, by how
        many are struck together, which the others then follow."""
        lean, wish = Lean(), self.wish
        for again in range(SWEEPS):
            if again:
                lean = self.bisect(lean, "polyphony", wish.polyphony, self.polyphony_of)
            lean = self.bisect(lean, "register", wish.register, self.pitch_of)
            lean = self.bisect(lean, "syncopation", wish.syncopation, self.off_of)
            if wish.length is None:
                lean = self.bisect(lean, "length", wish.polyphony, self.polyphony_of)
            else:
                lean = self.bisect(lean, "length", wish.length, self.length_of)
        return lean

    def bisect(
        self, lean: Lean, knob: str, wanted: float | None, measure: Callable[[Lean], float]
    ) -> Lean:
        """The leaning that brings the measure nearest to what is wanted, if anything is."""
        if wanted is None:
            return lean
        best, error = getattr(lean, knob), abs(measure(lean) - wanted)
        if error <= CLOSE[knob]:
            return lean
        farthest = FARTHEST[knob] * self.harder
        low, high = -farthest, farthest
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            got = measure(replace(lean, **{knob: middle}))
            if abs(got - wanted) < error - 1e-9:
                best, error = middle, abs(got - wanted)
            if got < wanted:
                low = middle
            else:
                high = middle
        return replace(lean, **{knob: best})

    def pitch_of(self, lean: Lean) -> float:
        rows = self.struck(lean)[1]
        return float(rows.mean()) if len(rows) else 0.0

    def off_of(self, lean: Lean) -> float:
        starts = self.struck(lean)[0]
        return float(WEAKNESS[starts].mean()) if len(starts) else 0.0

    def polyphony_of(self, lean: Lean) -> float:
        found = self.measured(lean)
        return found.polyphony if found else 0.0

    def length_of(self, lean: Lean) -> float:
        found = self.measured(lean)
        return found.length if found else 0.0

    def measured(self, lean: Lean) -> Measured | None:
        return measured(*self.decoded(lean))


def shaped(onset: FloatArray, keep: FloatArray, wish: Wish) -> Notes:
    """The notes of one track's bar as the knobs wish it."""
    if not wish.anything:
        return decode(onset, keep)
    tilter = Tilter(onset, keep, wish)
    return tilter.decoded(tilter.solve())
