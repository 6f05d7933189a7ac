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
    found = levels(part)
    return {**found, "all_at_once": farthest(found, held.own)}


def farthest(found: Values, own: Values) -> float:
    """The largest distance of the figures from the data's own, in units of the room that each has; nan
    if the data has one that these bars have not."""
    asked = [key for key in ROOM if key in found and own[key] == own[key]]
    shares = [abs(found[key] - own[key]) / ROOM[key] for key in asked]
    return NAN if any(share != share for share in shares) else max(shares, default=NAN)


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
