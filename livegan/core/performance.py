"""A performance in simulated time: conductor and player as on stage, with no process, port or clock.

The same moves give the same events, to the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .addressing import Move
from .conductor import Conductor
from .decode import BoolArray
from .messages import Command, SendBar, Sent, place_of
from .music import STEPS_PER_BAR, Note, in_order
from .outputs import NOTE_OFF, NOTE_ON, Event, Output, Tempo
from .player import Player
from .rendering import Generator
from .state import State, TrackSettings


@dataclass(frozen=True, slots=True)
class Performance:
    """What was played: MIDI events, and (step, bpm) of every tempo, the first at step 0; and what was
    set for each track at the end."""

    bars: int
    events: tuple[Event, ...]
    tempi: tuple[tuple[int, float], ...]
    settings: tuple[TrackSettings, ...] = ()

    def notes(self) -> list[Note]:
        """Notes with starts counted from the beginning, ordered by start."""
        return notes_of(event.sent for event in self.events)


def notes_of(events: Iterable[Sent], sounding: dict[tuple[int, int], Sent] | None = None) -> list[Note]:
    """Pair note_ons with their note_offs, which come in order of time. What has not ended is left in
    `sounding`, for the events that follow."""
    sounding = {} if sounding is None else sounding
    notes = []
    for event in events:
        step, status, pitch = event[:3]
        kind, channel = status & 0xF0, status & 0x0F
        if kind == NOTE_ON:
            sounding[channel, pitch] = event
        elif kind == NOTE_OFF and (channel, pitch) in sounding:
            struck = sounding.pop((channel, pitch))
            start, offset = struck[0], place_of(struck) - struck[0]
            notes.append(Note(start, max(0, step - start), pitch, struck[3], channel, offset))
    return list(in_order(notes))


def simulate(
    generator: Generator,
    state: State,
    bars: int,
    moves: dict[int, list[Move]],
    tune: Sequence[BoolArray] = (),
) -> Iterator[tuple[Output, Conductor]]:
    """Play so many bars; `moves` are made just before their bar begins. Yields every output as it falls
    due, with the conductor as it is then. Raises `BadValue` if a move can't be taken."""
    conductor = Conductor(generator, state, tune)
    player = Player()
    coming = 0
    deliver(player, conductor.start(), 0.0, bars)
    while (now := player.deadline()) is not None and (coming <= bars or player.busy):
        if now >= player.time_of(coming * STEPS_PER_BAR):
            commands = conductor.bar_started(coming)
            for move in moves.get(coming, []):
                commands += conductor.move(move, on_line=True)
                if conductor.stale:
                    commands += conductor.render_again()
            yield from ((made, conductor) for made in deliver(player, commands, now, bars))
            coming += 1
        yield from ((output, conductor) for output in player.due(now))


def deliver(player: Player, commands: list[Command], now: float, bars: int) -> list[Output]:
    """Obey each; bars after the last are empty, so that the last notes end and no others begin."""
    outputs: list[Output] = []
    for command in commands:
        if isinstance(command, SendBar) and command.bar >= bars:
            command = command._replace(notes=())
        outputs += player.obey(command, now)
    return outputs


def perform(
    generator: Generator,
    state: State,
    bars: int,
    moves: dict[int, list[Move]],
    tune: Sequence[BoolArray] = (),
) -> Performance:
    """A whole performance at once. Raises `RuntimeError` if the model fails, `BadValue` if a move
    can't be taken."""
    events = []
    tempi = [(0, state.tempo)]
    settings = state.tracks
    for output, conductor in simulate(generator, state, bars, moves, tune):
        if conductor.failure:
            raise RuntimeError(conductor.failure)
        settings = conductor.state.tracks
        if isinstance(output, Event):
            events.append(output)
        elif isinstance(output, Tempo):
            tempi = [*(t for t in tempi if t[0] < output.step), (output.step, output.bpm)]
    return Performance(bars, tuple(events), tuple(tempi), settings)
