"""Somebody else's MIDI clock (MIDI 1.0 Detailed Specification, System Real Time and Common Messages):
from bytes and the times at which they came to where the music is.

A step is a tick. Start and Continue take effect with the tick that follows them.
"""

from __future__ import annotations

from .clock_filter import ClockFilter
from .clock_out import CONTINUE, SONG_POSITION, START, STOP, TICK, step_of
from .leading import Lead
from .transport import TempoCurve

UNKNOWN_BPM = 120.0


class MidiClockIn:
    """Hears messages, tells where the leader is. After a clock that was lost nobody knows the place
    until a Start or a song position says it."""

    def __init__(self, bpm: float = UNKNOWN_BPM) -> None:
        self._bpm = bpm
        """For the first tick, after which the tempo is still unknown."""
        self._filter = ClockFilter()
        self._rolling = False
        self._held: int | None = 0
        """The step of the first tick to come, while stopped; None if nobody said."""
        self._offset: int | None = None
        """From ticks counted to steps of the song, while rolling."""

    def hear(self, data: tuple[int, ...], now: float) -> None:
        """One message. What is no clock message is passed over."""
        match data:
            case (status,) if status == TICK:
                self._tick(now)
            case (status,) if status == START:
                self._held = 0
                self._roll()
            case (status,) if status == CONTINUE:
                self._roll()
            case (status,) if status == STOP and self._rolling:  # some say it twice
                self._held = None if self._offset is None else self._next + self._offset
                self._rolling, self._offset = False, None
            case (status, low, high) if status == SONG_POSITION:
                self._held = step_of(low, high)
                if self._rolling:
                    self._roll()

    @property
    def _next(self) -> int:
        return self._filter.step + 1

    def _tick(self, now: float) -> None:
        if self._filter.step >= 0 and self._filter.lost(now) and not self._waits:
            self._offset = None
        self._filter = self._filter.ticked(now)
        if self._filter.curve is not None:
            self._bpm = self._filter.curve.bpm

    @property
    def _waits(self) -> bool:
        """A start was heard, and no tick since."""
        return self._offset is not None and self._next + self._offset == self._held

    def _roll(self) -> None:
        self._rolling = True
        self._offset = None if self._held is None else self._held - self._next

    def lead(self, now: float) -> Lead:
        """Where the leader is."""
        heard = self._filter.step >= 0
        lost = heard and self._filter.lost(now)
        curve = None
        if heard and not lost:
            known = self._filter.curve or TempoCurve.steady(
                self._filter.time, self._filter.step, self._bpm
            )
            curve = known.moved(self._offset or 0)
        return Lead(curve, self._rolling, self._offset is not None, lost and not self._waits)
