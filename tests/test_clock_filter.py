"""Somebody else's clock: its jitter stays outside, its tempo comes in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.clock_filter import ClockFilter
from livegan.core.music import STEPS_PER_BAR, STEPS_PER_BEAT, seconds_per_step

JITTERS = {
    "even": lambda random: random.uniform(-0.002, 0.002),
    "normal": lambda random: random.gauss(0, 0.002),
    "late": lambda random: random.expovariate(1 / 0.002) - 0.002,
}


def ticks_at(tempi: Sequence[float], start: float = 1000.0) -> list[float]:
    """When ticks are due; each tempo is that of the step to the next tick."""
    return list(accumulate(map(seconds_per_step, tempi), initial=start))


def errors(due: Sequence[float], heard: Sequence[float]) -> list[float]:
    """Of the phase: after every tick, how far from its place the filter expects the next one."""
    clock, found = ClockFilter(), []
    for place in range(len(due) - 1):
        clock = clock.ticked(heard[place])
        curve = clock.curve
        found.append(curve.time_at(place + 1) - due[place + 1] if curve else 0.0)
    assert clock.step == len(due) - 2, "every tick was counted once"
    return found


def mean(values: Sequence[float]) -> float:
    return sum(map(abs, values)) / len(values)


def worst_but_one_in_a_hundred(values: Sequence[float]) -> float:
    return sorted(map(abs, values))[len(values) * 99 // 100]


@pytest.mark.parametrize(("kind", "fastest"), [("even", 300), ("normal", 180), ("late", 90)])
@settings(deadline=None, max_examples=20, derandomize=True)
@given(seed=st.integers(0, 2**32), share=st.floats(0, 1))
def test_two_ms_of_jitter_leave_less_than_one_in_the_phase(
    seed: int, share: float, kind: str, fastest: float
) -> None:
    random = Random(seed)
    due = ticks_at([40 + share * (fastest - 40)] * 1500)
    found = errors(due, [tick + JITTERS[kind](random) for tick in due])[2 * STEPS_PER_BEAT :]
    assert mean(found) < 0.001
    assert worst_but_one_in_a_hundred(found) < 0.003


@settings(deadline=None)
@given(st.floats(20, 300), st.floats(20, 300))
def test_without_jitter_any_change_of_tempo_is_followed_within_a_beat(
    before: float, after: float
) -> None:
    due = ticks_at([before] * 100 + [after] * 100)
    clock = ClockFilter()
    for tick in due[: 100 + STEPS_PER_BEAT + 1]:
        clock = clock.ticked(tick)
    assert clock.step == 100 + STEPS_PER_BEAT
    assert clock.curve is not None
    assert clock.curve.bpm == pytest.approx(after, rel=0.02)
    assert clock.time == pytest.approx(due[100 + STEPS_PER_BEAT], abs=0.003)


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        *(("even", after) for after in (60, 100, 126, 150, 240)),
        *(("normal", after) for after in (60, 100, 126, 150)),
    ],
)
def test_with_jitter_a_change_of_tempo_is_followed_within_a_beat(after: float, kind: str) -> None:
    late = []
    for seed in range(20):
        random = Random(seed)
        due = ticks_at([120.0] * 200 + [after] * 300)
        clock = ClockFilter()
        for place, tick in enumerate(due[:-1]):
            clock = clock.ticked(tick + JITTERS[kind](random))
            if place > 200 + STEPS_PER_BEAT:
                assert clock.curve is not None
                late.append(clock.curve.time_at(clock.step + 1) - due[place + 1])
        assert clock.step == len(due) - 2
    assert mean(late) < 0.001
    assert worst_but_one_in_a_hundred(late) < 0.003


def test_a_ramp_is_followed() -> None:
    random = Random(1)
    steps = 4 * STEPS_PER_BAR
    ramp = [100 + 40 * step / steps for step in range(steps)]
    due = ticks_at([*[100.0] * 200, *ramp, *[140.0] * 200])
    found = errors(due, [tick + JITTERS["even"](random) for tick in due])
    assert mean(found[200:600]) < 0.001
    assert worst_but_one_in_a_hundred(found[200:600]) < 0.003


@settings(deadline=None)
@given(st.integers(50, 150), st.floats(30, 250), st.integers(0, 2**32))
def test_a_lost_tick_is_counted_and_a_double_one_is_not(at: int, bpm: float, seed: int) -> None:
    random = Random(seed)
    due = ticks_at([bpm] * 200)
    heard = [tick + random.uniform(-0.001, 0.001) for tick in due]
    for ticks in ([*heard[:at], *heard[at + 1 :]], sorted([*heard, heard[at] + 0.0005])):
        clock = ClockFilter()
        for tick in ticks:
            clock = clock.ticked(tick)
        assert clock.step == 200
        assert clock.time == pytest.approx(due[200], abs=0.002)


def test_ticks_that_come_in_pairs_are_counted_as_they_were_sent() -> None:
    due = ticks_at([120.0] * 400)
    clock = ClockFilter()
    for place in range(len(due) - 1):
        late = place % 2 == 0 and place > 100
        clock = clock.ticked(due[place + 1] - 0.0005 if late else due[place])
    assert clock.step == pytest.approx(len(due) - 2, abs=1)


def test_an_echo_of_every_tick_changes_nothing() -> None:
    due = ticks_at([120.0] * 200)
    clock = ClockFilter()
    for tick in due:
        clock = clock.ticked(tick).ticked(tick + 0.001)
    assert clock.step == 200
    assert clock.curve is not None
    assert clock.curve.bpm == pytest.approx(120, rel=1e-3)


def test_a_clock_that_stays_away_is_lost_and_begins_anew() -> None:
    clock = ClockFilter()
    assert not clock.lost(0.0)
    for tick in ticks_at([120.0] * 48, 0.0):
        clock = clock.ticked(tick)
    assert not clock.lost(1.2)
    assert clock.lost(1.3)
    again = clock.ticked(5.0)
    assert (again.step, again.curve) == (49, None)
    assert not again.lost(5.1)
    curve = again.ticked(5.0 + seconds_per_step(90)).curve
    assert curve is not None
    assert curve.bpm == pytest.approx(90)
