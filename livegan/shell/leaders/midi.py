"""A MIDI clock: from an input that is there, or to a virtual one of our own."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from typing import Any

from livegan.core.leading import Lead
from livegan.core.midi_clock_in import MidiClockIn

from ..midi_in import open_input
from ..midi_out import NoMidi, NoSuchPort
from . import NoLeader

MOST_WAITING = 4096


class MidiLeader:
    """RtMidi's thread notes when a message came; the player's reads them."""

    def __init__(self, clock_in: str | None, bpm: float) -> None:
        self._clock = MidiClockIn(bpm)
        self._heard: deque[tuple[float, tuple[int, ...]]] = deque(maxlen=MOST_WAITING)
        self.wakes, self._wake = os.pipe()
        os.set_blocking(self.wakes, False)
        os.set_blocking(self._wake, False)
        try:
            self._port = open_input(clock_in, self._hear)
        except (NoMidi, NoSuchPort) as error:
            self._close_pipe()
            raise NoLeader(str(error)) from None
        self.name = self._port.name

    def _hear(self, event: tuple[list[int], float], data: Any) -> None:
        self._heard.append((time.monotonic(), tuple(event[0])))
        with suppress(BlockingIOError):
            os.write(self._wake, b".")

    def lead(self, now: float) -> Lead:
        with suppress(BlockingIOError):
            os.read(self.wakes, MOST_WAITING)
        while self._heard:
            when, data = self._heard.popleft()
            self._clock.hear(data, when)
        return self._clock.lead(now)

    def play(self) -> None:
        """Who sends the clock decides."""

    def stop(self) -> None:
        """Who sends the clock decides."""

    def set_tempo(self, bpm: float) -> None:
        """Who sends the clock decides."""

    def close(self) -> None:
        self._port.close()
        self._close_pipe()

    def _close_pipe(self) -> None:
        os.close(self.wakes)
        os.close(self._wake)
