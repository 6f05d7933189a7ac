"""How fast a stream's latent is to wander, so that its bars share as much with the ones before as those
of songs do, with /drift where it is at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from heapq import nsmallest
from itertools import product

import numpy as np
from numpy.typing import NDArray

from livegan.core.choosing import Choosing
from livegan.core.model import ModelInfo
from livegan.core.music import is_drums
from livegan.core.rendering import Generator

from ..data import BarSet
from ..drawn import streamed_bars
from ..evaluate.flow import flow

SHARED = ("harmony", "harmony_lift", "rhythm", "rhythm_lift")
LIFT = "_lift"
LEAST_LIFT = 0.02
SECTION_PACES = (0.2, 1.0, 2.5)
BAR_PACES = (1.0, 2.0, 3.5, 4.4, 5.2, 5.9, 6.7)
"""The last is a quarter turn each bar: nothing of the latent stays."""
STREAMS = 4
"""What is shared above chance is told from several, as a stream stays in few keys."""
ROUGHLY, SURELY = 100, 400
"""Bars of each, for all paces and for the best of them."""
FINALISTS = 4
MOST_PAIRS = 4_000


def shared_by_songs(bars: BarSet) -> dict[str, float]:
    """What consecutive bars share in harmony and rhythm, and above random ones (`evaluate.flow`)."""
    some = bars.rows(np.arange(min(len(bars), MOST_PAIRS)))
    follows = (some.song_id[1:] == some.song_id[:-1]) & (np.diff(some.bar_index) == 1)
    return shared(some.rolls(slice(None)), follows, some.tracks)


def shared(
    rolls: NDArray[np.bool_], follows: NDArray[np.bool_], tracks: tuple[str, ...]
) -> dict[str, float]:
    drums = np.array([is_drums(track) for track in tracks])
    found = flow(rolls, follows, drums, np.random.default_rng(1))
    return {key: found[key] for key in SHARED}


class Paced:
    """A generator whose latent wanders at other paces."""

    def __init__(self, generator: Generator, paces: tuple[float, float]) -> None:
        self.info: ModelInfo = replace(generator.info, paces=paces)
        self.logits, self.feel = generator.logits, generator.feel
        self.chooses = isinstance(generator, Choosing) and generator.chooses
        if isinstance(generator, Choosing):
            self.believable = generator.believable


def paces_for(generator: Generator, songs: Mapping[str, float]) -> tuple[float, float]:
    """The paces of section and bar at which streams come nearest to what songs share; how far they are
    from it is measured in what songs share above chance."""
    tracks = tuple(track.name for track in generator.info.tracks)

    def apart(paces: tuple[float, float], bars: int) -> float:
        paced, seeds = Paced(generator, paces), range(1, STREAMS + 1)
        rolls = np.concatenate([streamed_bars(paced, bars, seed) for seed in seeds])
        follows = np.arange(1, len(rolls)) % bars > 0
        found = shared(rolls, follows, tracks)
        return sum(abs(found[key] - songs[key]) / room(songs, key) for key in songs)

    every = product(SECTION_PACES, BAR_PACES)
    best = nsmallest(FINALISTS, every, key=lambda paces: apart(paces, ROUGHLY))
    return min(best, key=lambda paces: apart(paces, SURELY))


def room(songs: Mapping[str, float], key: str) -> float:
    return max(abs(songs[key.removesuffix(LIFT) + LIFT]), LEAST_LIFT)
