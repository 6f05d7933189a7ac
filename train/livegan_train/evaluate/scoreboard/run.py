"""One scoreboard: the floor and every player, seed by seed, one draw in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from livegan.core.music import is_drums

from ...data import BadArchive, BarSet
from ..rows import Row, Values, together
from ..run import remarks
from ..sources import Floor, Model, Source, listed
from . import knobs
from .board import Scoreboard
from .part import PIECE, Part, Real, part_of
from .section import ALL, PAIR, TRACK, Played, Section
from .sections import BY_HAND, DRAWN

Say = Callable[[str], object]
Names = tuple[str, ...]
BETWEEN = " / "


def scoreboard(
    players: Sequence[Source],
    data: BarSet,
    name: str,
    split: str,
    bars: int,
    seeds: int,
    say: Say,
    drawn: Sequence[Section] = DRAWN,
    by_hand: Sequence[Played] = BY_HAND,
) -> Scoreboard:
    """Hold the floor and every player against the held-out songs. `say` hears of progress. Raises
    `BadArchive` if a split is empty."""
    train, held = data.select("train"), data.select(split)
    for part, which in ((train, "train"), (held, split)):
        if not len(part):
            raise BadArchive(f"{name}: has no bars in its {which} split")
    say(f"reading {len(train):,} training bars and {len(held):,} held-out ones")
    real = Real(train, held, bars)
    groups = tuple(dict.fromkeys(player.tracks for player in players))
    own = own_values(real, groups, drawn, by_hand)
    floor = Floor(train, stretch=PIECE)
    rows = [judged(floor, "floor", groups, real, own, bars, seeds, say, drawn, ())]
    rows += [
        judged(player, "model", (player.tracks,), real, own, bars, seeds, say, drawn, by_hand)
        for player in players
    ]
    said = remarked(players, data, len(held), bars)
    return Scoreboard(name, split, bars, seeds, (*drawn, *by_hand), own, tuple(rows), said)


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


def judged(
    source: Source,
    kind: str,
    groups: Sequence[Names],
    real: Real,
    own: Mapping[str, Values],
    bars: int,
    seeds: int,
    say: Say,
    drawn: Sequence[Section],
    by_hand: Sequence[Played],
) -> Row:
    """Every seed of one source."""
    found = []
    for seed in range(1, seeds + 1):
        say(f"{source.name}: seed {seed} of {seeds}")
        part = part_of(source.draw(bars, seed), source.tracks)
        values = of_draw(part, groups, real, seed, drawn)
        if isinstance(source, Model):
            for section in by_hand:
                say(f"{source.name}: seed {seed} of {seeds}, {section.title}")
                for what, more in section.measure(source, real, own, bars, seed).items():
                    values[what] = values.get(what, {}) | dict(more)
        found.append(values)
    return Row(source.name, kind, source.tracks, tuple(found))


def of_draw(
    part: Part, groups: Sequence[Names], real: Real, seed: int, drawn: Sequence[Section]
) -> dict[str, dict[str, float]]:
    """The values of one draw, by what they are about."""
    found: dict[str, dict[str, float]] = {}
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
