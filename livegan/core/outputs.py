"""What the player gives out: MIDI with the moment it is due, and what it has to tell. Seconds are those
of the clock that the player is given."""

from __future__ import annotations

from typing import NamedTuple

from .messages import Sent

NOTE_ON, NOTE_OFF, CONTROL, PROGRAM = 0x90, 0x80, 0xB0, 0xC0
ALL_SOUND_OFF, ALL_NOTES_OFF = 120, 123


class Event(NamedTuple):
    """A MIDI event: when it was due (seconds), its step since bar 0 as written, status byte, data, and
    how many steps after that step it was due. A `click` is the metronome's and no music."""

    due: float
    step: int
    status: int
    data1: int
    data2: int
    offset: float = 0.0
    click: bool = False

    @property
    def data(self) -> tuple[int, ...]:
        """Its bytes: a program change has two."""
        if self.status & 0xF0 == PROGRAM:
            return (self.status, self.data1)
        return (self.status, self.data1, self.data2)

    @property
    def sent(self) -> Sent:
        sent = (self.step, self.status, self.data1, self.data2)
        return (*sent, self.offset) if self.offset else sent


class Clock(NamedTuple):
    """A message of MIDI clock."""

    due: float
    data: tuple[int, ...]


class BarLine(NamedTuple):
    """The player crossed a bar line: `repeated` says that the bar had not come in time."""

    due: float
    bar: int
    revision: int
    repeated: bool


class Revision(NamedTuple):
    """From this step of the bar that plays on, a newer revision of it is heard."""

    due: float
    bar: int
    revision: int
    step: int


class Beat(NamedTuple):
    """A beat began; in a count-in the bar is one that is not played."""

    due: float
    bar: int
    beat: int


class Tempo(NamedTuple):
    """From this step on the music goes at another tempo; in a ramp, its mean over the beat to come."""

    due: float
    step: int
    bpm: float


Output = Event | Clock | BarLine | Revision | Beat | Tempo
