"""Capture: does an unseen bar come back when it is encoded and its latent is played?

One held-out bar for eight of the bars that are judged. Its latent is found as /capture finds it, by
the encoder and then refined, and played as the instrument plays one: after silence, first in its
phrase, no knob set. The figures are medians of Jaccard distances, over the bars in which a track
sounds: from the bar to what came back, of all cells and of onsets; and from the same bars to the
nearest training bar, as `originality` has it, at any transposition within an octave. A bar comes
back where it was, so this asks more than the nearest at its own place would.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from livegan.core.capture import Encoding, recalled
from livegan.core.latent import Point
from livegan.core.model import BadModel
from livegan.core.refining import refined
from livegan.core.rendering import Cue, Generator

from ...metrics import BoolArray
from ..judging import LEAST_QUERIES, QUERY_SHARE
from ..likeness import Library, jaccard, nearest, pack
from ..rows import NAN, Values, together
from ..sources import Model
from .goals import at_most
from .part import Real
from .playing import bars_at
from .section import Played, aim
from .unseen import unseen

KEYS = ("capture", "capture_onsets", "capture_nearest", "capture_share")
HALF = 0.5
ROUNDS = 4
"""Of refining: what /capture has time for in a bar of 2 seconds, with five tracks, on one core."""


def measure(
    model: Model, real: Real, own: Mapping[str, Values], bars: int, seed: int
) -> Mapping[str, Values]:
    """Of each track, and of all together; nothing without an encoder."""
    asked = unseen(model, real, max(LEAST_QUERIES, bars // QUERY_SHARE), seed)
    latents = encoded(model.generator, asked)
    if not latents:
        return {}
    back = bars_at(model.generator, [Cue(z) for z in latents])
    found = {}
    for names, places in scopes(model):
        pair = asked[:, list(places)], back[:, list(places)]
        found[together(names)] = compared(*pair, real.held(names).library)
    return found


def scopes(model: Model) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Tracks by name, and where the model has them: each, then all if there are several."""
    both = (model.tracks, model.places)
    each = [((name,), (place,)) for name, place in zip(*both, strict=True)]
    return [*each, both] if len(each) > 1 else [both]


def encoded(generator: Generator, bars: BoolArray) -> list[Point]:
    """The latents of bars `[bar, track, step, pitch]`, on the sphere, as the instrument keeps them."""
    if not isinstance(generator, Encoding):
        return []
    try:
        starts = [recalled(generator, roll) for roll in bars]
    except BadModel:
        return []
    return [
        refined(generator, Cue(start), roll, start, lambda done: done < ROUNDS)
        for start, roll in zip(starts, bars, strict=True)
    ]


def compared(bars: BoolArray, back: BoolArray, library: Library) -> Values:
    """Of bars `[bar, track, step, pitch]` and what came back."""
    full = bars.any(axis=(1, 2, 3))
    if not full.any() or not len(library.song):
        return dict.fromkeys(KEYS, NAN)
    bars, back = bars[full], back[full]
    words = pack(bars)
    apart = float(np.median(jaccard(words, pack(back))))
    near = float(np.median(nearest(words, library)))
    onsets = float(np.median(jaccard(pack(struck(bars)), pack(struck(back)))))
    return dict(zip(KEYS, (apart, onsets, near, share(apart, near)), strict=True))


def share(apart: float, near: float) -> float:
    """Half of nothing is nothing: where the data itself repeats the bars, only they will do."""
    if near > 0:
        return apart / near
    return NAN if apart > 0 else 0.0


def struck(rolls: BoolArray) -> BoolArray:
    """The cells at which notes begin, of `[bar, track, step, pitch]`."""
    found = rolls.copy()
    found[:, :, 1:] &= ~rolls[:, :, :-1]
    return found


CAPTURE = Played(
    "capture: does an unseen bar come back?",
    (
        aim("capture", "capture, cells", 3, "median distance of a bar to what came back", None, "low"),
        aim("capture_onsets", "capture, onsets", 3, "the same of onsets alone", None, "low"),
        aim(
            "capture_nearest",
            "capture, nearest",
            3,
            "the same bars' to the nearest training bar",
            None,
            "high",
        ),
        aim("capture_share", "capture, share", 2, "what came back over the nearest", at_most(HALF)),
    ),
    measure,
)
