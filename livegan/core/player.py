"""What to send by when, and what still sounds. Pure: time comes in as an argument, in seconds of any
monotonic clock, and MIDI events and reports come out. It alone turns steps into seconds, by its
transport.

Rules it keeps, whatever bars, revisions, tempi, stops and panics arrive:
- every note_on is followed by its note_off, and no pitch of a channel is struck while it sounds: a
  second strike first ends the first;
- a note sounds for its whole length in steps unless its own pitch is struck again, or the music is
  stopped: a revision of the bar never cuts what sounds;
- a missing bar is the last one again; a note_on that is later than a margin is left out, a note_off
  never is; after a second that was lost altogether, asleep or stopped, all is silent until the next
  bar line;
- a note is struck its `offset` beside its step, to the fraction: before the bar line, too, where its
  bar has come by then (else on the line); but never before a note of its pitch that is written before
  it, and no offset makes a note outlast its bar; swing moves the places of strikes and ends alike;
- what the music does not need, clicks and MIDI clock, keeps its own place and never moves a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import ceil, inf

from .clock_out import NEVER, ClockOut
from .grid import grid_of, transport_of
from .messages import (
    Command,
    Grid,
    Join,
    NudgeBy,
    Panic,
    Play,
    Release,
    SendBar,
    SetIfHung,
    SetMetronome,
    SetPrograms,
    SetSwing,
    SetTempo,
    Stop,
)
from .metronome import Metronome
from .music import STEPS_PER_BAR, STEPS_PER_BEAT, Note
from .outputs import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM,
    BarLine,
    Beat,
    Event,
    Output,
    Revision,
    Tempo,
)
from .score import Score
from .strikes import Sounding, Strike, end_of
from .swing import Swing
from .transport import TempoCurve, Transport

LATE_MARGIN = 0.1
LOST = 1.0
"""Seconds behind at which nothing is made up for."""
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
        self._score = Score()
        self._first_bar = 0
        self._next_beat = NEVER
        self._told_bpm = 0.0
        self._meeting: tuple[Transport, int] | None = None
        self._sounding: dict[tuple[int, int], Sounding] = {}
        self._heard = 0.0
        self._silent_if_hung = False
        self._programs: dict[int, int] = {}

    # position and time

    def time_of(self, step: float) -> float:
        """When a step falls due, as the tempo is to go now."""
        return self._transport.time_at(step)

    def step_at(self, now: float) -> float:
        return self._transport.step_at(now)

    @property
    def bpm(self) -> float:
        """Where the tempo goes."""
        return self._transport.curve.end_bpm

    @property
    def sounding(self) -> frozenset[tuple[int, int]]:
        """(channel, pitch) of every note that is on."""
        return frozenset(self._sounding)

    @property
    def busy(self) -> bool:
        """Whether a note sounds or is still to be struck in the bar that plays."""
        return bool(self._sounding) or self._score.waits

    @property
    def grid(self) -> Grid | None:
        """Where the music is when, from the last beat on; None while stopped."""
        if not self.playing:
            return None
        return grid_of(self._transport, self._next_beat - STEPS_PER_BEAT, self._first_bar)

    def obey(self, command: Command, now: float) -> list[Output]:
        """Do what a command says; what comes back is due at once."""
        self._heard = now
        match command:
            case SendBar(bar, revision, notes, quantum):
                return self.take_bar(bar, revision, notes, quantum, now)
            case SetTempo(bpm, bars):
                return self.set_tempo(bpm, now, bars)
            case NudgeBy(seconds):
                self.nudge(seconds, now)
            case SetSwing(share, grid):
                self.set_swing(Swing(share, grid), now)
            case SetMetronome(on, channel):
                self._metronome = Metronome(on, channel)
            case SetPrograms(programs):
                return self.set_programs(dict(programs), now)
            case SetIfHung(silence):
                self._silent_if_hung = silence
            case Join(grid, at_line):
                return self.join(grid, at_line, now)
            case Release(notes):
                return self.release(notes, now)
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
        if self.playing:
            self._score.reach(self.step_at(now))
        self._score.set_swing(swing)

    def set_programs(self, programs: dict[int, int], now: float) -> list[Output]:
        """By channel: those that it did not have."""
        had, self._programs = self._programs, programs
        return self._choose({c: p for c, p in programs.items() if had.get(c) != p}, now)

    def _choose(self, programs: Mapping[int, int], now: float) -> list[Output]:
        step = self._whole_step(now)
        return [Event(now, step, PROGRAM | channel, programs[channel], 0) for channel in programs]

    # transport

    def play(self, now: float, bar: int = 0, count_in: int = 0) -> list[Output]:
        """Start at a bar, a moment from now, after so many bars of clicks. Does nothing while
        playing."""
        if self.playing:
            return []
        self.playing = True
        first = bar * STEPS_PER_BAR
        start = first - count_in * STEPS_PER_BAR
        self._transport = Transport.steady(now + START_LEAD, start, self.bpm)
        self._score.begin(bar)
        self._first_bar, self._next_beat, self._told_bpm = bar, start, 0.0
        clock = self._clock.play(start, first, now) if self._clock else []
        return [*self._choose(self._programs, now), *clock]

    def join(self, grid: Grid, at_line: bool, now: float) -> list[Output]:
        """Go on on another player's grid, which has sent its bars before: at the next step, or at the
        next bar line. Does nothing while playing."""
        if self.playing:
            return []
        self.playing = True
        self._transport = transport_of(grid)
        self._first_bar, first = grid.first_bar, grid.first_bar * STEPS_PER_BAR
        start = ceil(self.step_at(now))
        if at_line:
            start = max(first, -(-start // STEPS_PER_BAR) * STEPS_PER_BAR)
        self._told_bpm = 0.0
        self._next_beat = -(-start // STEPS_PER_BEAT) * STEPS_PER_BEAT
        outputs: list[Output] = []
        bar, inside = divmod(max(start, first), STEPS_PER_BAR)
        if inside:
            outputs.append(BarLine(now, bar, *self._score.join(bar, start)))
        else:
            self._score.begin(bar)
        return outputs + self._clock_again(start, max(start, first), now)

    def _clock_again(self, start: int, first: int, now: float) -> list[Output]:
        return [*self._clock.resume(start, first, STEPS_PER_BAR, now)] if self._clock else []

    def release(self, notes: Iterable[tuple[int, int]], now: float) -> list[Output]:
        """End what a player before this one may have left sounding: these notes, and whatever else
        every channel has."""
        step = self._whole_step(now)
        left = sorted(set(notes) - set(self._sounding))
        outputs: list[Output] = [
            Event(now, step, NOTE_OFF | channel, pitch, 0, click=True) for channel, pitch in left
        ]
        return outputs + self._hush(now, step)

    def wake(self, now: float) -> list[Output]:
        """Time was lost, asleep or stopped: end every note, and be silent until the next bar line. The
        beat stays where it would have been."""
        if not self.playing:
            return []
        outputs = self._silence(now)
        start = ceil(self.step_at(now))
        line = -(-start // STEPS_PER_BAR) * STEPS_PER_BAR
        self._first_bar = max(self._first_bar, line // STEPS_PER_BAR)
        self._next_beat = self._first_bar * STEPS_PER_BAR
        self._score.skip(self._first_bar)
        return outputs + self._clock_again(start, self._next_beat, now)

    # following

    @property
    def meeting(self) -> bool:
        """Whether a bar line is awaited at which the music goes over to another transport."""
        return self._meeting is not None

    def apart(self, curve: TempoCurve, now: float) -> float:
        """How many steps a leader is ahead of the music, nudges aside."""
        return curve.step_at(self._transport.nudge.straight(now)) - self.step_at(now)

    def follow(self, curve: TempoCurve) -> None:
        """Go on where a leader is."""
        self._transport = replace(self._transport, curve=curve)

    def meet(self, curve: TempoCurve, bar: int, now: float) -> list[Output]:
        """Play from the beginning of this bar of a leader's on; what plays goes on until then."""
        transport = replace(self._transport, curve=curve)
        if self.playing:
            self._meeting = transport, bar
            return []
        self.playing = True
        return [*self._choose(self._programs, now), *self._go_over(transport, bar, now)]

    def _go_over(self, transport: Transport, bar: int, now: float) -> list[Output]:
        first = bar * STEPS_PER_BAR
        self._transport, self._meeting = transport, None
        self._score.go_over(bar)
        self._first_bar, self._next_beat, self._told_bpm = bar, first, 0.0
        return [*self._clock.play(first, first, now)] if self._clock else []

    def _met_at(self) -> float:
        """When the music goes over."""
        if self._meeting is None:
            return inf
        transport, bar = self._meeting
        return transport.time_at(bar * STEPS_PER_BAR)

    def _go_over_at(self, when: float) -> list[Output]:
        assert self._meeting is not None
        outputs = self._silence(when)
        if self._clock:
            outputs += self._clock.stop(when)
        return [*outputs, *self._go_over(*self._meeting, when)]

    def stop(self, now: float) -> list[Output]:
        """Halt and end every sounding note. The bars at hand are forgotten."""
        outputs = self._silence(now)
        if self.playing and self._clock:
            outputs += self._clock.stop(now)
        self.playing = False
        self._meeting = None
        self._next_beat = NEVER
        self._score.forget()
        return outputs

    def panic(self, now: float) -> list[Output]:
        """End every note we know of, then tell every channel to end what we don't, and who follows our
        clock to stop until the next bar line. Play goes on."""
        outputs = self._silence(now) + self._hush(now, self._whole_step(now))
        if self._clock:
            outputs += self._clock.panic(self.step_at(now), STEPS_PER_BAR, now)
        return outputs

    @staticmethod
    def _hush(now: float, step: int) -> list[Output]:
        return [
            Event(now, step, CONTROL | channel, controller, 0)
            for controller in (ALL_NOTES_OFF, ALL_SOUND_OFF)
            for channel in range(ALL_CHANNELS)
        ]

    def _whole_step(self, now: float) -> int:
        return max(0, round(self.step_at(now))) if self.playing else 0

    def _silence(self, now: float) -> list[Output]:
        step = self._whole_step(now)
        return [self._note_off(now, step, *key) for key in sorted(self._sounding)]

    def take_bar(
        self, bar: int, revision: int, notes: Iterable[Note], quantum: str, now: float
    ) -> list[Output]:
        """A bar to come, or a new revision of one, which replaces what has not been played from the
        next step, beat or bar line on; sounding notes end as they would have."""
        here = self.step_at(now) if self.playing else 0.0
        if self.playing:
            self._score.reach(here)
        step = self._score.take(bar, revision, notes, quantum, here)
        return [] if step is None else [Revision(now, bar, revision, step)]

    # the schedule

    def _next(self) -> tuple[float, int]:
        """The next place, in steps, where something happens, and what: 0 clock, 1 offs, 2 beat or bar
        line, 3 strikes."""
        tick = self._clock.place if self._clock else NEVER
        off = min(self._sounding.values(), default=Sounding(NEVER, 0)).end
        return min((tick, 0), (off, 1), (self._next_beat, 2), (self._score.place, 3))

    def deadline(self) -> float | None:
        """When `due` has something next, or None while stopped."""
        return min(self.time_of(self._next()[0]), self._met_at()) if self.playing else None

    def due(self, now: float) -> list[Output]:
        """All that has fallen due, in order: at one step first a tick of the clock, then offs, then the
        line, then strikes."""
        outputs: list[Output] = []
        while self.playing:
            place, kind = self._next()
            when, met = self.time_of(place), self._met_at()
            if min(when, met) > now:
                break
            if now - when > LOST:
                return outputs + self.wake(now)
            if met <= when:
                outputs += self._go_over_at(met)
                continue
            self._score.reach(place)
            if kind == 0 and self._clock:
                outputs.append(self._clock.due(when))
            elif kind == 1:
                outputs += self._endings(when, place)
            elif kind == 2:
                outputs += self._line(self._next_beat, when, now)
            else:
                outputs += self._strike(when, self._score.pop(), now)
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
            hung = self._heard < self.time_of(step - STEPS_PER_BAR)
            silent = hung and self._silent_if_hung
            lines.append(BarLine(when, bar, *self._score.enter(bar, silent)))
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
        self._sounding[channel, pitch] = end_of(strike, self._score.swing)._replace(click=click)
        on = Event(when, step, NOTE_ON | channel, pitch, note.velocity, offset, click)
        return [*events, on]

    def _note_off(self, when: float, step: int, channel: int, pitch: int, offset: float = 0.0) -> Event:
        ended = self._sounding.pop((channel, pitch))
        return Event(when, step, NOTE_OFF | channel, pitch, 0, offset, ended.click)
