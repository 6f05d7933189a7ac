"""The click: a note on every beat, the first of a bar higher and louder."""

from __future__ import annotations

from typing import NamedTuple

from .music import STEPS_PER_BAR, Note

HIGH, LOW = 76, 77
"""General MIDI's wood blocks on the drum channel; two notes elsewhere."""
LOUD, SOFT = 112, 88
LENGTH = 3


class Metronome(NamedTuple):
    """`channel` is 0 to 15; 9 has the drums."""

    on: bool = False
    channel: int = 9

    def click(self, step: int) -> Note:
        """Of the beat at a step."""
        inside = step % STEPS_PER_BAR
        pitch, velocity = (LOW, SOFT) if inside else (HIGH, LOUD)
        return Note(inside, LENGTH, pitch, velocity, self.channel)
