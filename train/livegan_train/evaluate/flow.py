"""Does one bar follow from the one before? What consecutive bars share, and what any two share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH

from ..metrics import BoolArray

FloatArray = NDArray[np.float64]
CHUNK = 500
CHANCE_PAIRS = 4_000


def outline(rolls: BoolArray, drums: NDArray[np.bool_]) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Of rolls `[bar, track, step, pitch]`: sounding cells by pitch class `[bar, 12]` without drums,
    and whether anything is struck, by sixteenth `[bar, 16]` and by step `[bar, step]`."""
    parts = [outline_some(rolls[i : i + CHUNK], drums) for i in range(0, len(rolls), CHUNK)]
    chroma, sixteenths, steps = (np.concatenate(part) for part in zip(*parts, strict=True))
    return chroma, sixteenths, steps


def outline_some(rolls: BoolArray, drums: NDArray[np.bool_]) -> tuple[FloatArray, BoolArray, BoolArray]:
    by_pitch = rolls[:, ~drums].sum(axis=(1, 2))
    chroma = by_pitch.reshape(len(rolls), -1, 12).sum(axis=1).astype(float)
    started = rolls.copy()
    started[:, :, 1:] &= ~rolls[:, :, :-1]
    steps = np.asarray(started.any(axis=(1, 3)))
    near = np.roll(steps, STEPS_PER_SIXTEENTH // 2, axis=1)
    by_sixteenth = near.reshape(len(rolls), SIXTEENTHS_PER_BAR, STEPS_PER_SIXTEENTH)
    return chroma, np.asarray(by_sixteenth.any(axis=2)), steps


def cosines(one: FloatArray, other: FloatArray) -> FloatArray:
    """Of rows `[pair, 12]` that both sound; shorter where some don't."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    heard = lengths > 0
    found: FloatArray = (one * other).sum(axis=1)[heard] / lengths[heard]
    return found


def agreements(one: BoolArray, other: BoolArray) -> FloatArray:
    """Of struck places `[pair, place]`: both over either; pairs without any are left out."""
    either = (one | other).sum(axis=1)
    found: FloatArray = (one & other).sum(axis=1)[either > 0] / either[either > 0]
    return found


def mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def flow(
    rolls: BoolArray, follows: BoolArray, drums: NDArray[np.bool_], random: np.random.Generator
) -> dict[str, float]:
    """What consecutive bars of a stream share, and how much more that is than any two of its bars do.
    `rolls` `[bar, track, step, pitch]`; `follows` `[bar - 1]`: is the next bar the next of the music?

    harmony: chroma cosine, over pairs that both sound. rhythm: sixteenths struck in both over those
    struck in either. groove: MusPy's groove consistency, the share of steps where both are struck or
    neither. `_lift`: above random pairs of the same stream.
    """
    chroma, sixteenths, steps = outline(rolls, drums)
    at = np.flatnonzero(follows)
    one, other = random.integers(len(rolls), size=(2, CHANCE_PAIRS))
    harmony = mean(cosines(chroma[at], chroma[at + 1]))
    rhythm = mean(agreements(sixteenths[at], sixteenths[at + 1]))
    return {
        "harmony": harmony,
        "harmony_lift": harmony - mean(cosines(chroma[one], chroma[other])),
        "rhythm": rhythm,
        "rhythm_lift": rhythm - mean(agreements(sixteenths[one], sixteenths[other])),
        "groove": 1 - mean((steps[at] != steps[at + 1]).mean(axis=1)),
    }
