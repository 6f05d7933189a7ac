"""Everything that was found, as plain data: the seeds of each source, what is asked of them, and
whether they reach it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..rows import NAN, Figure, Row, Values, number, plain, worst_of
from ..verdicts import Line
from .section import Aim, Played, Section


@dataclass(frozen=True, slots=True)
class Score:
    """One figure of one source, about a track, a pair or tracks together: a value for each seed, nan
    where there is none; `own` is the held-out songs', `floor` that of each of the floor's seeds."""

    source: str
    section: str
    about: str
    figure: Figure
    goal: Line | None
    own: float
    floor: tuple[float, ...]
    seeds: tuple[float, ...]

    @property
    def median(self) -> float:
        return middle(self.seeds)

    @property
    def worst(self) -> float:
        return self._worst(self.seeds)

    @property
    def floor_worst(self) -> float:
        return self._worst(self.floor)

    def _worst(self, values: tuple[float, ...]) -> float:
        """The value that is farthest out of the line, or nearest to leaving it."""
        if self.goal is None or not values:
            return worst_of(known(values), self.figure, self.own)
        return max(values, key=self.goal.beyond)

    @property
    def reached(self) -> bool | None:
        """By the worst seed; None without a goal."""
        return None if self.goal is None else self.goal.holds(self.worst)

    @property
    def floor_reached(self) -> bool | None:
        """Do real songs reach it? None without a goal, or where they have no such figure."""
        return None if self.goal is None or not self.floor else self.goal.holds(self.floor_worst)

    def as_dict(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "section": self.section,
            "about": self.about,
            "figure": self.figure.key,
            "heading": self.figure.heading,
            "says": self.figure.says,
            "goal": None if self.goal is None else str(self.goal),
            "own": number(self.own),
            "floor": {
                "median": number(middle(self.floor)),
                "worst": number(self.floor_worst),
                "seeds": [number(value) for value in self.floor],
                "reached": self.floor_reached,
            },
            "median": number(self.median),
            "worst": number(self.worst),
            "seeds": [number(value) for value in self.seeds],
            "reached": self.reached,
        }


def known(values: tuple[float, ...]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


def middle(values: tuple[float, ...]) -> float:
    return float(np.median(known(values))) if known(values) else NAN


@dataclass(frozen=True)
class Scoreboard:
    """`rows` are the floor and then every player; `own` the held-out songs' values by what they are
    about."""

    data: str
    split: str
    bars: int
    seeds: int
    sections: tuple[Section | Played, ...]
    own: Mapping[str, Values]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()

    @property
    def floor(self) -> Row:
        return self.rows[0]

    @property
    def players(self) -> tuple[Row, ...]:
        return self.rows[1:]

    @property
    def tracks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(track for row in self.players for track in row.tracks))

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        """Of every player; what neither it nor the data has is left out."""
        found = []
        for row in self.players:
            for section in self.sections:
                for about in row.seeds[0]:
                    found += [self._score(row, section.title, about, one) for one in section.aims]
        return tuple(score for score in found if score is not None)

    def _score(self, row: Row, section: str, about: str, one: Aim) -> Score | None:
        key, own = one.figure.key, self.own.get(about, {})
        seeds = tuple(values.get(key, NAN) for values in row.values(about))
        floor = tuple(values[key] for values in self.floor.values(about) if key in values)
        measured = any(key in values for values in row.values(about))
        real = [own.get(key, NAN), *floor] if floor or key in own else list(seeds)
        if not measured or all(math.isnan(value) for value in real):
            return None
        goal = None if one.goal is None else one.goal(key, own, self.floor.values(about))
        return Score(row.name, section, about, one.figure, goal, own.get(key, NAN), floor, seeds)

    def of(self, source: str, about: str) -> list[Score]:
        return [score for score in self.scores if (score.source, score.about) == (source, about)]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what could not be measured is null."""
        return {
            "data": self.data,
            "split": self.split,
            "bars": self.bars,
            "seeds": self.seeds,
            "played": "raw: as the instrument plays with no knob set, thresholds as shipped; "
            "'shaped' figures: five knobs as in some training bar; 'mixed': at random",
            "remarks": list(self.remarks),
            "scores": [score.as_dict() for score in self.scores],
            "held_out": {about: plain(values) for about, values in self.own.items()},
            "rows": [
                {
                    "name": row.name,
                    "tracks": list(row.tracks),
                    "seeds": [{a: plain(values) for a, values in seed.items()} for seed in row.seeds],
                }
                for row in self.rows
            ],
        }
