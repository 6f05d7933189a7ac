"""Who follows our MIDI clock is told where to start, when to tick and when to stop."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.clock_out import (
    CONTINUE,
    POSITIONS,
    SONG_POSITION,
    START,
    STOP,
    TICK,
    song_position,
    step_of,
)
from livegan.core.music import STEPS_PER_BAR, STEPS_PER_SIXTEENTH, Note
from livegan.core.outputs import Clock, Output
from livegan.core.player import START_LEAD, Player

from .test_player import BAR, STEP, midi, play_until


def clocked(bpm: float = 120) -> Player:
    return Player(bpm, clock_out=True)


def clocks(outputs: list[Output]) -> list[int | tuple[int, ...]]:
    """Messages by their status byte, song positions whole."""
    return [o.data if len(o.data) > 1 else o.data[0] for o in outputs if isinstance(o, Clock)]


def ticks(outputs: list[Output]) -> list[float]:
    return [o.due for o in outputs if isinstance(o, Clock) and o.data == (TICK,)]


@given(st.integers(0, POSITIONS * STEPS_PER_SIXTEENTH - 1))
def test_a_song_position_is_the_sixteenth_of_its_step(step: int) -> None:
    status, low, high = song_position(step)
    assert status == SONG_POSITION
    assert 0 <= low < 128
    assert 0 <= high < 128
    assert step - STEPS_PER_SIXTEENTH < step_of(low, high) <= step
    assert step_of(low, high) % STEPS_PER_SIXTEENTH == 0


@given(st.integers(0, 5000))
def test_past_the_last_song_position_a_bar_line_is_still_a_bar_line(bar: int) -> None:
    _, low, high = song_position(bar * STEPS_PER_BAR)
    assert step_of(low, high) == bar % 1024 * STEPS_PER_BAR


def test_play_is_start_and_then_a_tick_every_step() -> None:
    player = clocked()
    outputs = player.play(0.0)
    outputs += play_until(player, START_LEAD + 23.5 * STEP)
    assert clocks(outputs) == [START, *[TICK] * 24]
    assert ticks(outputs) == pytest.approx([START_LEAD + n * STEP for n in range(24)])


@settings(deadline=None)
@given(st.floats(20, 300))
def test_a_start_comes_a_millisecond_or_more_before_its_tick(bpm: float) -> None:
    for count_in in (0, 1):
        player = clocked(bpm)
        player.play(0.0, count_in=count_in)
        outputs = [o for o in play_until(player, 13) if isinstance(o, Clock)]
        place = next(place for place, o in enumerate(outputs) if o.data == (START,))
        assert outputs[place + 1].data == (TICK,)
        assert outputs[place + 1].due - max(0.0, outputs[place].due) >= 0.001


def test_a_tick_comes_before_the_notes_of_its_step() -> None:
    player = clocked()
    player.take_bar(0, 1, [Note(0, 6, 60)], "bar", 0.0)
    player.play(0.0)
    kinds = [type(o).__name__ for o in player.due(START_LEAD)]
    assert kinds.index("Event") > 1
    assert kinds[:2] == ["Clock", "Clock"]


def test_in_a_count_in_the_clock_ticks_and_start_comes_with_the_music() -> None:
    player = clocked()
    outputs = player.play(0.0, count_in=1)
    outputs += play_until(player, START_LEAD + BAR + 1.5 * STEP)
    assert clocks(outputs) == [*[TICK] * 96, START, TICK, TICK]


def test_from_another_bar_it_is_song_position_and_continue() -> None:
    player = clocked()
    outputs = player.play(0.0, bar=9)
    outputs += play_until(player, START_LEAD + 0.5 * STEP)
    assert clocks(outputs) == [(SONG_POSITION, 16, 1), CONTINUE, TICK]


def test_stop_stops_the_clock_once() -> None:
    player = clocked()
    player.play(0.0)
    play_until(player, 1.0)
    assert clocks(player.stop(1.0)) == [STOP]
    assert player.deadline() is None
    assert clocks(player.stop(1.1)) == []


def test_panic_stops_the_others_until_the_next_bar_line() -> None:
    player = clocked()
    player.play(0.0)
    play_until(player, START_LEAD + 10.2 * STEP)
    assert clocks(player.panic(START_LEAD + 10.2 * STEP)) == [STOP, (SONG_POSITION, 16, 0)]
    rest = clocks(play_until(player, START_LEAD + 96.2 * STEP))
    assert rest == [*[TICK] * 85, CONTINUE, TICK]
    assert clocks(player.panic(START_LEAD + 191.8 * STEP))[1] == (SONG_POSITION, 48, 0), "not in time"


def test_panic_in_a_count_in_still_starts_with_the_music_and_a_stopped_player_says_stop() -> None:
    player = clocked()
    assert clocks(player.panic(0.0)) == [STOP]
    player.play(0.0, count_in=2)
    play_until(player, 0.1)
    assert clocks(player.panic(0.1)) == [STOP]
    assert clocks(play_until(player, START_LEAD + 2 * BAR))[-2:] == [START, TICK]


def test_the_ticks_follow_tempo_ramp_and_nudge() -> None:
    player = clocked()
    player.play(0.0)
    play_until(player, START_LEAD)
    player.set_tempo(240, START_LEAD, 1)
    player.nudge(0.05, START_LEAD)
    times = ticks(play_until(player, 4))
    expected = [player.time_of(n) for n in range(1, len(times) + 1)]
    assert times == pytest.approx(expected)
    assert times[-1] - times[-2] == pytest.approx(STEP / 2)


def test_after_a_stall_no_tick_is_lost() -> None:
    player = clocked()
    player.play(0.0)
    assert clocks(player.due(START_LEAD + 47.5 * STEP)).count(TICK) == 48


def test_without_clock_out_nothing_of_it_is_sent() -> None:
    player = Player()
    outputs = [
        *player.play(0.0, bar=3),
        *play_until(player, 1.0),
        *player.panic(1.0),
        *player.stop(1.0),
    ]
    assert clocks(outputs) == []
    assert midi(outputs) == []
