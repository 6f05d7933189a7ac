"""A performance in simulated time: conductor and player as on stage, with no process, port or clock.

The same moves give the same events, to the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .conductor import Conductor, Generator
from .messages import Command, Panic, Play, SendBar, SetTempo, Stop
from .music import STEPS_PER_BAR, Note
from .player import NOTE_OFF, NOTE_ON, BarLine, Event, Output, Player
from .state import State
from .table import Move


@dataclass(frozen=True, slots=True)
class Performance:
    """What was played: MIDI events, and (step, bpm) of every tempo, the first at step 0."""

    bars: int
    events: tuple[Event, ...]
    tempi: tuple[tuple[int, float], ...]

    def notes(self) -> list[Note]:
        """Notes with starts counted from the beginning, ordered by start."""
        return notes_of((event.step, event.status, event.data1, event.data2) for event in self.events)


def notes_of(events: Iterable[tuple[int, int, int, int]]) -> list[Note]:
    """Pair note_ons with their note_offs: (step, status, pitch, velocity) in order of time."""
    sounding: dict[tuple[int, int], tuple[int, int]] = {}
    notes = []
    for step, status, pitch, velocity in events:
        kind, channel = status & 0xF0, status & 0x0F
        if kind == NOTE_ON:
            sounding[channel, pitch] = (step, velocity)
        elif kind == NOTE_OFF and (channel, pitch) in sounding:
            start, struck = sounding.pop((channel, pitch))
            notes.append(Note(start, step - start, pitch, struck, channel))
    return sorted(notes)


def obey(player: Player, command: Command, now: float) -> list[Output]:
    """What the player's process does with a command."""
    match command:
        case SendBar(bar, revision, notes, quantum):
            player.take_bar(bar, revision, notes, quantum, now)
        case SetTempo(bpm):
            player.set_tempo(bpm, now)
        case Play():
            player.play(now)
        case Stop():
            return player.stop(now)
        case Panic():
            return player.panic(now)
    return []


def simulate(
    generator: Generator, state: State, bars: int, moves: dict[int, list[Move]]
) -> Iterator[tuple[Output, Conductor]]:
    """Play so many bars; `moves` are made as their bar begins. Yields every output as it falls due,
    with the conductor as it is then. Raises `BadValue` if a move can't be taken."""
    conductor = Conductor(generator, state)
    player = Player()
    now = 0.0
    for command in conductor.start():
        obey(player, command, now)
    end = bars * STEPS_PER_BAR
    while (deadline := player.deadline()) is not None:
        now = deadline
        for output in player.due(now):
            if isinstance(output, BarLine):
                if output.bar * STEPS_PER_BAR >= end:
                    for last in player.stop(now):
                        yield last, conductor
                    return
                yield output, conductor
                commands = conductor.bar_started(output.bar)
                for move in moves.get(output.bar, []):
                    commands += conductor.move(move)
                    if move.control.changes_music:
                        commands += conductor.render_again()
                for command in commands:
                    yield from ((made, conductor) for made in obey(player, command, now))
            else:
                yield output, conductor


def perform(generator: Generator, state: State, bars: int, moves: dict[int, list[Move]]) -> Performance:
    """A whole performance at once. Raises `RuntimeError` if the model fails, `BadValue` if a move
    can't be taken."""
    events = []
    tempi = [(0, state.tempo)]
    for output, conductor in simulate(generator, state, bars, moves):
        if conductor.failure:
            raise RuntimeError(conductor.failure)
        if isinstance(output, Event):
            events.append(output)
        elif conductor.state.tempo != tempi[-1][1]:
            tempi.append((max(0, conductor.bar) * STEPS_PER_BAR, conductor.state.tempo))
    return Performance(bars, tuple(events), tuple(tempi))
