"""Taps make a tempo: steady ones soon, clumsy ones still."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.music import FASTEST, SLOWEST
from livegan.core.tap import PAUSE_SECONDS, Taps, tapped, tempo_of


def tempo_after(*intervals: float, start: float = 100.0) -> float | None:
    """Of a first tap and one after each interval."""
    taps: Taps = ()
    for time in accumulate(intervals, initial=start):
        taps = tapped(taps, time)
    return tempo_of(taps)


def test_three_taps_make_a_tempo_and_two_do_not() -> None:
    assert tempo_after(0.5) is None
    assert tempo_after(0.5, 0.5) == pytest.approx(120)


@given(st.floats(SLOWEST, FASTEST), st.lists(st.floats(-0.04, 0.04), min_size=8, max_size=20))
def test_clumsy_taps_are_near_the_tempo(bpm: float, errors: list[float]) -> None:
    beat = 60 / bpm
    tempo = tempo_after(*(beat * (1 + error) for error in errors))
    assert tempo == pytest.approx(bpm, rel=0.05)


@pytest.mark.parametrize(
    "intervals",
    [
        (0.5, 0.5, 1.0, 0.5),
        (0.5, 0.5, 0.02, 0.48, 0.5),
        (0.5, 0.65, 0.35, 0.5, 0.5),
        (0.5, 0.5, PAUSE_SECONDS + 1, 0.5, 0.5),
        (0.4, 0.4, 0.4, 2.0, 0.5, 0.5),
    ],
    ids=["one missed", "one bounced", "one askew", "after a pause", "after a short pause"],
)
def test_what_is_no_beat_does_not_count(intervals: tuple[float, ...]) -> None:
    assert tempo_after(*intervals) == pytest.approx(120)


def test_a_new_tempo_is_there_with_its_third_tap() -> None:
    assert tempo_after(*[0.5] * 8, 0.3, 0.3) == pytest.approx(200)


def test_the_tempo_stays_within_the_range() -> None:
    assert tempo_after(*[0.16] * 4) == FASTEST
    assert tempo_after(*[3.4] * 4) == SLOWEST
