"""Piano rolls and notes, both ways. A roll is bool `[step, pitch]`, row 0 the lowest pitch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, Note, in_order

BoolArray = NDArray[np.bool_]


def roll_from_notes(notes: Iterable[Note], steps: int = STEPS_PER_BAR) -> BoolArray:
    """Draw notes into a roll. A note that follows one of its own pitch without a gap takes the last
    step from it (unless that is its only one), so that both stay two notes; at a bar line it need not,
    since bars cut notes anyway. Pitches outside the roll and steps past its end are left out."""
    roll = np.zeros((steps, PITCHES), dtype=bool)
    for note in in_order(notes):
        row = note.pitch - LOWEST_PITCH
        if 0 <= row < PITCHES and 0 <= note.start < steps:
            if note.start % STEPS_PER_BAR > 1 and roll[note.start - 2, row]:
                roll[note.start - 1, row] = False
            roll[note.start : note.start + note.length, row] = True
    return roll


def notes_from_roll(roll: BoolArray, velocity: int = 90, channel: int = 0) -> list[Note]:
    """Every maximal run of one pitch is a note. Ordered by start, then pitch."""
    padded = np.pad(roll.T, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    ends = np.nonzero(change == -1)[1]
    notes = [
        Note(int(start), int(end - start), int(row) + LOWEST_PITCH, velocity, channel)
        for row, start, end in zip(rows, starts, ends, strict=True)
    ]
    return list(in_order(notes))
