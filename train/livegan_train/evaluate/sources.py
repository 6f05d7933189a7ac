"""Where judged bars come from: real songs or a model, always as one draw for a seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from livegan.core.model import BadModel
from livegan.core.rendering import Generator
from livegan.shell.generator import find_model, open_session

from ..data import BarSet
from ..drawn import Tune, drawn_bars, streamed_bars
from ..metrics import BoolArray

STRETCH, LEAST_STREAM = 32, 1_000
"""Real streams take so many bars of a song, and so many in all: few whole songs tell of themselves."""
MOST_TUNE = 2_000
FLOOR_SHARE = 5
"""The floor draws at least one in so many of the training songs."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What one seed gives. `bars` are independent of each other, `stream` is music in its order, both
    bool `[bar, track, step, pitch]`; `follows` `[bar - 1]` says where the next bar of the stream is the
    next of the same music. Of bars that are from songs, `song` `[bar]` says from which; `songs` are the
    training songs that are not to be looked through for copies."""

    bars: BoolArray
    stream: BoolArray
    follows: BoolArray
    songs: NDArray[np.int32] | None = None
    song: NDArray[np.int32] | None = None


class Source(Protocol):
    """Something that can be judged. `tracks` are the names of its tracks, as the data has them."""

    @property
    def name(self) -> str: ...

    @property
    def tracks(self) -> tuple[str, ...]: ...

    def draw(self, bars: int, seed: int) -> Draw: ...


def some_songs(real: BarSet, bars: int, least: int, random: np.random.Generator) -> NDArray[np.int32]:
    """Random songs, at least so many, with at least so many bars if there are."""
    songs, sizes = np.unique(real.song_id, return_counts=True)
    order = random.permutation(len(songs))
    enough = int(np.searchsorted(sizes[order].cumsum(), bars)) + 1
    return np.sort(songs[order[: max(least, enough)]])


def some_rows(real: BarSet, bars: int, random: np.random.Generator) -> NDArray[np.int64]:
    """The rows of random different bars, or of all if there are no more."""
    rows: NDArray[np.int64] = np.sort(random.permutation(len(real))[:bars])
    return random.permutation(rows)


def some_bars(real: BarSet, bars: int, random: np.random.Generator) -> BoolArray:
    return real.rolls(some_rows(real, bars, random))


def some_stream(
    real: BarSet, bars: int, random: np.random.Generator, stretch: int = STRETCH
) -> tuple[BoolArray, BoolArray]:
    """A stretch of each of many songs, so many bars in all, and where one bar follows the other."""
    chosen: list[NDArray[np.int64]] = []
    wanted = max(bars, LEAST_STREAM)
    for song in random.permutation(np.unique(real.song_id)):
        rows = np.flatnonzero(real.song_id == song)
        first = int(random.integers(max(1, len(rows) - stretch + 1)))
        chosen.append(rows[first : first + stretch])
        wanted -= len(chosen[-1])
        if wanted <= 0:
            break
    rows = np.concatenate(chosen)
    follows = (np.diff(real.song_id[rows]) == 0) & (np.diff(real.bar_index[rows]) == 1)
    return real.rolls(rows), follows


@dataclass(frozen=True, slots=True)
class Floor:
    """Real music as if a model had made it: bars of some training songs, whose copies in the rest of
    the training songs alone count as copies. Nothing can be told from the data below this. The stream
    takes so many bars of a song (`stretch`), the more the longer, to have as many songs."""

    train: BarSet
    name: str = "floor: real songs"
    stretch: int = STRETCH

    @property
    def tracks(self) -> tuple[str, ...]:
        return self.train.tracks

    def draw(self, bars: int, seed: int) -> Draw:
        random = np.random.default_rng([1, seed])
        all_songs = len(np.unique(self.train.song_id))
        songs = some_songs(self.train, bars, -(-all_songs // FLOOR_SHARE), random)
        songs = songs[: max(1, all_songs // 2)] if len(songs) > all_songs // 2 else songs
        chosen = self.train.rows(np.flatnonzero(np.isin(self.train.song_id, songs)))
        rows = some_rows(chosen, bars, random)
        stream = some_stream(chosen, bars * self.stretch // STRETCH, random, self.stretch)
        return Draw(chosen.rolls(rows), *stream, songs, chosen.song_id[rows])


@dataclass(frozen=True, slots=True)
class Training:
    """The training data itself: what a model that remembers everything would play."""

    train: BarSet
    name: str = "training data"

    @property
    def tracks(self) -> tuple[str, ...]:
        return self.train.tracks

    def draw(self, bars: int, seed: int) -> Draw:
        random = np.random.default_rng([2, seed])
        return Draw(some_bars(self.train, bars, random), *some_stream(self.train, bars, random))


@dataclass(frozen=True, slots=True)
class Model:
    """A model file, played. `tracks` are those that it makes and the data has too; `places` are theirs
    among the model's own. An accompanist hears `tune`, the held-out bars of the track it is given."""

    name: str
    generator: Generator
    tracks: tuple[str, ...]
    places: tuple[int, ...]
    tune: Tune = ()

    @property
    def unknown(self) -> list[str]:
        """Tracks that the data lacks."""
        tracks = enumerate(self.generator.info.tracks)
        return [t.name for place, t in tracks if place not in self.places and not t.given]

    def draw(self, bars: int, seed: int) -> Draw:
        places = list(self.places)
        order = np.random.default_rng([3, seed]).permutation(len(self.tune))
        mixed = [self.tune[bar] for bar in order]
        return Draw(
            drawn_bars(self.generator, bars, seed, mixed)[:, places],
            streamed_bars(self.generator, bars, seed, self.tune)[:, places],
            np.ones(bars - 1, bool),
        )


def loaded(models: Sequence[str], data: BarSet, split: str) -> list[Model]:
    """Every model, under a name of its own. Raises `BadModel`."""
    names = [Path(model).stem if model.endswith(".onnx") else model for model in models]
    if len(set(names)) < len(names):
        names = list(models)
    if len(set(names)) < len(names):
        raise BadModel("the same model twice")
    return [
        matched(name, open_session(find_model(model), "cpu"), data, split)
        for name, model in zip(names, models, strict=True)
    ]


def matched(name: str, generator: Generator, data: BarSet, split: str) -> Model:
    """A model with the tracks that the data has too, by name, in the data's order; what it is to
    accompany comes from the held-out split. Raises `BadModel` if no track is there."""
    data_tracks = data.tracks
    made = [(place, track) for place, track in enumerate(generator.info.tracks) if not track.given]
    own = {track.name.lower(): place for place, track in made}
    both = [track for track in data_tracks if track.lower() in own]
    if not both:
        raise BadModel(
            f"{name} plays {listed(track.name for track in generator.info.tracks)}, but the data has "
            f"{listed(data_tracks)}: no track to judge"
        )
    places = tuple(own[track.lower()] for track in both)
    return Model(name, generator, tuple(both), places, given_tune(generator, data, split))


def given_tune(generator: Generator, data: BarSet, split: str) -> Tune:
    """Up to 2,000 consecutive held-out bars of the track that a model is given, if it is given one."""
    given = [track.name.lower() for track in generator.info.tracks if track.given]
    known = [track.lower() for track in data.tracks]
    if not given or given[0] not in known:
        return ()
    held = data.select(split)
    return list(held.rolls(slice(0, MOST_TUNE))[:, known.index(given[0])])


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)
