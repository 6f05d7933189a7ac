"""Logits become notes: one rule for both heads, and exactly as many as the density asks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from livegan.core.decode import Struck, decode, notes_for_density, onset_and_keep
from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, Note
from livegan.core.roll import notes_from_roll, roll_from_notes

LOGITS = arrays.arrays(np.float32, (24, 6), elements=st.floats(-5, 5, width=32))
ROLLS = arrays.arrays(np.bool_, (STEPS_PER_BAR, 5))


def wide(roll: np.ndarray) -> np.ndarray:
    return np.pad(roll, ((0, 0), (0, PITCHES - roll.shape[1])))


def test_a_note_sounds_while_it_is_kept_and_ends_before_it_is_struck_again() -> None:
    onset, keep = np.full((12, 2), -1.0, np.float32), np.full((12, 2), -1.0, np.float32)
    onset[[0, 4], 0] = 1
    keep[1:8, 0] = 1
    onset[10, 1] = 1
    assert decode(onset, keep) == [
        Struck(0, 3, LOWEST_PITCH),
        Struck(4, 4, LOWEST_PITCH),
        Struck(10, 1, LOWEST_PITCH + 1),
    ]


def test_a_kept_cell_does_not_sound_unless_something_sounded_before() -> None:
    assert decode(np.full((8, 2), -1.0, np.float32), np.ones((8, 2), np.float32)) == []


@given(LOGITS, LOGITS, st.integers(0, 60))
def test_density_strikes_exactly_the_likeliest(onset: np.ndarray, keep: np.ndarray, count: int) -> None:
    notes = decode(onset, keep, count)
    assert len(notes) == count
    chosen = [onset[n.start, n.pitch - LOWEST_PITCH] for n in notes]
    if chosen:
        assert min(chosen) >= np.sort(onset, axis=None)[-count]


def test_density_never_strikes_off_the_grid_of_the_head() -> None:
    onset = np.full((12, 2), -1e4, np.float32)
    onset[::6] = -3.0
    assert {n.start for n in decode(onset, onset, 50)} == {0, 6}


@given(LOGITS, LOGITS)
def test_notes_of_one_pitch_never_overlap(onset: np.ndarray, keep: np.ndarray) -> None:
    ends: dict[int, int] = {}
    for note in decode(onset, keep):
        assert note.length >= 1
        assert note.start >= ends.get(note.pitch, 0)
        ends[note.pitch] = note.start + note.length
    assert all(end <= len(onset) for end in ends.values())


@given(ROLLS)
def test_raw_cells_decode_to_the_very_roll(roll: np.ndarray) -> None:
    cells = np.where(wide(roll), 2.0, -2.0).astype(np.float32)[None]
    logits = onset_and_keep("cells", {"cells": cells})
    notes = [Note(*struck) for struck in decode(logits.onset[0], logits.keep[0])]
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
