"""Semitone clashes: DIS, per cent of the pairs of pitch classes that sound together, as
`metrics.clashes` has it."""

from __future__ import annotations

from ... import metrics
from ..rows import NAN, Values
from .goals import at_most_times
from .part import Held, Part
from .section import Section, aim


def levels(part: Part) -> Values:
    full = part.roll[part.sounding]
    silent = part.all_drums or not len(full)
    return {"dis": NAN if silent else 100.0 * metrics.clashes(full)}


def measure(part: Part, held: Held, seed: int) -> Values:
    return levels(part)


CLASHES = Section(
    "semitone clashes",
    (
        aim(
            "dis",
            "clashes %",
            2,
            "semitones among pitch classes that sound together",
            at_most_times(1.25),
        ),
    ),
    measure,
    lambda held: levels(held.all),
)
