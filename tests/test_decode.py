"""Logits become notes: one rule for both heads, and exactly as many as the density asks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from livegan.core.decode import Notes, decode, likeliest, notes_for_density, onset_and_keep
from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, Note
from livegan.core.roll import notes_from_roll, roll_from_notes

LOGITS = arrays.arrays(np.float32, (24, 6), elements=st.floats(-5, 5, width=32))
ROLLS = arrays.arrays(np.bool_, (STEPS_PER_BAR, 5))


def wide(roll: np.ndarray) -> np.ndarray:
    return np.pad(roll, ((0, 0), (0, PITCHES - roll.shape[1])))


def listed(notes: Notes) -> list[tuple[int, int, int]]:
    """(start, length, row) of each."""
    return list(zip(*(part.tolist() for part in notes), strict=True))


def test_a_note_sounds_while_it_is_kept_and_ends_before_it_is_struck_again() -> None:
    onset, keep = np.full((12, 2), -1.0, np.float32), np.full((12, 2), -1.0, np.float32)
    onset[[0, 4], 0] = 1
    keep[1:8, 0] = 1
    onset[10, 1] = 1
    assert listed(decode(onset, keep)) == [(0, 3, 0), (4, 4, 0), (10, 1, 1)]


def test_a_kept_cell_does_not_sound_unless_something_sounded_before() -> None:
    assert not listed(decode(np.full((8, 2), -1.0, np.float32), np.ones((8, 2), np.float32)))


@given(LOGITS, st.integers(0, 60))
def test_density_strikes_exactly_the_likeliest(onset: np.ndarray, count: int) -> None:
    steps, rows = likeliest(onset, count)
    assert len(set(zip(steps.tolist(), rows.tolist(), strict=True))) == len(steps) == count
    if count:
        assert onset[steps, rows].min() >= np.sort(onset, axis=None)[-count]


def test_ties_fall_to_the_earlier_and_lower_one() -> None:
    steps, rows = likeliest(np.zeros((4, 3), np.float32), 4)
    assert (steps.tolist(), rows.tolist()) == ([0, 0, 0, 1], [0, 1, 2, 0])


def test_density_never_strikes_off_the_grid_of_the_head() -> None:
    onset = np.full((12, 2), -1e4, np.float32)
    onset[::6] = -3.0
    assert set(likeliest(onset, 50)[0].tolist()) == {0, 6}


@given(LOGITS, LOGITS)
def test_notes_of_one_pitch_never_overlap(onset: np.ndarray, keep: np.ndarray) -> None:
    ends: dict[int, int] = {}
    for start, length, row in listed(decode(onset, keep)):
        assert length >= 1
        assert start >= ends.get(row, 0)
        ends[row] = start + length
    assert all(end <= len(onset) for end in ends.values())


@given(ROLLS)
def test_raw_cells_decode_to_the_very_roll(roll: np.ndarray) -> None:
    cells = np.where(wide(roll), 2.0, -2.0).astype(np.float32)[None]
    logits = onset_and_keep("cells", {"cells": cells})
    decoded = listed(decode(logits.onset[0], logits.keep[0]))
    notes = [Note(start, length, row + LOWEST_PITCH) for start, length, row in decoded]
    assert (roll_from_notes(notes) == wide(roll)).all()


@given(ROLLS)
def test_roll_to_notes_and_back(roll: np.ndarray) -> None:
    assert (roll_from_notes(notes_from_roll(wide(roll))) == wide(roll)).all()


def test_notes_that_touch_keep_apart_in_the_roll() -> None:
    notes = [Note(0, 6, 60), Note(6, 6, 60)]
    assert [(n.start, n.length) for n in notes_from_roll(roll_from_notes(notes))] == [(0, 5), (6, 6)]


@pytest.mark.parametrize(
    ("density", "count"), [(0.0, 0), (0.001, 1), (0.25, 5), (0.5, 10), (0.75, 20), (1.0, 30)]
)
def test_density_reads_the_quantiles_of_the_data(density: float, count: int) -> None:
    assert notes_for_density(density, (1.0, 5.0, 10.0, 20.0, 30.0)) == count
