"""Which bar to make next, and with what latent: between the performer's state and the player.

Pure but for the generator it is given: it keeps one bar of lookahead, and renders the present bar and
the next again when a control has moved. It speaks to the player in commands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from . import state as moves
from .decode import BoolArray, Logits, decode, notes_for_density
from .latent import Point
from .messages import Command, Panic, Play, SendBar, SetTempo, Stop
from .model import Track
from .music import Note, in_order
from .state import State
from .table import Move

MAX_VELOCITY = 127
DRUM_CHANNEL = 9


@dataclass(frozen=True, slots=True)
class Cue:
    """What a model hears before it makes a bar: the latent, the bar's place in its phrase, and, for a
    model that accompanies, the given track's roll `[step, pitch]` (None: silence)."""

    z: Point
    place: int = 0
    given: BoolArray | None = None


class Generator(Protocol):
    """A model ready to play. `phrase` is how many bars it makes of one latent."""

    @property
    def name(self) -> str: ...

    @property
    def latent_size(self) -> int: ...

    @property
    def phrase(self) -> int: ...

    @property
    def tracks(self) -> Sequence[Track]: ...

    def logits(self, cue: Cue) -> Logits:
        """Onset and keep logits of one bar, each `[track, step, pitch]`."""
        ...


def channel_of(track: int, tracks: Sequence[Track]) -> int:
    """Each track has a MIDI channel of its own; drums have channel 10 (index 9), others pass it by."""
    if tracks[track].drums:
        return DRUM_CHANNEL
    place = sum(not before.drums for before in tracks[:track])
    return place + (place >= DRUM_CHANNEL)


def cue_for(generator: Generator, state: State, bar: int, tune: Sequence[BoolArray] = ()) -> Cue:
    """For the bar of this number; a tune, bars of `[step, pitch]`, goes round and round."""
    given = tune[bar % len(tune)] if tune else None
    return Cue(state.heard, bar % generator.phrase, given)


def render_bar(generator: Generator, state: State, cue: Cue) -> tuple[Note, ...]:
    """The notes of one bar, ordered by start."""
    logits = generator.logits(cue)
    velocity = max(1, round(state.velocity * MAX_VELOCITY))
    notes: list[Note] = []
    for number, track in enumerate(generator.tracks):
        asked = None if track.given else state.density
        count = None if asked is None else notes_for_density(asked, track.note_quantiles)
        channel = channel_of(number, generator.tracks)
        notes += [
            Note(struck.start, struck.length, struck.pitch, velocity, channel)
            for struck in decode(logits.onset[number], logits.keep[number], count)
        ]
    return in_order(notes)


class Conductor:
    """Holds the state of the bar that plays and of the one after it."""

    def __init__(self, generator: Generator, state: State, tune: Sequence[BoolArray] = ()) -> None:
        self.generator = generator
        self.state = state
        self.tune = tune
        self.bar = 0
        self.failure: str | None = None
        self._next_generator = generator
        self._next = self._after()
        self._revision = 0
        self._last: tuple[Note, ...] = ()

    def start(self) -> list[Command]:
        """Everything that a player who knows nothing needs."""
        self.bar = 0
        self._next = self._after()
        commands: list[Command] = [SetTempo(self.state.tempo), *self.render_again()]
        return [*commands, Play()] if self.state.playing else commands

    def bar_started(self, bar: int) -> list[Command]:
        """The player entered a bar: make the one after it."""
        if bar != self.bar:
            self.state, self.generator = self._next, self._next_generator
        self.bar = bar
        self._next = self._after()
        return [self._send(bar + 1)]

    def move(self, move: Move) -> list[Command]:
        """A control was moved. Raises `BadValue` if it can't take the value."""
        if move.ignored:
            return []
        if move.control.name == "panic":
            return [Panic()]
        if move.control.apply is None:
            return []
        before = self.state
        self.state = move.control.apply(before, *move.values)
        self._next = self._after()
        return self._transport(before)

    def _transport(self, before: State) -> list[Command]:
        commands: list[Command] = []
        if self.state.tempo != before.tempo:
            commands.append(SetTempo(self.state.tempo))
        if self.state.playing and not before.playing:
            commands.append(Play())
        if before.playing and not self.state.playing:
            commands += [Stop(), *self._rewind()]
        return commands

    def _rewind(self) -> list[Command]:
        self.bar = 0
        self.state = moves.resized(self.state, self._next_generator.latent_size)
        self.generator = self._next_generator
        self._next = self._after()
        return list(self.render_again())

    def use(self, generator: Generator) -> list[Command]:
        """Another model, from the next bar line on."""
        self._next_generator = generator
        if not self.state.playing:
            return self._rewind()
        self._next = self._after()
        return [self._send(self.bar + 1)]

    def render_again(self) -> Iterator[Command]:
        """New revisions of the present bar and then the next, after moves that change the music; the
        present one can be on its way while the next is made."""
        yield self._send(self.bar)
        yield self._send(self.bar + 1)

    def _after(self) -> State:
        state = moves.resized(self.state, self._next_generator.latent_size)
        return moves.advance(state, self.bar + 1, self._next_generator.phrase)

    def _send(self, bar: int) -> SendBar:
        ahead = bar > self.bar
        state = self._next if ahead else self.state
        self._revision += 1
        try:
            generator = self._next_generator if ahead else self.generator
            cue = cue_for(generator, state, bar, self.tune)
            self._last = render_bar(generator, state, cue)
            self.failure = None
        except Exception as error:  # a model that fails on stage must not stop the music
            self.failure = f"{self.generator.name}: {error}"
        return SendBar(bar, self._revision, self._last, state.quantum)
