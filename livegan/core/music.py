"""The terms that everything else is counted in: steps, beats, bars, pitches, notes.

A step is 1/24 of a quarter note: one column of the piano roll and one MIDI clock tick.
This module imports nothing but the standard library, because the player process does too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

STEPS_PER_BEAT = 24
BEATS_PER_BAR = 4
STEPS_PER_BAR = STEPS_PER_BEAT * BEATS_PER_BAR
STEPS_PER_SIXTEENTH = STEPS_PER_BEAT // 4
SIXTEENTHS_PER_BAR = STEPS_PER_BAR // STEPS_PER_SIXTEENTH

SLOWEST, FASTEST = 20, 300
"""Tempi, in quarter notes a minute."""
LATENCY_MS = 250
"""How far a port's messages can be moved, either way."""

PITCHES = 84
LOWEST_PITCH = 24


class Note(NamedTuple):
    """One note of one bar: start and length in steps, MIDI pitch and velocity, MIDI channel 0-15, and
    its micro-timing: it is struck and ends `offset` steps later than written, earlier if negative."""

    start: int
    length: int
    pitch: int
    velocity: int = 90
    channel: int = 0
    offset: float = 0.0

    @property
    def place(self) -> float:
        """Where it is struck, in steps."""
        return self.start + self.offset


def in_order(notes: Iterable[Note]) -> tuple[Note, ...]:
    """By start, then channel and pitch: the order in which notes are struck."""
    return tuple(sorted(notes, key=lambda note: (note.start, note.channel, note.pitch)))


def seconds_per_step(bpm: float) -> float:
    """Length of one step in seconds at a tempo in quarter notes per minute."""
    return 60.0 / (bpm * STEPS_PER_BEAT)


def is_drums(track: str) -> bool:
    """By its name, as archives and models have it."""
    return "drum" in track.lower()
