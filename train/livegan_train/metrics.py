"""What the paper and MuseGAN measure on bars, per track, in plain numpy.

Rolls are bool `[bar, step, pitch]`. Definitions: the paper's section 4 and MuseGAN (Dong et al., 2018).
What ends in `as_published` counts as the code behind MuseGAN's published figures does, where that is
not what the text says.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

QUALIFIED_STEPS = 3
QUALIFIED_STEPS_AS_PUBLISHED = 2
DRUM_TOLERANCE = 0.3
TONAL_TURNS = (7 / 6, 3 / 2, 2 / 3)
"""Half turns of the fifths', minor thirds' and major thirds' circles for a semitone."""
TONAL_RADII = (1.0, 1.0, 0.5)


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


def note_table(roll: BoolArray) -> NDArray[np.int64]:
    """Every note (maximal run of one pitch, bars cutting notes): bar, pitch row, start, length in
    steps; int `[note, 4]`."""
    padded = np.pad(roll.swapaxes(1, 2), ((0, 0), (0, 0), (1, 1))).view(np.int8)
    change = np.diff(padded, axis=2)
    bars, pitches, starts = np.nonzero(change == 1)
    lengths = np.nonzero(change == -1)[2] - starts
    return np.stack([bars, pitches, starts, lengths], axis=1)


def qualified_share(roll: BoolArray, steps: int = QUALIFIED_STEPS) -> FloatArray:
    """The share of each bar's notes that are at least so many steps long, float `[bar]`; every bar
    needs a note."""
    bars, _, _, lengths = note_table(roll).T
    qualified = np.bincount(bars, lengths >= steps, len(roll))
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


def used_pitch_classes_as_published(roll: BoolArray) -> NDArray[np.int64]:
    """UPC by MuseGAN's `to_chroma`, int `[bar]`: it folds 84 rows to 12 x 7, so that seven neighbouring
    semitones count as one class. C-E-G scores 2, a C in three octaves 3."""
    groups = roll.any(axis=1).reshape(len(roll), 12, -1)
    used: NDArray[np.int64] = groups.any(axis=2).sum(axis=1, dtype=np.int64)
    return used


def drum_pattern(roll: BoolArray) -> FloatArray:
    """DP: the share of each bar's onsets that fall on every sixth step, 0.3 of one for those a step
    beside, at the best of the six places for that pattern; float `[bar]`; every bar needs an onset."""
    before = np.pad(roll, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    onsets = (roll & ~before).sum(axis=2)
    pattern = np.tile([1, DRUM_TOLERANCE, 0, 0, 0, DRUM_TOLERANCE], roll.shape[1] // 6)
    scores = np.stack([onsets @ np.roll(pattern, turn) for turn in range(6)])
    best: FloatArray = scores.max(axis=0) / onsets.sum(axis=1)
    return best


def beat_chroma(roll: BoolArray, as_published: bool = False) -> NDArray[np.int64]:
    """Sounding cells of each pitch class in each of four beats, int `[bar, beat, 12]`."""
    beats = roll.reshape(len(roll), 4, -1, roll.shape[2]).sum(axis=2)
    folded = beats.reshape(len(roll), 4, 12, -1).sum(axis=3)
    true = beats.reshape(len(roll), 4, -1, 12).sum(axis=2)
    chroma: NDArray[np.int64] = folded if as_published else true
    return chroma


def tonal_centres(chroma: NDArray[np.int64]) -> FloatArray:
    """Points of the 6-D tonal space (Harte, Sandler & Gasser, 2006) for chroma vectors, both
    `[..., n]`; nan where nothing sounds."""
    angles = np.pi * np.outer(np.arange(12), TONAL_TURNS)
    axes = np.concatenate([np.sin(angles) * TONAL_RADII, np.cos(angles) * TONAL_RADII], axis=1)
    total = chroma.sum(axis=-1, keepdims=True)
    centres: FloatArray = (chroma @ axes) / np.where(total > 0, total, np.nan)
    return centres


def tonal_distances(one: BoolArray, other: BoolArray, as_published: bool = False) -> FloatArray:
    """TD of two tracks in each beat, float `[bar, beat]`; nan where one of them is silent."""
    apart = tonal_centres(beat_chroma(one, as_published)) - tonal_centres(
        beat_chroma(other, as_published)
    )
    distances: FloatArray = np.linalg.norm(apart, axis=-1)
    return distances


def tonal_distance(one: BoolArray, other: BoolArray) -> float:
    """TD: mean over the beats in which both tracks sound; nan without one."""
    distances = tonal_distances(one, other)
    heard = distances[~np.isnan(distances)]
    return float(heard.mean()) if len(heard) else float("nan")


def tonal_distance_as_published(one: BoolArray, other: BoolArray) -> float:
    """TD as MuseGAN's code has it: with the folding of `used_pitch_classes_as_published`, and a silent
    beat in either track takes its whole bar out of the mean."""
    bars = tonal_distances(one, other, as_published=True).mean(axis=1)
    whole = bars[~np.isnan(bars)]
    return float(whole.mean()) if len(whole) else float("nan")


def clash_shares(roll: BoolArray) -> FloatArray:
    """The share of semitones among the pairs of pitch classes that sound together, counted over a bar's
    steps, float `[bar]`; nan for a bar without such pairs."""
    octaves = np.pad(roll, ((0, 0), (0, 0), (0, -roll.shape[2] % 12)))
    chroma = octaves.reshape(*roll.shape[:2], octaves.shape[2] // 12, 12).any(axis=2)
    together = chroma.sum(axis=2, dtype=np.int64)
    pairs = (together * (together - 1) // 2).sum(axis=1)
    semitones = (chroma & np.roll(chroma, 1, axis=2)).sum(axis=(1, 2))
    shares: FloatArray = semitones / np.where(pairs > 0, pairs, np.nan)
    return shares


def clashes(roll: BoolArray) -> float:
    """DIS: mean of `clash_shares` over the bars that have such pairs."""
    shares = clash_shares(roll)
    heard = shares[~np.isnan(shares)]
    return float(heard.mean()) if len(heard) else 0.0


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
