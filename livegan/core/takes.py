"""Takes: bars as they sound, put together from bars as the model made them.

A bar that is made again while it plays is heard up to a step as it was and from there on as it is; a
locked track goes on while the others change. So a take has of each track the cuts that were heard, and
can be played again, note for note, and obey what is set then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .decode import BoolArray
from .model import Track
from .music import STEPS_PER_BAR, Note
from .rendering import Bar, roll_of, struck
from .shaping import shape
from .state import State


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A track's notes of a bar, those that begin from `start` to before `end`, in steps."""

    bar: Bar
    start: int = 0
    end: int = STEPS_PER_BAR

    def holds(self, note: Note) -> bool:
        return self.start <= note.start < self.end


Part = tuple[Cut, ...]
"""Cuts of one track, one after the other, from the beginning of the bar to its end."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """`number` and `seed` are the bar's own, which decide chance wherever it is played again."""

    number: int
    seed: int
    tracks: tuple[Track, ...]
    parts: tuple[Part, ...]

    @property
    def notes(self) -> list[list[Note]]:
        """Of each track, as they were made."""
        return [
            [note for cut in part for note in cut.bar.parts[place] if cut.holds(note)]
            for place, part in enumerate(self.parts)
        ]

    @property
    def roll(self) -> BoolArray:
        """`[track, step, pitch]`, as it was made."""
        return roll_of(self.notes)

    @property
    def bars(self) -> set[Bar]:
        """Those it is put together from."""
        return {cut.bar for part in self.parts for cut in part}


def take_of(bar: Bar) -> Take:
    """The whole of a bar."""
    return Take(bar.number, bar.seed, bar.tracks, ((Cut(bar),),) * len(bar.tracks))


def silence(tracks: Sequence[Track], number: int, seed: int) -> Take:
    return take_of(Bar(number, seed, tuple(tracks), ((),) * len(tracks)))


def play(take: Take, state: State) -> tuple[Note, ...]:
    """Its notes as they are struck and shaped now, ordered by start."""
    parts = {bar: struck(bar, state) for bar in take.bars}
    chosen = [
        [note for cut in part for note in parts[cut.bar][place] if cut.holds(note)]
        for place, part in enumerate(take.parts)
    ]
    return shape(chosen, take.tracks, state, (take.seed, take.number))


def spliced(first: Take, then: Take, step: int) -> Take:
    """The first up to a step, the other from there on; it alone if it has other tracks."""
    if not same_tracks(first.tracks, then.tracks):
        return then
    parts = zip(first.parts, then.parts, strict=True)
    joined = (merged([*within(one, 0, step), *within(two, step, STEPS_PER_BAR)]) for one, two in parts)
    return replace(then, parts=tuple(joined))


def within(part: Part, start: int, end: int) -> list[Cut]:
    """What lies from one step to before another."""
    cuts = (Cut(cut.bar, max(cut.start, start), min(cut.end, end)) for cut in part)
    return [cut for cut in cuts if cut.start < cut.end]


def merged(cuts: list[Cut]) -> Part:
    """The same with fewer cuts, where two of one bar follow each other."""
    kept = cuts[:1]
    for before, cut in pairwise(cuts):
        if cut.bar is before.bar:
            kept[-1] = replace(kept[-1], end=cut.end)
        else:
            kept.append(cut)
    return tuple(kept)


def with_parts(take: Take, parts: Mapping[int, Part]) -> Take:
    """Other parts for some tracks, where they are of the same tracks."""
    fitting = {
        place: part
        for place, part in parts.items()
        if place < len(take.parts) and same_tracks(part[0].bar.tracks, take.tracks)
    }
    chosen = (fitting.get(place, part) for place, part in enumerate(take.parts))
    return replace(take, parts=tuple(chosen)) if fitting else take


def same_tracks(one: Iterable[Track], other: Iterable[Track]) -> bool:
    return [(t.name, t.drums) for t in one] == [(t.name, t.drums) for t in other]
