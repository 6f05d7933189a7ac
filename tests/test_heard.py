"""What is remembered of a bar is what the player struck, whenever the hands moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.addressing import parse_setting
from livegan.core.conductor import Conductor
from livegan.core.controls import BadControl
from livegan.core.messages import Command
from livegan.core.music import STEPS_PER_BAR
from livegan.core.outputs import NOTE_ON, BarLine, Event, Output, Revision
from livegan.core.player import Player
from livegan.core.state import BadValue, initial
from livegan.core.takes import play

from .fakes import FakeGenerator

BARS = 8
TEXTS = st.sampled_from(
    [
        *("/xy=0.1,0.9", "/xy=0.7,0.2", "/density=0.9", "/density=0.2", "/density", "/dice", "/mutate"),
        *("/seed=5", "/scene/3/recall", "/loop=2", "/loop=1", "/loop=0", "/again", "/again=3"),
        *("/track/1/lock=on", "/track/1/lock=off", "/undo", "/redo", "/morph=4,3", "/freeze=on"),
        *("/quantum=step", "/quantum=beat", "/quantum=bar", "/quantum=2", "/quantum=4"),
    ]
)
MOVES = st.lists(st.tuples(st.floats(0, BARS * STEPS_PER_BAR), TEXTS), max_size=25)


class Stage:
    """Conductor and player in simulated time, who tell each other everything."""

    def __init__(self) -> None:
        generator = FakeGenerator()
        state = replace(initial(1, 8), playing=True, drift=1.0, humanise=0.0)
        self.conductor = Conductor(generator, state)
        self.player = Player()
        self.struck: list[tuple[int, int]] = []
        self.now = 0.0
        self.deliver(self.conductor.start())

    def deliver(self, commands: Iterable[Command]) -> None:
        for command in commands:
            self.take(self.player.obey(command, self.now))

    def take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Event(_, step, status, pitch) if status & 0xF0 == NOTE_ON:
                    self.struck.append((step, pitch))
                case BarLine(_, bar, revision, repeated):
                    assert not repeated
                    self.conductor.entered(bar, revision)
                    self.deliver(self.conductor.bar_started(bar))
                case Revision(_, bar, revision, step):
                    self.deliver(self.conductor.revised(bar, revision, step))

    def until(self, step: float) -> None:
        while (due := self.player.deadline()) is not None and self.player.step_at(due) <= step:
            self.now = due
            self.take(self.player.due(due))
        self.now = max(self.now, self.player.time_of(step))

    def move(self, text: str) -> None:
        try:
            move = parse_setting(text)
            self.deliver(self.conductor.move(move, self.now))
        except (BadValue, BadControl):
            return
        if move.control.changes_music:
            self.deliver(self.conductor.render_again())


@settings(deadline=None, max_examples=60)
@given(MOVES)
def test_every_take_has_the_notes_that_were_struck(moves: list[tuple[float, str]]) -> None:
    stage = Stage()
    for step, text in sorted(moves):
        stage.until(step)
        stage.move(text)
    stage.until(BARS * STEPS_PER_BAR)
    past = list(stage.conductor.memory.past)
    assert len(past) == BARS
    for bar, take in enumerate(past):
        start = bar * STEPS_PER_BAR
        heard = sorted((step - start, pitch) for step, pitch in stage.struck if 0 <= step - start < 96)
        assert sorted((n.start, n.pitch) for n in play(take, stage.conductor.state)) == heard
