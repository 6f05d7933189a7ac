"""Which bar to make next, and with what latent: between the performer's state and the player.

Pure but for the generator it is given: it keeps one bar of lookahead, and renders the present bar and
the next again when a control has moved. It speaks to the player in commands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from . import state as moves
from .decode import BoolArray
from .messages import (
    Command,
    Grid,
    Join,
    NudgeBy,
    Panic,
    Play,
    SendBar,
    SetIfHung,
    SetLatency,
    SetLeader,
    SetMetronome,
    SetSwing,
    SetTempo,
    Stop,
)
from .metronome import HIGH, LOW
from .music import STEPS_PER_BAR, Note
from .rendering import Generator, cue_for, render_bar, roll_of
from .state import State
from .table import Move
from .tap import Taps, tapped, tempo_of


def player_settings(state: State) -> tuple[Command, ...]:
    """What the player has to know of a state, apart from the music."""
    return (
        SetTempo(state.tempo, state.ramp),
        SetSwing(state.swing, state.swing_grid),
        SetMetronome(state.metronome, state.metronome_channel - 1),
        SetIfHung(state.if_hung == "silence"),
        SetLatency(state.latency / 1000, state.clock_latency / 1000),
        SetLeader(state.sync, state.sync_lost),
    )


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
        self._rolls: dict[int, BoolArray] = {}
        self._taps: Taps = ()
        self._sent: dict[int, SendBar] = {}
        self._pitches: dict[int, set[tuple[int, int]]] = {}

    def start(self) -> list[Command]:
        """Everything that a player who knows nothing needs."""
        self.bar = 0
        self._rolls = {}
        self._next = self._after()
        commands: list[Command] = [*player_settings(self.state), *self.render_again()]
        return [*commands, Play()] if self.state.playing else commands

    def resume(self, grid: Grid | None, at_line: bool) -> list[Command]:
        """Everything that a player needs who goes on for another one, whose grid this was: nothing is
        made anew, so that it is there at once."""
        if grid is None or not self.state.playing:
            return self.start()
        bars = [sent for bar, sent in sorted(self._sent.items()) if bar >= self.bar]
        return [*player_settings(self.state), *bars, Join(grid, at_line)]

    @property
    def pitches(self) -> frozenset[tuple[int, int]]:
        """(channel, pitch) of all that a player may have sounding now: of every revision of the bars at
        hand, since none cuts what sounds, and of the metronome."""
        clicks = {(self.state.metronome_channel - 1, pitch) for pitch in (HIGH, LOW)}
        return frozenset(clicks.union(*self._pitches.values()))

    def bar_started(self, bar: int) -> list[Command]:
        """The player entered a bar: make the one after it."""
        if bar != self.bar:
            self.state, self.generator = self._next, self._next_generator
        self.bar = bar
        self._next = self._after()
        return [self._send(bar + 1)]

    def joined(self, bar: int, fresh: bool) -> None:
        """What the player begins next, its first bar or the next one, is this bar of a leader's."""
        shift = bar - (self.bar if fresh else self.bar + 1)
        self._rolls = {known + shift: roll for known, roll in self._rolls.items()}
        moved = ((known + shift, sent) for known, sent in self._sent.items())
        self._sent = {known: sent._replace(bar=known) for known, sent in moved}
        self._pitches = {known + shift: some for known, some in self._pitches.items()}
        self.bar += shift
        self.state = replace(self.state, playing=True)
        self._next = self._after()

    def halted(self) -> list[Command]:
        """The leader stopped, and the player with it."""
        self.state = replace(self.state, playing=False)
        return self._rewind()

    def led(self, leader: str) -> None:
        """Who leads, whoever was asked for."""
        self.state = replace(self.state, sync=leader)
        self._next = self._after()

    def led_tempo(self, bpm: float) -> None:
        """The leader's tempo is ours."""
        self.state = replace(self.state, tempo=bpm, ramp=0)
        self._next = self._after()

    def move(self, move: Move) -> list[Command]:
        """A control was moved. Raises `BadValue` if it can't take the value."""
        if move.ignored:
            return []
        if move.control.name == "panic":
            return [Panic()]
        if move.control.name == "nudge":
            return [NudgeBy(float(move.values[0]) / 1000)]
        if move.control.apply is None:
            return []
        return self._become(move.control.apply(self.state, *move.values))

    def tap(self, now: float) -> list[Command]:
        """The performer tapped at this time, in seconds."""
        self._taps = tapped(self._taps, now)
        bpm = tempo_of(self._taps)
        return [] if bpm is None else self._become(moves.set_tempo(self.state, bpm))

    def _become(self, state: State) -> list[Command]:
        before, self.state = self.state, state
        self._next = self._after()
        return self._transport(before)

    def _transport(self, before: State) -> list[Command]:
        told = zip(player_settings(before), player_settings(self.state), strict=True)
        commands = [new for old, new in told if new != old]
        if self.state.playing and not before.playing:
            first = self.state.first_bar
            if first != self.bar:
                commands += self._go_to(first)
            commands.append(Play(first, self.state.count_in))
        if before.playing and not self.state.playing:
            commands += [Stop(), *self._rewind()]
        return commands

    def _rewind(self) -> list[Command]:
        self.state = moves.resized(self.state, self._next_generator.info.latent)
        self.generator = self._next_generator
        return self._go_to(0)

    def _go_to(self, bar: int) -> list[Command]:
        """Be about to play this bar, with nothing before it."""
        self.bar = bar
        self._rolls = {}
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

    def hear(self, roll: BoolArray) -> None:
        """The bar before the one that plays was this `[track, step, pitch]`, whoever played it."""
        self._rolls[self.bar - 1] = roll

    def _after(self) -> State:
        info = self._next_generator.info
        state = moves.resized(self.state, info.latent)
        return moves.advance(state, self.bar + 1, info.wandering)

    def _send(self, bar: int) -> SendBar:
        ahead = bar > self.bar
        state = self._next if ahead else self.state
        self._revision += 1
        generator = self._next_generator if ahead else self.generator
        try:
            cue = cue_for(generator, state, bar, self.tune, self._before(generator, bar))
            self._last = render_bar(generator, state, cue)
            self.failure = None
        except Exception as error:  # a model that fails on stage must not stop the music
            self.failure = f"{self.generator.info.name}: {error}"
        kept = {b: roll for b, roll in self._rolls.items() if b >= self.bar - 1}
        self._rolls = kept | {bar: roll_of(self._last, generator.info.tracks, STEPS_PER_BAR)}
        sent = SendBar(bar, self._revision, self._last, state.quantum)
        self._sent = {b: old for b, old in self._sent.items() if b >= self.bar - 1}
        self._pitches = {b: old for b, old in self._pitches.items() if b >= self.bar - 1}
        self._sent[bar] = sent
        self._pitches.setdefault(bar, set()).update((n.channel, n.pitch) for n in sent.notes)
        return sent

    def _before(self, generator: Generator, bar: int) -> BoolArray | None:
        """The roll of the bar before, if this model could have played it."""
        roll = self._rolls.get(bar - 1)
        return None if roll is None or len(roll) != len(generator.info.tracks) else roll
