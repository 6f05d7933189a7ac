"""Notes of bars as places in time, in steps since bar 0: when each is struck and when it ends."""

from __future__ import annotations

from typing import NamedTuple

from .music import STEPS_PER_BAR, Note
from .swing import Swing

SHORTEST = 0.5
"""Steps that a note lasts at least, however late it is."""


class Sheet(NamedTuple):
    """A bar as it came: notes ordered by start."""

    revision: int
    notes: tuple[Note, ...]


class Strike(NamedTuple):
    """A note to be struck: where, its written step, both in steps since bar 0. Compares by time, then
    in the order of `in_order`."""

    place: float
    step: int
    channel: int
    pitch: int
    note: Note


class Sounding(NamedTuple):
    """A note that is on: where it ends, the step at which its end is written, and whether it is the
    metronome's."""

    end: float
    step: int
    click: bool = False


def end_of(strike: Strike, swing: Swing) -> Sounding:
    """A note keeps its length and its end swings as its beginning; but being late it ends with its
    bar."""
    place, step = strike.place, strike.step
    written = step + max(1, strike.note.length)
    line = (step // STEPS_PER_BAR + 1) * STEPS_PER_BAR
    end = swing.place(written) + place - swing.place(step)
    if written <= line < end:
        end = line
    return Sounding(max(end, place + SHORTEST), written)
