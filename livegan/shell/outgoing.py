"""MIDI on its way to the ports, each of which may want it earlier or later than the music.

Runs in the player's process: it imports no numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import NamedTuple

from livegan.core.outputs import NOTE_OFF, PROGRAM, Clock, Event, Output

from .midi_out import Sink

Data = tuple[int, ...]


class Waiting(NamedTuple):
    """A message and when to send it. Compares by time, then in the order in which they came."""

    when: float
    order: int
    to_clock: bool
    data: Data


class Outgoing:
    """Messages by the time at which they are to be sent. On each port they keep their order, whatever
    its latency was when they came."""

    def __init__(self, notes: Sink, clock: Sink | None, read: Callable[[], float]) -> None:
        self._sinks = {False: notes, True: clock or notes}
        self._read = read
        self._latency = {False: 0.0, True: 0.0}
        self._last = {False: 0.0, True: 0.0}
        self._waiting: list[Waiting] = []
        self._order = count()
        self.lateness: list[float] = []
        """Of notes, in seconds, since it was cleared."""

    @property
    def ahead(self) -> float:
        """How much earlier than the music something is sent, in seconds: by so much the player has to
        live ahead. 0 if all is sent later."""
        return max(0.0, -min(self._latency.values()))

    def set_latency(self, notes: float, clock: float) -> None:
        self._latency = {False: notes, True: clock}

    @property
    def deadline(self) -> float | None:
        """When the next message is due to be sent."""
        return self._waiting[0].when if self._waiting else None

    def take(self, output: Output) -> None:
        """A message of the player's; what is none is passed over."""
        match output:
            case Event():
                self._put(output.due, False, output.data)
            case Clock(due, data):
                self._put(due, True, data)

    def _put(self, due: float, to_clock: bool, data: Data) -> None:
        when = max(self._last[to_clock], due + self._latency[to_clock])
        self._last[to_clock] = when
        heappush(self._waiting, Waiting(when, next(self._order), to_clock, data))

    def send(self, now: float) -> None:
        """All that is due."""
        while self._waiting and self._waiting[0].when <= now:
            when, _, to_clock, data = heappop(self._waiting)
            self._sinks[to_clock].send(data)
            if not to_clock and now < inf:
                self.lateness.append(self._read() - when)

    def send_now(self, outputs: Iterable[Output]) -> None:
        """Without waiting."""
        for output in outputs:
            self.take(output)
        self.send(inf)
        self._last = {False: 0.0, True: 0.0}

    def cut(self) -> None:
        """Silence is wanted now: what ends a note is sent at once, what would begin one never. What is
        neither is sent too."""
        waiting, self._waiting = sorted(self._waiting), []
        self._last = {False: 0.0, True: 0.0}
        for _, _, to_clock, data in waiting:
            if not to_clock and data[0] & 0xF0 in (NOTE_OFF, PROGRAM):
                self._sinks[to_clock].send(data)
