"""Keeping what was played, to write it as a MIDI file."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from pathlib import Path

from livegan.core.messages import BarStarted, Opened, Played, Report, Sent, Stopped, TempoSet, place_of
from livegan.core.model import Track
from livegan.core.music import STEPS_PER_BAR
from livegan.core.outputs import NOTE_OFF, NOTE_ON

from .midi_file import write_midi


class Recorder:
    """Takes the player's reports in their order. What is played after a stop goes on at the next bar
    line, whichever bar it is; silent bars count, the wait between does not."""

    def __init__(self, path: Path, tracks: Sequence[Track], bpm: float) -> None:
        self.path = path
        self.tracks = tracks
        self.events: list[Sent] = []
        self.tempi: list[tuple[int, float]] = [(0, bpm)]
        self._offset = 0
        self._last = 0
        self._stopped = True

    @property
    def end_step(self) -> int:
        """The bar line after everything that was played."""
        return -(-self._last // STEPS_PER_BAR) * STEPS_PER_BAR

    def take(self, report: Report) -> None:
        match report:
            case BarStarted(bar):
                if self._stopped:
                    self._stopped = False
                    self._offset = self.end_step - bar * STEPS_PER_BAR
                self._last = max(self._last, self._offset + bar * STEPS_PER_BAR)
            case TempoSet(step, bpm):
                self._tempo(step, bpm)
            case Stopped() | Opened():
                self._stopped = True
            case Played(events):
                self._played(events)

    def _tempo(self, step: int, bpm: float) -> None:
        at = max(self._offset + step, self.tempi[-1][0])
        if self.tempi[-1][0] == at:
            self.tempi.pop()
        self.tempi.append((at, bpm))
        self._last = max(self._last, at)

    def _played(self, events: Sequence[Sent]) -> None:
        for event in events:
            if event[1] & 0xF0 in (NOTE_ON, NOTE_OFF):
                step = self._offset + event[0]
                before = place_of(self.events[-1]) if self.events else 0.0
                late = max(self._offset + place_of(event), before) - step
                self.events.append((step, *event[1:4], late))
                self._last = max(self._last, step, floor(step + late))

    def write(self) -> None:
        """The whole file, written beside and renamed."""
        write_midi(self.path, self.events, self.tempi, self.end_step, self.tracks)
