"""Finding latents on a thread of its own, while the music plays."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from operator import attrgetter
from threading import Event
from typing import Any, NamedTuple

import numpy as np

from livegan.core.capture import Sketches, note_f1, recalled, search, struck
from livegan.core.latent import Point
from livegan.core.music import Note
from livegan.core.refining import refined
from livegan.core.rendering import Cue, make_bar, roll_of
from livegan.core.state import initial

from .generator import OnnxGenerator

BATCHES = 16
"""Of bars that are drawn to know what a model is like."""
NEAR_ENOUGH = 0.95
"""Share of the notes that an encoder has to find, or what it found is refined."""
CAPTURE, SKETCH = 104, 105
"""Among the seeds, those of searches and of bars drawn beforehand."""


class Capture(NamedTuple):
    """A bar, each track's notes, to be found again as a latent and kept as a scene; `cue` is what else
    the model hears, `seconds` how long a search may take."""

    scene: int
    generator: OnnxGenerator
    parts: Sequence[Sequence[Note]]
    cue: Cue
    seconds: float


class Captured(NamedTuple):
    """What was found: `share` of the notes come back (F1). No point: what went wrong."""

    capture: Capture
    point: Point | None
    share: float
    why: str = ""


class Sketched(NamedTuple):
    """Bars of a model were drawn."""

    generator: OnnxGenerator
    sketches: Sketches


class Captures:
    """One after the other; `receive` takes what was found."""

    def __init__(self, receive: Callable[[Any], None]) -> None:
        self._receive = receive
        self._worker = ThreadPoolExecutor(1, "capture")
        self._closed = Event()
        self._sketched: OnnxGenerator | None = None

    def capture(self, asked: Capture) -> None:
        self._worker.submit(self._capture, asked)

    def sketch(self, generator: OnnxGenerator) -> None:
        """Once for each model, one after the other."""
        if self._sketched is not generator:
            self._sketched = generator
            self._worker.submit(self._sketch, generator)

    def close(self) -> None:
        self._closed.set()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _capture(self, asked: Capture) -> None:
        try:
            self._receive(self._found(asked))
        except Exception as error:  # a model that fails must not stop the music
            self._receive(Captured(asked, None, 0.0, f"{asked.generator.info.name}: {error}"))

    def _found(self, asked: Capture) -> Captured:
        """By the encoder, and from there as near as there is time for; by a search where there is
        none."""
        generator, began = asked.generator, time.monotonic()

        def spent() -> float:
            return 1.0 if self._closed.is_set() else (time.monotonic() - began) / asked.seconds

        if generator.encodes:
            roll = roll_of(asked.parts)
            start = recalled(generator, roll)
            encoded = Captured(asked, start, played_back(asked, start))
            if encoded.share >= NEAR_ENOUGH:
                return encoded
            point = refined(generator, asked.cue, roll, start, lambda done: spent() < 1)
            return max(
                Captured(asked, point, played_back(asked, point)), encoded, key=attrgetter("share")
            )
        random = np.random.default_rng([max(0, asked.cue.bar), asked.scene, CAPTURE])
        point = search(generator, asked.cue, struck(asked.parts), random, spent)
        return Captured(asked, point, played_back(asked, point))

    def _sketch(self, generator: OnnxGenerator) -> None:
        random = np.random.default_rng([SKETCH])
        self._receive(Sketched(generator, Sketches(generator, random, BATCHES)))


def played_back(asked: Capture, point: Point) -> float:
    """How much of the bar comes back from there, 0 to 1: as the model makes it with no knob set."""
    state = initial(0, *asked.generator.info.size)
    cue = replace(asked.cue, z=point)
    return note_f1(asked.parts, make_bar(asked.generator, state, cue).parts)
