"""Keeping what was played, to write it as a MIDI file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from livegan.core.messages import BarStarted, Played, TempoSet
from livegan.core.model import Track
from livegan.core.music import STEPS_PER_BAR

from .midi_file import write_midi


class Recorder:
    """Takes the player's reports. A new start after a stop goes on at the next bar line."""

    def __init__(self, path: Path, tracks: Sequence[Track], bpm: float) -> None:
        self.path = path
        self.tracks = tracks
        self.events: list[tuple[int, int, int, int]] = []
        self.tempi: list[tuple[int, float]] = [(0, bpm)]
        self._offset = 0

    @property
    def end_step(self) -> int:
        """The bar line after everything that was played."""
        last = max((event[0] for event in self.events[-50:]), default=0)
        return -(-last // STEPS_PER_BAR) * STEPS_PER_BAR

    def bar_started(self, report: BarStarted, bpm: float) -> None:
        if report.bar == 0:
            self._offset = self.end_step
            self.tempo_set(TempoSet(0, bpm))

    def tempo_set(self, report: TempoSet) -> None:
        step = self._offset + report.step
        if self.tempi[-1][0] == step:
            self.tempi.pop()
        self.tempi.append((step, report.bpm))

    def played(self, report: Played) -> None:
        self.events += [(self._offset + step, *rest) for step, *rest in report.events]  # type: ignore[misc]

    def write(self) -> None:
        """The whole file, written beside and renamed."""
        write_midi(self.path, self.events, self.tempi, self.end_step, self.tracks)
