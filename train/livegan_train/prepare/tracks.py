"""Which tracks an archive has, and what of a song goes into each: `--tracks Piano,Band=Guitar+Bass`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TrackPlan:
    """The archive's tracks; `parts` are, for each, the names of the tracks merged into it, folded to
    lower case."""

    names: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]

    def places(self, tracks: Sequence[str]) -> NDArray[np.int64]:
        """For each track of a song the archive's track it goes into, or -1; int `[track]`."""
        owner = {part: place for place, parts in enumerate(self.parts) for part in parts}
        return np.array([owner.get(name.casefold(), -1) for name in tracks], np.int64)

    def unknown(self, known: Sequence[str]) -> list[str]:
        """The parts that no song can have."""
        folded = {name.casefold() for name in known}
        return [part for parts in self.parts for part in parts if part not in folded]


def plan_of(names: Sequence[str]) -> TrackPlan:
    """Every track by itself."""
    return TrackPlan(tuple(names), tuple((name.casefold(),) for name in names))


def parse_plan(text: str) -> TrackPlan:
    """Read `A,B=C+D`: keep A, and merge C and D into B. Names match in any case. Raises `ValueError`
    with one line."""
    names: list[str] = []
    parts: list[tuple[str, ...]] = []
    for entry in text.split(","):
        name, equals, merged = entry.partition("=")
        members = [part.strip() for part in (merged if equals else name).split("+")]
        name = name.strip()
        if not name or not all(members):
            raise ValueError(f"{entry.strip()!r}: expected NAME or NAME=ONE+OTHER")
        names.append(name)
        parts.append(tuple(part.casefold() for part in members))
    every = [part for members in parts for part in members]
    for what, seen in (("track", [name.casefold() for name in names]), ("part", every)):
        twice = sorted({name for name in seen if seen.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]!r} is there twice: each {what} can be used once")
    return TrackPlan(tuple(names), tuple(parts))
