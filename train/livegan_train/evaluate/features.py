"""What a bar is like, in numbers: the features whose distributions are compared.

Every feature is float `[bar, width]` of rolls `[bar, step, pitch]` that are not empty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH

from ..metrics import BoolArray, note_table

Features = dict[str, NDArray[np.float64]]

LENGTH_EDGES = (1, 3, 6, 9, 12, 18, 24, 36, 48, 96)
"""Note lengths fall into bins that begin at so many steps."""
MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], bool)
SCALES = np.stack([np.roll(MAJOR, root) for root in range(12)])
"""Each is a natural minor scale too, so that MusPy's 24 scales are these 12."""

COMPARED = (
    "pitches", "classes", "range", "notes", "polyphony", "interval", "entropy", "scale",
    "class_histogram", "length_histogram", "onset_histogram",
)  # fmt: skip
COMPARED_DRUMS = ("pitches", "notes", "polyphony", "interval", "pitch_histogram", "onset_histogram")

EMBEDDED = (
    "class_profile", "onset_counts", "length_histogram", "register", "pitches", "classes", "range",
    "notes", "polyphony", "interval", "entropy", "scale", "clash",
)  # fmt: skip
EMBEDDED_DRUMS = ("pitch_counts", "onset_counts", "notes", "polyphony", "interval")


def features(roll: BoolArray) -> Features:
    """All features of bars that each have a note."""
    count, table = len(roll), note_table(roll)
    bars, pitches, starts, lengths = table.T
    notes = np.bincount(bars, minlength=count).astype(float)
    used = np.asarray(roll.any(axis=1))
    cells = roll.sum(axis=1)
    heard = roll.any(axis=2).sum(axis=1)
    sixteenths = (starts + STEPS_PER_SIXTEENTH // 2) // STEPS_PER_SIXTEENTH % SIXTEENTHS_PER_BAR
    by_class = counted(bars, pitches % 12, count, 12)
    by_pitch = counted(bars, pitches, count, roll.shape[2])
    by_onset = counted(bars, sixteenths, count, SIXTEENTHS_PER_BAR)
    by_length = counted(
        bars, np.searchsorted(LENGTH_EDGES, lengths, "right") - 1, count, len(LENGTH_EDGES)
    )
    profile = np.stack([cells[:, c::12].sum(axis=1) for c in range(12)], axis=1)
    sounding = profile / profile.sum(axis=1, keepdims=True)
    shares = by_class / notes[:, None]
    highest = roll.shape[2] - 1 - used[:, ::-1].argmax(axis=1)
    singles = {
        "pitches": used.sum(axis=1),
        "classes": (by_class > 0).sum(axis=1),
        "range": highest - used.argmax(axis=1),
        "notes": notes,
        "polyphony": cells.sum(axis=1) / heard,
        "interval": mean_intervals(bars, starts, count),
        "entropy": entropy(shares),
        "scale": (shares @ SCALES.T).max(axis=1),
        "clash": (sounding * np.roll(sounding, 1, axis=1)).sum(axis=1) ** 0.5,
    }
    return {name: value[:, None].astype(float) for name, value in singles.items()} | {
        "class_histogram": shares,
        "pitch_histogram": by_pitch / notes[:, None],
        "length_histogram": by_length / notes[:, None],
        "onset_histogram": by_onset / notes[:, None],
        "class_profile": sounding,
        "pitch_counts": by_pitch,
        "onset_counts": by_onset,
        "register": np.stack([cells[:, i : i + 12].sum(axis=1) for i in range(0, 84, 12)], axis=1)
        / cells.sum(axis=1, keepdims=True),
    }


def counted(
    bars: NDArray[np.int64], kinds: NDArray[np.int64], count: int, width: int
) -> NDArray[np.float64]:
    """Notes of each kind in each bar, `[bar, width]`."""
    return (
        np.bincount(bars * width + kinds, minlength=count * width).reshape(count, width).astype(float)
    )


def mean_intervals(
    bars: NDArray[np.int64], starts: NDArray[np.int64], count: int
) -> NDArray[np.float64]:
    """Mean steps from one struck step to the next, `[bar]`; the whole bar where only one is struck."""
    struck = np.zeros((count, 96), bool)
    struck[bars, starts] = True
    first, last = struck.argmax(axis=1), 95 - struck[:, ::-1].argmax(axis=1)
    places = struck.sum(axis=1)
    gaps: NDArray[np.float64] = np.where(places > 1, (last - first) / np.maximum(places - 1, 1), 96.0)
    return gaps


def entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shannon entropy in bits of distributions `[bar, width]`."""
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    bits: NDArray[np.float64] = -(shares * logs).sum(axis=1)
    return bits


@dataclass(frozen=True, slots=True)
class Embedding:
    """Bars as points: each feature centred and scaled so that it spreads by 1 over the bars that the
    embedding was made of, whatever its width; features that don't vary there are left as they are."""

    names: tuple[str, ...]
    centres: tuple[NDArray[np.float64], ...]
    spreads: tuple[float, ...]

    def points(self, found: Features) -> NDArray[np.float64]:
        """Points `[bar, dimension]`."""
        parts = [
            (found[name] - centre) / spread
            for name, centre, spread in zip(self.names, self.centres, self.spreads, strict=True)
        ]
        return np.concatenate(parts, axis=1)


def embedding_of(found: Features, drums: bool) -> Embedding:
    """The embedding that real bars define."""
    names = EMBEDDED_DRUMS if drums else EMBEDDED
    spreads = (float(np.sqrt(found[name].var(axis=0).sum())) for name in names)
    return Embedding(
        names, tuple(found[name].mean(axis=0) for name in names), tuple(s or 1.0 for s in spreads)
    )
