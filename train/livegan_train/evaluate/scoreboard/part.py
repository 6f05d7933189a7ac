"""What figures measure: some tracks of one draw, and the held-out songs that it stands beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import is_drums

from ...data import BarSet
from ...metrics import BoolArray, FloatArray
from ..likeness import Library, library, pack_set
from ..sources import Draw, some_bars
from .scalars import scalars

TINY = 1e-9
PIECE = 64
"""Streams are looked at in pieces of so many bars, as long as a song."""


@dataclass(frozen=True)
class Part:
    """Some tracks of one draw: `bars` and `stream` bool `[bar, track, step, pitch]`, `pieces` the runs
    `(first, past the last)` of the stream in which each bar follows the one before, at most 64 bars
    long; `song` `[bar]` says which song a bar is from (a model's bars are each their own); `drums`
    `[track]`; `without` the training songs among which copies don't count, since the bars are
    theirs."""

    names: tuple[str, ...]
    drums: NDArray[np.bool_]
    bars: BoolArray
    stream: BoolArray
    pieces: tuple[tuple[int, int], ...]
    song: NDArray[np.int64]
    without: NDArray[np.int32] | None = None

    @property
    def roll(self) -> BoolArray:
        """The bars `[bar, step, pitch]` of a single track."""
        assert self.bars.shape[1] == 1
        return self.bars[:, 0]

    @property
    def all_drums(self) -> bool:
        return bool(self.drums.all())

    @cached_property
    def sounding(self) -> BoolArray:
        """Which bars sound, `[bar]`."""
        return np.asarray(self.bars.any(axis=(1, 2, 3)))

    def sounding_some(self, other: Part) -> NDArray[np.int64]:
        """The first bars that sound, as many as the other part has at most."""
        return np.flatnonzero(self.sounding)[: int(other.sounding.sum())]

    @cached_property
    def points(self) -> FloatArray:
        """The twenty-five numbers of the bars that sound, `[bar, 25]`, of a single track."""
        return scalars(self.roll[self.sounding], self.all_drums)

    def of(self, names: tuple[str, ...]) -> Part:
        """Some of the tracks."""
        places = [self.names.index(name) for name in names]
        if places == list(range(len(self.names))):
            return self
        return replace(
            self,
            names=names,
            drums=self.drums[places],
            bars=self.bars[:, places],
            stream=self.stream[:, places],
        )

    def follows(self) -> NDArray[np.int64]:
        """The places in the stream whose next bar follows in the same piece."""
        runs = [np.arange(first, end - 1) for first, end in self.pieces]
        return np.concatenate(runs) if runs else np.zeros(0, np.int64)


def part_of(draw: Draw, names: tuple[str, ...]) -> Part:
    song = np.arange(len(draw.bars)) if draw.song is None else draw.song.astype(np.int64)
    drums = np.array([is_drums(name) for name in names])
    return Part(names, drums, draw.bars, draw.stream, pieces_of(draw.follows), song, draw.songs)


def pieces_of(follows: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """Runs of bars that follow each other, cut where they grow longer than a piece."""
    cuts = np.flatnonzero(~np.concatenate([[False], follows, [False]]))
    found = []
    for first, end in pairwise(cuts):
        starts = range(int(first), int(end), PIECE)
        found += [(start, min(start + PIECE, int(end))) for start in starts]
    return tuple(found)


class Held:
    """The held-out songs in some tracks: all their bars (`all`), as many of them as a draw has
    (`some`), both in random order, and the training bars to look for copies in."""

    def __init__(self, everything: Part, count: int, find: Callable[[], Library]) -> None:
        self.all, self.count = everything, count
        self.some = replace(everything, bars=everything.bars[:count], song=everything.song[:count])
        self._find = find
        self.own: dict[str, float] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return self.all.names

    @cached_property
    def library(self) -> Library:
        """The training bars to look for copies in."""
        return self._find()

    @cached_property
    def spread(self) -> FloatArray:
        """Standard deviations of the twenty-five numbers; 1 where nothing varies."""
        found = self.some.points.std(axis=0)
        return np.where(found > TINY, found, 1.0)


class Real:
    """The training and held-out songs; `held` gives the latter in some tracks, made once."""

    def __init__(self, train: BarSet, held: BarSet, count: int) -> None:
        self.train, self.count = train, count
        order = np.random.default_rng(0).permutation(len(held))
        follows = (np.diff(held.song_id) == 0) & (np.diff(held.bar_index) == 1)
        stream = held.rolls(slice(None))
        draw = Draw(stream[order], stream, follows, song=held.song_id[order])
        self._all = part_of(draw, held.tracks)
        self._words = pack_set(train)
        self._made: dict[tuple[str, ...], Held] = {}

    @property
    def tracks(self) -> tuple[str, ...]:
        return self._all.names

    def held(self, names: tuple[str, ...]) -> Held:
        if names not in self._made:
            self._made[names] = Held(self._all.of(names), self.count, partial(self._library, names))
        return self._made[names]

    def _library(self, names: tuple[str, ...]) -> Library:
        places = [self.tracks.index(name) for name in names]
        drums = [is_drums(name) for name in names]
        return library(np.ascontiguousarray(self._words[:, places]), self.train.song_id, drums)

    def training_bars(self, track: str, most: int) -> BoolArray:
        """Random training bars of one track in which it sounds, `[bar, step, pitch]`."""
        rolls = some_bars(self.train, most, np.random.default_rng(0))[:, self.tracks.index(track)]
        return rolls[rolls.any(axis=(1, 2))]
