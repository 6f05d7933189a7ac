"""Distance to the data: the paper's EB, UPC and QN, MuseGAN's PR, and notes a bar, all near at once.

Definitions in `metrics`: EB, QN and PR in per cent, UPC in pitch classes, notes over all bars. The
goals are about twice what two halves of POP909 differ by.
"""

from __future__ import annotations

from ..judging import figures
from ..rows import NAN, Values
from .goals import at_most, near
from .part import Held, Part
from .section import Section, aim

ROOM = {"eb": 1.0, "upc": 0.20, "qn": 2.5, "pr": 3.0, "notes": 0.8}


def levels(part: Part) -> Values:
    found = figures(part.roll, part.all_drums)
    return {key: found[key] for key in ROOM}


def measure(part: Part, held: Held, seed: int) -> Values:
    """The figures, and the largest of their distances in units of the room that each has; nan if the
    data has one that these bars have not."""
    found = levels(part)
    asked = [key for key in ROOM if held.own[key] == held.own[key]]
    shares = [abs(found[key] - held.own[key]) / ROOM[key] for key in asked]
    worst = NAN if any(share != share for share in shares) else max(shares, default=NAN)
    return {**found, "all_at_once": worst}


CLOSENESS = Section(
    "distance to the data",
    (
        aim("eb", "EB %", 1, "empty bars", near(ROOM["eb"])),
        aim("upc", "UPC", 2, "used pitch classes in a bar that sounds", near(ROOM["upc"])),
        aim("qn", "QN %", 1, "notes of at least 3 of 96 steps", near(ROOM["qn"])),
        aim("pr", "PR %", 1, "steps with 2 or more pitches, in bars that sound", near(ROOM["pr"])),
        aim("notes", "notes a bar", 1, "over all bars", near(ROOM["notes"])),
        aim(
            "all_at_once", "all at once", 2, "the largest of these distances, over its goal", at_most(1)
        ),
    ),
    measure,
    lambda held: levels(held.all),
)
