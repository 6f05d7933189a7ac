"""What conductor and player say to each other: commands one way, reports the other.

Plain named tuples, so that the player's process needs nothing but the standard library, and one codec:
a message is a JSON list on a line of its own, its type's name first.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, get_args

from .music import Note

Sent = tuple[int, int, int, int] | tuple[int, int, int, int, float]
"""A MIDI event: its step since bar 0 as written, status, data 1, data 2, and how many steps after that
step it was due (none: on it)."""


def place_of(event: Sent) -> float:
    """Where an event was due, in steps since bar 0."""
    return event[0] + event[4] if len(event) == 5 else event[0]


class SendBar(NamedTuple):
    """A bar to come, or a newer revision of one, and what a revision waits for."""

    bar: int
    revision: int
    notes: tuple[Note, ...]
    quantum: str


class Play(NamedTuple):
    """From this bar on, after so many bars of count-in."""

    bar: int = 0
    count_in: int = 0


class Stop(NamedTuple):
    pass


class Panic(NamedTuple):
    pass


class SetTempo(NamedTuple):
    """At once, or as a ramp over so many bars."""

    bpm: float
    bars: int = 0


class NudgeBy(NamedTuple):
    """Later by so many seconds, earlier if negative."""

    seconds: float


class SetSwing(NamedTuple):
    """Share 0 to 1 of the grid, 8 or 16."""

    share: float
    grid: int


class SetMetronome(NamedTuple):
    """Channel 0 to 15."""

    on: bool
    channel: int


class SetPrograms(NamedTuple):
    """(channel 0 to 15, General MIDI program 0 to 127), each channel once: sent at once where they are
    new, and all of them as play starts."""

    programs: tuple[tuple[int, int], ...]


class SetLatency(NamedTuple):
    """How much later than the music the notes and the MIDI clock are sent, in seconds; earlier if
    negative."""

    notes: float
    clock: float


class SetLeader(NamedTuple):
    """Who leads the time (`leading.LEADERS`), and what to do when it is lost."""

    leader: str
    lost: str


class SetIfHung(NamedTuple):
    """Silence, or else the last bar again, where nothing comes for more than a bar."""

    silence: bool


class Emit(NamedTuple):
    """Send these MIDI messages to the notes' port now, in order."""

    messages: tuple[tuple[int, ...], ...]


class Grid(NamedTuple):
    """Where the music is when: at `time`, in seconds of the machine's monotonic clock, it is at `step`
    and goes at `bpm`, which becomes `end_bpm` at `end_step`. Before `first_bar` it is a count-in."""

    time: float
    step: float
    bpm: float
    end_step: float
    end_bpm: float
    first_bar: int = 0


class Join(NamedTuple):
    """Go on on another player's grid: at its next step, or at its next bar line."""

    grid: Grid
    at_line: bool


class Release(NamedTuple):
    """End what a player before this one may have left sounding: (channel, pitch), then all else."""

    notes: tuple[tuple[int, int], ...]


class Begin(NamedTuple):
    """To a player that stands by: open the ports, as soon as they are there, and play."""


class Quit(NamedTuple):
    pass


class Opened(NamedTuple):
    """The player runs: its MIDI port (empty if there is none, and then why), real-time or not, and the
    port of its MIDI clock (empty if it sends none)."""

    port: str
    why: str
    realtime: bool
    clock_port: str = ""


class BarStarted(NamedTuple):
    """A bar line was crossed. `repeated`: the bar had not come in time."""

    bar: int
    revision: int
    repeated: bool


class Revised(NamedTuple):
    """From this step of the bar that plays on, a newer revision of it is heard."""

    bar: int
    revision: int
    step: int


class BeatStarted(NamedTuple):
    bar: int
    beat: int


class TempoSet(NamedTuple):
    """The tempo from this step since bar 0 on; in a ramp, its mean over the beat to come."""

    step: int
    bpm: float


class PortLost(NamedTuple):
    """Told by a player that stands by: the MIDI port is gone, though sending says nothing."""

    port: str


class PortFound(NamedTuple):
    """Told by a player that stands by, when it was told to begin: all ports are there, and it opens
    them now."""


class Stopped(NamedTuple):
    """The music was stopped; the next play starts anew."""


class Joined(NamedTuple):
    """The bar that begins at the next bar line is this one of the leader's; `fresh`: nothing played
    before."""

    bar: int
    fresh: bool


class Halted(NamedTuple):
    """The leader stopped, and the music with it."""


class Led(NamedTuple):
    """Who leads from now on, and if it is not who was asked for, why."""

    leader: str
    why: str


class LeaderTempo(NamedTuple):
    """The leader's tempo, in quarters a minute."""

    bpm: float


class Played(NamedTuple):
    """MIDI events as they were sent since the last report; lateness of sending in ms, median and worst;
    note_ons left out because too late."""

    events: tuple[Sent, ...]
    late_median: float
    late_worst: float
    dropped: int


Settings = (
    SetTempo | NudgeBy | SetSwing | SetMetronome | SetPrograms | SetLatency | SetLeader | SetIfHung
)
Command = SendBar | Play | Stop | Panic | Emit | Join | Release | Begin | Quit | Settings
Lead = Joined | Halted | Led | LeaderTempo
Told = BarStarted | Revised | BeatStarted | TempoSet | Grid | Stopped | Lead
Report = Opened | PortLost | PortFound | Played | Told
Message = Command | Report

TYPES: dict[str, Any] = {kind.__name__: kind for kind in get_args(Message)}


def pack(message: Message) -> bytes:
    """One line of JSON."""
    line = json.dumps([type(message).__name__, *message], separators=(",", ":"))
    return line.encode() + b"\n"


def unpack(line: bytes) -> Message:
    """The message of one line. Raises `ValueError`, `KeyError` or `TypeError` for anything else."""
    name, *fields = json.loads(line)
    if name == "SendBar":
        fields[2] = tuple(Note(*note) for note in fields[2])
    elif name == "Join":
        fields[0] = Grid(*fields[0])
    elif name in ("Release", "Emit", "SetPrograms", "Played"):
        fields[0] = tuple(tuple(entry) for entry in fields[0])
    message: Message = TYPES[name](*fields)
    return message


class Lines:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [unpack(line) for line in lines]
