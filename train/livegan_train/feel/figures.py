"""What the model of feel is worth on songs that it has not seen, beside what knows less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from livegan.core import feel
from livegan.core.music import LOWEST_PITCH, STEPS_PER_BAR, Note, is_drums

from .data import Felt, IntArray
from .network import Feel
from .training import BATCH, batch_of, placed

Array = NDArray[np.float64]
ACCENT_BARS = 1000
MOST_BARS = 4000
EDGE = np.log(2 * np.pi)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one track. `explained`: the share of the variance that the means explain, of velocities (or
    timings) without their song's mean. Nats a note: of the model, of the track's mean and spread, and
    of accents by rule with the mean and spread that suit them best. `explained_raw`: of velocities as
    they are."""

    track: str
    what: str
    notes: int
    explained: float
    explained_raw: float
    explained_accents: float
    nats: float
    nats_constant: float
    nats_accents: float

    def __str__(self) -> str:
        return (
            f"{self.track} {self.what}: {self.notes:,} notes, {self.explained:.1%} explained "
            f"({self.explained_raw:.1%} with songs' levels; by rule {self.explained_accents:.1%}), "
            f"{self.nats:.3f} nats a note (constant {self.nats_constant:.3f}, by rule "
            f"{self.nats_accents:.3f})"
        )


@dataclass(frozen=True, slots=True)
class Read:
    """Notes with what the model and the rules say of them, all `[note]`; `stroke` and `rule` are
    `[4, note]` in the order of `core.feel.Stroke`."""

    track: IntArray
    bar: IntArray
    step: IntArray
    velocity: Array
    raw: Array
    timing: Array
    loud: NDArray[np.bool_]
    late: NDArray[np.bool_]
    stroke: Array
    rule: Array


def read(model: Feel, felt: Felt, rows: IntArray, names: Sequence[str]) -> Read:
    """Run over some bars; `names` are the model's tracks, of which the archive has some."""
    places = np.array([names.index(name) for name in felt.bars.tracks])
    strokes = []
    with torch.no_grad():
        for first in range(0, len(rows), BATCH):
            batch = placed(batch_of(felt, rows[first : first + BATCH]), places, len(names))
            strokes.append(torch.stack([*model.at(batch.roll, batch.notes)]).double().numpy())
    chosen, _ = felt.notes(rows)
    return Read(
        track=places[felt.track[chosen]],
        bar=felt.bar[chosen],
        step=felt.step[chosen],
        velocity=felt.velocity[chosen].astype(np.float64),
        raw=felt.raw[chosen].astype(np.float64),
        timing=felt.timing[chosen].astype(np.float64),
        loud=felt.loud[chosen],
        late=felt.late[chosen],
        stroke=np.concatenate(strokes, axis=1),
        rule=np.concatenate([by_rule(felt, int(row)) for row in rows], axis=1),
    )


def by_rule(felt: Felt, row: int) -> Array:
    """What the accents by rule say of a bar's notes, `[4, note]`."""
    first, last = felt.start[row], felt.start[row + 1]
    found: list[tuple[float, ...]] = []
    for track, name in enumerate(felt.bars.tracks):
        here = np.arange(first, last)[felt.track[first:last] == track]
        part = [
            Note(int(step), 1, int(pitch) + LOWEST_PITCH)
            for step, pitch in zip(felt.step[here], felt.pitch[here], strict=True)
        ]
        found += feel.strokes_of(part, is_drums(name), None, track)
    return np.array(found, np.float64).reshape(-1, 4).T


def measure(model: Feel, felt: Felt, split: str, names: Sequence[str], seed: int = 0) -> list[Figures]:
    """Figures of every track of an archive on one split; constants come from the training split. None
    where nothing of it was played."""
    random = np.random.default_rng(seed)

    def some(rows: IntArray, most: int) -> IntArray:
        return np.sort(random.permutation(rows)[:most])

    trained, held_out = some(felt.rows("train"), ACCENT_BARS), some(felt.rows(split), MOST_BARS)
    if not (len(trained) and len(held_out)):
        return []
    known, asked = read(model, felt, trained, names), read(model, felt, held_out, names)
    found = []
    for place, name in enumerate(names):
        if name not in felt.bars.tracks:
            continue
        if model.loud[place] and (asked.loud & (asked.track == place)).any():
            found.append(figures_of(name, "velocity", known, asked, place))
        if model.late[place] and (asked.late & (asked.track == place)).any():
            found.append(figures_of(name, "timing", known, asked, place))
    return found


def figures_of(name: str, what: str, known: Read, asked: Read, place: int) -> Figures:
    loud = what == "velocity"
    first = 0 if loud else 2
    before = (known.loud if loud else known.late) & (known.track == place)
    now = (asked.loud if loud else asked.late) & (asked.track == place)
    trained = (known.velocity if loud else known.timing)[before]
    value = (asked.velocity if loud else asked.timing)[now]
    raw = (asked.raw if loud else asked.timing)[now]
    mean, spread = asked.stroke[first, now], asked.stroke[first + 1, now]
    ruled = known.rule[first, before]
    shift = trained.mean() - ruled.mean()
    rule = asked.rule[first, now] + shift
    rest = float((trained - ruled - shift).std())
    return Figures(
        *(name, what, len(value)),
        explained(value, mean),
        explained(raw, mean),
        explained(value, rule),
        nats(value, mean, spread),
        nats(value, np.full(len(value), trained.mean()), np.full(len(value), trained.std())),
        nats(value, rule, np.full(len(value), rest)),
    )


def explained(value: Array, mean: Array) -> float:
    return float(1 - ((value - mean) ** 2).sum() / ((value - value.mean()) ** 2).sum())


def nats(value: Array, mean: Array, spread: Array) -> float:
    return float((0.5 * ((value - mean) / spread) ** 2 + np.log(spread) + 0.5 * EDGE).mean())


def shares(asked: Read, what: str) -> tuple[float, float, float]:
    """Of the variance that is left, what the notes of a bar's track, those of a chord in it, and no
    others have in common."""
    loud = what == "velocity"
    first, chosen = (0, asked.loud) if loud else (2, asked.late)
    chosen = chosen & (asked.stroke[first + 1] > 0)
    if not chosen.any():
        return 1.0, 0.0, 0.0
    value = asked.velocity if loud else asked.timing
    mean, spread = asked.stroke[first, chosen], asked.stroke[first + 1, chosen]
    rest = (value[chosen] - mean) / spread
    bar = asked.bar[chosen] * 32 + asked.track[chosen]
    chord = bar * STEPS_PER_BAR + asked.step[chosen]
    total = float((rest**2).mean())
    within_bar = products(rest, bar, chord) / total
    within_chord = products(rest, chord, None) / total
    return within_bar, within_chord - within_bar, 1 - within_chord


def products(rest: Array, group: IntArray, apart: IntArray | None) -> float:
    """Mean product of two notes of a group, not of the same group `apart`."""
    sums, counts = grouped(rest, group)
    if apart is None:
        own, own_counts = float((rest**2).sum()), float(len(rest))
    else:
        inner, inner_counts = grouped(rest, apart)
        own, own_counts = float((inner**2).sum()), float((inner_counts**2).sum())
    pairs = float((counts**2).sum()) - own_counts
    return (float((sums**2).sum()) - own) / max(pairs, 1.0)


def grouped(rest: Array, group: IntArray) -> tuple[Array, Array]:
    _, place = np.unique(group, return_inverse=True)
    sums: Array = np.bincount(place, rest).astype(np.float64)
    return sums, np.bincount(place).astype(np.float64)
