"""Does a bar follow from the one before? Neighbouring bars of a stream beside random pairs of its bars.

Harmony is the chroma cosine, rhythm the share of struck sixteenths in common (`flow`); the chord-change
rate is the share of neighbouring half bars with another triad (`chords`); repeats are bars equal to the
one before, or to one of the last eight (per cent of bars that sound). `_gap` is how far neighbours are
from random pairs of the same stream: what is asked is to be within a tenth of the data's gap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..flow import agreements, cosines, mean, outline
from ..rows import Values
from .chords import HALVES, change_rate, half_bar_chroma, triads
from .goals import near_share
from .part import Held, Part
from .section import ALL, TRACK, Aim, Section, aim

CHANCE_PAIRS = 8_000
NEAR = 0.1
MEMORY = 8
LEAST_REPEATS = 0.5
"""So many points of repeats are near, however few the data has."""

Ints = NDArray[np.int64]


def levels(part: Part) -> Values:
    at, count = part.follows(), len(part.stream)
    one, other = np.random.default_rng(5).integers(count, size=(2, CHANCE_PAIRS))
    one, other = one[one != other], other[one != other]
    chroma, sixteenths, _ = outline(part.stream, part.drums)
    found = {
        "harmony": mean(cosines(chroma[at], chroma[at + 1])),
        "rhythm": mean(agreements(sixteenths[at], sixteenths[at + 1])),
        "chords": chord_changes(part, at),
        "same": same(part, at, at + 1),
        "again": again(part),
    }
    chance = {
        "harmony": mean(cosines(chroma[one], chroma[other])),
        "rhythm": mean(agreements(sixteenths[one], sixteenths[other])),
        "chords": change_rate(chords_of(part)[one * HALVES], chords_of(part)[other * HALVES]),
        "same": same(part, one, other),
    }
    chance["again"] = min(100.0, MEMORY * chance["same"])
    return found | {f"{key}_gap": found[key] - chance[key] for key in found}


def chords_of(part: Part) -> Ints:
    """The triad of each half bar of the stream, `[bar * 2]`."""
    return triads(half_bar_chroma(part.stream, part.drums))


def chord_changes(part: Part, at: Ints) -> float:
    """Between the halves of a bar, and over the bar lines where one bar follows the other."""
    found = chords_of(part)
    inside = np.arange(0, len(found), HALVES)
    before = np.concatenate([inside, at * HALVES + 1])
    return change_rate(found[before], found[before + 1])


def numbered(part: Part) -> Ints:
    """A number for each different bar of the stream, -1 for silence, `[bar]`."""
    packed = np.packbits(part.stream.reshape(len(part.stream), -1), axis=1)
    rows = packed.view(np.dtype((np.void, packed.shape[1])))[:, 0]
    numbers: Ints = np.unique(rows, return_inverse=True)[1].astype(np.int64)
    return np.where(packed.any(axis=1), numbers, -1)


def same(part: Part, one: Ints, other: Ints) -> float:
    """Per cent of pairs that are the same bar, of those in which the later one sounds."""
    number = numbered(part)
    heard = number[other] >= 0
    return 100.0 * mean((number[one] == number[other])[heard].astype(float))


def again(part: Part) -> float:
    """Per cent of bars that are one of the last eight of their piece, of those that have so many before
    them and sound."""
    number = numbered(part)
    found = [
        number[bar] in number[bar - MEMORY : bar]
        for first, end in part.pieces
        for bar in range(first + MEMORY, end)
        if number[bar] >= 0
    ]
    return 100.0 * mean(np.array(found, float))


def measure(part: Part, held: Held, seed: int) -> Values:
    return levels(part)


def follow(key: str, heading: str, digits: int, says: str, least: float = 0.0) -> tuple[Aim, Aim]:
    """A figure and how far it is from random pairs."""
    gap = f"{key}_gap"
    return (
        aim(key, heading, digits, says, near_share(NEAR, gap, least)),
        aim(
            gap,
            f"{heading}, less chance",
            digits,
            f"{says}, less random pairs",
            near_share(NEAR, "", least),
        ),
    )


FOLLOWING = Section(
    "stream: does a bar follow from the one before?",
    (
        *follow("harmony", "harmony", 3, "chroma cosine of neighbouring bars"),
        *follow("rhythm", "rhythm", 3, "sixteenths struck in both of two neighbours"),
        *follow("chords", "chord changes", 3, "neighbouring half bars with another triad"),
        follow("same", "repeats %", 1, "bars equal to the one before", LEAST_REPEATS)[0],
        follow("again", "come back %", 1, "bars equal to one of the last eight", LEAST_REPEATS)[0],
    ),
    measure,
    lambda held: levels(held.all),
    (TRACK, ALL),
)
