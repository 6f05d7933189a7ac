"""Twenty-five numbers that say what a bar is like, one set for pitched tracks and one for drums.

After MusPy, jSymbolic and mgeval, as far as they can be told from one bar. All take rolls
`[bar, step, pitch]` of bars that sound, and give float `[bar, 25]`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import (
    LOWEST_PITCH,
    SIXTEENTHS_PER_BAR,
    STEPS_PER_BAR,
    STEPS_PER_BEAT,
    STEPS_PER_SIXTEENTH,
)

from ...metrics import BoolArray, FloatArray, clash_shares, drum_pattern, note_table
from ..features import SCALES, counted, entropy
from .chords import TRIADS

PITCHED = (
    "notes", "pitch classes", "mean pitch", "lowest pitch", "highest pitch", "range", "spread of pitch",
    "pitches at once", "mean length", "spread of length", "short notes", "onsets on beats",
    "onsets on eighths", "onsets on odd sixteenths", "first onset", "last onset", "onset times",
    "notes an onset", "pitch-class entropy", "in the best scale", "semitone clashes",
    "in the best triad", "steps sounding", "leaps of the top", "leaps of the bottom",
)  # fmt: skip
"""Pitches in rows, lengths and onsets in steps, entropy in bits; shares 0 to 1. Short notes are
shorter than a sixteenth; leaps are mean absolute intervals from one onset time to the next."""
DRUMS = (
    "notes", "drums", "mean drum", "lowest drum", "highest drum", "spread of drums", "kicks", "snares",
    "closed hats", "open hats", "toms", "cymbals", "onsets on beats", "onsets on eighths",
    "onsets on odd sixteenths", "first onset", "last onset", "onset times", "notes an onset",
    "entropy of drums", "snares on the back beat", "kick on one", "longest gap", "halves alike",
    "drum pattern",
)  # fmt: skip
"""The same for General MIDI's drums: hits a bar of each family, halves alike as the share of struck
sixteenths that both halves have."""

KITS = {
    "kicks": (35, 36),
    "snares": (38, 40),
    "closed hats": (42, 44),
    "open hats": (46,),
    "toms": (41, 43, 45, 47, 48, 50),
    "cymbals": (49, 51, 52, 53, 55, 57, 59),
}
CHUNK = 2_000


def names(drums: bool) -> tuple[str, ...]:
    return DRUMS if drums else PITCHED


def scalars(roll: BoolArray, drums: bool) -> FloatArray:
    """The twenty-five numbers of each bar, float `[bar, 25]`, in the order of `names`."""
    one = of_drums if drums else of_pitches
    parts = [one(roll[i : i + CHUNK]) for i in range(0, len(roll), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, len(names(drums))))


def of_pitches(roll: BoolArray) -> FloatArray:
    count = len(roll)
    bars, rows, starts, lengths = note_table(roll).T
    notes = np.bincount(bars, minlength=count)
    cells = roll.sum(axis=1)
    heard = roll.any(axis=2).sum(axis=1)
    chroma = (
        np.stack([cells[:, c::12].sum(axis=1) for c in range(12)], axis=1) / cells.sum(axis=1)[:, None]
    )
    shares = counted(bars, rows % 12, count, 12) / notes[:, None]
    low, high = lowest(roll), highest(roll)
    columns = [
        notes,
        (shares > 0).sum(axis=1),
        mean(bars, rows, notes),
        low,
        high,
        high - low,
        spread(bars, rows, notes),
        cells.sum(axis=1) / heard,
        mean(bars, lengths, notes),
        spread(bars, lengths, notes),
        mean(bars, lengths < STEPS_PER_SIXTEENTH, notes),
        *places(bars, starts, notes),
        *times(bars, starts, notes),
        entropy(shares),
        (shares @ SCALES.T).max(axis=1),
        np.nan_to_num(clash_shares(roll)),
        (chroma @ TRIADS.T).max(axis=1),
        heard / STEPS_PER_BAR,
        leaps(bars, starts, rows, count, top=True),
        leaps(bars, starts, rows, count, top=False),
    ]
    return np.stack(columns, axis=1).astype(float)


def of_drums(roll: BoolArray) -> FloatArray:
    count = len(roll)
    bars, rows, starts, _ = note_table(roll).T
    notes = np.bincount(bars, minlength=count)
    hits = counted(bars, rows, count, roll.shape[2])
    by_kit = {
        kit: hits[:, [pitch - LOWEST_PITCH for pitch in pitches]].sum(axis=1)
        for kit, pitches in KITS.items()
    }
    snares = np.isin(rows + LOWEST_PITCH, KITS["snares"])
    back = snares & ((starts == STEPS_PER_BEAT) | (starts == 3 * STEPS_PER_BEAT))
    one = np.isin(rows + LOWEST_PITCH, KITS["kicks"]) & (starts == 0)
    struck = struck_sixteenths(bars, starts, count)
    columns = [
        notes,
        (hits > 0).sum(axis=1),
        mean(bars, rows, notes),
        lowest(roll),
        highest(roll),
        spread(bars, rows, notes),
        *by_kit.values(),
        *places(bars, starts, notes),
        *times(bars, starts, notes),
        entropy(hits / notes[:, None]),
        np.bincount(bars, back, count) / np.maximum(by_kit["snares"], 1),
        np.bincount(bars, one, count) > 0,
        longest_gap(struck),
        halves_alike(struck),
        drum_pattern(roll),
    ]
    return np.stack(columns, axis=1).astype(float)


Ints = NDArray[np.int64]


def mean(bars: Ints, values: NDArray[np.int64] | BoolArray, notes: Ints) -> FloatArray:
    """Mean over the notes of each bar, `[bar]`."""
    found: FloatArray = np.bincount(bars, values, len(notes)) / notes
    return found


def spread(bars: Ints, values: Ints, notes: Ints) -> FloatArray:
    """Standard deviation over the notes of each bar, `[bar]`."""
    apart = (values - mean(bars, values, notes)[bars]) ** 2
    found: FloatArray = np.sqrt(np.bincount(bars, apart, len(notes)) / notes)
    return found


def lowest(roll: BoolArray) -> Ints:
    found: Ints = roll.any(axis=1).argmax(axis=1)
    return found


def highest(roll: BoolArray) -> Ints:
    used = np.asarray(roll.any(axis=1))
    found: Ints = roll.shape[2] - 1 - used[:, ::-1].argmax(axis=1)
    return found


def places(bars: Ints, starts: Ints, notes: Ints) -> list[FloatArray]:
    """The shares of notes that start on a beat, on an eighth between, on an odd sixteenth."""
    eighth, sixteenth = STEPS_PER_BEAT // 2, STEPS_PER_SIXTEENTH
    where = (
        starts % STEPS_PER_BEAT == 0,
        starts % STEPS_PER_BEAT == eighth,
        starts % eighth == sixteenth,
    )
    return [mean(bars, here, notes) for here in where]


def times(bars: Ints, starts: Ints, notes: Ints) -> list[FloatArray]:
    """First and last onset, how many different times, notes at each."""
    struck = np.zeros((len(notes), STEPS_PER_BAR), bool)
    struck[bars, starts] = True
    many = struck.sum(axis=1).astype(float)
    last = STEPS_PER_BAR - 1 - struck[:, ::-1].argmax(axis=1)
    return [struck.argmax(axis=1).astype(float), last.astype(float), many, notes / many]


def leaps(bars: Ints, starts: Ints, rows: Ints, count: int, top: bool) -> FloatArray:
    """Mean absolute interval between the highest (or lowest) notes of successive onset times, `[bar]`;
    0 with a single time."""
    order = np.lexsort((rows if top else -rows, starts, bars))
    bars, starts, rows = bars[order], starts[order], rows[order]
    last = np.append((np.diff(bars) != 0) | (np.diff(starts) != 0), True)
    bars, rows = bars[last], rows[last]
    same = np.diff(bars) == 0
    steps = np.bincount(bars[1:][same], np.abs(np.diff(rows))[same], count)
    found: FloatArray = steps / np.maximum(np.bincount(bars[1:][same], minlength=count), 1)
    return found


def struck_sixteenths(bars: Ints, starts: Ints, count: int) -> BoolArray:
    struck = np.zeros((count, SIXTEENTHS_PER_BAR), bool)
    near = (starts + STEPS_PER_SIXTEENTH // 2) // STEPS_PER_SIXTEENTH
    struck[bars, near % SIXTEENTHS_PER_BAR] = True
    return struck


def longest_gap(struck: BoolArray) -> Ints:
    """Most sixteenths in a row without an onset, `[bar]`."""
    gap = np.zeros(len(struck), np.int64)
    longest = gap.copy()
    for place in range(struck.shape[1]):
        gap = np.where(struck[:, place], 0, gap + 1)
        longest = np.maximum(longest, gap)
    return longest


def halves_alike(struck: BoolArray) -> FloatArray:
    one, other = np.split(struck, 2, axis=1)
    found: FloatArray = (one & other).sum(axis=1) / np.maximum((one | other).sum(axis=1), 1)
    return found
