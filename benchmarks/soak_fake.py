"""Hours of music under a fake clock: the real model, conductor and player, moved at random, with time
that is lost and players that die."""

from __future__ import annotations

import gc
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import inf

import psutil

from livegan.core import state as states
from livegan.core.addressing import move_for
from livegan.core.conductor import Conductor
from livegan.core.controls import BadControl, Value
from livegan.core.conversation import Conversation
from livegan.core.decode import BoolArray
from livegan.core.latent import Point, on_sphere
from livegan.core.messages import Command, Panic, Stop
from livegan.core.music import STEPS_PER_BAR, seconds_per_step
from livegan.core.outputs import NOTE_OFF, NOTE_ON, BarLine, Beat, Event, Output, Revision
from livegan.core.player import Player
from livegan.core.rendering import Generator
from livegan.core.state import BadValue, Scene
from livegan.shell.generator import OnnxGenerator

from .any_move import any_move
from .report import Row, figures

WARM_UP_SECONDS = 300.0
"""Of music, before memory is read for the first time."""
FAULT_SECONDS = 60.0
EXCUSED_BARS = 2
"""A player that wakes or takes over may be a bar further than what it was sent."""
ALLOWED_MB = 5.0
MOVES_A_SECOND = 0.5
KEYS_A_SECOND = 2.0
REST_SECONDS = 1.0
"""Until play goes on after a stop."""
LATE = 0.002
"""Seconds that a report takes to the daemon."""


@dataclass
class Listener:
    """Follows what sounds; `hanging` counts notes struck while they sound, and those never ended."""

    sounding: set[tuple[int, int]] = field(default_factory=set)
    notes: int = 0
    hanging: int = 0

    def hear(self, status: int, pitch: int) -> None:
        key = (status & 0x0F, pitch)
        if status & 0xF0 == NOTE_ON:
            self.notes += 1
            self.hanging += key in self.sounding
            self.sounding.add(key)
        elif status & 0xF0 == NOTE_OFF:
            self.sounding.discard(key)

    def end(self) -> None:
        self.hanging += len(self.sounding)
        self.sounding.clear()


class FakeStage:
    """Conductor, player and a keyboard, and a clock that goes from deadline to deadline. Of several
    models the first one plays first."""

    def __init__(
        self, generators: Sequence[OnnxGenerator], chance: random.Random, eager: float = 1.0
    ) -> None:
        self.chance, self.eager = chance, eager
        self.generators = {generator.info.name: generator for generator in generators}
        self.conductor = Conductor(generators[0], states.initial(1, *generators[0].info.size))
        self.talk = Conversation(self.conductor, latent_of, lambda generator: 1)
        self.player = Player()
        self.listener = Listener()
        self.now = 0.0
        self.bars = self.repeated = self.missed = self.failed = self.faults = self.excused = 0
        self.moved: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.spare: list[float] = []
        """Of each bar, which share of its time its rendering took."""
        self._banks: dict[str, tuple[Scene, ...]] = {}
        self._down: set[int] = set()
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self.deliver(self.conductor.start())
        self.move("/play")
        self.soon(MOVES_A_SECOND, self.move_something)
        self.soon(KEYS_A_SECOND, self.press_something)

    def deliver(self, commands: Iterable[Command]) -> None:
        for command in commands:
            self.take(self.player.obey(command, self.now))
            if isinstance(command, (Stop, Panic)):
                self.listener.end()
            if isinstance(command, Stop):
                self.talk.lose_time()

    def at(self, when: float, job: Callable[[], None]) -> None:
        heappush(self._jobs, (when, next(self._order), job))

    def soon(self, a_second: float, job: Callable[[], None]) -> None:
        """So often, again and again, at random."""

        def again() -> None:
            job()
            self.soon(a_second, job)

        self.at(self.now + self.chance.expovariate(a_second * self.eager), again)

    # who plays

    def move(self, address: str, *values: Value) -> None:
        """As the daemon does. Raises `BadValue` and `BadControl`."""
        move = move_for(f"/livegan{address}", values)
        self.moved[move.control.name] += 1
        match move.control.name:
            case "model":
                generators = list(self.generators.values())
                self.deliver(self.conductor.use(self.chance.choice(generators)))
            case "bank_save":
                self._banks[str(values[0])] = self.conductor.state.scenes
            case "bank" if values[0] in self._banks:
                self.load(str(values[0]))
            case "tap":
                self.deliver(self.conductor.tap(self.now))
            case _:
                self.deliver(self.conductor.move(move))
        if self.conductor.stale:
            self.deliver(self.conductor.render_again())
        self.failed += self.conductor.failure is not None
        if not self.conductor.state.playing:
            self.at(self.now + REST_SECONDS, lambda: self.move("/play"))

    def load(self, name: str) -> None:
        scenes = self._banks[name]
        if len(scenes[0].point) == len(self.conductor.state.point):
            self.conductor.load(name, scenes)

    def move_something(self) -> None:
        address, values = any_move(self.chance, without=("sync",))
        try:
            self.move(address, *values)
        except (BadValue, BadControl) as error:
            self.refused[str(error)[:30]] += 1

    def press_something(self) -> None:
        """A key goes down, or up."""
        pitch = self.chance.randint(48, 72)
        if pitch in self._down:
            self._down.discard(pitch)
            self.talk.key(self.now, NOTE_OFF, pitch, 0)
            return
        self._down.add(pitch)
        if self.conductor.state.keyboard == "transpose":
            self.move("/listen/transpose", pitch - 60)
        self.talk.key(self.now, NOTE_ON, pitch, 80)

    # what is heard

    def take(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            match output:
                case Event(_, _, status, pitch):
                    self.listener.hear(status, pitch)
                case BarLine(_, bar, revision, repeated):
                    told = partial(self.enter, bar, revision, repeated)
                    self.at(self.now + LATE, told)
                case Revision(_, bar, revision, step):
                    told = partial(self.revise, bar, revision, step)
                    self.at(self.now + LATE, told)
                case Beat() if self.player.grid:
                    self.talk.follow(self.player.grid)

    def revise(self, bar: int, revision: int, step: int) -> None:
        self.deliver(self.conductor.revised(bar, revision, step))

    def enter(self, bar: int, revision: int, repeated: bool) -> None:
        if not self.conductor.state.playing:
            return
        self.bars += 1
        self.repeated += repeated
        self.missed += repeated and not self.excused
        self.excused = max(0, self.excused - 1)
        began = time.perf_counter()
        self.conductor.entered(bar, None if repeated else revision)
        self.deliver(self.conductor.bar_started(bar))
        taken = time.perf_counter() - began
        self.failed += self.conductor.failure is not None
        length = STEPS_PER_BAR * seconds_per_step(self.conductor.state.tempo)
        self.spare.append(taken / length)

    # what breaks

    def fail(self) -> None:
        """The machine sleeps, the player is held, or the player dies and another one goes on."""
        self.faults += 1
        self.excused = EXCUSED_BARS
        if self.chance.random() < 0.5:
            self.now += self.chance.uniform(1.5, 10)
            return
        grid = self.player.grid
        self.now += 0.15
        self.player = Player()
        self.take(self.player.release(self.conductor.pitches, self.now))
        self.listener.end()
        self.deliver(self.conductor.resume(grid, at_line=self.chance.random() < 0.5))

    def run(self, until: float, pace: Callable[[float], None] = lambda now: None) -> None:
        fault = self.now + FAULT_SECONDS
        while self.now < until:
            deadline = self.player.deadline()
            due = [inf if deadline is None else deadline, self.talk.due(), self._jobs[0][0]]
            self.now = max(self.now, min(due))
            self.take(self.player.due(self.now))
            while self._jobs[0][0] <= self.now:
                heappop(self._jobs)[2]()
            taken = self.talk.take(self.now)
            if taken:
                self.deliver(taken.commands)
            if self.now > fault:
                fault = self.now + FAULT_SECONDS
                self.fail()
            pace(self.now)

    def stop(self) -> None:
        self.take(self.player.stop(self.now))
        self.listener.end()


def latent_of(generator: Generator, roll: BoolArray) -> Point | None:
    """Where the model's encoder puts a bar."""
    if isinstance(generator, OnnxGenerator) and generator.encodes:
        return on_sphere(generator.encode(roll[None])[0])
    return None


def measure(
    generators: Sequence[OnnxGenerator], hours: float, speed: float, say: Callable[[str], None]
) -> list[Row]:
    """So many hours of music, not faster than `speed` times real time."""
    say(f"soak: {hours:g} hours of music at {speed:g} times the speed")
    stage = FakeStage(generators, random.Random(1))
    seconds, began = hours * 3600, time.monotonic()

    def pace(now: float) -> None:
        time.sleep(max(0.0, now / speed - (time.monotonic() - began)))

    stage.run(min(WARM_UP_SECONDS, seconds / 4), pace)
    before = resident()
    stage.run(seconds, pace)
    grown = resident() - before
    taken = time.monotonic() - began
    stage.stop()
    share = figures(stage.spare)
    what = f"fake clock, {hours:g} h, {stage.bars} bars, {stage.faults} faults"
    hanging, missed = stage.listener.hanging, stage.missed
    return [
        Row(f"{what}: speed reached", "times", seconds / taken),
        Row(f"fake clock: notes hanging, of {stage.listener.notes}", "notes", hanging, aim="0",
            reached=hanging == 0),
        Row("fake clock: bars repeated, all", "bars", stage.repeated),
        Row("fake clock: bars missed but for faults", "bars", missed, aim="0", reached=missed == 0),
        Row("fake clock: bars that the model failed on", "bars", stage.failed, aim="0",
            reached=stage.failed == 0),
        Row("fake clock: rendering's share of a bar's time", "", *share),
        Row("fake clock: memory at the start", "MB", before),
        Row("fake clock: memory grown by", "MB", grown, aim=f"< {ALLOWED_MB:g}",
            reached=grown < ALLOWED_MB),
    ]  # fmt: skip


def resident() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss / 1e6)
