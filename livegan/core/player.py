"""What to send by when, and what still sounds. Pure: time comes in as an argument, in seconds of any
monotonic clock, and MIDI events and reports come out. It alone turns steps into seconds, by its
transport.

Rules it keeps, whatever bars, revisions, tempi, stops and panics arrive:
- every note_on is followed by its note_off, and no pitch of a channel is struck while it sounds: a
  second strike first ends the first;
- a note sounds for its whole length in steps unless its own pitch is struck again, or the music is
  stopped: a revision of the bar never cuts what sounds;
- a missing bar is the last one again; a note_on that is later than a margin is left out, a note_off
  never is;
- a note is struck its `offset` beside its step, to the fraction: before the bar line, too, where its
  bar has come by then (else on the line); but never before a note of its pitch that is written before
  it, and no offset makes a note outlast its bar; swing moves the places of strikes and ends alike;
- what the music does not need, clicks and MIDI clock, keeps its own place and never moves a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop
from itertools import groupby

from .clock_out import NEVER, ClockOut
from .messages import (
    Command,
    NudgeBy,
    Panic,
    Play,
    SendBar,
    SetMetronome,
    SetSwing,
    SetTempo,
    Stop,
)
from .metronome import Metronome
from .music import STEPS_PER_BAR, STEPS_PER_BEAT, Note, in_order
from .outputs import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    BarLine,
    Beat,
    Event,
    Output,
    Tempo,
)
from .strikes import Sheet, Sounding, Strike, end_of
from .swing import Swing
from .transport import Transport

QUANTA = {"step": 1, "beat": STEPS_PER_BEAT, "bar": STEPS_PER_BAR}
"""What a revision may wait for, in steps."""

LATE_MARGIN = 0.1
START_LEAD = 0.005
ALL_CHANNELS = 16


class Player:
    """One voice of the transport. Positions count steps since bar 0, over all bars."""

    def __init__(self, bpm: float = 120.0, clock_out: bool = False) -> None:
        self.playing = False
        self.late_notes = 0
        self._transport = Transport.steady(0.0, 0, bpm)
        self._clock = ClockOut() if clock_out else None
        self._metronome = Metronome()
        self._swing = Swing()
        self._sheets: dict[int, Sheet] = {}
        self._current = Sheet(0, ())
        self._bar = -1
        self._first_bar = 0
        self._next_beat = NEVER
        self._told_bpm = 0.0
        self._reached = 0.0
        self._waiting: list[Strike] = []
        self._ahead: list[Strike] = []
        self._early: set[tuple[int, int, int]] = set()
        self._sounding: dict[tuple[int, int], Sounding] = {}

    # position and time

    def time_of(self, step: float) -> float:
        """When a step falls due, as the tempo is to go now."""
        return self._transport.time_at(step)

    def step_at(self, now: float) -> float:
        return self._transport.step_at(now)

    @property
    def sounding(self) -> frozenset[tuple[int, int]]:
        """(channel, pitch) of every note that is on."""
        return frozenset(self._sounding)

    @property
    def busy(self) -> bool:
        """Whether a note sounds or is still to be struck in the bar that plays."""
        return bool(self._sounding or self._waiting)

    def obey(self, command: Command, now: float) -> list[Output]:
        """Do what a command says; what comes back is due at once."""
        match command:
            case SendBar(bar, revision, notes, quantum):
                self.take_bar(bar, revision, notes, quantum, now)
            case SetTempo(bpm, bars):
                return self.set_tempo(bpm, now, bars)
            case NudgeBy(seconds):
                self.nudge(seconds, now)
            case SetSwing(share, grid):
                self.set_swing(Swing(share, grid), now)
            case SetMetronome(on, channel):
                self._metronome = Metronome(on, channel)
            case Play(bar, count_in):
                return self.play(now, bar, count_in)
            case Stop():
                return self.stop(now)
            case Panic():
                return self.panic(now)
        return []

    def set_tempo(self, bpm: float, now: float, bars: int = 0) -> list[Output]:
        """From now on, or as a ramp over so many bars; what was played stays where it was. While
        stopped there are no bars to count: the music starts at the tempo."""
        if not self.playing:
            self._transport = Transport.steady(0.0, 0, bpm)
            return []
        self._transport = self._transport.with_tempo(bpm, now, bars)
        return self._tell_tempo(max(0, round(self.step_at(now))), now) if self._told_bpm else []

    def nudge(self, seconds: float, now: float) -> None:
        """Later, to meet others who play; earlier if negative. Only while playing."""
        if self.playing:
            self._transport = self._transport.nudged(seconds, now)

    def set_swing(self, swing: Swing, now: float) -> None:
        """For all that was not struck."""
        self._swing = swing
        if not self.playing:
            return
        self._reached = max(self._reached, self.step_at(now))
        waiting = sorted(self._waiting, key=lambda strike: strike[1:4])
        self._waiting = []
        for bar, strikes in groupby(waiting, key=lambda strike: strike.step // STEPS_PER_BAR):
            self._wait_for(bar, [strike.note for strike in strikes])
        self._waiting = [s._replace(place=max(s.place, self._reached)) for s in self._waiting]
        heapify(self._waiting)
        self._look_ahead()

    # transport

    def play(self, now: float, bar: int = 0, count_in: int = 0) -> list[Output]:
        """Start at a bar, a moment from now, after so many bars of clicks. Does nothing while
        playing."""
        if self.playing:
            return []
        self.playing = True
        first = bar * STEPS_PER_BAR
        start = first - count_in * STEPS_PER_BAR
        bpm = self._transport.curve.end_bpm
        self._transport = Transport.steady(now + START_LEAD, start, bpm)
        self._bar, self._first_bar, self._told_bpm = bar - 1, bar, 0.0
        self._next_beat, self._reached = start, first
        return [*self._clock.play(start, first, now)] if self._clock else []

    def stop(self, now: float) -> list[Output]:
        """Halt and end every sounding note. The bars at hand are forgotten."""
        outputs = self._silence(now)
        if self.playing and self._clock:
            outputs += self._clock.stop(now)
        self.playing = False
        self._bar, self._first_bar, self._next_beat = -1, 0, NEVER
        for known in (self._waiting, self._ahead, self._early, self._sheets):
            known.clear()
        return outputs

    def panic(self, now: float) -> list[Output]:
        """End every note we know of, then tell every channel to end what we don't, and who follows our
        clock to stop until the next bar line. Play goes on."""
        outputs = self._silence(now)
        step = self._whole_step(now)
        for controller in (ALL_NOTES_OFF, ALL_SOUND_OFF):
            outputs += [
                Event(now, step, CONTROL | channel, controller, 0) for channel in range(ALL_CHANNELS)
            ]
        if self._clock:
            outputs += self._clock.panic(self.step_at(now), STEPS_PER_BAR, now)
        return outputs

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
        past = bar < max(self._bar, self._first_bar)
        if past or (known is not None and known.revision >= revision):
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
        start, swing = bar * STEPS_PER_BAR, self._swing
        last = {(strike.channel, strike.pitch): strike.place for strike in sorted(self._waiting)}
        strikes = []
        for note in notes:
            step, key = start + note.start, (note.channel, note.pitch)
            if (step, *key) not in self._early:
                soonest = min(swing.place(step), self._reached)
                place = max(swing.place(step + note.offset), soonest, last.get(key, 0.0))
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
        """The next place, in steps, where something happens, and what: 0 clock, 1 offs, 2 beat or bar
        line, 3 strikes."""
        tick = self._clock.place if self._clock else NEVER
        off = min(self._sounding.values(), default=Sounding(NEVER, 0)).end
        waiting = self._next_strikes()
        on = waiting[0].place if waiting else NEVER
        return min((tick, 0), (off, 1), (self._next_beat, 2), (on, 3))

    def _next_strikes(self) -> list[Strike]:
        """Of this bar's strikes and the coming bar's early ones those that come first."""
        if not self._ahead or (self._waiting and self._waiting[0] <= self._ahead[0]):
            return self._waiting
        return self._ahead

    def deadline(self) -> float | None:
        """When `due` has something next, or None while stopped."""
        return self.time_of(self._next()[0]) if self.playing else None

    def due(self, now: float) -> list[Output]:
        """All that has fallen due, in order: at one step first a tick of the clock, then offs, then the
        line, then strikes."""
        outputs: list[Output] = []
        while self.playing:
            place, kind = self._next()
            when = self.time_of(place)
            if when > now:
                break
            self._reached = max(self._reached, place)
            if kind == 0 and self._clock:
                outputs.append(self._clock.due(when))
            elif kind == 1:
                outputs += self._endings(when, place)
            elif kind == 2:
                outputs += self._line(self._next_beat, when, now)
            else:
                outputs += self._strike(when, heappop(self._next_strikes()), now)
        return outputs

    def _endings(self, when: float, place: float) -> list[Output]:
        ending = sorted(key for key, note in self._sounding.items() if note.end == place)
        steps = [self._sounding[key].step for key in ending]
        return [
            self._note_off(when, step, *key, place - step)
            for step, key in zip(steps, ending, strict=True)
        ]

    def _line(self, step: int, when: float, now: float) -> list[Output]:
        self._next_beat = step + STEPS_PER_BEAT
        bar, inside = divmod(step, STEPS_PER_BAR)
        counting = bar < self._first_bar
        lines: list[Output] = []
        if (counting or self._metronome.on) and now - when <= LATE_MARGIN:
            lines += self._click(step, when)
        if inside == 0 and not counting:
            lines.append(self._enter(bar, when))
        if not counting:
            lines += self._tell_tempo(step, when)
        return [*lines, Beat(when, bar, inside // STEPS_PER_BEAT)]

    def _tell_tempo(self, step: int, when: float) -> list[Output]:
        curve = self._transport.curve
        bpm = curve.mean_bpm(max(step, curve.step), max(step + 1, curve.step + 1, self._next_beat))
        if bpm == self._told_bpm:
            return []
        self._told_bpm = bpm
        return [Tempo(when, step, bpm)]

    def _click(self, step: int, when: float) -> list[Output]:
        note = self._metronome.click(step)
        return self._sound(when, Strike(step, step, note.channel, note.pitch, note), click=True)

    def _strike(self, when: float, strike: Strike, now: float) -> list[Output]:
        if strike.place < strike.step:
            self._early.add((strike.step, strike.channel, strike.pitch))
        if now - when > LATE_MARGIN:
            self.late_notes += 1
            return []
        return self._sound(when, strike)

    def _sound(self, when: float, strike: Strike, click: bool = False) -> list[Output]:
        place, step, channel, pitch, note = strike
        offset = place - step
        events: list[Output] = []
        if (channel, pitch) in self._sounding:
            events.append(self._note_off(when, step, channel, pitch, offset))
        self._sounding[channel, pitch] = end_of(strike, self._swing)._replace(click=click)
        on = Event(when, step, NOTE_ON | channel, pitch, note.velocity, offset, click)
        return [*events, on]

    def _note_off(self, when: float, step: int, channel: int, pitch: int, offset: float = 0.0) -> Event:
        ended = self._sounding.pop((channel, pitch))
        return Event(when, step, NOTE_OFF | channel, pitch, 0, offset, ended.click)
