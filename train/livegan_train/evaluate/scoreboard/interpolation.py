"""Between two latents: 1,000 pairs, 32 steps of slerp, in Jaccard distance of all cells.

A pair is the first two scenes of a fresh instrument, which are random latents in one scale: between two
scales there is no way, every note changes at once.

Largest step and length of the way stand beside those of `walks`: between the same two bars, one note a
step, which no model can do much better; the median of the pairs' ratios. Further: rank correlation of
the step with the distance to the start (median), and how far the ends are apart beside random pairs of
real bars. A model that hears the bar before hears silence, and on half as many pairs a held-out bar,
the same one all the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from livegan.core.latent import slerp
from livegan.core.rendering import Cue

from ...metrics import BoolArray, FloatArray
from ..likeness import Words, jaccard, mean_jaccard, pack
from ..rows import NAN, Values, together
from ..sources import Model
from .goals import at_least, at_most
from .part import Real
from .playing import bars_at, scenes
from .ranks import rank_correlation
from .section import FEWER, Played, after_a_bar, aim, renamed
from .unseen import heard_before
from .walks import walk

PAIRS, STEPS = 1_000, 32
SHARE = 2
"""Pairs for one in so many of the bars that are judged, if that is fewer."""
TOGETHER = 16


def measure(
    model: Model, real: Real, own: Mapping[str, Values], bars: int, seed: int
) -> Mapping[str, Values]:
    """Of all tracks together, after silence."""
    return between(model, real, scenes(model.generator, pairs_of(bars), seed))


def measure_after(
    model: Model, real: Real, own: Mapping[str, Values], bars: int, seed: int
) -> Mapping[str, Values]:
    """The same after held-out bars; nothing of a model that does not hear them."""
    pairs = max(2, pairs_of(bars) // FEWER)
    before = heard_before(model, real, pairs, seed)
    if not len(before):
        return {}
    return renamed(between(model, real, scenes(model.generator, pairs, seed, before)))


def pairs_of(bars: int) -> int:
    return min(PAIRS, max(2, bars // SHARE))


def between(model: Model, real: Real, ends: Sequence[tuple[Cue, Cue]]) -> Mapping[str, Values]:
    """From each first cue to the latent of the second."""
    found: list[FloatArray] = []
    for first in range(0, len(ends), TOGETHER):
        found += journeys(model, ends[first : first + TOGETHER])
    held = real.held(model.tracks).some
    apart = mean_jaccard(held.bars[held.sounding], np.random.default_rng(3))
    return {together(model.tracks): summed_up(np.stack(found), apart)}


def journeys(model: Model, ends: Sequence[tuple[Cue, Cue]]) -> list[FloatArray]:
    """Of each pair of cues: distance of the ends, largest step and length of the way, each also of
    the walk, rank correlation; `[6]`."""
    shares = np.linspace(0, 1, STEPS + 1)
    asked = [
        replace(one, z=slerp(one.z, other.z, float(share))) for one, other in ends for share in shares
    ]
    rolls = bars_at(model.generator, asked)[:, list(model.places)]
    words = pack(rolls).reshape(len(ends), STEPS + 1, len(model.places), -1, 3)
    by_pair = rolls.reshape(len(ends), STEPS + 1, *rolls.shape[1:])
    return [journey(some, path) for some, path in zip(by_pair, words, strict=True)]


def journey(rolls: BoolArray, words: Words) -> FloatArray:
    """Of bars on a way, `[bar, track, step, pitch]` and packed."""
    steps = jaccard(words[:-1], words[1:])
    far = jaccard(words[:1], words)
    floor = walk(rolls[0], rolls[-1], len(rolls) - 1)
    correlation = rank_correlation(np.arange(len(far), dtype=float), far)
    return np.array([far[-1], steps.max(), steps.sum(), floor.largest, floor.length, correlation])


def summed_up(found: FloatArray, apart: float) -> Values:
    """Of journeys `[pair, 6]`, and the mean distance of two real bars."""
    ends = found[:, 0]
    far, largest, length, least, shortest, correlation = found[ends > 0].T
    if not len(far):
        return dict.fromkeys(("step", "path", "way", "onwards"), NAN) | {"ends": 0.0}
    return {
        "step": float(np.median(largest / least)),
        "path": float(np.median(length / shortest)),
        "step_share": float(np.median(largest / far)),
        "path_share": float(np.median(length / far)),
        "onwards": float(np.nanmedian(correlation)),
        "ends": float(ends.mean()) / apart,
    }


INTERPOLATION = Played(
    "interpolation: 1,000 pairs, 32 steps",
    (
        aim("step", "largest step", 2, "beside one note a step between the same ends", at_most(1.1)),
        aim("path", "length of the way", 2, "the same", at_most(3)),
        aim(
            "step_share", "largest step, of the way", 2, "beside the distance of the ends", None, "low"
        ),
        aim("path_share", "length, of the way", 2, "the same", None, "low"),
        aim("onwards", "onwards", 3, "rank correlation of step and way from the start", at_least(0.95)),
        aim("ends", "ends apart", 2, "their distance beside random pairs of real bars", at_least(0.8)),
    ),
    measure,
)
INTERPOLATION_AFTER = Played(
    "interpolation after a held-out bar: half as many pairs",
    tuple(after_a_bar(one) for one in INTERPOLATION.aims),
    measure_after,
)
