"""One evaluation: every source drawn and judged for every seed, one draw in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..data import BadArchive, BarSet
from .judging import Judge, Values, tonal_distances
from .report import Report
from .rows import Row, together
from .sources import Draw, Floor, Model, Source, Training, listed

Say = Callable[[str], object]


def evaluate(
    players: Sequence[Source], data: BarSet, name: str, split: str, bars: int, seeds: int, say: Say
) -> Report:
    """The floor, the training data and every player against the held-out split. `say` hears of
    progress. Raises `BadArchive` if a split is empty."""
    train, held = read(data, name, split, say)
    judge = Judge(train, held, bars)
    tracks = tuple(track for track in data.tracks if any(track in player.tracks for player in players))
    groups = tuple(dict.fromkeys(player.tracks for player in players))
    sources: list[tuple[str, Source]] = [("floor", Floor(train)), ("training", Training(train))]
    sources += [("model", player) for player in players]
    rows = []
    for kind, source in sources:
        mine = [group for group in groups if set(group) <= set(source.tracks)]
        own = tuple(track for track in tracks if track in source.tracks)
        found = []
        for seed in range(1, seeds + 1):
            say(f"{source.name}: seed {seed} of {seeds}")
            found.append(judged_draw(judge, source.tracks, own, mine, source.draw(bars, seed)))
        rows.append(Row(source.name, kind, own, tuple(found)))
    own_values = judged_held(judge, tracks, groups)
    return Report(
        name, split, bars, seeds, tracks, groups, own_values, tuple(rows),
        tuple(remarks(players, data, len(judge.held.bars), bars)),
    )  # fmt: skip


def read(data: BarSet, name: str, split: str, say: Say) -> tuple[BarSet, BarSet]:
    """The training songs and the held-out ones. Raises `BadArchive` if there are none."""
    train, held = data.select("train"), data.select(split)
    for part, which in ((train, "train"), (held, split)):
        if not len(part):
            raise BadArchive(f"{name}: has no bars in its {which} split")
    say(f"reading {len(train):,} training bars and {len(held):,} held-out ones")
    return train, held


def places_of(names: Sequence[str], tracks: Sequence[str]) -> tuple[int, ...]:
    return tuple(tracks.index(name) for name in names)


def judged_draw(
    judge: Judge,
    drawn: tuple[str, ...],
    tracks: tuple[str, ...],
    groups: Sequence[tuple[str, ...]],
    draw: Draw,
) -> Mapping[str, Values]:
    """Values of one draw, whose tracks are `drawn`, by what they are about."""
    found = {track: judge.track(track, draw, drawn.index(track)) for track in tracks}
    for group in groups:
        places = places_of(group, drawn)
        values = judge.together(group, draw, places)
        found[together(group)] = found.get(together(group), {}) | values
        found |= tonal_distances(group, draw, places)
    return found


def judged_held(
    judge: Judge, tracks: tuple[str, ...], groups: Sequence[tuple[str, ...]]
) -> Mapping[str, Values]:
    found = {track: judge.held_track(track) for track in tracks}
    for group in groups:
        places = places_of(group, judge.tracks)
        values = judge.together(group, judge.held, places)
        found[together(group)] = found.get(together(group), {}) | values
        found |= tonal_distances(group, judge.held, places)
    return found


def remarks(players: Sequence[Source], data: BarSet, held: int, bars: int) -> list[str]:
    """What the reader must know beside the figures."""
    said = []
    for player in players:
        unplayed = [track for track in data.tracks if track not in player.tracks]
        if isinstance(player, Model) and player.unknown:
            said.append(f"{player.name}: {listed(player.unknown)} not judged, not in the data")
        if unplayed:
            said.append(f"{player.name}: does not play the data's {listed(unplayed)}")
    if held < bars:
        said.append(f"the held-out split has {held:,} bars, fewer than {bars:,}")
    return said
