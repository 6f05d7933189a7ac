"""`livegan drums`: other drums for the songs of a bar archive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from livegan.core.music import is_drums
from livegan.shell.files import write_whole

from ..data import SPLITS, BadArchive, BarSet, load_bars

ALL = slice(None)


@click.command()
@click.argument("songs", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("drums", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="Of the training songs: how many come a second time, with other drums.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def drums(songs: Path, drums: Path, out: Path, share: float, seed: int) -> None:
    """Make OUT.npz of the archive SONGS.npz: all its songs, and some of the training songs again with
    performances of DRUMS.npz in the place of their drums, for more and livelier drums than the songs
    have. The songs of the other splits stay as they are."""
    try:
        if out.suffix.lower() != ".npz":
            raise BadArchive(f"{out}: the archive's name must end in .npz")
        content = with_other_drums(songs, load_bars(songs), load_bars(drums), share, seed)
    except BadArchive as error:
        raise click.UsageError(str(error)) from None
    write_whole(out, lambda beside: save(beside, content))
    click.echo(f"{out}: {len(content['song_split']):,} songs, {len(content['bars']):,} bars")


def save(path: Path, content: dict[str, NDArray[Any]]) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **content)  # type: ignore[arg-type]


def with_other_drums(
    path: Path, songs: BarSet, played: BarSet, share: float, seed: int
) -> dict[str, NDArray[Any]]:
    """The archive's arrays with the new songs behind the old ones. Raises `BadArchive` where one of the
    two has no drums."""
    random = np.random.default_rng(seed)
    place, source = drum_track(songs), drum_track(played)
    training = np.flatnonzero(songs.song_split == SPLITS["train"])
    chosen = np.sort(random.permutation(training)[: max(1, round(share * len(training)))])
    performances = played.select("train")
    names = random.permutation(np.unique(performances.song_id))
    if not len(names):
        raise BadArchive("the drums have no training performances")
    with np.load(path, allow_pickle=False) as archive:
        content = {key: archive[key] for key in archive.files if not key.startswith("note_")}
    parts = {"bars": [content["bars"]], "bar_index": [songs.bar_index], "song_id": [songs.song_id]}
    for number, song in enumerate(chosen.tolist()):
        rows = np.flatnonzero(songs.song_id == song)
        rolls = songs.rolls(rows)
        mine = performances.rows(np.flatnonzero(performances.song_id == names[number % len(names)]))
        rolls[:, place] = np.resize(mine.rolls(ALL)[:, source], rolls[:, place].shape)
        parts["bars"].append(np.packbits(np.moveaxis(rolls, 1, 3).reshape(len(rolls), -1), axis=1))
        parts["bar_index"].append(songs.bar_index[rows])
        parts["song_id"].append(np.full(len(rows), len(songs.song_split) + number))
    content |= {key: np.concatenate(part).astype(content[key].dtype) for key, part in parts.items()}
    for key in content.keys() & {"song_names", "song_bpm", "song_split"}:
        content[key] = np.concatenate([content[key], content[key][chosen]])
    return content


def drum_track(bars: BarSet) -> int:
    """Raises `BadArchive`."""
    for place, track in enumerate(bars.tracks):
        if is_drums(track):
            return place
    raise BadArchive(f"no drums among the tracks {', '.join(bars.tracks)}")
