"""Hours of music under a fake clock: the real model, conductor and player, moved at random, with time
that is lost and players that die."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import psutil

from livegan.core import state as states
from livegan.core.conductor import Conductor
from livegan.core.messages import Command
from livegan.core.music import STEPS_PER_BAR, seconds_per_step
from livegan.core.outputs import NOTE_OFF, NOTE_ON, BarLine, Event, Output
from livegan.core.player import Player
from livegan.core.table import move_for
from livegan.shell.generator import OnnxGenerator

from .report import Row, figures

WARM_UP_SECONDS = 300.0
"""Of music, before memory is read for the first time."""
FAULT_SECONDS = 60.0
EXCUSED_BARS = 2
"""A player that wakes or takes over may be a bar further than what it was sent."""
ALLOWED_MB = 5.0
MOVES: dict[str, tuple[float, float]] = {
    "density": (0.1, 1), "register": (0, 1), "polyphony": (0, 1), "length": (0, 1), "velocity": (0, 1),
    "humanise": (0, 1), "swing": (0, 0.7), "drift": (0, 1), "tempo": (60, 200), "nudge": (-60, 60),
    "scene/3/recall": (1, 1), "scene/3/store": (1, 1), "panic": (1, 1), "freeze": (0, 1),
}  # fmt: skip
"""What is moved at random, and between which values."""


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
    """Conductor and player, and a clock that goes from deadline to deadline."""

    def __init__(self, generator: OnnxGenerator, chance: random.Random) -> None:
        self.chance = chance
        self.conductor = Conductor(generator, states.initial(1, generator.info.latent))
        self.player = Player()
        self.listener = Listener()
        self.now = 0.0
        self.bars = self.repeated = self.missed = self.failed = self.faults = self.excused = 0
        self.spare: list[float] = []
        """Of each bar, which share of its time its rendering took."""
        self.deliver(self.conductor.start())
        self.move("play")

    def deliver(self, commands: Iterable[Command]) -> None:
        for command in commands:
            self.take(self.player.obey(command, self.now))

    def move(self, address: str, *values: float) -> None:
        move = move_for(f"/livegan/{address}", values)
        self.deliver(self.conductor.move(move))
        if move.control.changes_music:
            self.deliver(self.conductor.render_again())

    def take(self, outputs: Iterable[Output]) -> None:
        lines = []
        for output in outputs:
            match output:
                case Event(_, _, status, pitch):
                    self.listener.hear(status, pitch)
                case BarLine(_, bar, _, repeated):
                    lines.append((bar, repeated))
        for bar, repeated in lines:
            self.enter(bar, repeated)

    def enter(self, bar: int, repeated: bool) -> None:
        self.bars += 1
        self.repeated += repeated
        self.missed += repeated and not self.excused
        self.excused = max(0, self.excused - 1)
        began = time.perf_counter()
        self.deliver(self.conductor.bar_started(bar))
        taken = time.perf_counter() - began
        self.failed += self.conductor.failure is not None
        length = STEPS_PER_BAR * seconds_per_step(self.conductor.state.tempo)
        self.spare.append(taken / length)
        if self.chance.random() < 0.3:
            name = self.chance.choice(list(MOVES))
            self.move(name, self.chance.uniform(*MOVES[name]))

    def fail(self) -> None:
        """The machine sleeps, the player is held, or the player dies and another one goes on."""
        self.faults += 1
        self.excused = EXCUSED_BARS
        if self.chance.random() < 0.5:
            self.now += self.chance.uniform(1.5, 10)
            return
        grid, left = self.player.grid, self.player.sounding
        self.now += 0.15
        self.player = Player()
        self.take(self.player.release(left, self.now))
        self.deliver(self.conductor.resume(grid, at_line=self.chance.random() < 0.5))

    def run(self, until: float, pace: Callable[[float], None]) -> None:
        fault = self.now + FAULT_SECONDS
        while self.now < until:
            deadline = self.player.deadline()
            assert deadline is not None, "the music has stopped"
            self.now = max(self.now, deadline)
            self.take(self.player.due(self.now))
            if self.now > fault:
                fault = self.now + FAULT_SECONDS
                self.fail()
            pace(self.now)


def measure(
    generator: OnnxGenerator, hours: float, speed: float, say: Callable[[str], None]
) -> list[Row]:
    """So many hours of music, not faster than `speed` times real time."""
    say(f"soak: {hours:g} hours of music at {speed:g} times the speed")
    stage = FakeStage(generator, random.Random(1))
    seconds, began = hours * 3600, time.monotonic()

    def pace(now: float) -> None:
        time.sleep(max(0.0, now / speed - (time.monotonic() - began)))

    stage.run(min(WARM_UP_SECONDS, seconds / 4), pace)
    before = resident()
    stage.run(seconds, pace)
    grown = resident() - before
    taken = time.monotonic() - began
    stage.take(stage.player.stop(stage.now))
    stage.listener.end()
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
