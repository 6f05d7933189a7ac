"""Which latent makes a bar: an encoder's, mended by what comes back from it, or found by search; and
how near it comes. Pure; how long to search is for the caller to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .decode import IMPOSSIBLE, BoolArray, FloatArray, Logits, rolls_of
from .latent import Point
from .music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, STEPS_PER_SIXTEENTH, Note
from .rendering import Cue, Generator

Points = NDArray[np.float64]
"""Of the latent sphere, `[point, latent]`."""

AT_ONCE = 32
"""Points that a model is asked for together."""
BEST = 8
"""Of these so many say where to look next."""
CHANCE = 0.3
"""Share of the time in which points are drawn from all of the sphere, before the search closes in."""
WIDE, NARROW = 0.5, 0.05
"""How far around a place the search looks, at first and at last, in standard deviations."""
SHARPNESS = 10.0
"""Onset logits are taken so many times as large: what counts is which side of 0 they are on, as in
decoding, but the search has to see which way is nearer."""


MENDED = 8
"""How often what comes back is encoded again."""
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of what is missing, so much is added, each on a way of its own."""


@runtime_checkable
class Encoding(Generator, Protocol):
    """A model with an encoder."""

    def at(self, cue: Cue, points: Points) -> Logits:
        """Logits `[point, track, step, pitch]` at many points, all else as in the cue."""
        ...

    def encode(self, rolls: BoolArray) -> Points:
        """The latents of bars `[bar, track, step, pitch]`. Raises `BadModel` if there is no
        encoder."""
        ...


class Searchable(Generator, Protocol):
    """A model that makes many bars at once."""

    def onsets(self, cue: Cue, points: Points) -> FloatArray:
        """Onset logits `[point, track, step, pitch]` at many points, all else as in the cue."""
        ...


def note_f1(parts: Sequence[Sequence[Note]], others: Sequence[Sequence[Note]]) -> float:
    """How much of two bars is the same, 0 to 1: notes of the same track, start and pitch, twice over
    the notes of both. Two bars without notes are the same."""
    one, other = (
        {(track, note.start, note.pitch) for track, part in enumerate(bar) for note in part}
        for bar in (parts, others)
    )
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0


def struck(parts: Sequence[Sequence[Note]]) -> BoolArray:
    """Where notes begin, `[track, step, pitch]`."""
    found = np.zeros((len(parts), STEPS_PER_BAR, PITCHES), bool)
    for track, part in enumerate(parts):
        for note in part:
            if 0 <= note.pitch - LOWEST_PITCH < PITCHES:
                found[track, note.start, note.pitch - LOWEST_PITCH] = True
    return found


def recalled(generator: Encoding, roll: BoolArray) -> Point:
    """The latent from which a bar `[track, step, pitch]` comes back best, after silence: the encoder's,
    moved again and again by how far the encoding of what comes back is from it (fixed-point iteration;
    the scale of the bar stays). Raises `BadModel` if there is no encoder."""
    homes = generator.info.homes
    wanted = generator.encode(roll[None])
    points, steps = np.repeat(wanted, len(SHARES), 0), np.array(SHARES)[:, None]
    best: Point
    best, least = points[0], np.inf
    for _ in range(1 + MENDED):
        places = on_spheres(points)
        back = rolls_of(generator.at(Cue(places[0]), places))
        apart = each_track_apart(back, roll)
        if apart.min() < least:
            best, least = places[int(apart.argmin())], apart.min()
        missing = wanted - generator.encode(back)
        missing[:, :homes] = 0
        points = points + steps * missing
    return best


def each_track_apart(rolls: BoolArray, roll: BoolArray) -> NDArray[np.float64]:
    """Jaccard distances of bars `[bar, track, step, pitch]` to one, the mean over tracks that sound in
    either, `[bar]`."""
    both, either = (rolls & roll).sum(axis=(2, 3)), (rolls | roll).sum(axis=(2, 3))
    sounds = either > 0
    apart = np.where(sounds, 1 - both / np.maximum(1, either), 0.0)
    found: NDArray[np.float64] = apart.sum(axis=1) / np.maximum(1, sounds.sum(axis=1))
    return found


def drawn(random: np.random.Generator, middle: Point, far: float) -> Points:
    """Points of the sphere around a place."""
    return on_spheres(middle + far * random.standard_normal((AT_ONCE, len(middle))))


def on_spheres(points: Points) -> Points:
    size = points.shape[1]
    found: Points = points * (np.sqrt(size) / np.linalg.norm(points, axis=1, keepdims=True))
    return found


class Likeness:
    """How alike bars are to one, by a smooth F1 of their onset logits."""

    def __init__(self, wanted: BoolArray) -> None:
        self._wanted = wanted.ravel()

    def __call__(self, onsets: FloatArray) -> NDArray[np.float64]:
        """Of bars `[bar, track, step, pitch]`: 0 to 1 each."""
        logits = onsets.reshape(len(onsets), -1)
        places = (logits.max(axis=0) > IMPOSSIBLE) | self._wanted
        with np.errstate(over="ignore"):
            likely = 1 / (1 + np.exp(-SHARPNESS * logits[:, places]))
        hits = likely[:, self._wanted[places]].sum(axis=1)
        found: NDArray[np.float64] = 2 * hits / (likely.sum(axis=1) + self._wanted.sum() + 1e-9)
        return found


def search(
    generator: Searchable,
    cue: Cue,
    wanted: BoolArray,
    random: np.random.Generator,
    spent: Callable[[], float],
) -> Point:
    """The latent whose bar strikes what is wanted `[track, step, pitch]`, as nearly as was found: first
    the best of points drawn by chance, then an evolution strategy on the sphere that closes in (after
    Rechenberg, 1973: the mean of the best, by rank, is where to look next). `spent` says how
    much of the time is gone, 0 to 1."""
    alike = Likeness(wanted)
    weights = np.log(BEST + 0.5) - np.log(np.arange(1, BEST + 1))
    weights /= weights.sum()
    middle = best = nowhere = np.zeros(generator.info.latent)
    most, gone = -1.0, 0.0
    while most < 0 or gone < 1:
        wide = gone < CHANCE
        if wide:
            points = drawn(random, nowhere, 1.0)
        else:
            share = (gone - CHANCE) / (1 - CHANCE)
            points = drawn(random, middle, WIDE * (NARROW / WIDE) ** share)
        scores = alike(generator.onsets(cue, points))
        order = np.argsort(-scores)[:BEST]
        if scores[order[0]] > most:
            best, most = points[order[0]], scores[order[0]]
        middle = best if wide else on_spheres((weights @ points[order])[None])[0]
        gone = spent()
    return best


class Sketches:
    """What many bars are like, drawn by chance beforehand, so that the likest can be had at once."""

    def __init__(self, generator: Searchable, random: np.random.Generator, batches: int) -> None:
        places = [drawn(random, np.zeros(generator.info.latent), 1.0) for _ in range(batches)]
        self._sketches = [
            sketch(bar > 0) for points in places for bar in generator.onsets(Cue(points[0]), points)
        ]
        self._points = np.concatenate(places)

    def likest(self, wanted: BoolArray) -> Point:
        """Where a bar is made that is like the onsets wanted, `[track, step, pitch]`."""
        found: Point = self._points[int(np.argmax(np.array(self._sketches) @ sketch(wanted)))]
        return found


def sketch(onsets: BoolArray) -> NDArray[np.float64]:
    """Rhythm and pitch classes of a bar `[track, step, pitch]`, each of length 1 unless it is empty."""
    rhythm = onsets.sum(axis=(0, 2)).reshape(-1, STEPS_PER_SIXTEENTH).sum(axis=1)
    pitches = onsets.sum(axis=(0, 1)).reshape(-1, 12).sum(axis=0)
    parts = [part / max(1e-9, float(np.linalg.norm(part))) for part in (rhythm, pitches)]
    return np.concatenate(parts)
