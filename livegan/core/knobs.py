"""What the knobs ask of a bar, and bars measured in the same terms.

A knob is a share of the training data's range, 0 to 1; a model file holds the quantiles that turn it
into notes, semitones and sixteenths, per track. A model that has none is asked in those of pop piano.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .music import STEPS_PER_BAR, STEPS_PER_BEAT, STEPS_PER_SIXTEENTH

KNOBS = ("density", "register", "polyphony", "syncopation", "length")
"""Per track; in the order of a model's `controls`, track by track, the tonal centre after them all."""
FREE = -1.0
"""A knob that the model shall choose by itself."""
KEYS = (
    "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B",
    "Cm", "C#m", "Dm", "D#m", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "A#m", "Bm",
)  # fmt: skip
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10, 11)
"""Natural and harmonic minor together."""

Quantiles = Mapping[str, tuple[float, ...]]
POP_PIANO: Quantiles = {
    "density": (1, 4, 6, 8, 9, 10, 10, 11, 12, 13, 13, 14, 15, 15, 16, 17, 18, 19, 20, 23, 30),
    "register": (28, 31, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 38, 39, 39, 40, 41, 42, 43, 46, 52),
    "polyphony": (
        1, 1.2, 1.5, 1.8, 2, 2.2, 2.4, 2.6, 2.7, 2.9, 3, 3.1, 3.3, 3.5, 3.7, 3.9, 4.1, 4.4, 4.8, 5.4, 7,
    ),
    "syncopation": (
        0, 0, 0, 0, 0.07, 0.1, 0.13, 0.16, 0.18, 0.2, 0.23, 0.25, 0.27, 0.29, 0.32, 0.35, 0.38, 0.42,
        0.47, 0.54, 0.7,
    ),
    "length": (
        1, 1.7, 2, 2.2, 2.5, 2.6, 2.8, 3, 3.1, 3.3, 3.5, 3.7, 3.9, 4.1, 4.4, 4.7, 5.1, 5.7, 6.5, 8, 13,
    ),
}  # fmt: skip


MOST_BARS, ONE_VOICE = 0.9, 1.1
"""So many of a track's bars have no more pitches at once if it plays alone: a little is what
overlaps."""


def plays_alone(polyphony: Sequence[float]) -> bool:
    """Does a track strike one note at a time, as melodies do? By its quantiles at even distances."""
    return polyphony[round(MOST_BARS * (len(polyphony) - 1))] <= ONE_VOICE


class Measured(NamedTuple):
    """A bar of one track: notes, mean pitch in rows above the lowest, sounding pitches at once, how far
    onsets lie off the beat (0 on it, 1/2 on the eighth between, 1 elsewhere), mean length in
    sixteenths."""

    density: float
    register: float
    polyphony: float
    syncopation: float
    length: float


def _weakness() -> NDArray[np.float64]:
    place = np.arange(STEPS_PER_BAR) % STEPS_PER_BEAT
    return np.where(place == 0, 0.0, np.where(place == STEPS_PER_BEAT // 2, 0.5, 1.0))


WEAKNESS = _weakness()
"""By step."""


def scale_of(key: int) -> NDArray[np.bool_]:
    """Which pitch classes a key (0 to 23, as in `KEYS`) has, `[12]`."""
    found = np.zeros(12, bool)
    found[[(key + degree) % 12 for degree in (MAJOR if key < 12 else MINOR)]] = True
    return found


def measured(
    starts: NDArray[np.int64], lengths: NDArray[np.int64], rows: NDArray[np.int64]
) -> Measured | None:
    """Measure notes, each array `[note]` in steps and rows; None without any."""
    if not len(starts):
        return None
    return Measured(
        float(len(starts)),
        float(rows.mean()),
        polyphony(starts, lengths),
        float(WEAKNESS[starts].mean()),
        float(lengths.sum()) / len(starts) / STEPS_PER_SIXTEENTH,
    )


def polyphony(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> float:
    """Sounding pitches at once, while any sounds."""
    edges = np.bincount(starts, minlength=STEPS_PER_BAR + 1)
    edges -= np.bincount(starts + lengths, minlength=STEPS_PER_BAR + 1)
    return float(lengths.sum()) / max(int(np.count_nonzero(edges.cumsum())), 1)


def value_at(share: float, quantiles: tuple[float, ...]) -> float:
    """What a share of the data's range asks for."""
    return float(np.interp(share, np.linspace(0, 1, len(quantiles)), quantiles))


def spread(quantiles: tuple[float, ...]) -> float:
    """The standard deviation of the data, as its quantiles tell it."""
    return float(np.std(quantiles))


def share_of(value: float, quantiles: tuple[float, ...]) -> float:
    """Where a value lies in the data's range; the middle of the level where many bars have it."""
    table = np.asarray(quantiles, np.float64)
    levels: NDArray[np.float64] = np.linspace(0, 1, len(quantiles))
    low = int(np.searchsorted(table, value, "left"))
    high = int(np.searchsorted(table, value, "right"))
    if high > low:
        return float((levels[low] + levels[high - 1]) / 2)
    return float(np.interp(value, table, levels))
