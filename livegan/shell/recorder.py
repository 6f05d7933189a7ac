"""Keeping what was played: bar by bar in a file that is whole at every moment, at the end as one with
a track for each instrument."""

from __future__ import annotations

import io
import os
import tempfile
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from math import floor, inf
from pathlib import Path
from typing import NamedTuple

import mido

from livegan.core.memory import LONGEST
from livegan.core.messages import BarStarted, Joined, Played, Report, Sent, Stopped, TempoSet, place_of
from livegan.core.model import Track
from livegan.core.music import STEPS_PER_BAR, STEPS_PER_BEAT
from livegan.core.outputs import NOTE_OFF, NOTE_ON
from livegan.core.state import TrackSettings

from .midi_file import TICKS_PER_STEP, write_midi
from .midi_journal import MidiJournal, variable_length

MAX_WAITING = 100_000
"""Messages that are kept while the disk takes none: some hours."""


class Waiting(NamedTuple):
    """A message that is not in the file yet, by its place in steps since the beginning."""

    place: float
    data: bytes


class Recorder:
    """Takes the player's reports in their order. What is played after a stop goes on at the next bar
    line, whichever bar it is; silent bars count, the wait between does not."""

    def __init__(self, path: Path, tracks: Sequence[Track], bpm: float) -> None:
        self.path = path
        self.tracks = tracks
        self.failure = ""
        """Why the disk did not take the last bar."""
        self.started = False
        """Whether a note was played."""
        self._waiting = [Waiting(0, tempo_message(bpm))]
        self._tempo_at = 0
        self._place = 0.0
        self._sounding: set[tuple[int, int]] = set()
        self._offset = 0
        self._last = 0
        self._stopped = True
        self._joined: int | None = None
        self._lines: deque[int] = deque(maxlen=LONGEST + 1)
        """Where the last bars began."""
        self._marks: list[tuple[float, str]] = []
        self._wanted = (-inf, inf)
        """Notes are wanted from the first place on, until before the second."""

    def begin(self, bar: int, place: float) -> None:
        """In the middle of this bar, from so many steps after its beginning on."""
        self._stopped = False
        self._offset = -bar * STEPS_PER_BAR
        self._wanted = (place, inf)
        self._lines.append(0)

    def end(self, place: float) -> None:
        """So many steps after the beginning of the bar that plays: what sounds then is kept to its
        end."""
        self._wanted = (self._wanted[0], self._line + place)

    @cached_property
    def _journal(self) -> MidiJournal:
        return MidiJournal(self.path, STEPS_PER_BEAT * TICKS_PER_STEP)

    @property
    def _line(self) -> int:
        """Where the bar that plays began."""
        return self._lines[-1] if self._lines else 0

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
                elif bar == self._joined:  # a leader calls it so
                    self._offset = self._line + STEPS_PER_BAR - bar * STEPS_PER_BAR
                self._joined = None
                self._lines.append(self._offset + bar * STEPS_PER_BAR)
                self._last = max(self._last, self._line)
                self.keep()
            case Joined(bar, fresh):
                self._joined = None if fresh else bar
            case TempoSet(step, bpm):
                self._tempo(step, bpm)
            case Stopped():
                self._stopped = True
                self.keep()
            case Played(events):
                self._played(events)

    def _tempo(self, step: int, bpm: float) -> None:
        at = max(self._offset + step, self._tempo_at)
        data = tempo_message(bpm)
        self._waiting = [w for w in self._waiting if w.place != at or w.data[:2] != data[:2]]
        self._wait(at, data)
        self._tempo_at = at
        self._last = max(self._last, at)

    def _played(self, events: Sequence[Sent]) -> None:
        for event in events:
            kind, key = event[1] & 0xF0, (event[1] & 0x0F, event[2])
            if kind not in (NOTE_ON, NOTE_OFF):
                continue
            place = self._offset + place_of(event)
            if not self._wants(kind, key, place):
                continue
            self._place = max(place, self._place)
            self._wait(self._place, bytes(event[1:4]))
            self._last = max(self._last, self._offset + event[0], floor(self._place))
            self._sounding.add(key) if kind == NOTE_ON else self._sounding.discard(key)
            self.started = True

    def _wants(self, kind: int, key: tuple[int, int], place: float) -> bool:
        if self._wanted == (-inf, inf):
            return True
        begin, end = self._wanted
        return begin <= place < end if kind == NOTE_ON else key in self._sounding

    def mark(self, place: float, text: str) -> None:
        """So many steps after the beginning of the bar that plays."""
        self._mark(self._line + place, text)

    def like(self, bars: int, text: str) -> None:
        """At the beginning of the bar of so many bars ago, if it is in the recording."""
        if bars < len(self._lines):
            self._mark(self._lines[-1 - bars], text)

    def _mark(self, place: float, text: str) -> None:
        self._marks.append((place, text))
        data = text.encode()
        self._wait(place, b"\xff\x06" + variable_length(len(data)) + data)

    def end_notes(self) -> None:
        """The player is gone, and will not tell when they ended."""
        for channel, pitch in sorted(self._sounding):
            self._wait(self._place, bytes((NOTE_OFF | channel, pitch, 0)))
        self._sounding.clear()

    def _wait(self, place: float, data: bytes) -> None:
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append(Waiting(place, data))

    def keep(self) -> None:
        """Write what lies before the present bar. What the disk does not take waits for the next."""
        if not self.started:
            return
        done = [w for w in self._waiting if w.place < self._last or self._stopped]
        ordered = sorted(done, key=lambda waiting: waiting.place)
        messages = [(round(waiting.place * TICKS_PER_STEP), waiting.data) for waiting in ordered]
        try:
            self._journal.append(messages)
        except OSError as error:
            self.failure = error.strerror or str(error)
            return
        self.failure = ""
        self._waiting = [w for w in self._waiting if w.place >= self._last and not self._stopped]

    def contents(self) -> tuple[list[Sent], list[tuple[int, float]]]:
        """All notes that were kept, and the tempi by step."""
        self._stopped = True
        self.keep()
        events: list[Sent] = []
        tempi: list[tuple[int, float]] = []
        tick = 0
        for message in mido.MidiFile(file=io.BytesIO(self._journal.read())).tracks[0]:
            tick += message.time
            step = tick // TICKS_PER_STEP
            if message.type == "set_tempo":
                tempi.append((step, round(mido.tempo2bpm(message.tempo), 3)))
            elif not message.is_meta:
                status, pitch, velocity = message.bytes()
                events.append((step, status, pitch, velocity, tick / TICKS_PER_STEP - step))
        return events, tempi

    def write(self, path: Path, settings: Sequence[TrackSettings] = ()) -> None:
        """The whole file with a track for each instrument, written beside and renamed."""
        events, tempi = self.contents()
        write_midi(path, events, tempi, self.end_step, self.tracks, settings, self._marks)

    def finish(self, settings: Sequence[TrackSettings] = ()) -> tuple[Path, str]:
        """Write it where it was asked for; if that can't be, it stays as it grew, in one track; if that
        was deleted, among the temporary files: music is not lost. Returns where, and what went wrong.
        """
        self.end_notes()
        try:
            self.write(self.path, settings)
        except OSError as error:
            why = f"{self.path}: can't be written ({error.strerror})"
            if self.path.exists():
                return self.path, why
            self.path = Path(tempfile.gettempdir()) / f"livegan-{os.getpid()}-{self.path.name}"
            self.write(self.path, settings)
            return self.path, why
        return self.path, ""


def tempo_message(bpm: float) -> bytes:
    return b"\xff\x51\x03" + round(60e6 / bpm).to_bytes(3)
