"""How much of a bar comes back from the latent that /capture finds.

    python -m benchmarks.capture [--bars N] [--seconds S] [MODEL ...]

For each model: bars of its own from fresh latents, and bars of six keys in C major at random
sixteenths, as somebody might play them. F1 of the notes of what was captured, and of another bar of the
model's.
"""

from __future__ import annotations

import queue
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence

import numpy as np

from livegan.core.capture import note_f1
from livegan.core.hearing import hears
from livegan.core.latent import random_point
from livegan.core.music import STEPS_PER_SIXTEENTH, Note
from livegan.core.rendering import Cue, channel_of, make_bar
from livegan.core.state import initial
from livegan.shell.captures import Capture, Captured, Captures
from livegan.shell.generator import OnnxGenerator, load_model, shipped_models

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
Parts = Sequence[Sequence[Note]]


def own_bars(generator: OnnxGenerator, random: np.random.Generator) -> Iterator[Parts]:
    state = initial(1, *generator.info.size)
    while True:
        yield make_bar(generator, state, Cue(random_point(random, generator.info.latent))).parts


def played_bars(generator: OnnxGenerator, random: np.random.Generator) -> Iterator[Parts]:
    tracks = generator.info.tracks
    place = hears(0, tracks)
    assert place is not None
    while True:
        steps = np.sort(random.choice(16, 6, replace=False)) * STEPS_PER_SIXTEENTH
        pitches = random.choice(SCALE, 6)
        channel = channel_of(place, tracks)
        tune = [Note(int(s), 6, int(p), 90, channel) for s, p in zip(steps, pitches, strict=True)]
        yield [tune if track == place else () for track in range(len(tracks))]


def captured(generator: OnnxGenerator, parts: Parts, seconds: float) -> float:
    found: queue.SimpleQueue[Captured] = queue.SimpleQueue()
    captures = Captures(found.put)
    captures.capture(Capture(1, generator, parts, Cue(np.ones(generator.info.latent)), seconds))
    share = found.get().share
    captures.close()
    return share


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=list(shipped_models()))
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args()
    print("| model | own bars | chance | played on keys | chance |\n|---|--:|--:|--:|--:|")
    for name in given.models:
        generator = load_model(name)
        row = []
        for bars in (own_bars, played_bars):
            random = np.random.default_rng(7)
            pairs = zip(bars(generator, random), own_bars(generator, random), strict=False)
            tried = [next(pairs) for _ in range(given.bars)]
            row.append(np.mean([captured(generator, bar, given.seconds) for bar, _ in tried]))
            row.append(np.mean([note_f1(bar, other) for bar, other in tried]))
        print(f"| `{name}` | " + " | ".join(f"{share:.2f}" for share in row) + " |", flush=True)


if __name__ == "__main__":
    main()
