"""One scoreboard: the floor and every player, seed by seed, one draw in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, islice

from livegan.core.music import is_drums

from ...data import BarSet
from ..rows import Row, Values, together
from ..run import Say, read, remarks
from ..sources import Floor, Model, Source, listed
from . import knobs
from .board import Scoreboard
from .part import PIECE, Part, Real, part_of
from .section import ALL, PAIR, TRACK, Played, Section
from .sections import BY_HAND, DRAWN

Names = tuple[str, ...]
Task = tuple[int, int]
"""A source by its place, and a seed."""
Judged = dict[str, dict[str, float]]
"""The values of one seed, by what they are about."""
BETWEEN = " / "


class Evaluation:
    """The floor, every player, and what they are held against. Raises `BadArchive` if a split is
    empty."""

    def __init__(
        self,
        players: Sequence[Source],
        data: BarSet,
        name: str,
        split: str,
        bars: int,
        seeds: int,
        say: Say,
        drawn: Sequence[Section] = DRAWN,
        by_hand: Sequence[Played] = BY_HAND,
    ) -> None:
        train, held = read(data, name, split, say)
        self.sources: tuple[Source, ...] = (Floor(train, stretch=PIECE), *players)
        self.name, self.split, self.bars, self.seeds = name, split, bars, seeds
        self.drawn, self.by_hand = drawn, by_hand
        self.remarks = remarked(players, data, len(held), bars)
        self.real = Real(train, held, bars)
        self.groups = tuple(dict.fromkeys(player.tracks for player in players))
        self.own = own_values(self.real, self.groups, drawn, by_hand)

    def judged(self, place: int, seed: int, say: Say) -> Judged:
        """One seed of the floor (0) or of a player."""
        source = self.sources[place]
        at = f"{source.name}: seed {seed} of {self.seeds}"
        say(at)
        part = part_of(source.draw(self.bars, seed), source.tracks)
        groups = self.groups if place == 0 else (source.tracks,)
        values = of_draw(part, groups, self.real, seed, self.drawn)
        if isinstance(source, Model):
            for section in self.by_hand:
                say(f"{at}, {section.title}")
                found = section.measure(source, self.real, self.own, self.bars, seed)
                for what, more in found.items():
                    values[what] = values.get(what, {}) | dict(more)
        return values


Way = Callable[[Evaluation, Sequence[Task], Say], list[Judged]]
"""To go through tasks: gives the values of each, in their order."""


def in_turn(evaluation: Evaluation, tasks: Sequence[Task], say: Say) -> list[Judged]:
    return [evaluation.judged(place, seed, say) for place, seed in tasks]


def scoreboard(evaluation: Evaluation, say: Say, way: Way = in_turn) -> Scoreboard:
    """Hold the floor and every player against the held-out songs. `say` hears of progress."""
    it = evaluation
    tasks = [(place, seed + 1) for place in range(len(it.sources)) for seed in range(it.seeds)]
    found = iter(way(it, tasks, say))
    rows = []
    for place, source in enumerate(it.sources):
        own = tuple(islice(found, it.seeds))
        rows.append(Row(source.name, "model" if place else "floor", source.tracks, own))
    sections: tuple[Section | Played, ...] = (*it.drawn, *it.by_hand)
    return Scoreboard(it.name, it.split, it.bars, it.seeds, sections, it.own, tuple(rows), it.remarks)


def scopes(groups: Sequence[Names]) -> list[tuple[Names, str]]:
    """What figures are about, and of which kind that is: tracks, pairs of them, all together."""
    found: list[tuple[Names, str]] = []
    for group in groups:
        pitched = [track for track in group if not is_drums(track)]
        found += [((track,), TRACK) for track in group]
        found += [(pair, PAIR) for pair in combinations(pitched, 2)]
    found += [(group, ALL) for group in groups if len(group) > 1]
    return list(dict.fromkeys(found))


def about(names: Names, kind: str) -> str:
    return BETWEEN.join(names) if kind == PAIR else together(names)


def own_values(
    real: Real, groups: Sequence[Names], drawn: Sequence[Section], by_hand: Sequence[Played]
) -> Mapping[str, Values]:
    """The held-out songs' own, by what they are about; also left with `real.held`."""
    found: dict[str, dict[str, float]] = {}
    for names, kind in scopes(groups):
        held = real.held(names)
        for section in drawn:
            if kind in section.about:
                held.own |= section.own(held)
        found[about(names, kind)] = dict(held.own)
    for played in by_hand:
        for group in groups:
            for what, values in played.own(real, group).items():
                found[what] = found.get(what, {}) | dict(values)
    return found


def of_draw(
    part: Part, groups: Sequence[Names], real: Real, seed: int, drawn: Sequence[Section]
) -> Judged:
    """The values of one draw."""
    found: Judged = {}
    for names, kind in scopes(groups):
        some, held = part.of(names), real.held(names)
        values: dict[str, float] = {}
        for section in drawn:
            if kind in section.about:
                values |= section.measure(some, held, seed)
        found[about(names, kind)] = values
    return found


def remarked(players: Sequence[Source], data: BarSet, held: int, bars: int) -> tuple[str, ...]:
    """What the reader must know beside the figures."""
    said = remarks(players, data, held, bars)
    if knobs.missing():
        said.append(f"this version has no knob for {listed(knobs.missing())}")
    return tuple(said)
