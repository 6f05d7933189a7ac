"""Tonal centre: how many notes of a bar lie in the key that was asked for, per cent.

All 24 keys, twelve major and twelve minor (natural and harmonic together), on the knobs' latents. Real
songs are asked about their own key: the one that holds most of their notes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from livegan.core.music import is_drums

from ...metrics import BoolArray, FloatArray, note_table
from ..rows import NAN, Values, together
from ..sources import Model
from .goals import at_least_times
from .knobs import CONTEXTS, SHARE
from .part import Real
from .playing import KNOBS, cues, turned
from .section import Played, aim

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10, 11)
KEYS = 24
WORST_SHARE = 0.95
"""Of the data's own share, for the key that is kept worst."""


def scales() -> BoolArray:
    """Pitch classes of each key, bool `[24, 12]`."""
    shapes = np.zeros((2, 12), bool)
    shapes[0, list(MAJOR)] = shapes[1, list(MINOR)] = True
    return np.stack([np.roll(shape, root) for shape in shapes for root in range(12)])


def classes(rolls: BoolArray) -> FloatArray:
    """Notes of each pitch class in each bar of `[bar, track, step, pitch]`, `[bar, 12]`."""
    found = np.zeros((len(rolls), 12))
    for track in range(rolls.shape[1]):
        bars, rows = note_table(rolls[:, track])[:, :2].T
        np.add.at(found, (bars, rows % 12), 1)
    return found


def pitched(tracks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(track for track in tracks if not is_drums(track))


def own(real: Real, tracks: tuple[str, ...]) -> Mapping[str, Values]:
    """Of the held-out songs in these tracks together: the share in their song's key, mean of bars."""
    names = pitched(tracks)
    if not names:
        return {}
    part = real.held(names).all
    counts = classes(part.bars)
    shares = [
        in_key(counts[rows])
        for rows in (np.flatnonzero(part.song == song) for song in np.unique(part.song))
    ]
    found = float(np.mean(np.concatenate(shares)))
    return {together(tracks): {"key_mean": 100 * found, "key_worst": 100 * found}}


def in_key(counts: FloatArray) -> FloatArray:
    """Of a song's bars `[bar, 12]`: the share of notes in the song's best key, of each bar with
    notes."""
    best = scales()[(counts.sum(axis=0) @ scales().T).argmax()]
    full = counts[counts.any(axis=1)]
    found: FloatArray = full[:, best].sum(axis=1) / full.sum(axis=1)
    return found


def measure(
    model: Model, real: Real, own: Mapping[str, Values], bars: int, seed: int
) -> Mapping[str, Values]:
    about = together(model.tracks)
    if "key" not in KNOBS or about not in own:
        return {}
    places = [
        place for place, track in zip(model.places, model.tracks, strict=True) if not is_drums(track)
    ]
    latents = cues(model.generator, min(CONTEXTS, max(4, bars // SHARE)), seed)
    shares = []
    for key, scale in enumerate(scales()):
        counts = classes(np.stack([turned(model.generator, z, {"key": key})[places] for z in latents]))
        full = counts[counts.any(axis=1)]
        shares.append(
            float((full[:, scale].sum(axis=1) / full.sum(axis=1)).mean()) if len(full) else NAN
        )
    return {about: {"key_mean": 100 * float(np.mean(shares)), "key_worst": 100 * min(shares)}}


CENTRE = Played(
    "tonal centre",
    (
        aim("key_mean", "in the key %", 1, "notes in the key asked for, mean of 24", at_least_times(1)),
        aim(
            "key_worst",
            "in the key, worst %",
            1,
            "the key that is kept worst",
            at_least_times(WORST_SHARE),
        ),
    ),
    measure,
    own,
)
