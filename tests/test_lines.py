"""What a critic hears of the lines of a bar."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from livegan_train.choosing.lines import lines
from livegan_train.evaluate.scoreboard.scalars import PITCHED, scalars
from livegan_train.stream.cells import cells_of_codes, codes_of

NAMES = (
    "leaps of the top", "leaps of the bottom", "highest pitch", "lowest pitch", "range",
    "spread of pitch", "pitch-class entropy",
)  # fmt: skip
NOTE = st.tuples(st.integers(0, 15), st.integers(1, 16), st.integers(0, 83))


def heard(*notes: tuple[int, int, int], cells: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """A bar of notes (sixteenth, length in sixteenths, row): its lines, and the judge's figures."""
    roll = np.zeros((1, 1, 96, 84), bool)
    for start, length, row in sorted(notes):
        roll[0, 0, max(0, 6 * start - 1), row] = False
        roll[0, 0, 6 * start : 6 * (start + length) - 1, row] = True
    bar = cells_of_codes(torch.from_numpy(codes_of(roll, cells)), cells)
    return lines(bar, torch.tensor([0]), cells)[0, 0].numpy(), scalars(roll[:, 0], False)[0]


@pytest.mark.parametrize("cells", [16, 48])
@given(notes=st.lists(NOTE, min_size=1, max_size=20, unique_by=lambda note: note[0]))
def test_lines_are_those_that_are_measured_on_rolls(
    notes: list[tuple[int, int, int]], cells: int
) -> None:
    """Of notes that don't strike twice at a time, in octaves."""
    got, found = heard(*notes, cells=cells)
    octaves = np.array([12.0] * 6 + [1.0])
    wanted = found[[PITCHED.index(name) for name in NAMES]] / octaves
    np.testing.assert_allclose(got[:7], wanted, atol=2e-3)


def test_the_highest_and_the_lowest_of_a_chord_lead() -> None:
    got, _ = heard((0, 4, 24), (0, 4, 36), (4, 4, 20), (4, 4, 48), (12, 4, 60))
    assert got[:2].tolist() == pytest.approx([1.0, (4 + 40) / 24], abs=1e-3)


def test_lengths_are_told_in_sixteenths() -> None:
    got, _ = heard((0, 1, 10), (0, 2, 20), (0, 4, 30), (0, 8, 40), (8, 8, 50))
    assert got[7:].tolist() == pytest.approx([0.8, 0.6, 0.4])


def test_nothing_is_no_number_in_silence() -> None:
    nothing = cells_of_codes(torch.zeros(1, 2, 16, 84, dtype=torch.uint8), 16)
    found = lines(nothing, torch.tensor([0, 1]), 16)
    assert found.shape == (1, 2, 10)
    assert float(found.abs().max()) < 2e-3
