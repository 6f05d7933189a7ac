"""MIDI clock to others (MIDI 1.0 Detailed Specification, System Real Time and Common Messages): a tick
every step, which is 24 a quarter, and where the music starts, goes on and stops."""

from __future__ import annotations

from math import floor

from .music import STEPS_PER_SIXTEENTH
from .outputs import Clock

SONG_POSITION, TICK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC
POSITIONS = 1 << 14
"""Sixteenths that a song position can tell: 1,024 bars; then it counts from 0 again, on a bar line."""
AHEAD = 0.5
"""Steps before its first tick that a start is sent: receivers want a millisecond at least, and at the
fastest tempo this is four."""
NEVER = 1 << 62


def song_position(step: int) -> tuple[int, int, int]:
    """The message that says where the next tick after a Continue lies; a step between two sixteenths
    counts as the one before."""
    sixteenth = step // STEPS_PER_SIXTEENTH % POSITIONS
    return SONG_POSITION, sixteenth & 0x7F, sixteenth >> 7


def step_of(low: int, high: int) -> int:
    """Where a song position, by its two data bytes, lies."""
    return (high << 7 | low) * STEPS_PER_SIXTEENTH


class ClockOut:
    """What to send next and at which place, in steps since bar 0. Silent unless the music plays."""

    def __init__(self) -> None:
        self._tick = NEVER
        self._start: float = NEVER
        self._start_with = START

    @property
    def place(self) -> float:
        """Where the next message is due."""
        return min(self._tick, self._start)

    def play(self, start: int, first: int, now: float) -> list[Clock]:
        """Ticks from `start` on, so that others know the tempo by `first`, where they are to play."""
        self._tick = start
        return self._join(first, now)

    def _join(self, first: int, now: float) -> list[Clock]:
        self._start, self._start_with = first - AHEAD, CONTINUE if first else START
        return [Clock(now, song_position(first))] if first else []

    def due(self, when: float) -> Clock:
        """The message at `place`."""
        if self._start <= self._tick:
            self._start = NEVER
            return Clock(when, (self._start_with,))
        self._tick += 1
        return Clock(when, (TICK,))

    def stop(self, now: float) -> list[Clock]:
        self._tick = self._start = NEVER
        return [Clock(now, (STOP,))]

    def resume(self, step: int, first: int, unit: int, now: float) -> list[Clock]:
        """Ticks from a step on, after a gap that nobody can count; others join at `first`, or at the
        next line of so many steps."""
        self._tick = step
        self._start = first - AHEAD if first > step else NEVER
        return self.panic(step, unit, now)

    def panic(self, step: float, unit: int, now: float) -> list[Clock]:
        """Others stop at once; if the music plays they join it again at the next line of so many steps
        that can still be told in time."""
        stopped = [Clock(now, (STOP,))]
        if self._tick == NEVER:
            return stopped
        line = (floor((step + AHEAD) / unit) + 1) * unit
        first = max(line, int(self._start + AHEAD)) if self._start != NEVER else line
        return [*stopped, *self._join(first, now)]
