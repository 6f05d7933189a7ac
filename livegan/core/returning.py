"""Half a phrase that comes back, whole or in some of its tracks, as often as in the songs that a model
learned from."""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np

from .decode import FloatArray
from .latent import Point

HALF = 4
"""Bars of half a phrase, which comes back as a whole."""
FARTHEST = 2 * HALF
"""From so many bars before, at most."""
AS_SONGS = 0.5
"""Where /comeback does as the songs do."""
TOGETHER = 0.6
"""How often a track goes by the luck that all share: with it, all tracks of a band come back at once
about as often as in songs of free games and of POP909, given how often each does."""
VARIED = 0.5
"""How far the tracks that don't come back are from where all were then, on the way to somewhere new."""


class Way(NamedTuple):
    """Half a phrase comes back from this many `bars` before it so `often`, a share of half phrases;
    `tracks` are the shares of those in which each track does, empty: all do."""

    bars: int
    often: float
    tracks: tuple[float, ...] = ()


PHRASES = (Way(HALF, 0.075), Way(2 * HALF, 0.075))
"""As in POP909's songs, one bar in nine of whose piano is one of the eight before it."""


class Source(NamedTuple):
    """Where a track was when it was new, so many bars ago."""

    point: Point
    back: int

    def later(self, bars: int) -> Source:
        """Seen from so many bars further on."""
        return self._replace(back=self.back + bars)


class Visited(NamedTuple):
    """Where a bar was, and for each track where it came back from, None for what was new."""

    point: Point
    sources: tuple[Source | None, ...] = ()

    def source(self, track: int) -> Source:
        found = self.sources[track] if track < len(self.sources) else None
        return found or Source(self.point, 0)

    def later(self) -> Visited:
        """A bar further on, with nothing moved."""
        return self._replace(sources=tuple(found and found.later(1) for found in self.sources))


PRIMES = [n for n in range(2, 150) if all(n % divisor for divisor in range(2, n))]
STARTS = 37
"""Among the seeds, that of where luck starts."""


def luck_of(seed: int, half: int, tracks: int) -> FloatArray:
    """What decides about this half phrase, `[3 + 2 * tracks]` of 0 to 1: by chance for each, but evenly
    over a few dozen, so that music never comes back much more or less than it should (multiples of the
    roots of primes: Richtmyer, 1951)."""
    roots = np.sqrt(PRIMES[: 3 + 2 * tracks])
    found: FloatArray = (np.random.default_rng([seed, STARTS]).random(len(roots)) + half * roots) % 1
    return found


def drawn(
    ways: tuple[Way, ...], tracks: int, comeback: float, luck: FloatArray
) -> tuple[int, tuple[bool, ...]]:
    """How many bars back half a phrase goes, 0 for none, and which tracks go there, by `luck_of` it.
    The shares are the ways' own at a `comeback` of `AS_SONGS`, and rise to all at 1."""
    chance, which, common = luck[:3]
    mixed, own = luck[3:].reshape(2, tracks)
    often = np.cumsum([way.often for way in ways])
    if not comeback or not len(often) or not often[-1]:
        return 0, ()
    power = log(comeback) / log(AS_SONGS)
    if chance >= min(1.0, float(often[-1])) ** power:
        return 0, ()
    way = ways[int(np.searchsorted(often, which * often[-1], side="right"))]
    shares = np.array(way.tracks or (1.0,) * tracks)
    kept = np.where(mixed < TOGETHER, common, own) < shares**power
    return (way.bars, tuple(map(bool, kept))) if kept.any() else (0, ())
