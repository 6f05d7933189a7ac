"""How notes are struck: from what is written to what a player would do.

A model of feel reads the notes of a bar, whoever wrote them, and says for each how loud and how late it
is struck on average and how far players differ from that (`FeelMaps`). Where it has learned nothing,
accents by rule say so. `felt` draws from either. Velocities here are 0 to 1, timing is in steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, Note
from .roll import roll_from_notes

FloatArray = NDArray[np.float32]

MAX_VELOCITY = 127
OWN_LEVEL = 0.7
"""The level at which music is as loud as the data's."""
MOST_OFFSET = 2.5
"""Steps beside its place that a note may be struck, as far as the readers snap."""
VELOCITY_SHARES, DRUM_VELOCITY_SHARES = (0.2, 0.15, 0.65), (0.1, 0.0, 0.9)
TIMING_SHARES = (0.12, 0.34, 0.54)
"""Of the variance, what the notes of a track have in common in a bar, in a chord, and not at all: as in
what the models of feel leave unsaid (POP909's velocities, Groove's velocities and timing)."""
NOTE_DRAWS = 17
"""Draws for the notes of one step: a pitch and its octaves get different ones."""


class Cells(dict[tuple[int, int, int], float]):
    """Some cells of a map by (track, step, pitch); 0 elsewhere."""

    def __missing__(self, cell: tuple[int, int, int]) -> float:
        return 0.0


class FeelMaps(NamedTuple):
    """Of one bar, each float `[track, step, pitch]`; only the cells where a note starts count. A spread
    of 0 says that nothing was learned of it."""

    velocity: FloatArray | Cells
    velocity_spread: FloatArray | Cells
    timing: FloatArray | Cells
    timing_spread: FloatArray | Cells

    def picked(self, parts: Sequence[Sequence[Note]]) -> FeelMaps:
        """The cells of these notes only, which can be kept for long."""
        cells = [
            (track, note.start, note.pitch - LOWEST_PITCH)
            for track, part in enumerate(parts)
            for note in part
            if 0 <= note.pitch - LOWEST_PITCH < PITCHES
        ]
        return FeelMaps(*(Cells((cell, float(each[cell])) for cell in cells) for each in self))


class Stroke(NamedTuple):
    """How one note is struck: mean and standard deviation of its velocity and of its timing."""

    velocity: float
    velocity_spread: float
    timing: float
    timing_spread: float


class Draws(NamedTuple):
    """What chance adds to one track's bar, in standard deviations: one number for the bar, one for each
    step `[step]`, and some for the notes of each step `[step, NOTE_DRAWS]`."""

    bar: float
    step: NDArray[np.float64]
    note: NDArray[np.float64]

    def at(self, note: Note, shares: tuple[float, float, float]) -> float:
        """Of a note; of variance 1."""
        bar, step, own = (sqrt(share) for share in shares)
        drawn = self.note[note.start, note.pitch % NOTE_DRAWS]
        return float(bar * self.bar + step * self.step[note.start] + own * drawn)


def drawn(random: np.random.Generator) -> Draws:
    """The same numbers for a place in the bar, whatever notes are there: when a knob adds notes, those
    that stay are struck as before."""
    return Draws(
        float(random.standard_normal()),
        random.standard_normal(STEPS_PER_BAR),
        random.standard_normal((STEPS_PER_BAR, NOTE_DRAWS)),
    )


def felt(
    parts: Sequence[Sequence[Note]],
    drums: Sequence[bool],
    maps: FeelMaps | None,
    random: np.random.Generator,
    level: float,
    humanise: float,
) -> list[list[Note]]:
    """The notes of each track's bar as they are struck, in their order.

    `parts` are the notes of each track, `drums` says which tracks are drums, `maps` what the model of
    feel made of `heard(parts)` (None: accents by rule). `level` 0 to 1 is how loud: at 0.7 as the data.
    `humanise` 0 to 1 is how much of the spread and of the timing: at 0 every bar is struck alike and on
    the grid, with its accents.
    """
    struck: list[list[Note]] = []
    for track, part in enumerate(parts):
        loudness, lateness = drawn(random), drawn(random)
        shares = DRUM_VELOCITY_SHARES if drums[track] else VELOCITY_SHARES
        strokes = strokes_of(part, drums[track], maps, track)
        velocities, offsets = [], []
        for note, stroke in zip(part, strokes, strict=True):
            louder = loudness.at(note, shares) * stroke.velocity_spread
            later = lateness.at(note, TIMING_SHARES) * stroke.timing_spread
            velocities.append(midi_velocity(at_level(stroke.velocity + humanise * louder, level)))
            offsets.append(humanise * (stroke.timing + later))
        played = zip(part, velocities, in_turn(part, offsets), strict=True)
        struck.append([note._replace(velocity=v, offset=offset) for note, v, offset in played])
    return struck


def heard(parts: Sequence[Sequence[Note]]) -> FloatArray:
    """What the model of feel reads: float `[1, track, step, pitch]`, 0 or 1."""
    return np.stack([roll_from_notes(part) for part in parts])[None].astype(np.float32)


def at_level(velocity: float, level: float) -> float:
    """A velocity at a level, both 0 to 1: rising in both, itself at `OWN_LEVEL`, never beyond 0 to 1.
    Below, everything is softer by one factor; above, what lacks to full loudness shrinks, so that
    accents stay accents until, at 1, every note is as loud as can be."""
    velocity = min(1.0, max(0.0, velocity))
    if level <= OWN_LEVEL:
        return velocity * max(0.0, level) / OWN_LEVEL
    louder = (level - OWN_LEVEL) / (1 - OWN_LEVEL)
    return 1.0 if louder >= 1 else float(1 - (1 - velocity) ** (1 / (1 - louder)))


def midi_velocity(velocity: float) -> int:
    return min(MAX_VELOCITY, max(1, round(velocity * MAX_VELOCITY)))


def in_turn(part: Sequence[Note], offsets: Sequence[float]) -> list[float]:
    """Offsets that leave every pitch its order: a note moves less than half way to the next and the
    one before of its own pitch, none further than `MOST_OFFSET`, and none out of its bar: what is
    counted, looped or kept by bars stays whole."""
    low = [-min(MOST_OFFSET, float(note.start)) for note in part]
    high = [MOST_OFFSET] * len(part)
    order = sorted(range(len(part)), key=lambda place: (part[place].pitch, part[place].start))
    for one, other in pairwise(order):
        if part[one].pitch == part[other].pitch:
            half = 0.45 * (part[other].start - part[one].start)
            high[one], low[other] = min(high[one], half), max(low[other], -half)
    return [
        round(min(most, max(least, offset)), 3)
        for offset, least, most in zip(offsets, low, high, strict=True)
    ]


def strokes_of(part: Sequence[Note], drums: bool, maps: FeelMaps | None, track: int) -> list[Stroke]:
    """How each note of a track is struck: as learned, and by rule where nothing was."""
    ruled = drum_accents(part) if drums else accents(part)
    if maps is None:
        return ruled
    strokes = []
    for note, rule in zip(part, ruled, strict=True):
        row = note.pitch - LOWEST_PITCH
        inside = 0 <= row < PITCHES
        learned = Stroke(*(float(each[track, note.start, row]) for each in maps)) if inside else rule
        loud = learned if learned.velocity_spread > 0 else rule
        late = learned if learned.timing_spread > 0 else rule
        strokes.append(Stroke(*loud[:2], *late[2:4]))
    return strokes


# accents by rule, as far as they are POP909's and the Groove data's on average

MEAN, SPREAD = 0.67, 0.08
TIMING_SPREAD = 0.3
MELODY_LEADS = -0.25
METRIC = ((96, 0.015), (48, 0.02), (24, 0.03), (12, -0.005), (6, -0.01), (1, -0.04))
TOP, INNER = 0.02, -0.01
REGISTER, MIDDLE, HIGH = 0.0025, 60, 72
DRUM_SPREAD = 0.12
DRUMS = {
    "kick": ((35, 36), (0.56, 0.51, 0.52, 0.47, 0.38, 0.37)),
    "snare": ((38, 40), (0.54, 0.58, 0.78, 0.61, 0.5, 0.43)),
    "hat": ((42, 44, 46), (0.5, 0.5, 0.54, 0.42, 0.36, 0.36)),
    "ride": ((51, 53, 59), (0.66, 0.66, 0.66, 0.57, 0.5, 0.54)),
    "crash": ((49, 52, 55, 57), (0.69, 0.66, 0.65, 0.59, 0.45, 0.58)),
}
OTHER_DRUM = (0.63, 0.63, 0.66, 0.6, 0.55, 0.55)
"""Velocities on the bar, its half, its other beats, eighths, sixteenths and beside them."""


def strength(step: int) -> int:
    """The rank of a place in a 4/4 bar: 0 the bar, 1 its half, 2 the other beats, 3 eighths, 4
    sixteenths, 5 the rest."""
    return next(rank for rank, (unit, _) in enumerate(METRIC) if step % unit == 0)


def accents(part: Sequence[Note]) -> list[Stroke]:
    """Beats are louder than what lies between them, high notes and the top of a chord louder than the
    rest; the top of a chord comes first."""
    top: dict[int, int] = {}
    count: dict[int, int] = {}
    for note in part:
        top[note.start] = max(note.pitch, top.get(note.start, 0))
        count[note.start] = count.get(note.start, 0) + 1
    strokes = []
    for note in part:
        velocity = MEAN + METRIC[strength(note.start)][1]
        velocity += REGISTER * (min(note.pitch, HIGH) - MIDDLE)
        leads = count[note.start] > 1 and note.pitch == top[note.start]
        if count[note.start] > 1:
            velocity += TOP if leads else INNER
        strokes.append(Stroke(velocity, SPREAD, MELODY_LEADS if leads else 0.0, TIMING_SPREAD))
    return strokes


def drum_accents(part: Sequence[Note]) -> list[Stroke]:
    """By the piece of the kit (General MIDI) and its place: backbeats are loud, hats soft between the
    beats."""
    pieces = {pitch: levels for pitches, levels in DRUMS.values() for pitch in pitches}
    return [
        Stroke(
            pieces.get(note.pitch, OTHER_DRUM)[strength(note.start)], DRUM_SPREAD, 0.0, TIMING_SPREAD
        )
        for note in part
    ]
