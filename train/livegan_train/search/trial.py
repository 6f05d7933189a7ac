"""One trial: a short run of every seed, side by side, looked at a few times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from lightning_fabric import Fabric

from ..loop import Diverged, StopAsked, whole
from ..stream.autoencoder import take_autoencoder
from ..stream.config import StreamConfig
from ..stream.data import StreamData
from ..stream.gan import train_step
from ..stream.run import StreamRun, setup
from ..validation import Reference, Verdict, judge

CLASH_UNIT = 0.25
"""Points of DIS that weigh as one of distance. Random halves of POP909's piano, 4,000 bars each, differ
by about 0.3 of the units of `metrics.distance` in EB, UPC, PR and notes, and by 0.07 points of DIS."""


class Stopped(Exception):
    """Someone asked to stop; what the trial did is void."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What every trial has in common. `autoencoder` is the state of a run (`StreamRun.state`), `looks`
    the steps after which runs are judged, the last of them a trial's end."""

    config: StreamConfig
    data: StreamData
    real: Reference
    tracks: tuple[str, ...]
    autoencoder: dict[str, Any]
    fabric: Fabric
    looks: tuple[int, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """One seed's run after so many steps: `distance` of the averaged weights' bars to held-out ones,
    and the `clashes` beyond theirs, both in units of `metrics.distance`."""

    step: int
    seed: int
    distance: float
    clashes: float

    @property
    def score(self) -> float:
        return self.distance + self.clashes

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def looks_of(ground: Ground, values: dict[str, Any], stop: StopAsked) -> Iterator[list[Look]]:
    """Train with the searched values; after each of the ground's looks one `Look` a seed. Raises
    `Diverged`, `Stopped`."""
    configs = [replace(ground.config, **values, seed=seed) for seed in ground.seeds]
    runs = [begun(ground, config) for config in configs]
    for step in ground.looks:
        for run in runs:
            train_to(step, run, ground.data, stop)
        yield [look(ground, run) for run in runs]


def begun(ground: Ground, config: StreamConfig) -> StreamRun:
    run = setup(config, ground.data, ground.fabric)
    take_autoencoder(run, ground.data, ground.autoencoder)
    return run


def train_to(step: int, run: StreamRun, data: StreamData, stop: StopAsked) -> None:
    while run.step < step:
        if stop.asked:
            raise Stopped
        told = train_step(run, data)
    if not math.isfinite(float(told.generator)) or not whole(run):
        raise Diverged(f"seed {run.config.seed}: not a number any more at step {run.step:,}")


def look(ground: Ground, run: StreamRun) -> Look:
    seed = run.config.seed
    verdict = judge(run.averaged, ground.real, ground.tracks, seed + 1)
    return Look(run.step, seed, verdict.distance, clashes(verdict, ground.real, ground.tracks))


def clashes(verdict: Verdict, real: Reference, tracks: tuple[str, ...]) -> float:
    """Semitone clashes beyond the data's, mean over the pitched tracks."""
    beyond = [
        max(0.0, drawn.dis - wanted.dis) / CLASH_UNIT
        for track, drawn, wanted in zip(tracks, verdict.measures, real.measures, strict=True)
        if "drum" not in track.lower()
    ]
    return float(np.mean(beyond)) if beyond else 0.0


def score(looks: list[Look]) -> float:
    """What is made small: the mean over the seeds."""
    return float(np.mean([look.score for look in looks]))
