"""Swing makes every second step of its grid late and turns nothing round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.music import STEPS_PER_BEAT
from livegan.core.swing import GRIDS, Swing

SWINGS = st.builds(Swing, st.floats(0, 1), st.sampled_from(GRIDS))
STEPS = st.floats(-200, 2000)


def test_straight_is_as_written() -> None:
    assert [Swing().place(step) for step in range(200)] == list(range(200))


@pytest.mark.parametrize(
    ("swing", "places"),
    [
        (Swing(1.0, 16), [0, 9, 12, 21]),
        (Swing(2 / 3, 16), [0, 8, 12, 20]),
        (Swing(2 / 3, 8), [0, 8, 16, 20]),
        (Swing(1.0, 8), [0, 9, 18, 21]),
    ],
)
def test_the_second_of_a_pair_is_late_by_the_share(swing: Swing, places: list[float]) -> None:
    assert [swing.place(step) for step in (0, 6, 12, 18)] == pytest.approx(places)


@given(SWINGS, STEPS, STEPS)
def test_what_comes_first_stays_first(swing: Swing, one: float, other: float) -> None:
    if one > other:
        one, other = other, one
    stretched = swing.place(other) - swing.place(one)
    assert 0.5 * (other - one) - 1e-9 <= stretched <= 1.5 * (other - one) + 1e-9


@given(SWINGS, STEPS)
def test_nothing_comes_early_nor_leaves_its_beat(swing: Swing, step: float) -> None:
    beat = step // STEPS_PER_BEAT * STEPS_PER_BEAT
    assert step - 1e-9 <= swing.place(step) <= beat + STEPS_PER_BEAT + 1e-9
    assert swing.place(beat) == beat
