"""Bars of a model at chosen latents, after chosen bars and with chosen knobs: the one place here that
runs the instrument."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import cycle
from typing import Any

import numpy as np

from livegan.core.decode import Logits, rolls_of
from livegan.core.latent import Point
from livegan.core.rendering import Cue, Generator, as_parts, decoded, roll_of
from livegan.core.state import State, initial
from livegan.shell.generator import OnnxGenerator

from ...metrics import BoolArray

BATCH = 33
KNOBS = frozenset(field.name for field in fields(State))
"""What this version's performer can set."""


def points(generator: Generator, count: int, seed: int) -> list[Point]:
    """Random latents."""
    random = np.random.default_rng([21, seed])
    return [initial(int(random.integers(2**31)), generator.info.latent).point for _ in range(count)]


def cues(generator: Generator, count: int, seed: int, before: Iterable[BoolArray] = ()) -> list[Cue]:
    """Random latents, each after the next of some bars `[track, step, pitch]`, round and round; after
    silence without any."""
    latents = points(generator, count, seed)
    return [Cue(z, context=roll) for z, roll in zip(latents, contexts(before), strict=False)]


def scenes(
    generator: Generator, count: int, seed: int, before: Iterable[BoolArray] = ()
) -> list[tuple[Cue, Cue]]:
    """The first two scenes of fresh instruments, after bars as `cues` has them."""
    random = np.random.default_rng([23, seed])
    fresh = [initial(int(random.integers(2**31)), *generator.info.size) for _ in range(count)]
    return [
        (Cue(state.scenes[0].point, context=roll), Cue(state.scenes[1].point, context=roll))
        for state, roll in zip(fresh, contexts(before), strict=False)
    ]


def contexts(before: Iterable[BoolArray]) -> Iterator[BoolArray | None]:
    """Round and round; silence without any."""
    return cycle([*before] or [None])


class Remembering:
    """A generator that knows its last answer to a cue without knobs: for who turns many on one cue."""

    def __init__(self, generator: Generator) -> None:
        self.info, self.feel = generator.info, generator.feel
        self.answer = generator.logits
        self.last: tuple[Cue, Logits] | None = None

    def logits(self, cue: Cue) -> Logits:
        if cue.controls is not None:
            return self.answer(cue)
        if self.last is None or self.last[0] is not cue:
            self.last = cue, self.answer(cue)
        return self.last[1]


def turned(generator: Generator, cue: Cue, settings: Mapping[str, Any]) -> BoolArray:
    """The bar that answers a cue with some knobs set, bool `[track, step, pitch]`."""
    state = replace(initial(0, generator.info.latent), point=cue.z, **settings)
    return roll_of(as_parts(decoded(generator, state, cue), generator.info.tracks))


def bars_at(generator: Generator, asked: Sequence[Cue]) -> BoolArray:
    """The bars that answer some cues with no knob set, bool `[bar, track, step, pitch]`; many at a time
    where the model can."""
    if not isinstance(generator, OnnxGenerator):
        return np.stack([turned(generator, cue, {}) for cue in asked])
    some = [asked[i : i + BATCH] for i in range(0, len(asked), BATCH)]
    return np.concatenate([bars_together(generator, batch) for batch in some])


def bars_together(generator: OnnxGenerator, asked: Sequence[Cue]) -> BoolArray:
    each = [generator.inputs(cue) for cue in asked]
    return rolls_of(
        generator.several({name: np.concatenate([one[name] for one in each]) for name in each[0]})
    )
