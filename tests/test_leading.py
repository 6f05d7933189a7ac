"""Following somebody else's time, under a fake clock."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from livegan.core.leading import Follower, Lead
from livegan.core.messages import Halted, Joined, Report
from livegan.core.midi_clock_in import MidiClockIn
from livegan.core.music import STEPS_PER_BAR, Note, seconds_per_step
from livegan.core.outputs import NOTE_OFF, NOTE_ON, BarLine, Event, Output
from livegan.core.player import Player
from livegan.core.transport import TempoCurve

TICK, START, CONTINUE, STOP = (0xF8,), (0xFA,), (0xFB,), (0xFC,)
BEATS = tuple(Note(beat * 24, 12, 60 + beat, 90, 0) for beat in range(4))


def position(sixteenth: int) -> tuple[int, int, int]:
    return 0xF2, sixteenth & 0x7F, sixteenth >> 7


@dataclass
class Stage:
    """A player that follows a MIDI clock; bars are always at hand."""

    lost: str = "keep"
    player: Player = field(default_factory=Player)
    clock: MidiClockIn = field(default_factory=MidiClockIn)
    outputs: list[Output] = field(default_factory=list)
    reports: list[tuple[float, Report]] = field(default_factory=list)
    now: float = 100.0

    def __post_init__(self) -> None:
        self.follower = Follower(self.player, self.lost)
        for bar in (0, 1):
            self.player.take_bar(bar, 1, BEATS, "step", self.now)

    def hear(self, data: tuple[int, ...]) -> None:
        self.clock.hear(data, self.now)
        self.follow()

    def follow(self) -> None:
        outputs, reports = self.follower.follow(self.clock.lead(self.now), self.now)
        self.outputs += outputs
        self.reports += [(self.now, report) for report in reports]

    def until(self, time: float) -> None:
        """Let time pass, the clock being asked all the while."""
        self.until_quiet(time, self.follow)

    def until_quiet(self, time: float, ask: Callable[[], None] = lambda: None) -> None:
        """Let time pass, in hundredths of a second and at every deadline."""
        while self.now < time:
            deadline = self.player.deadline()
            self.now = min(time, self.now + 0.01, max(self.now, deadline or time))
            for output in self.player.due(self.now):
                self.outputs.append(output)
                if isinstance(output, BarLine):
                    for bar in (output.bar + 1, output.bar + 2):
                        self.player.take_bar(bar, output.bar + 2, BEATS, "step", self.now)
            ask()

    def ticks(self, count: int, bpm: float, jitter: float = 0.0, seed: int = 1) -> None:
        """So many ticks from now on, each late by up to `jitter` seconds."""
        late = random.Random(seed)
        began, period = self.now, seconds_per_step(bpm)
        for tick in range(count):
            self.until(began + tick * period + late.uniform(0, jitter))
            self.hear(TICK)
        self.until(began + count * period)

    @property
    def strikes(self) -> list[tuple[float, int]]:
        return [
            (event.due, event.step)
            for event in self.outputs
            if isinstance(event, Event) and event.status & 0xF0 == NOTE_ON
        ]

    @property
    def bars(self) -> list[int]:
        return [output.bar for output in self.outputs if isinstance(output, BarLine)]

    @property
    def hanging(self) -> set[tuple[int, int]]:
        on: set[tuple[int, int]] = set()
        for event in self.outputs:
            if isinstance(event, Event) and event.status & 0xF0 == NOTE_ON:
                on.add((event.status & 15, event.data1))
            elif isinstance(event, Event) and event.status & 0xF0 == NOTE_OFF:
                on.discard((event.status & 15, event.data1))
        return on


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_the_tick_after_a_start_is_beat_0(stage: Stage) -> None:
    stage.hear(START)
    stage.until(100.5)
    assert stage.strikes == [], "a start alone arms"
    stage.ticks(200, 120)
    assert [step for _, step in stage.strikes[:6]] == [0, 24, 48, 72, 96, 120]
    assert [due for due, _ in stage.strikes[:6]] == pytest.approx(
        [100.5 + 0.5 * beat for beat in range(6)], abs=1e-6
    )
    assert stage.reports[0][1] == Joined(0, True)


def test_a_clock_that_ran_before_the_start_says_when_beat_0_is(stage: Stage) -> None:
    stage.ticks(48, 90)
    stage.until(stage.now - 0.003)
    stage.hear(START)
    began = stage.now
    stage.ticks(100, 90)
    assert stage.strikes[0] == (pytest.approx(began, abs=1e-6), 0)


def test_a_running_clock_of_which_nobody_knows_the_bar_is_waited_for(stage: Stage) -> None:
    stage.clock.hear(CONTINUE, stage.now)  # as if its start had been heard before we came
    running = MidiClockIn()
    for tick in range(50):
        running.hear(TICK, 50 + tick * 0.02)
    stage.clock = running
    stage.now = 51.0
    stage.follower.play()
    stage.ticks(100, 125)
    assert stage.strikes == []
    stage.hear(START)
    stage.ticks(100, 125)
    assert stage.strikes[0][1] == 0


def test_a_song_position_and_continue_join_at_the_next_bar_line(stage: Stage) -> None:
    stage.hear(position(3 * 16 + 4))
    stage.hear(CONTINUE)
    began = stage.now
    stage.ticks(72 + 2 * 96, 120)
    assert stage.bars[0] == 4
    assert stage.strikes[0] == (pytest.approx(began + 72 / 48, abs=1e-6), 4 * STEPS_PER_BAR)


def test_a_stop_ends_every_note_and_continue_goes_on_where_it_was(stage: Stage) -> None:
    stage.hear(START)
    stage.ticks(96 + 30, 120)
    stage.hear(STOP)
    assert stage.hanging == set()
    assert stage.reports[-1][1] == Halted()
    stage.ticks(50, 120)  # some send ticks while stopped
    stage.player.take_bar(0, 9, BEATS, "step", stage.now)
    stage.hear(CONTINUE)
    began = stage.now
    stage.ticks(200, 120)
    assert stage.bars[-1] == 3
    joined = [report for _, report in stage.reports if isinstance(report, Joined)]
    assert joined[-1] == Joined(2, True)
    line = next(due for due, step in stage.strikes if step == 2 * STEPS_PER_BAR)
    assert line == pytest.approx(began + (96 - 30) / 48, abs=1e-3)


@pytest.mark.parametrize("jitter", [0.0, 0.002, 0.004])
def test_jitter_is_ignored(stage: Stage, jitter: float) -> None:
    stage.hear(START)
    began = stage.now
    stage.ticks(96 * 16, 120, jitter)
    late = [due - (began + step / 48) - jitter / 2 for due, step in stage.strikes if step > 96]
    late = sorted(abs(seconds) for seconds in late)
    assert sum(late) / len(late) < max(1e-6, jitter / 4)
    assert late[int(0.99 * len(late))] < max(1e-6, 0.8 * jitter)


def test_a_change_of_tempo_is_followed_within_a_beat(stage: Stage) -> None:
    stage.hear(START)
    stage.ticks(96 * 4, 120, 0.002)
    changed = stage.now
    stage.ticks(96 * 4, 150, 0.002)
    period = seconds_per_step(150)
    beat = 96 * 4 + 24
    late = [
        due - (changed + (step - 96 * 4) * period) - 0.001
        for due, step in stage.strikes
        if step >= beat
    ]
    assert max(abs(seconds) for seconds in late) < 0.004
    assert [step for _, step in stage.strikes] == list(range(0, 96 * 8, 24)), "each beat once"


@pytest.mark.parametrize("jitter", [0.0, 0.002])
def test_a_lost_clock_is_played_on_and_joined_again(jitter: float) -> None:
    stage = Stage("keep")
    stage.hear(START)
    stage.ticks(96 * 2, 120, jitter)
    stage.until(stage.now + 4)
    assert len(stage.bars) == 4, "two bars with the clock, two alone"
    stage.ticks(96 * 2, 120, jitter)
    assert [step for _, step in stage.strikes] == list(range(0, len(stage.strikes) * 24, 24))


def test_a_lost_clock_stops_the_music_if_so_wished() -> None:
    stage = Stage("stop")
    stage.hear(START)
    stage.ticks(96 + 10, 120)
    stage.until(stage.now + 1)
    assert stage.hanging == set()
    assert not stage.player.playing
    assert stage.reports[-1][1] == Halted()


def test_a_leader_that_jumped_is_joined_at_its_next_bar_line(stage: Stage) -> None:
    stage.hear(START)
    stage.ticks(96 * 2 + 12, 120)
    stage.hear(position(20 * 16 + 8))
    jumped = stage.now
    stage.ticks(96 * 2, 120)
    assert 21 in stage.bars
    line = next(due for due, step in stage.strikes if step == 21 * STEPS_PER_BAR)
    assert line == pytest.approx(jumped + 48 / 48, abs=1e-3)
    assert any(jumped < due < line for due, _ in stage.strikes), "the music goes on until then"
    assert Joined(21, False) in [report for _, report in stage.reports]


@pytest.mark.parametrize("bpm", [60, 120, 240])
def test_a_start_that_is_told_a_period_late_loses_no_bar(bpm: float) -> None:
    stage = Stage()
    began = stage.now
    stage.now += 0.03
    stage.follower.play()
    lead = Lead(TempoCurve.steady(began, 0, bpm), True, True)
    stage.reports += [(stage.now, r) for r in stage.follower.follow(lead, stage.now)[1]]
    assert stage.reports[0][1] == Joined(0, True)
    stage.outputs += stage.player.due(stage.now)
    assert stage.strikes[0] == (pytest.approx(began), 0)


def test_the_performer_can_stop_and_join_again_at_a_bar_line(stage: Stage) -> None:
    stage.hear(START)
    stage.ticks(100, 120)
    stage.outputs += stage.player.stop(stage.now)
    stage.follower.stop()
    stage.ticks(100, 120)
    heard = len(stage.strikes)
    assert stage.hanging == set()
    stage.player.take_bar(0, 9, BEATS, "step", stage.now)
    stage.follower.play()
    stage.ticks(200, 120)
    assert stage.strikes[heard][1] == 3 * STEPS_PER_BAR


def test_going_over_to_a_leader_waits_for_its_bar_line_and_leaves_nothing_hanging() -> None:
    stage = Stage()
    stage.outputs += stage.player.play(stage.now)
    stage.follower = Follower(stage.player)
    stage.until(103.3)
    line = 104.1

    lead = Lead(TempoCurve.steady(line, 500 * STEPS_PER_BAR, 150), True, True)
    while stage.now < 106:
        stage.reports += [(stage.now, r) for r in stage.follower.follow(lead, stage.now)[1]]
        stage.outputs += stage.player.due(stage.now)
        stage.now += 0.01
    struck = [(due, step) for due, step in stage.strikes if due > 103.3]
    assert struck[0][1] < 500, "played on"
    first = next(due for due, step in struck if step == 500 * STEPS_PER_BAR)
    assert first == pytest.approx(line)
    assert not any(step < 500 for due, step in struck if due > line)
    assert len(stage.hanging) <= 1, "but for the one that sounds now"


def test_ticks_that_are_no_clock_change_nothing(stage: Stage) -> None:
    for data in [(0xFE,), (0x90, 60, 1), (), (0xF2,), (0xF0, 1, 0xF7)]:
        stage.hear(data)
    assert stage.clock.lead(stage.now) == Lead(None, False, False)
