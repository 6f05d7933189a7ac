"""Figures that others published, on their own data: to read beside ours, not to be compared exactly.

The paper's training row is MuseGAN's piano column and its MuseGAN row is MuseGAN's jamming piano;
MuseGAN is Dong et al., AAAI 2018. Both come from code that counts UPC by groups of seven semitones, QN
from two steps on and TD on those groups, so they stand in the columns 'as published'.
"""

from __future__ import annotations

from dataclasses import dataclass

Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One published line: of a track (by a part of its name) or of a pair of tracks."""

    name: str
    values: Values


PAPER = (
    PublishedRow(
        "paper: training data", {"eb": 24.8, "upc_as_published": 3.28, "qn_as_published": 88.4}
    ),
    PublishedRow("paper: naive", {"eb": 40.6, "upc_as_published": 8.92, "qn_as_published": 30.4}),
    PublishedRow("paper: bi-LSTM GAN", {"eb": 39.5, "upc_as_published": 7.73, "qn_as_published": 48.7}),
    PublishedRow(
        "paper: CNN-LSTM GAN", {"eb": 27.7, "upc_as_published": 5.24, "qn_as_published": 67.4}
    ),
    PublishedRow(
        "paper: MuseGAN, quoted", {"eb": 22.6, "upc_as_published": 4.13, "qn_as_published": 62.2}
    ),
)

PAPER_DISTANCES: Values = {"eb": 2.9, "upc": 1.96, "qn": 21.0}
"""How far the paper's best model, CNN-LSTM, is from the paper's training row."""

REAL, JAMMING, SHUFFLED = "MuseGAN: training data", "MuseGAN: jamming", "MuseGAN: shuffled data"

MUSEGAN: dict[str, tuple[PublishedRow, ...]] = {
    "drum": (
        PublishedRow(REAL, {"eb": 8.06, "dp": 88.6}),
        PublishedRow(JAMMING, {"eb": 2.33, "dp": 93.2}),
    ),
    "bass": (
        PublishedRow(REAL, {"eb": 8.06, "upc_as_published": 1.71, "qn_as_published": 90.0}),
        PublishedRow(JAMMING, {"eb": 6.59, "upc_as_published": 1.53, "qn_as_published": 71.5}),
    ),
    "guitar": (
        PublishedRow(REAL, {"eb": 19.4, "upc_as_published": 3.08, "qn_as_published": 81.9}),
        PublishedRow(JAMMING, {"eb": 18.3, "upc_as_published": 3.69, "qn_as_published": 56.6}),
    ),
    "string": (
        PublishedRow(REAL, {"eb": 10.1, "upc_as_published": 3.38, "qn_as_published": 89.6}),
        PublishedRow(JAMMING, {"eb": 6.10, "upc_as_published": 4.09, "qn_as_published": 63.1}),
    ),
    "piano": PAPER,
}

TONAL: dict[frozenset[str], tuple[float, float, float]] = {
    frozenset({"bass", "guitar"}): (1.57, 1.59, 1.56),
    frozenset({"bass", "string"}): (1.58, 1.59, 1.60),
    frozenset({"bass", "piano"}): (1.51, 1.56, 1.54),
    frozenset({"guitar", "string"}): (1.10, 1.14, 1.05),
    frozenset({"guitar", "piano"}): (1.02, 1.12, 0.99),
    frozenset({"string", "piano"}): (1.04, 1.13, 1.05),
}
"""TD of MuseGAN's training data, of the same with its bars shuffled, and of jamming."""


def family(track: str) -> str:
    """The published family that a track's name speaks of, or nothing."""
    return next((name for name in MUSEGAN if name in track.lower()), "")


def rows_of(track: str) -> tuple[PublishedRow, ...]:
    return MUSEGAN.get(family(track), ())


def rows_of_pair(one: str, other: str) -> tuple[PublishedRow, ...]:
    """TD rows of two tracks, if they were published."""
    found = TONAL.get(frozenset({family(one), family(other)}), ())
    names = (REAL, SHUFFLED, JAMMING)
    return tuple(
        PublishedRow(name, {"td_as_published": value})
        for name, value in zip(names, found, strict=bool(found))
    )
