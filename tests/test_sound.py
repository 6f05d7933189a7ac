"""The sampled piano strikes where the player did."""

from __future__ import annotations

import numpy as np
import pytest

from livegan.core.music import Note, seconds_per_step
from livegan.shell.sound import RATE, render

TEMPI = ((0, 120.0),)


def first_sample(note: Note) -> int:
    sound = render([note], TEMPI, 96)
    return int(np.flatnonzero(np.abs(sound).sum(axis=1) > 0)[0])


@pytest.mark.parametrize("offset", [0.5, -0.5, 1.25])
def test_a_note_sounds_as_late_as_it_was_played(offset: float) -> None:
    late = first_sample(Note(24, 24, 60, 100, 0, offset)) - first_sample(Note(24, 24, 60, 100))
    assert late == pytest.approx(offset * seconds_per_step(120) * RATE, abs=2)


def test_nothing_sounds_before_the_music() -> None:
    assert first_sample(Note(0, 24, 60, 100, 0, -1.0)) == first_sample(Note(0, 24, 60, 100))
