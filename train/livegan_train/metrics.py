"""What the paper and MuseGAN measure on bars, per track, in plain numpy.

Rolls are bool `[bar, step, pitch]`. Definitions: the paper's section 4 and, for PR,
MuseGAN (Dong et al., 2018).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
QUALIFIED_STEPS = 3


@dataclass(frozen=True, slots=True)
class Measures:
    """EB, QN, PR, DIS and distinct in per cent; UPC in pitch classes; notes per bar over all bars."""

    bars: int
    eb: float
    upc: float
    qn: float
    pr: float
    notes: float
    dis: float
    distinct: float

    def as_dict(self) -> dict[str, float]:
        return {key: round(value, 3) for key, value in asdict(self).items()}

    def __str__(self) -> str:
        return (
            f"EB {self.eb:.1f}  UPC {self.upc:.2f}  QN {self.qn:.1f}  PR {self.pr:.1f}  "
            f"notes {self.notes:.1f}  DIS {self.dis:.2f}  distinct {self.distinct:.1f}"
        )


def qualified_share(roll: BoolArray) -> NDArray[np.float64]:
    """The share of each bar's notes (maximal runs of one pitch, bars cutting notes) that are at least 3
    steps long, float `[bar]`; every bar needs a note."""
    padded = np.pad(roll.swapaxes(1, 2), ((0, 0), (0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=2)
    bars, _, starts = np.nonzero(change == 1)
    lengths = np.nonzero(change == -1)[2] - starts
    qualified = np.bincount(bars, lengths >= QUALIFIED_STEPS, len(roll))
    return qualified / np.bincount(bars, minlength=len(roll))


def notes_per_bar(roll: BoolArray) -> NDArray[np.int64]:
    """Number of notes in each bar, int `[bar]`."""
    started = roll.copy()
    started[:, 1:] &= ~roll[:, :-1]
    counts: NDArray[np.int64] = started.sum(axis=(1, 2), dtype=np.int64)
    return counts


def used_pitch_classes(roll: BoolArray) -> NDArray[np.int64]:
    """Number of pitch classes that sound in each bar, int `[bar]` (the lowest row is a C)."""
    pitches = roll.any(axis=1)
    padded = np.pad(pitches, ((0, 0), (0, -pitches.shape[1] % 12)))
    classes: NDArray[np.int64] = (
        padded.reshape(len(roll), -1, 12).any(axis=1).sum(axis=1, dtype=np.int64)
    )
    return classes


def clashes(roll: BoolArray) -> float:
    """DIS: the share of semitones among the pairs of pitch classes that sound together, counted over a
    bar's steps; mean over the bars that have such pairs."""
    octaves = np.pad(roll, ((0, 0), (0, 0), (0, -roll.shape[2] % 12)))
    chroma = octaves.reshape(*roll.shape[:2], octaves.shape[2] // 12, 12).any(axis=2)
    together = chroma.sum(axis=2, dtype=np.int64)
    pairs = (together * (together - 1) // 2).sum(axis=1)
    semitones = (chroma & np.roll(chroma, 1, axis=2)).sum(axis=(1, 2))
    shares = semitones[pairs > 0] / pairs[pairs > 0]
    return float(shares.mean()) if len(shares) else 0.0


def measure(roll: BoolArray) -> Measures:
    """All measures of one track's bars, bool `[bar, step, pitch]`. UPC, QN, PR and DIS are means over
    the bars that are not empty."""
    full = roll[roll.any(axis=(1, 2))]
    polyphonic = full.sum(axis=2) >= 2
    packed = np.packbits(roll.reshape(len(roll), -1), axis=1)
    distinct = len({row.tobytes() for row in packed})
    return Measures(
        bars=len(roll),
        eb=100.0 * (1 - len(full) / len(roll)),
        upc=float(used_pitch_classes(full).mean()) if len(full) else 0.0,
        qn=100.0 * float(qualified_share(full).mean()) if len(full) else 0.0,
        pr=100.0 * float(polyphonic.mean()) if len(full) else 0.0,
        notes=float(notes_per_bar(roll).mean()),
        dis=100.0 * clashes(full),
        distinct=100.0 * distinct / len(roll),
    )


def measure_tracks(rolls: BoolArray) -> list[Measures]:
    """Measures of every track of `[bar, track, step, pitch]`."""
    return [measure(rolls[:, track]) for track in range(rolls.shape[1])]


def distance(measured: Measures, real: Measures) -> float:
    """One number for 'how far from the data', used to keep the best checkpoint: the sum of the
    differences in EB, UPC, QN, PR and notes, each in units of what two halves of POP909 differ by
    (EB .45, UPC .17, QN 1.3, PR 2.0 points, notes .8), and the bars that are copies of each other."""
    return (
        abs(measured.eb - real.eb) / 0.45
        + abs(measured.upc - real.upc) / 0.17
        + abs(measured.qn - real.qn) / 1.3
        + abs(measured.pr - real.pr) / 2.0
        + abs(measured.notes - real.notes) / 0.8
        + max(0.0, real.distinct - measured.distinct)
    )
