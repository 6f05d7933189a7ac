"""Time and steps are each other's mirror, however the tempo moves and whoever nudges."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.music import FASTEST, SLOWEST, STEPS_PER_BAR, STEPS_PER_BEAT, seconds_per_step
from livegan.core.transport import Transport

TEMPI = st.floats(SLOWEST, FASTEST)
GAPS = st.floats(0, 20)
MOVES = st.one_of(
    st.tuples(st.just("tempo"), GAPS, TEMPI, st.integers(0, 16)),
    st.tuples(st.just("nudge"), GAPS, st.floats(-0.1, 0.1)),
)


@st.composite
def moved(draw: st.DrawFn) -> tuple[Transport, float]:
    """A transport after some moves, and the time of the last."""
    start = draw(st.floats(0, 1e6))
    transport = Transport.steady(start, draw(st.integers(-400, 40_000)), draw(TEMPI))
    now = start - draw(st.floats(0, 0.01))
    for kind, gap, value, *bars in draw(st.lists(MOVES, max_size=8)):
        now += gap
        if kind == "tempo":
            transport = transport.with_tempo(value, now, *bars)
        else:
            transport = transport.nudged(value, now)
    return transport, now


@given(moved(), st.floats(0, 500))
def test_the_time_of_the_step_of_a_time_is_that_time(
    moved: tuple[Transport, float], gap: float
) -> None:
    transport, now = moved
    step = transport.step_at(now + gap)
    assert transport.time_at(step) == pytest.approx(now + gap, abs=1e-6)
    assert transport.step_at(transport.time_at(step)) == pytest.approx(step, abs=1e-5)


@given(moved(), st.lists(st.floats(0, 60), min_size=2, unique=True))
def test_time_never_runs_backwards_nor_leaps(moved: tuple[Transport, float], gaps: list[float]) -> None:
    transport, now = moved
    times = [now + gap for gap in sorted(gaps)]
    for one, other in pairwise(times):
        steps = transport.step_at(other) - transport.step_at(one)
        fastest = (other - one) / seconds_per_step(FASTEST)
        slowest = (other - one) / seconds_per_step(SLOWEST)
        assert 0.5 * slowest - 1e-5 <= steps <= 1.5 * fastest + 1e-5


@given(moved(), GAPS, TEMPI, st.integers(0, 16), st.floats(-0.1, 0.1))
def test_a_move_leaves_the_music_where_it_is(
    moved: tuple[Transport, float], gap: float, bpm: float, bars: int, seconds: float
) -> None:
    transport, now = moved
    here = transport.step_at(now + gap)
    for after in (
        transport.with_tempo(bpm, now + gap, bars),
        transport.nudged(seconds, now + gap),
    ):
        assert after.step_at(now + gap) == pytest.approx(here, abs=1e-5)


@given(moved(), GAPS, TEMPI, st.integers(1, 16))
def test_a_ramp_arrives_at_a_bar_line_and_stays(
    moved: tuple[Transport, float], gap: float, bpm: float, bars: int
) -> None:
    transport, now = moved
    here = transport.step_at(now + gap)
    ramp = transport.with_tempo(bpm, now + gap, bars).curve
    assert ramp.end_step % STEPS_PER_BAR == 0
    assert abs(ramp.end_step - here - bars * STEPS_PER_BAR) <= STEPS_PER_BAR / 2 + 1e-5
    assert ramp.bpm_at(ramp.end_step) == ramp.bpm_at(ramp.end_step + 1000) == bpm


def test_a_ramp_is_a_line_over_the_beats_and_takes_as_long_as_its_tempi_say() -> None:
    ramp = Transport.steady(10.0, 0, 60).with_tempo(120, 10.0, 4).curve
    assert [ramp.bpm_at(bar * STEPS_PER_BAR) for bar in range(6)] == [60, 75, 90, 105, 120, 120]
    parts = 10_000
    width = 4 * STEPS_PER_BAR / parts
    by_hand = sum(width * seconds_per_step(ramp.bpm_at((part + 0.5) * width)) for part in range(parts))
    assert ramp.time_at(4 * STEPS_PER_BAR) - 10.0 == pytest.approx(by_hand, abs=1e-6)


@given(moved(), st.integers(0, 4000))
def test_the_mean_tempo_of_a_stretch_takes_as_long_as_the_stretch(
    moved: tuple[Transport, float], ahead: int
) -> None:
    curve = moved[0].curve
    start = round(curve.step) + ahead
    end = start + STEPS_PER_BEAT
    seconds = curve.time_at(end) - curve.time_at(start)
    mean = curve.mean_bpm(start, end)
    assert STEPS_PER_BEAT * seconds_per_step(mean) == pytest.approx(seconds, abs=1e-6)


@given(TEMPI, st.floats(-0.1, 0.1))
def test_a_nudge_is_worked_off_within_a_beat(bpm: float, seconds: float) -> None:
    plain = Transport.steady(0.0, 0, bpm)
    nudged = plain.nudged(seconds, 5.0)
    beat = STEPS_PER_BEAT * seconds_per_step(bpm)
    for step in (0, plain.step_at(5.0)):
        assert nudged.time_at(step) == pytest.approx(plain.time_at(step))
    step = nudged.step_at(5.0 + beat + 1e-9)
    for later in (step, step + 1000):
        assert nudged.time_at(later) - plain.time_at(later) == pytest.approx(seconds, abs=1e-8)


@given(st.lists(st.tuples(st.floats(0, 0.3), st.floats(-0.1, 0.1)), max_size=8))
def test_nudges_add_up(nudges: list[tuple[float, float]]) -> None:
    plain = nudged = Transport.steady(0.0, 0, 120.0)
    now = 0.0
    for gap, seconds in nudges:
        now += gap
        nudged = nudged.nudged(seconds, now)
    late = nudged.time_at(4000) - plain.time_at(4000)
    assert late == pytest.approx(sum(seconds for _, seconds in nudges), abs=1e-8)
