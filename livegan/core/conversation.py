"""What becomes of what somebody plays: a bar in reply to each bar that was heard. Pure: between keys,
the player's grid and the conductor; time comes in as an argument, in seconds."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import NamedTuple

import numpy as np

from .conductor import Conductor
from .decode import BoolArray
from .grid import transport_of
from .hearing import Hearing, Parts, as_played, on_grid, roll_heard
from .latent import FULL_DRIFT, Point, turn
from .messages import Command, Grid, SendBar
from .music import STEPS_PER_BAR, Note
from .rendering import Generator, Reply
from .state import State
from .swing import Swing
from .takes import same_tracks
from .transport import Transport

LEAD = 0.07
"""Seconds before a bar line at which a bar is taken as heard, and its reply made. A key of that bar
that comes later has the reply made again."""
ASIDE = tuple(share * FULL_DRIFT for share in (0.2, -0.2, 0.1, 0.0))
"""How far an answer lies from what it answers, in radians: the next where a bar has no notes."""
ANSWER = 103
"""Among the seeds, that of answers."""

LatentOf = Callable[[Generator, BoolArray], Point | None]
"""Where a model makes a bar like this one `[track, step, pitch]`, at once; None if it can't be said."""
UnitOf = Callable[[Generator], int]
"""A model's grid, in steps."""


class Taken(NamedTuple):
    """A bar was taken as heard: its number, how many notes were heard in it, and the reply to it."""

    bar: int
    notes: int
    commands: list[Command]


class Conversation:
    """Hears bars and replies to them, as the state's `listen` says."""

    def __init__(self, conductor: Conductor, latent_of: LatentOf, unit_of: UnitOf) -> None:
        self._conductor = conductor
        self._latent_of, self._unit_of = latent_of, unit_of
        self._hearing = Hearing()
        self._transport: Transport | None = None
        self._taken = conductor.bar - 1
        self._changed = False
        self._around: BoolArray | None = None

    @property
    def hears(self) -> bool:
        state = self._conductor.state
        return state.listen != "off" and state.keyboard == "notes"

    # what comes

    def follow(self, grid: Grid) -> None:
        """Where the music is when."""
        self._transport = transport_of(grid)

    def lose_time(self) -> None:
        """The music stopped, or its bars are counted anew."""
        self._transport = None
        self._hearing.forget()

    def key(self, time: float, status: int, data1: int, data2: int) -> None:
        """A MIDI message from a keyboard. While the music is stopped there is no bar to put it in."""
        if self._transport is None or not self.hears:
            return
        place = swing_of(self._conductor.state).written(self._transport.step_at(time))
        key = self._hearing.take(place, status, data1, data2)
        if key is not None and key.bar == self._taken:
            self._changed |= key.is_down or self._conductor.state.listen == "echo"

    # bars

    def due(self) -> float:
        """When there is something to take; inf: not before somebody plays, or a bar begins."""
        bar = self._conductor.bar
        if self._transport is None or not self.hears or (self._taken >= bar and not self._changed):
            return inf
        if self._changed or self._taken < bar - 1:
            return -inf
        line = self._transport.time_at((bar + 1) * STEPS_PER_BAR)
        return line - LEAD - ahead_of(self._conductor.state)

    def take(self, now: float) -> Taken | None:
        """To be called whenever something came, and when something is `due`: the bar that was heard and
        the reply to it, if it is time for one."""
        bar = self._conductor.bar
        if self._transport is None or not self.hears:
            self._hearing.forget()
            self._taken, self._changed = bar - 1, False
            return None
        if now < self.due():
            return None
        if not self._changed:
            self._taken = bar - 1 if self._taken < bar - 1 else bar
        self._changed = False
        self._hearing.forget_before(self._taken)
        notes = sum(key.bar == self._taken for key in self._hearing.keys)
        return Taken(self._taken, notes, self._reply(self._taken))

    def heard_in(self, bar: int) -> Parts:
        """What was heard in a bar, on the grid of the model that plays the one after it."""
        generator = self._conductor.generator_of(bar + 1)
        unit = self._unit_of(generator)
        return on_grid(self._hearing.keys, bar, generator.info.tracks, unit)

    @property
    def last_bar(self) -> tuple[int, list[list[Note]]] | None:
        """The last whole bar, by its number and each track's notes: as it was heard, or else as it was
        played last; None if there is none that this model could have made."""
        bar = self._conductor.bar - 1
        tracks = self._conductor.generator.info.tracks
        heard = self.heard_in(bar)
        if heard:
            return bar, [list(heard.get(place, ())) for place in range(len(tracks))]
        past = self._conductor.memory.past
        if past and same_tracks(past[-1].tracks, tracks):
            return past[-1].number, past[-1].notes
        return None

    # replies

    def _reply(self, bar: int) -> list[Command]:
        heard, played = self.heard_in(bar), self._conductor.take(bar)
        if played is not None and any(played.notes):
            self._around = played.roll
        match self._conductor.state.listen:
            case "echo":
                return self._echo(bar)
            case "answer":
                return self._answer(bar, heard)
            case _:
                return self._go_on(bar, heard)

    def _echo(self, bar: int) -> list[Command]:
        """As it was played; what livegan makes by itself where nothing was."""
        tracks = self._conductor.generator_of(bar + 1).info.tracks
        parts = as_played(self._hearing.keys, bar, tracks)
        return self._conductor.reply(bar + 1, Reply(parts=parts)) if parts else []

    def _answer(self, bar: int, heard: Parts) -> list[Command]:
        """From near where the model would have made what was heard, and following from that; if all
        is silence there, from where the music is. Where nothing was heard it rests, and waits."""
        generator, state = self._conductor.generator_of(bar + 1), self._conductor.state
        if not heard:
            made = [place for place, track in enumerate(generator.info.tracks) if not track.given]
            return self._conductor.reply(bar + 1, Reply(parts=dict.fromkeys(made, ())))
        roll = self._roll(heard, generator)
        self._conductor.hear(bar, roll)
        point = self._latent_of(generator, roll)
        if point is not None:
            random = np.random.default_rng([state.seed, bar + 1, ANSWER])
            aside = random.standard_normal(len(point))
            for far in ASIDE:
                commands = self._conductor.reply(bar + 1, Reply(turn(point, aside, far)))
                if any(isinstance(command, SendBar) and command.notes for command in commands):
                    return commands
        return self._conductor.reply(bar + 1, Reply())

    def _go_on(self, bar: int, heard: Parts) -> list[Command]:
        """The model follows from what was heard; one that hears no bars goes there."""
        if not heard:
            return []
        generator = self._conductor.generator_of(bar + 1)
        roll = self._roll(heard, generator)
        self._conductor.hear(bar, roll)
        if not generator.info.context:
            point = self._latent_of(generator, roll)
            if point is not None and len(point) == len(self._conductor.state.point):
                self._conductor.put(point=point, morph=None)
        return self._conductor.reply(bar + 1, Reply())

    def _roll(self, heard: Parts, generator: Generator) -> BoolArray:
        """What was heard, among what the other tracks played last."""
        tracks = generator.info.tracks
        around = self._around if self._around is not None and len(self._around) == len(tracks) else None
        return roll_heard(heard, tracks, around)


def swing_of(state: State) -> Swing:
    return Swing(state.swing, state.swing_grid)


def ahead_of(state: State) -> float:
    """How much earlier than the music the player lives, to send things early, in seconds."""
    return max(0.0, -state.latency, -state.clock_latency) / 1000
