"""What to send by when, and what still sounds. Pure: time comes in as an argument, in seconds of any
monotonic clock, and MIDI events and reports come out. It alone turns steps into seconds.

Rules it keeps, whatever bars, revisions, tempi, stops and panics arrive:
- every note_on is followed by its note_off, and no pitch of a channel is struck while it sounds: a
  second strike first ends the first;
- a note sounds for its whole length in steps unless its own pitch is struck again, or the music is
  stopped: a revision of the bar never cuts what sounds;
- a missing bar is the last one again; a note_on that is later than a margin is left out, a note_off
  never is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from .messages import Command, Panic, Play, SendBar, SetTempo, Stop
from .music import STEPS_PER_BAR, STEPS_PER_BEAT, Note, in_order, seconds_per_step

QUANTA = {"step": 1, "beat": STEPS_PER_BEAT, "bar": STEPS_PER_BAR}
"""What a revision may wait for, in steps."""

LATE_MARGIN = 0.1
START_LEAD = 0.005
ALL_CHANNELS = 16
NEVER = 1 << 62


class Event(NamedTuple):
    """A MIDI event: when it was due (seconds), its place in steps since play, status byte, data."""

    due: float
    step: int
    status: int
    data1: int
    data2: int


class BarLine(NamedTuple):
    """The player crossed a bar line: `repeated` says that the bar had not come in time."""

    due: float
    bar: int
    revision: int
    repeated: bool


class Beat(NamedTuple):
    due: float
    bar: int
    beat: int


class Sheet(NamedTuple):
    """A bar as it came: notes ordered by start."""

    revision: int
    notes: tuple[Note, ...]


Output = Event | BarLine | Beat

NOTE_ON, NOTE_OFF, CONTROL = 0x90, 0x80, 0xB0
ALL_SOUND_OFF, ALL_NOTES_OFF = 120, 123


class Player:
    """One voice of the transport. Positions count steps since play, over all bars."""

    def __init__(self, bpm: float = 120.0) -> None:
        self.playing = False
        self.late_notes = 0
        self._seconds_per_step = seconds_per_step(bpm)
        self._anchor = (0.0, 0.0)
        self._sheets: dict[int, Sheet] = {}
        self._current = Sheet(0, ())
        self._bar = -1
        self._next_beat = NEVER
        self._waiting: deque[tuple[int, Note]] = deque()
        self._sounding: dict[tuple[int, int], int] = {}

    # position and time

    def time_of(self, step: float) -> float:
        """When a step falls due at the present tempo."""
        anchor_time, anchor_step = self._anchor
        return anchor_time + (step - anchor_step) * self._seconds_per_step

    def step_at(self, now: float) -> float:
        anchor_time, anchor_step = self._anchor
        return anchor_step + (now - anchor_time) / self._seconds_per_step

    @property
    def sounding(self) -> frozenset[tuple[int, int]]:
        """(channel, pitch) of every note that is on."""
        return frozenset(self._sounding)

    def set_tempo(self, bpm: float, now: float) -> None:
        """From now on; what was played stays where it was."""
        if self.playing:
            self._anchor = (now, self.step_at(now))
        self._seconds_per_step = seconds_per_step(bpm)

    def obey(self, command: Command, now: float) -> list[Output]:
        """Do what a command says; what comes back is due at once."""
        match command:
            case SendBar(bar, revision, notes, quantum):
                self.take_bar(bar, revision, notes, quantum, now)
            case SetTempo(bpm):
                self.set_tempo(bpm, now)
            case Play():
                self.play(now)
            case Stop():
                return self.stop(now)
            case Panic():
                return self.panic(now)
        return []

    # transport

    def play(self, now: float) -> None:
        """Start at bar 0, a moment from now. Does nothing while playing."""
        if self.playing:
            return
        self.playing = True
        self._anchor = (now + START_LEAD, 0.0)
        self._bar, self._next_beat = -1, 0
        self._waiting.clear()

    def stop(self, now: float) -> list[Output]:
        """Halt and end every sounding note. The bars at hand are forgotten."""
        events = self._silence(now)
        self.playing = False
        self._bar, self._next_beat = -1, NEVER
        self._waiting.clear()
        self._sheets.clear()
        return events

    def panic(self, now: float) -> list[Output]:
        """End every note we know of, then tell every channel to end what we don't. Play goes on."""
        events = self._silence(now)
        step = self._whole_step(now)
        for controller in (ALL_NOTES_OFF, ALL_SOUND_OFF):
            events += [
                Event(now, step, CONTROL | channel, controller, 0) for channel in range(ALL_CHANNELS)
            ]
        return events

    def _whole_step(self, now: float) -> int:
        return max(0, round(self.step_at(now))) if self.playing else 0

    def _silence(self, now: float) -> list[Output]:
        step = self._whole_step(now)
        return [self._note_off(now, step, *key) for key in sorted(self._sounding)]

    # bars

    def take_bar(
        self, bar: int, revision: int, notes: Iterable[Note], quantum: str, now: float
    ) -> None:
        """A bar to come, or a new revision of one. If it is the bar that plays, what has not been
        played is replaced from the next step, beat or bar line on; sounding notes end as they would
        have."""
        known = self._sheets.get(bar)
        if bar < self._bar or (known is not None and known.revision >= revision):
            return
        sheet = Sheet(revision, in_order(notes))
        self._sheets[bar] = sheet
        if bar != self._bar:
            return
        start = bar * STEPS_PER_BAR
        unit = QUANTA[quantum]
        elapsed = max(0, int(self.step_at(now) - start) + 1)
        cut = start + -(-elapsed // unit) * unit
        kept = [item for item in self._waiting if item[0] < cut]
        steps = [start + note.start for note in sheet.notes]
        fresh = bisect_left(steps, cut)
        self._waiting = deque(kept + list(zip(steps[fresh:], sheet.notes[fresh:], strict=True)))
        self._current = sheet

    def _enter(self, bar: int, due: float) -> BarLine:
        for old in [known for known in self._sheets if known < bar]:
            del self._sheets[old]
        repeated = bar not in self._sheets
        if repeated:
            self._sheets[bar] = Sheet(0, self._current.notes)
        self._current = self._sheets[bar]
        self._bar = bar
        start = bar * STEPS_PER_BAR
        self._waiting.extend((start + note.start, note) for note in self._current.notes)
        return BarLine(due, bar, self._current.revision, repeated)

    # the schedule

    def _next(self) -> tuple[int, int]:
        """The next step at which something happens, and what: 0 offs, 1 beat or bar line, 2 strikes."""
        off = min(self._sounding.values(), default=NEVER)
        on = self._waiting[0][0] if self._waiting else NEVER
        return min((off, 0), (self._next_beat, 1), (on, 2))

    def deadline(self) -> float | None:
        """When `due` has something next, or None while stopped."""
        return self.time_of(self._next()[0]) if self.playing else None

    def due(self, now: float) -> list[Output]:
        """All that has fallen due, in order: at one step first offs, then the line, then strikes."""
        outputs: list[Output] = []
        while self.playing:
            step, kind = self._next()
            when = self.time_of(step)
            if when > now:
                break
            if kind == 0:
                ending = sorted(key for key, end in self._sounding.items() if end == step)
                outputs += [self._note_off(when, step, *key) for key in ending]
            elif kind == 1:
                outputs += self._line(step, when)
            else:
                outputs += self._strike(when, self._waiting.popleft(), now)
        return outputs

    def _line(self, step: int, when: float) -> list[Output]:
        self._next_beat = step + STEPS_PER_BEAT
        bar, inside = divmod(step, STEPS_PER_BAR)
        lines: list[Output] = [self._enter(bar, when)] if inside == 0 else []
        return [*lines, Beat(when, bar, inside // STEPS_PER_BEAT)]

    def _strike(self, when: float, item: tuple[int, Note], now: float) -> list[Output]:
        step, note = item
        if now - when > LATE_MARGIN:
            self.late_notes += 1
            return []
        key = (note.channel, note.pitch)
        events: list[Output] = []
        if key in self._sounding:
            events.append(self._note_off(when, step, *key))
        self._sounding[key] = step + max(1, note.length)
        events.append(Event(when, step, NOTE_ON | note.channel, note.pitch, note.velocity))
        return events

    def _note_off(self, when: float, step: int, channel: int, pitch: int) -> Event:
        del self._sounding[channel, pitch]
        return Event(when, step, NOTE_OFF | channel, pitch, 0)
