"""What every report is made of: figures, and a row of their values for each source and seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Values = Mapping[str, float]
NAN = float("nan")
TOGETHER = " + "


@dataclass(frozen=True, slots=True)
class Figure:
    """A column: its key, its heading, its decimals, which way is better ('high', 'low', or 'near' the
    held-out split's), and what it says."""

    key: str
    heading: str
    digits: int
    better: str
    says: str


@dataclass(frozen=True, slots=True)
class Row:
    """What was found for one source. `seeds` hold values by what they are about: a track, tracks
    together ('A + B'), a pair for TD ('A / B')."""

    name: str
    kind: str
    tracks: tuple[str, ...]
    seeds: tuple[Mapping[str, Values], ...]

    def values(self, about: str) -> list[Values]:
        return [seed[about] for seed in self.seeds if about in seed]

    def found(self, about: str, key: str) -> list[float]:
        """The values of all seeds; nothing where it is not measured."""
        return [v[key] for v in self.values(about) if not math.isnan(v.get(key, NAN))]

    def median(self, about: str, key: str) -> float:
        values = self.found(about, key)
        return float(np.median(values)) if values else NAN

    def worst(self, about: str, figure: Figure, held: float) -> float:
        """Of all seeds, by what the figure says is better."""
        return worst_of(self.found(about, figure.key), figure, held)


def worst_of(values: Sequence[float], figure: Figure, held: float) -> float:
    if not values:
        return NAN
    if figure.better == "near":
        return max(values, key=lambda value: abs(value - held))
    return min(values) if figure.better == "high" else max(values)


def together(names: Sequence[str]) -> str:
    return TOGETHER.join(names)


def number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 5)


def plain(values: Values) -> dict[str, float | None]:
    return {key: number(value) for key, value in values.items()}
