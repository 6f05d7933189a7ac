"""What to send by when, and what still sounds. Pure: time comes in as an argument, in seconds of any
monotonic clock, and MIDI events and reports come out. It alone turns steps into seconds.

Rules it keeps, whatever bars, revisions, tempi, stops and panics arrive:
- every note_on is followed by its note_off, and no pitch of a channel is struck while it sounds: a
  second strike first ends the first;
- a note sounds for its whole length in steps unless its own pitch is struck again, or the music is
  stopped: a revision of the bar never cuts what sounds;
- a missing bar is the last one again; a note_on that is later than a margin is left out, a note_off
  never is;
- a note is struck its `offset` beside its step, to the fraction: before the bar line, too, where its
  bar has come by then (else on the line); but never before a note of its pitch that is written before
  it, and no offset makes a note outlast its bar.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop
from typing import NamedTuple

from .messages import Command, Panic, Play, SendBar, Sent, SetTempo, Stop
from .music import STEPS_PER_BAR, STEPS_PER_BEAT, Note, in_order, seconds_per_step

QUANTA = {"step": 1, "beat": STEPS_PER_BEAT, "bar": STEPS_PER_BAR}
"""What a revision may wait for, in steps."""

LATE_MARGIN = 0.1
START_LEAD = 0.005
SHORTEST = 0.5
"""Steps that a note lasts at least, however late it is."""
ALL_CHANNELS = 16
NEVER = 1 << 62


class Event(NamedTuple):
    """A MIDI event: when it was due (seconds), its step since play as written, status byte, data, and
    how many steps after that step it was due."""

    due: float
    step: int
    status: int
    data1: int
    data2: int
    offset: float = 0.0

    @property
    def sent(self) -> Sent:
        sent = (self.step, self.status, self.data1, self.data2)
        return (*sent, self.offset) if self.offset else sent


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


class Strike(NamedTuple):
    """A note to be struck: where, its written step, both in steps since play. Compares by time, then
    in the order of `in_order`."""

    place: float
    step: int
    channel: int
    pitch: int
    note: Note


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
        self._reached = 0.0
        self._waiting: list[Strike] = []
        self._ahead: list[Strike] = []
        self._early: set[tuple[int, int, int]] = set()
        self._sounding: dict[tuple[int, int], tuple[float, int]] = {}

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

    @property
    def busy(self) -> bool:
        """Whether a note sounds or is still to be struck in the bar that plays."""
        return bool(self._sounding or self._waiting)

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
        self._bar, self._next_beat, self._reached = -1, 0, 0.0

    def stop(self, now: float) -> list[Output]:
        """Halt and end every sounding note. The bars at hand are forgotten."""
        events = self._silence(now)
        self.playing = False
        self._bar, self._next_beat = -1, NEVER
        for known in (self._waiting, self._ahead, self._early, self._sheets):
            known.clear()
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
        if self.playing:
            self._reached = max(self._reached, self.step_at(now))
        if bar == self._bar:
            start = bar * STEPS_PER_BAR
            unit = QUANTA[quantum]
            elapsed = max(0, int(self.step_at(now) - start) + 1)
            cut = -(-elapsed // unit) * unit
            self._waiting = [strike for strike in self._waiting if strike.step < start + cut]
            self._wait_for(bar, [note for note in sheet.notes if note.start >= cut])
            self._current = sheet
        self._look_ahead()

    def _strikes(self, bar: int, notes: Sequence[Note]) -> list[Strike]:
        """Notes of a bar, ordered by start, where they are to be struck: no offset takes them into the
        past, nor before what still waits of their pitch. Without those that were struck early."""
        start = bar * STEPS_PER_BAR
        last = {(strike.channel, strike.pitch): strike.place for strike in sorted(self._waiting)}
        strikes = []
        for note in notes:
            step, key = start + note.start, (note.channel, note.pitch)
            if (step, *key) not in self._early:
                place = max(step + note.offset, min(step, self._reached), last.get(key, 0.0))
                last[key] = place
                strikes.append(Strike(place, step, *key, note))
        return strikes

    def _wait_for(self, bar: int, notes: Sequence[Note]) -> None:
        self._waiting += self._strikes(bar, notes)
        heapify(self._waiting)

    def _look_ahead(self) -> None:
        """Find what is struck before the bar line of the bar it is written in."""
        line = (self._bar + 1) * STEPS_PER_BAR
        sheet = self._sheets.get(self._bar + 1, Sheet(0, ()))
        early = [note for note in sheet.notes if note.start + note.offset < 0]
        self._ahead = [
            strike
            for strike in self._strikes(self._bar + 1, early)
            if self._reached < strike.place < line
        ]
        heapify(self._ahead)

    def _enter(self, bar: int, due: float) -> BarLine:
        for old in [known for known in self._sheets if known < bar]:
            del self._sheets[old]
        repeated = bar not in self._sheets
        if repeated:
            self._sheets[bar] = Sheet(0, self._current.notes)
        self._current = self._sheets[bar]
        self._bar = bar
        self._early = {struck for struck in self._early if struck[0] >= bar * STEPS_PER_BAR}
        self._wait_for(bar, self._current.notes)
        self._look_ahead()
        return BarLine(due, bar, self._current.revision, repeated)

    # the schedule

    def _next(self) -> tuple[float, int]:
        """The next place, in steps, where something happens, and what: 0 offs, 1 beat or bar line, 2
        strikes."""
        off = min(self._sounding.values(), default=(NEVER, 0))[0]
        waiting = self._next_strikes()
        on = waiting[0].place if waiting else NEVER
        return min((off, 0), (self._next_beat, 1), (on, 2))

    def _next_strikes(self) -> list[Strike]:
        """Of this bar's strikes and the coming bar's early ones those that come first."""
        if not self._ahead or (self._waiting and self._waiting[0] <= self._ahead[0]):
            return self._waiting
        return self._ahead

    def deadline(self) -> float | None:
        """When `due` has something next, or None while stopped."""
        return self.time_of(self._next()[0]) if self.playing else None

    def due(self, now: float) -> list[Output]:
        """All that has fallen due, in order: at one step first offs, then the line, then strikes."""
        outputs: list[Output] = []
        while self.playing:
            place, kind = self._next()
            when = self.time_of(place)
            if when > now:
                break
            self._reached = max(self._reached, place)
            if kind == 0:
                outputs += self._endings(when, place)
            elif kind == 1:
                outputs += self._line(self._next_beat, when)
            else:
                outputs += self._strike(when, heappop(self._next_strikes()), now)
        return outputs

    def _endings(self, when: float, place: float) -> list[Output]:
        ending = sorted(key for key, (end, _) in self._sounding.items() if end == place)
        steps = [self._sounding[key][1] for key in ending]
        return [
            self._note_off(when, step, *key, place - step)
            for step, key in zip(steps, ending, strict=True)
        ]

    def _line(self, step: int, when: float) -> list[Output]:
        self._next_beat = step + STEPS_PER_BEAT
        bar, inside = divmod(step, STEPS_PER_BAR)
        lines: list[Output] = [self._enter(bar, when)] if inside == 0 else []
        return [*lines, Beat(when, bar, inside // STEPS_PER_BEAT)]

    def _strike(self, when: float, strike: Strike, now: float) -> list[Output]:
        place, step, channel, pitch, note = strike
        if place < step:
            self._early.add((step, channel, pitch))
        if now - when > LATE_MARGIN:
            self.late_notes += 1
            return []
        offset = place - step
        events: list[Output] = []
        if (channel, pitch) in self._sounding:
            events.append(self._note_off(when, step, channel, pitch, offset))
        self._sounding[channel, pitch] = end_of(place, step, max(1, note.length))
        events.append(Event(when, step, NOTE_ON | channel, pitch, note.velocity, offset))
        return events

    def _note_off(self, when: float, step: int, channel: int, pitch: int, offset: float = 0.0) -> Event:
        del self._sounding[channel, pitch]
        return Event(when, step, NOTE_OFF | channel, pitch, 0, offset)


def end_of(place: float, step: int, length: int) -> tuple[float, int]:
    """Where a note of so many steps ends that is written at `step` and struck at `place`, and the step
    at which its end is written: it keeps its length, but being late it ends with its bar."""
    written = step + length
    line = (step // STEPS_PER_BAR + 1) * STEPS_PER_BAR
    end = written + (place - step)
    if written <= line < end:
        end = line
    return max(end, place + SHORTEST), written
