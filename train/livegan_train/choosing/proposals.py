"""Bars as a model makes them where nothing is chosen, each with what it heard and its place: what its
critic learns to tell from songs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from livegan.core.latent import Point
from livegan.core.model import BadModel
from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan.core.rendering import Cue, Generator
from livegan.core.state import initial
from livegan.core.wandering import advance
from livegan.shell.generator import OnnxGenerator

from ..data import BarSet
from ..evaluate.scoreboard.playing import BATCH, bars_at
from ..heads import ONSET_GRIDS
from ..metrics import BoolArray
from ..stream.cells import codes_of

STREAMED, AFTER_SONGS = 0.5, 0.25
"""Shares of the bars that go on in streams, and that follow bars of songs; the rest follow nothing."""
LARGEST_SEED = 2**31


class Proposals(NamedTuple):
    """Bars and those before them, one byte a cell (`stream.cells`), uint8 `[bar, track, cell, pitch]`,
    and places int64 `[bar]`."""

    now: Tensor
    before: Tensor
    place: Tensor

    def rows(self, chosen: Tensor) -> Proposals:
        return Proposals(*(part[chosen] for part in self))

    def __len__(self) -> int:
        return len(self.place)


def grid_of(generator: OnnxGenerator) -> int:
    """Cells of a bar of the model. Raises `BadModel` if it is none that a critic can be trained for."""
    info = generator.info
    if not info.context:
        raise BadModel(f"{info.name} does not hear the bar before: only streams have a critic")
    head = info.origin.get("config", {}).get("head", "onset")
    return ONSET_GRIDS.get(head, ONSET_GRIDS["onset"])


def proposals(generator: OnnxGenerator, songs: BarSet, count: int, seed: int) -> Proposals:
    """So many bars, or a few more, of a model for the songs' tracks."""
    cells, random = grid_of(generator), np.random.default_rng([31, seed])
    on, after = int(count * STREAMED), int(count * AFTER_SONGS)
    kinds = (
        streamed(generator, on, random),
        answered(generator, after_songs(generator, songs, after, random)),
        answered(generator, after_nothing(generator, count - on - after, random)),
    )
    now, before, places = [], [], []
    for rolls, cues in chain(*kinds):
        heard = [silence_of(generator) if cue.context is None else cue.context for cue in cues]
        now.append(codes_of(rolls, cells))
        before.append(codes_of(np.stack(heard), cells))
        places += [cue.place for cue in cues]
    bars, earlier = (torch.from_numpy(np.concatenate(part)) for part in (now, before))
    return Proposals(bars, earlier, torch.tensor(places))


Answers = Iterator[tuple[BoolArray, Sequence[Cue]]]
"""Rolls `[bar, track, step, pitch]`, and what the model heard before each."""


def silence_of(generator: Generator) -> BoolArray:
    """`[track, step, pitch]`."""
    return np.zeros((len(generator.info.tracks), STEPS_PER_BAR, PITCHES), bool)


def answered(generator: OnnxGenerator, cues: Sequence[Cue]) -> Answers:
    for first in range(0, len(cues), BATCH):
        some = cues[first : first + BATCH]
        yield bars_at(generator, some), some


def streamed(generator: OnnxGenerator, count: int, random: np.random.Generator) -> Answers:
    """Many streams side by side, in which nothing comes back."""
    info = generator.info
    seeds = random.integers(LARGEST_SEED, size=BATCH).tolist()
    states = [replace(initial(seed, *info.size), comeback=0.0) for seed in seeds]
    before: Sequence[BoolArray | None] = [None] * BATCH
    for bar in range(-(-count // BATCH)):
        if bar:
            states = [advance(state, bar, info.wandering) for state in states]
        place = bar % info.phrase
        cues = [Cue(s.point, place, context=b) for s, b in zip(states, before, strict=True)]
        rolls = bars_at(generator, cues)
        yield rolls, cues
        before = list(rolls)


def after_songs(
    generator: OnnxGenerator, songs: BarSet, count: int, random: np.random.Generator
) -> list[Cue]:
    """After bars of songs, in their sections."""
    info, cues = generator.info, []
    for roll in songs.rolls(random.permutation(len(songs))[:count]):
        point = fresh(generator, random)
        point[: info.section] = generator.encode(roll[None])[0, : info.section]
        cues.append(Cue(point, int(random.integers(info.phrase)), context=roll))
    return cues


def after_nothing(generator: OnnxGenerator, count: int, random: np.random.Generator) -> list[Cue]:
    phrase = generator.info.phrase
    return [Cue(fresh(generator, random), number % phrase) for number in range(count)]


def fresh(generator: OnnxGenerator, random: np.random.Generator) -> Point:
    return initial(int(random.integers(LARGEST_SEED)), *generator.info.size).point.copy()
