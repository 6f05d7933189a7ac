"""One draw of bars against the held-out split, in figures.

Per track: the paper's and MuseGAN's measures, overlap with real bars, precision to coverage, diversity,
originality. Of tracks together: tonal distances, originality, and how bars follow each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import is_drums

from .. import metrics
from ..data import BarSet
from ..metrics import BoolArray
from .features import COMPARED, COMPARED_DRUMS, Embedding, Features, embedding_of, features
from .flow import flow
from .likeness import Library, library, mean_jaccard, nearest, pack, pack_set
from .overlap import distances, intra_set, overlap
from .prdc import NEIGHBOURS, Prdc, prdc
from .sources import Draw, some_bars, some_stream

Values = dict[str, float]
NAN = float("nan")
PAIR = " / "

QUERY_SHARE, LEAST_QUERIES = 8, 50
"""The nearest training bar is looked for of one bar in so many, but of at least so many."""
COMPARED_BARS = 1_000
"""Bars on either side whose distances make the overlap's densities."""
COPY = 0.1
"""A bar nearer than this to a training bar counts as a copy."""
LEAST = 50
"""With fewer sounding bars on either side distributions are not judged."""


def figures(roll: BoolArray, drums: bool) -> Values:
    """The paper's and MuseGAN's measures of one track `[bar, step, pitch]`: EB, QN, PR, DP, DIS and
    distinct in per cent. `distinct` and all but EB and notes are over bars that sound. Drums have no
    pitch classes and no lengths worth the name."""
    measured = metrics.measure(roll)
    full = roll[roll.any(axis=(1, 2))]
    values = {"eb": measured.eb, "notes": measured.notes, "pr": NAN, "dp": NAN, "distinct": NAN}
    values |= dict.fromkeys(("upc", "upc_as_published", "qn", "qn_as_published", "dis"), NAN)
    if not len(full):
        return values
    values["pr"] = measured.pr
    values["distinct"] = 100.0 * len({row.tobytes() for row in np.packbits(full, axis=1)}) / len(full)
    if drums:
        return values | {"dp": 100.0 * float(metrics.drum_pattern(full).mean())}
    short = metrics.qualified_share(full, metrics.QUALIFIED_STEPS_AS_PUBLISHED)
    return values | {
        "upc": measured.upc,
        "upc_as_published": float(metrics.used_pitch_classes_as_published(full).mean()),
        "qn": measured.qn,
        "qn_as_published": 100.0 * float(short.mean()),
        "dis": measured.dis,
    }


def sounding(rolls: BoolArray) -> BoolArray:
    """The bars of `[bar, ...]` in which anything sounds."""
    return rolls[rolls.any(axis=tuple(range(1, rolls.ndim)))]


def distinct(roll: BoolArray) -> BoolArray:
    """Each different bar once, in the order of their first coming."""
    packed = np.packbits(roll.reshape(len(roll), -1), axis=1)
    return roll[np.sort(np.unique(packed, axis=0, return_index=True)[1])]


@dataclass(frozen=True, slots=True)
class HeldTrack:
    """What one track is judged against: its features over the held-out bars that sound, the embedding
    and the points of the distinct ones among them; None with too few."""

    drums: bool
    found: Features | None
    embedding: Embedding | None
    points: NDArray[np.float64] | None


def held_track(roll: BoolArray, drums: bool) -> HeldTrack:
    full = sounding(roll)
    if len(full) < LEAST:
        return HeldTrack(drums, None, None, None)
    found = features(full)
    embedding = embedding_of(found, drums)
    different = distinct(full)
    few = len(different) <= 2 * NEIGHBOURS
    points = None if few else embedding.points(features(different))
    return HeldTrack(drums, found, embedding, points)


def against(held: HeldTrack, roll: BoolArray) -> Values:
    """Overlap and precision to coverage of one track's bars `[bar, step, pitch]`."""
    full = sounding(roll)
    if held.found is None or held.embedding is None:
        return dict.fromkeys(
            ("oa", "oa_worst", "kld", "precision", "recall", "density", "coverage"), NAN
        )
    if len(full) < LEAST:  # silent where the data is not: nothing overlaps
        return dict.fromkeys(("oa", "oa_worst", "precision", "recall", "density", "coverage"), 0.0) | {
            "kld": NAN
        }
    found = features(full)
    both = []
    for name in COMPARED_DRUMS if held.drums else COMPARED:
        real = held.found[name][:COMPARED_BARS]
        both.append(overlap(intra_set(real), distances(found[name][:COMPARED_BARS], real).ravel()))
    areas = [one.area for one in both]
    values = {
        "oa": float(np.mean(areas)),
        "oa_worst": min(areas),
        "kld": float(np.mean([one.divergence for one in both])),
    }
    compared = Prdc(NAN, NAN, NAN, NAN)
    if held.points is not None:
        compared = prdc(held.points, held.embedding.points(found))
    return values | {
        "precision": compared.precision,
        "recall": compared.recall,
        "density": compared.density,
        "coverage": compared.coverage,
    }


def song_errors(held: BarSet, track: int, drums: bool) -> Values:
    """How sure the held-out figures are: the standard error of each over songs, as 'KEY_error'; nan
    under two songs."""
    songs = [
        figures(held.rolls(np.flatnonzero(held.song_id == song))[:, track], drums)
        for song in np.unique(held.song_id)
    ]
    errors = {}
    for key in songs[0]:
        values = np.array([song[key] for song in songs if not np.isnan(song[key])])
        sure = len(values) > 1
        errors[f"{key}_error"] = float(values.std(ddof=1) / np.sqrt(len(values))) if sure else NAN
    return errors


class Judge:
    """Everything real that draws are judged against. `bars` is how many bars a draw has."""

    def __init__(self, train: BarSet, held: BarSet, bars: int) -> None:
        self.tracks = held.tracks
        self._songs = held
        self.queries = max(LEAST_QUERIES, bars // QUERY_SHARE)
        random = np.random.default_rng(0)
        self.held = Draw(some_bars(held, bars, random), *some_stream(held, 2 * bars, random))
        self._held = [
            held_track(self.held.bars[:, place], is_drums(track))
            for place, track in enumerate(self.tracks)
        ]
        self._words = pack_set(train)
        self._song = train.song_id
        self._libraries: dict[tuple[int, ...], Library] = {}

    def library(self, places: tuple[int, ...]) -> Library:
        """Training bars of some tracks, to look for copies in."""
        if places not in self._libraries:
            drums = [is_drums(self.tracks[place]) for place in places]
            words = np.ascontiguousarray(self._words[:, list(places)])
            self._libraries[places] = library(words, self._song, drums)
        return self._libraries[places]

    def track(self, name: str, draw: Draw, place: int) -> Values:
        """One track: `place` is where the draw has it."""
        own = self.tracks.index(name)
        roll = draw.bars[:, place]
        return (
            figures(roll, is_drums(name))
            | against(self._held[own], roll)
            | {"jaccard": mean_jaccard(sounding(roll)[:, None], np.random.default_rng(3))}
            | self.originality(draw, (own,), (place,))
        )

    def held_track(self, name: str) -> Values:
        """The held-out split's own figures with their errors, and how far it is from the training
        songs."""
        own = self.tracks.index(name)
        roll = self.held.bars[:, own]
        return (
            figures(roll, is_drums(name))
            | song_errors(self._songs, own, is_drums(name))
            | {"jaccard": mean_jaccard(sounding(roll)[:, None], np.random.default_rng(3))}
            | self.originality(self.held, (own,), (own,))
        )

    def together(self, names: tuple[str, ...], draw: Draw, places: tuple[int, ...]) -> Values:
        """Tracks together; originality only if there are several, since else it is the track's."""
        own = tuple(self.tracks.index(name) for name in names)
        drums = np.array([is_drums(name) for name in names])
        values = flow(draw.stream[:, list(places)], draw.follows, drums, np.random.default_rng(4))
        if len(names) > 1:
            values |= self.originality(draw, own, places)
        return values

    def originality(self, draw: Draw, own: tuple[int, ...], places: tuple[int, ...]) -> Values:
        """Distances to the nearest training bars: their mean, and the share of copies in per cent."""
        full = sounding(draw.bars[:, list(places)])[: self.queries]
        found = self.library(own)
        if not len(full) or not len(found.song):
            return {"nearest": NAN, "copies": NAN}
        apart = nearest(pack(full), found, draw.songs)
        return {"nearest": float(apart.mean()), "copies": 100.0 * float((apart < COPY).mean())}


def tonal_distances(names: tuple[str, ...], draw: Draw, places: tuple[int, ...]) -> dict[str, Values]:
    """TD of every pair of tracks that are not drums, by 'one / other'."""
    pitched = [(name, place) for name, place in zip(names, places, strict=True) if not is_drums(name)]
    found = {}
    for (one, here), (other, there) in combinations(pitched, 2):
        rolls = draw.bars[:, here], draw.bars[:, there]
        found[f"{one}{PAIR}{other}"] = {
            "td": metrics.tonal_distance(*rolls),
            "td_as_published": metrics.tonal_distance_as_published(*rolls),
        }
    return found
