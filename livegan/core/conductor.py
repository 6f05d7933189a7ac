"""Between the performer and the player: moves in, commands out.

Pure but for the generator it is given: it keeps one bar of lookahead, and renders the present bar and
the next again when a control has moved. What a bar is to be, the planner decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from . import moves
from .addressing import Move, initial_move
from .changes import LINES, Change, History, Now
from .choosing import choose
from .decode import BoolArray
from .memory import Memory
from .messages import Command, Grid, Join, NudgeBy, Panic, Play, SendBar, Stop
from .metronome import HIGH, LOW
from .planner import Planner
from .player_settings import Programs, changed_settings, player_settings, quantum_of
from .rendering import Generator, Reply
from .sent_bars import SentBars
from .state import Scene, State, resized
from .takes import Take, play, same_tracks, silence
from .tap import Taps, tapped, tempo_of
from .wandering import advance

PLAYED = ("again", "undo", "redo", "default")
"""Moves of the music that no state alone can obey."""


class Conductor:
    """Holds the state of the bar that plays and of the one after it."""

    def __init__(self, generator: Generator, state: State, tune: Sequence[BoolArray] = ()) -> None:
        self.generator = generator
        self.tune = tune
        self.failure: str | None = None
        self.stale = False
        """Whether moves have changed what was made: then it is to be made again (`render_again`)."""
        self.memory = Memory()
        self._now = Now(state)
        self._initial = state
        self._next_generator = generator
        self._planner = Planner(self.memory, tune)
        self._sent = SentBars()
        self._programs = Programs()
        self._history = History()
        self._taps: Taps = ()
        self._bank: tuple[str, tuple[Scene, ...]] | None = None
        self._gone_to: list[str] = []
        self._way = 0
        """Which way the latent goes by itself into the next bar."""
        self._next = self._after()

    @property
    def bar(self) -> int:
        """The present bar's number, from 0."""
        return self._planner.bar

    @property
    def state(self) -> State:
        """What the performer has set, heard already or not."""
        return self._now.shown

    def start(self) -> list[Command]:
        """Everything that a player who knows nothing needs."""
        commands: list[Command] = [*self._settings(), *self._go_to(0)]
        return [*commands, Play()] if self.state.playing else commands

    def resume(self, grid: Grid | None, at_line: bool) -> list[Command]:
        """Everything that a player needs who goes on for another one, whose grid this was: nothing is
        made anew, so that it is there at once."""
        if grid is None or not self.state.playing:
            return self.start()
        return [*self._settings(), *self._sent.since(self.bar), Join(grid, at_line)]

    def _settings(self) -> list[Command]:
        """For a player who knows none."""
        self._programs.forget()
        return [*player_settings(self.state), *self._new_programs()]

    def _new_programs(self) -> list[Command]:
        tracks, coming = self.generator.info.tracks, self._next_generator.info.tracks
        return self._programs.news(self.state, tracks, coming)

    @property
    def pitches(self) -> frozenset[tuple[int, int]]:
        """(channel, pitch) of all that a player may have sounding now, the metronome's too."""
        clicks = {(self.state.metronome_channel - 1, pitch) for pitch in (HIGH, LOW)}
        return self._sent.pitches | clicks

    # what the player tells

    def entered(self, bar: int, revision: int | None) -> None:
        """The player crossed the line into a bar with this revision of it; None: with the one before
        once more, because the bar had not come."""
        if not self._planner.has_entered(bar):  # else another player went on with it
            self._planner.enter(bar, revision)

    def revised(self, bar: int, revision: int, step: int) -> list[Command]:
        """From this step of the bar on, the player plays this revision of it."""
        now = self.memory.revise(revision, step)
        newest = self._sent.revision(bar) == revision
        if now is None or not newest or not self._planner.has_entered(bar):
            return []
        self._planner.revise(bar, now)
        repeats = bar == self.bar and self._planner.repeats(self._next.heard)
        return [self._send(bar + 1)] if repeats else []

    def bar_started(self, bar: int) -> list[Command]:
        """The player entered a bar: make the one after it."""
        self.entered(bar, self._sent.revision(bar))
        if bar != self.bar:
            self._now = self._next
            self._take_over()
        self._planner.begin(bar, self.state, self._now.heard)
        self._take_bank()
        self._way = self._chosen()
        self._next = self._after()
        self._sent.enter_bar()
        return [*self._new_programs(), self._send(bar + 1)]

    def joined(self, bar: int, fresh: bool) -> None:
        """What the player begins next, its first bar or the next one, is this bar of a leader's."""
        shift = bar - (self.bar if fresh else self.bar + 1)
        self._planner.shift(shift)
        self._sent.shift(shift)
        self.put(playing=True)

    def halted(self) -> list[Command]:
        """The leader stopped, and the player with it."""
        self.put(playing=False)
        return self._rewind()

    def led(self, leader: str) -> None:
        """Who leads, whoever was asked for."""
        self.put(sync=leader)

    def led_tempo(self, bpm: float) -> None:
        """The leader's tempo is ours."""
        self.put(tempo=bpm, ramp=0)

    def put(self, **fields: Any) -> None:
        """Set what is no move of the performer's: what the shell found out."""
        self._now = self._now.moved(lambda state: replace(state, **fields), False)
        self._next = self._after()

    # moves

    def move(self, move: Move, now: float | None = None, on_line: bool = False) -> list[Command]:
        """A control was moved, at this time in seconds; `on_line`: just as the present bar begins,
        before it sounds. Raises `BadValue` if it can't take the value."""
        if move.ignored:
            return []
        commands = self._move(move, now, on_line)
        self.stale = self.stale or move.control.changes_music
        return commands

    def _move(self, move: Move, now: float | None, on_line: bool) -> list[Command]:
        match move.control.name:
            case "panic":
                return [Panic()]
            case "nudge":
                return [NudgeBy(float(move.values[0]) / 1000)]
            case "again":
                self._planner.play_again(int(move.values[0]) if move.values else 1)
                return [self._send(self.bar + 1)]
            case "undo":
                return self._become(self._history.undo(self.state), self._waits(on_line))
            case "redo":
                return self._become(self._history.redo(self.state), self._waits(on_line))
            case "default":
                first = resized(self._initial, *self._next_generator.info.size)
                return self._apply(initial_move(str(move.values[0]), first), None, on_line)
        return self._apply(move, now, on_line)

    def _apply(self, move: Move, now: float | None, on_line: bool) -> list[Command]:
        control, apply = move.control, move.control.apply
        if apply is None:
            return []
        waits = control.changes_music and self._waits(on_line)
        fader = (control.name, move.places) if control.settles else None
        commands = self._record(lambda state: apply(state, *move.values), waits, fader, now)
        if control.name in ("recall", "morph"):
            scene, *bars = move.values
            self._gone_to.append(moves.way_to_scene(self.state, str(scene), *map(int, bars)))
        return commands

    def gone_to(self) -> list[str]:
        """The scenes and banks that were gone to since the last time it was asked, in words."""
        gone, self._gone_to = self._gone_to, []
        return gone

    def tap(self, now: float) -> list[Command]:
        """The performer tapped at this time, in seconds."""
        self._taps = tapped(self._taps, now)
        bpm = tempo_of(self._taps)
        if bpm is None:
            return []
        return self._record(lambda state: moves.set_tempo(state, bpm), False, "tap", now)

    def load(self, name: str, scenes: Sequence[Scene]) -> None:
        """A bank of scenes, from the next bar line on; at once while nothing plays."""
        self._bank = (name, tuple(scenes))
        if not self.state.playing:
            self._take_bank()
            self._next = self._after()

    def _take_bank(self) -> None:
        if self._bank is None:
            return
        (name, scenes), self._bank = self._bank, None
        if len(scenes[0].point) == len(self.state.point):  # the model may be another since
            self._record(lambda state: replace(state, scenes=scenes, bank=name), False)
            self._gone_to.append(f"bank {name}")

    def _waits(self, on_line: bool) -> bool:
        """Whether a move that changes the music waits for a bar line."""
        lines = LINES.get(self.state.quantum, 0)
        plays = self.state.playing and self.memory.present is not None
        return plays and lines > 0 and not (on_line and self.bar % lines == 0)

    def _record(
        self, change: Change, waits: bool, key: object = None, now: float | None = None
    ) -> list[Command]:
        """A move that can be taken back."""
        before = self.state
        commands = self._become(change, waits)
        self._history.add(before, self.state, key, now)
        return commands

    def _become(self, change: Change, waits: bool) -> list[Command]:
        before, self._now = self.state, self._now.moved(change, waits)
        self._planner.follow(self.state, self._now.heard)
        self._next = self._after()
        return self._transport(before)

    def _transport(self, before: State) -> list[Command]:
        commands = changed_settings(before, self.state) + self._new_programs()
        if self.state.playing and not before.playing:
            first = self.state.first_bar
            if first != self.bar or self.stale:
                commands += self._go_to(first)
            commands.append(Play(first, self.state.count_in))
        if before.playing and not self.state.playing:
            self._adopt()
            self._stand_at(0)
            commands += [Stop(), *self._new_programs()]
            self.stale = True  # silence does not wait for bars to be made
        return commands

    def _rewind(self) -> list[Command]:
        """To the beginning."""
        self._adopt()
        return [*self._new_programs(), *self._go_to(0)]

    def _adopt(self) -> None:
        """The next model is this one; what waited waits no more."""
        self._now = Now(self._fitting(self.state))
        self._take_over()
        self._take_bank()

    def _take_over(self) -> None:
        """The next model is the one that plays. Only now does it matter which places were left."""
        if self._next_generator.info.latent != self.generator.info.latent:
            self._history.forget_points()
        self.generator = self._next_generator

    def _go_to(self, bar: int) -> list[Command]:
        """Be about to play this bar, with nothing before it."""
        self._stand_at(bar)
        return list(self.render_again())

    def _stand_at(self, bar: int) -> None:
        self._planner.go_to(bar, self._now.heard)
        self._way = 0
        self._next = self._after()

    def use(self, generator: Generator) -> list[Command]:
        """Another model, from the next bar line on."""
        self._next_generator = generator
        self._planner.forget_reply(self.bar + 1)  # in the other model's terms
        if not self.state.playing:
            return self._rewind()
        self._next = self._after()
        return [*self._new_programs(), self._send(self.bar + 1)]

    # bars

    def render_again(self) -> Iterator[Command]:
        """New revisions of the present bar and then the next, after moves that change the music; the
        present one can be on its way while the next is made."""
        self.stale = False
        yield self._send(self.bar)
        yield self._send(self.bar + 1)

    def take(self, bar: int) -> Take | None:
        """The bar before the present one, the present one or the next, as it is to be heard."""
        return self._planner.take(bar)

    def generator_of(self, bar: int) -> Generator:
        """Who makes the present bar, or the next."""
        return self._next_generator if bar > self.bar else self.generator

    def hear(self, bar: int, roll: BoolArray) -> None:
        """This bar was `[track, step, pitch]`, whoever played it: the one after it follows from it."""
        self._planner.hear(bar, roll)

    def reply(self, bar: int, reply: Reply) -> list[Command]:
        """The present bar, or the next, is to be so, unless it is one from before; at once, whatever
        moves wait for."""
        self._planner.reply(bar, reply)
        return [self._send(bar)._replace(quantum="step")]

    def _after(self) -> Now:
        return self._now.over(self.bar + 1, self._stepped)

    def _stepped(self, state: State) -> State:
        """A state over the next bar line. While bars go round, the latent stands still."""
        state = self._fitting(state)
        if self._planner.goes_round(state):
            return state
        return advance(state, self.bar + 1, self._next_generator.info.wandering, self._way)

    def _chosen(self) -> int:
        """Which way to go into the next bar: decided once a bar, so that no control that is moved makes
        it another one."""
        generator, state = self._next_generator, self._fitting(self._now.heard)
        if self._planner.goes_round(state):
            return 0
        try:
            return choose(
                generator,
                state,
                self.bar + 1,
                lambda way: self._planner.cue(self.bar + 1, generator, way),
            )
        except Exception:  # the bar itself will tell what is wrong with the model
            return 0

    def _fitting(self, state: State) -> State:
        """For the next model: no lock holds a track that it does not have."""
        if not same_tracks(self.generator.info.tracks, self._next_generator.info.tracks):
            state = moves.unlock(state)
        return resized(state, *self._next_generator.info.size)

    def _send(self, bar: int) -> SendBar:
        """A new revision of the present bar or the next; while the model fails, as it was last."""
        state = (self._next if bar > self.bar else self._now).heard
        generator = self.generator_of(bar)
        last = bar if self.take(bar) else self.bar
        take, notes = self.take(last), self._sent.notes(last)
        try:
            take = self._planner.plan(bar, generator, state)
            notes = play(take, state)
            self.failure = None
        except Exception as error:  # a model that fails on stage must not stop the music
            self.failure = f"{generator.info.name}: {error}"
        take = take or silence(generator.info.tracks, bar, state.seed)
        self._planner.keep(bar, take)
        sent = self._sent.add(bar, notes, quantum_of(state), oldest=self.bar - 1)
        self.memory.send(sent.revision, take)
        return sent
