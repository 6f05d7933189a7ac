"""The judges: which value of which figure counts as failing.

A line is drawn from real music alone: the held-out split's own figures, and what the floor (real songs
that no model made) reaches against it. Judges hold to the worst seed. Where even the floor's median
would fail, the data is too small or too mixed for that judge and nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Values = Mapping[str, float]
INFINITE = math.inf


@dataclass(frozen=True, slots=True)
class Judge:
    """A question, and the figures that answer it; `together` asks of so many
    tracks or more at once, 0 of each by itself."""

    name: str
    question: str
    keys: tuple[str, ...]
    together: int = 0


JUDGES = (
    Judge("figures", "Are the paper's figures the data's?", ("eb", "upc", "qn", "pr", "notes", "dp")),
    Judge("overlap", "Are its features spread as the data's?", ("oa", "kld")),
    Judge("realism", "Could its bars be real bars?", ("precision", "density")),
    Judge("coverage", "Does it play all that the data plays?", ("recall", "coverage")),
    Judge("diversity", "Does it repeat itself?", ("distinct", "jaccard")),
    Judge("originality", "Does it copy its training bars?", ("nearest", "copies")),
    Judge("stream", "Does a bar follow from the one before?", ("harmony_lift", "rhythm_lift"), 1),
    Judge("originality together", "Do its tracks together copy?", ("nearest", "copies"), 2),
)

TOLERANCE = {"eb": 5.0, "upc": 0.5, "qn": 5.0, "pr": 10.0, "notes": 0.2, "dp": 5.0}
"""How far from the held-out figure is still well, in the figure's unit (notes: share of it), if the
floor isn't farther than half of this and the held-out songs themselves say where they are."""
ERRORS = 3
"""Nor does a figure fail within so many standard errors, over songs, of the held-out figure."""
HIGHEST = dict.fromkeys(("eb", "qn", "pr", "dp"), 100.0)
SHARE_OF_FLOOR = {
    "oa": 0.9, "precision": 0.7, "density": 0.5, "recall": 0.7, "coverage": 0.7, "distinct": 0.6,
    "jaccard": 0.9, "nearest": 0.75,
}  # fmt: skip
"""The least that is well, as a share of the floor's median; the floor's worst seed is well too."""
LEAST_LIFT = 0.02
"""Songs whose own bars share less than this above chance can't teach a stream anything."""


@dataclass(frozen=True, slots=True)
class Line:
    """What lies outside `low` to `high` fails."""

    low: float = -INFINITE
    high: float = INFINITE

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def beyond(self, value: float) -> float:
        """How far outside, most of all what is not a number."""
        return INFINITE if math.isnan(value) else max(self.low - value, value - self.high)

    def __str__(self) -> str:
        if self.low == -INFINITE:
            return f"at most {self.high:.3g}"
        if self.high == INFINITE:
            return f"at least {self.low:.3g}"
        return f"{self.low:.3g} to {self.high:.3g}"


def line(key: str, held: Values, floor: Sequence[Values]) -> Line | None:
    """The line for one figure, from the held-out split's own values and the floor's seeds; None where
    it can't be drawn."""
    reached = np.array([values.get(key, math.nan) for values in floor])
    if not len(reached) or np.isnan(reached).any():
        return None
    own, middle = held.get(key, math.nan), float(np.median(reached))
    if key.endswith("_lift") and not min(own, float(reached.min())) >= LEAST_LIFT:
        return None
    if key in TOLERANCE:
        base = TOLERANCE[key] * (own if key == "notes" else 1.0)
        error = held.get(f"{key}_error", math.nan)
        room = max(base, 2 * float(np.abs(reached - own).max()), ERRORS * np.nan_to_num(error))
        found = Line(max(0.0, own - room), min(HIGHEST.get(key, INFINITE), own + room))
    elif key == "kld":
        found = Line(high=2 * float(reached.max()) + 0.05)
    elif key == "copies":
        found = Line(high=1.5 * max(own, float(reached.max())) + 10)
    elif key == "nearest":
        found = Line(low=SHARE_OF_FLOOR[key] * min(own, float(reached.min())))
    elif key.endswith("_lift"):
        found = Line(0.5 * min(own, float(reached.min())), 2 * max(own, float(reached.max())))
    else:
        found = Line(low=min(SHARE_OF_FLOOR[key] * middle, float(reached.min())))
    return found if found.holds(middle) else None


@dataclass(frozen=True, slots=True)
class Failure:
    """A figure on the wrong side of its line: its worst seed."""

    key: str
    value: float
    line: Line

    @property
    def sign(self) -> str:
        return "under" if self.value < self.line.low else "over"

    @property
    def limit(self) -> float:
        return self.line.low if self.value < self.line.low else self.line.high


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judge on one row, for a track or for tracks together (`about`). `lines` are those that could
    be drawn; without any the judge is silent."""

    judge: Judge
    about: str
    lines: Mapping[str, Line]
    failures: tuple[Failure, ...]

    @property
    def says(self) -> str:
        """'passes', 'fails' or 'silent'."""
        if not self.lines:
            return "silent"
        return "fails" if self.failures else "passes"


def judged(
    judge: Judge, about: str, seeds: Sequence[Values], held: Values, floor: Sequence[Values]
) -> Verdict:
    """Hold every seed of a row against the lines of one judge."""
    drawn = {key: line(key, held, floor) for key in judge.keys}
    lines = {key: found for key, found in drawn.items() if found is not None}
    failures = []
    for key, found in lines.items():
        beyond = [values[key] for values in seeds if key in values and not found.holds(values[key])]
        if beyond:
            failures.append(Failure(key, max(beyond, key=found.beyond), found))
    return Verdict(judge, about, lines, tuple(failures))
