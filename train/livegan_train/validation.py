"""Looking at a run from outside: bars drawn from the averaged weights, their distance to held-out
bars, and the signs by which such models died before: collapse, dead and saturated tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .bars import Bars, bars_from_roll
from .data import BadArchive, BarSet
from .metrics import Measures, distance, measure_tracks, notes_per_bar
from .run import sample_latents

BoolArray = NDArray[np.bool_]
VALIDATION_BARS = 2_000
PAIRS = 500
AT_ONCE = 240
QUANTILE_LEVELS = [*(level / 20 for level in range(20)), 0.99]
"""Even ones, but for the last: the densest bar of all is a freak."""


class Draws(Protocol):
    """A generator with its head. `latent` is the size of what it draws from, `given` the place of the
    track that it accompanies."""

    @property
    def generator(self) -> nn.Module: ...

    @property
    def latent(self) -> int: ...

    @property
    def given(self) -> int | None: ...

    def draw(self, z: Tensor, real: Bars) -> Bars: ...


@dataclass(frozen=True, slots=True)
class Reference:
    """Held-out phrases, bool `[phrase * bar, track, step, pitch]`, and what they measure."""

    rolls: BoolArray
    measures: list[Measures]
    spread: list[float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`measures` and `spread` (mean pairwise Jaccard distance) per track; `distance` to the held-out
    bars, mean over the tracks that were drawn; `warnings` in plain words."""

    rolls: BoolArray
    measures: list[Measures]
    spread: list[float]
    distance: float
    warnings: list[str]


def reference(bars: BarSet, phrase: int) -> Reference:
    """Up to 2,000 random bars of a split, as whole phrases."""
    starts = bars.phrase_starts(phrase)
    if not len(starts):
        raise BadArchive(f"the archive has no {phrase} consecutive bars in its valid split")
    chosen = np.random.default_rng(0).permutation(starts)[: VALIDATION_BARS // phrase]
    rows = (chosen[:, None] + np.arange(phrase)).ravel()
    rolls = bars.rolls(rows)
    return Reference(rolls, measure_tracks(rolls), [pairwise(rolls[:, t]) for t in tracks_of(rolls)])


def tracks_of(rolls: BoolArray) -> range:
    return range(rolls.shape[1])


def pairwise(rolls: BoolArray) -> float:
    """Mean Jaccard distance of random pairs of bars that are not both empty, `[bar, step, pitch]`; 0
    where there are none."""
    random = np.random.default_rng(0)
    one, other = random.integers(len(rolls), size=(2, PAIRS))
    either = (rolls[one] | rolls[other]).sum(axis=(1, 2))
    both = (rolls[one] & rolls[other]).sum(axis=(1, 2))
    sounding = (either > 0) & (one != other)
    return float((1 - both[sounding] / either[sounding]).mean()) if sounding.any() else 0.0


@torch.no_grad()
def sample_rolls(maker: Draws, count: int, seed: int, beside: BoolArray) -> BoolArray:
    """About `count` bars of fresh latents, bool `[bar, track, step, pitch]`; `beside` are real bars for
    a model that accompanies one of their tracks."""
    maker.generator.eval()
    device = next(maker.generator.parameters()).device
    random = torch.Generator().manual_seed(seed)
    parts: list[BoolArray] = []
    made = 0
    while made < count:
        z = sample_latents(AT_ONCE // 4, maker.latent, random).to(device)
        rows = np.arange(made, made + len(z)) % len(beside)
        drawn = maker.draw(z, real_bars(beside[rows], device)).roll.cpu().numpy() > 0
        parts.append(drawn)
        made += len(drawn)
    return np.concatenate(parts)[:count]


def real_bars(rolls: BoolArray, device: torch.device) -> Bars:
    return bars_from_roll(torch.from_numpy(rolls).to(device).float())


def judge(maker: Draws, real: Reference, tracks: Sequence[str], seed: int) -> Verdict:
    """Draw, measure, compare."""
    rolls = sample_rolls(maker, VALIDATION_BARS, seed, real.rolls)
    drawn = measure_tracks(rolls)
    spread = [pairwise(rolls[:, t]) for t in tracks_of(rolls)]
    own = [t for t in tracks_of(rolls) if t != maker.given]
    away = float(np.mean([distance(drawn[t], real.measures[t]) for t in own]))
    warnings = [
        f"{tracks[t]}: {sign}"
        for t in own
        for sign in signs(drawn[t], real.measures[t], spread[t], real.spread[t])
    ]
    return Verdict(rolls, drawn, spread, away, warnings)


def signs(drawn: Measures, real: Measures, spread: float, real_spread: float) -> list[str]:
    """What is wrong with a track in a way that more steps seldom mend."""
    if drawn.eb > 99 and real.eb < 99:
        return [f"dead, {drawn.eb:.1f} % of its bars are empty ({real.eb:.1f} % of the data's)"]
    found = []
    if drawn.eb < 0.1 and real.eb > 5:
        found.append(f"never silent, {real.eb:.1f} % of the data's bars are empty")
    if drawn.upc > 10 and real.upc < 9:
        found.append(f"saturated, {drawn.upc:.1f} pitch classes a bar ({real.upc:.1f} in the data)")
    if drawn.distinct < 0.6 * real.distinct:
        found.append(
            f"collapsing, {drawn.distinct:.1f} % distinct bars ({real.distinct:.1f} % in the data)"
        )
    if spread < 0.5 * real_spread:
        found.append(
            f"collapsing, its bars differ by {spread:.2f} in the mean ({real_spread:.2f} in the data)"
        )
    return found


def describe(bars: BarSet, valid: list[Measures]) -> dict[str, Any]:
    """What the model file will say of its data. `note_quantiles`, per track: notes a bar at 0, 5 ..
    95 and 99 % of the training bars that have any."""
    rows = np.random.default_rng(0).permutation(len(bars))[:10_000]
    rolls = bars.rolls(rows)
    quantiles = []
    for track in tracks_of(rolls):
        counts = notes_per_bar(rolls[:, track])
        counts = counts[counts > 0] if counts.any() else counts
        quantiles.append([float(q) for q in np.quantile(counts, QUANTILE_LEVELS)])
    return {
        "tracks": list(bars.tracks),
        "bars": len(bars),
        "note_quantiles": quantiles,
        "valid": [m.as_dict() for m in valid],
    }
