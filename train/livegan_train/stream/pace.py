"""How a stream is to go so that its bars share as much with the ones before as those of songs do, with
/drift and /groove where they are at the start: how fast its latent wanders is found by their harmony,
how firmly its rhythm holds by their rhythm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

HARMONY, RHYTHM = ("harmony", "harmony_lift"), ("rhythm", "rhythm_lift")
LIFT = "_lift"
LEAST_LIFT = 0.02
SECTION_PACES = (0.2, 1.0, 2.5)
BAR_PACES = (1.0, 2.0, 3.5, 4.4, 5.2, 5.9, 6.7)
"""The last is a quarter turn each bar: nothing of the latent stays."""
GROOVES = (0.0, 0.5, 1.0, 2.0, 3.0, 4.5, 6.5, 9.0, 13.0)
STREAMS = 4
"""What is shared above chance is told from several, as a stream stays in few keys."""
ROUGHLY, SURELY = 100, 400
"""Bars of each, for all paces and for the best of them."""
HELD = 250
"""The same for grooves."""
FINALISTS = 4
MOST_PAIRS = 4_000

Rolls = NDArray[np.bool_]
Shares = Mapping[str, float]


def harmony_of_songs(bars: BarSet) -> dict[str, float]:
    """What consecutive bars share in harmony, and above random ones (`evaluate.flow`)."""
    rolls, follows = some(bars)
    return shared(rolls, follows, bars.tracks, HARMONY)


def rhythm_of_songs(bars: BarSet) -> list[dict[str, float]]:
    """The same in rhythm, for each track."""
    return each_rhythm(*some(bars), bars.tracks)


def some(bars: BarSet) -> tuple[Rolls, Rolls]:
    """Rolls of songs, and whether each next one follows."""
    part = bars.rows(np.arange(min(len(bars), MOST_PAIRS)))
    follows = (part.song_id[1:] == part.song_id[:-1]) & (np.diff(part.bar_index) == 1)
    return part.rolls(slice(None)), follows


def each_rhythm(rolls: Rolls, follows: Rolls, tracks: Sequence[str]) -> list[dict[str, float]]:
    return [
        shared(rolls[:, place : place + 1], follows, [track], RHYTHM)
        for place, track in enumerate(tracks)
    ]


def shared(
    rolls: Rolls, follows: Rolls, tracks: Sequence[str], keys: Sequence[str]
) -> dict[str, float]:
    drums = np.array([is_drums(track) for track in tracks])
    found = flow(rolls, follows, drums, np.random.default_rng(1))
    return {key: found[key] for key in keys}


class Going:
    """A generator that goes on in another way."""

    def __init__(self, generator: Generator, info: ModelInfo) -> None:
        self.info = info
        self.logits, self.feel = generator.logits, generator.feel
        self.chooses = isinstance(generator, Choosing) and generator.chooses
        if isinstance(generator, Choosing):
            self.believable = generator.believable


def as_songs(generator: Generator, harmony: Shares, rhythms: Sequence[Shares]) -> ModelInfo:
    """What a model says of itself, with the paces and the grooves at which its streams come nearest to
    songs: to `harmony_of_songs`, and to `rhythm_of_songs`, track by track."""
    info = replace(generator.info, groove=(0.0,) * len(rhythms))
    info = replace(info, paces=paces_for(Going(generator, info), harmony))
    if info.context:
        info = replace(info, groove=grooves_for(Going(generator, info), rhythms))
    return info


def paces_for(generator: Generator, songs: Shares) -> tuple[float, float]:
    """The paces of section and bar at which streams come nearest to what songs share; how far they are
    from it is measured in what songs share above chance."""
    tracks = [track.name for track in generator.info.tracks]

    def off(paces: tuple[float, float], bars: int) -> float:
        rolls, follows = streams(Going(generator, replace(generator.info, paces=paces)), bars)
        return apart(shared(rolls, follows, tracks, list(songs)), songs)

    every = product(SECTION_PACES, BAR_PACES)
    best = nsmallest(FINALISTS, every, key=lambda paces: off(paces, ROUGHLY))
    return min(best, key=lambda paces: off(paces, SURELY))


def grooves_for(generator: Generator, songs: Sequence[Shares]) -> tuple[float, ...]:
    """For each track, how firmly its rhythm is to hold. All tracks are tried at once: each hears hardly
    more of the others than what they play."""
    tracks = [track.name for track in generator.info.tracks]
    errors = []
    for strength in GROOVES:
        info = replace(generator.info, groove=(strength,) * len(tracks))
        found = each_rhythm(*streams(Going(generator, info), HELD), tracks)
        errors.append([apart(own, song) for own, song in zip(found, songs, strict=True)])
    return tuple(GROOVES[place] for place in np.nan_to_num(errors).argmin(axis=0))


def streams(generator: Generator, bars: int) -> tuple[Rolls, Rolls]:
    """Rolls of several streams, and whether each next one follows."""
    rolls = np.concatenate([streamed_bars(generator, bars, seed) for seed in range(1, STREAMS + 1)])
    return rolls, np.arange(1, len(rolls)) % bars > 0


def apart(found: Shares, songs: Shares) -> float:
    return sum(abs(found[key] - songs[key]) / room(songs, key) for key in songs)


def room(songs: Shares, key: str) -> float:
    return max(abs(songs[key.removesuffix(LIFT) + LIFT]), LEAST_LIFT)
