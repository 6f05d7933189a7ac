"""`livegan inspect`: counts, measures and pictures of a bar archive."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import click
import numpy as np
from numpy.typing import NDArray

from livegan.shell.files import write_whole

from .metrics import Measures
from .prepare.sheet import draw_sheet
from .prepare.stored import NotAnArchive, Stored, open_archive
from .prepare.tally import Tally

SPLITS = ("train", "valid", "test")
SHOWN = 20
COMPARED = ("eb", "upc", "qn", "pr", "notes", "dis", "distinct")


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT.png",
    help="Draw random bars into a picture, a row for each track.",
)
@click.option("--bars", type=click.IntRange(1, 64), default=8, show_default=True, help="How many.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which ones.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OTHER.npz",
    help="Compare with another archive, over the songs that both have.",
)
def inspect(archive: Path, picture: Path | None, bars: int, seed: int, against: Path | None) -> None:
    """Count and measure the bars of an archive, per track: EB, UPC, QN (at least 3 steps), PR, notes a
    bar, DIS (semitones among the pairs of pitch classes that sound together), distinct bars."""
    try:
        stored = open_archive(archive)
        if picture is not None and picture.suffix.lower() != ".png":
            raise click.UsageError(f"{picture}: a picture's name must end in .png")
        if against is not None:
            compare(stored, open_archive(against))
        else:
            describe(stored)
        if picture is not None:
            draw(stored, picture, bars, seed)
    except NotAnArchive as error:
        raise click.UsageError(str(error)) from None


def describe(stored: Stored) -> None:
    """Print what an archive holds."""
    for line in counts(stored):
        click.echo(line)
    measured = measure_all(stored, np.ones(len(stored.split), bool))
    for name, measures in zip(stored.tracks, measured, strict=True):
        click.echo(f"{name}: {measures}")


def counts(stored: Stored) -> list[str]:
    """Bars, songs, grid, splits and tempi, a line each."""
    songs = np.unique(stored.song_id)
    steps, pitches, _ = stored.shape
    lowest = stored.lowest_pitch
    lines = [
        f"{len(stored):,} bars of {len(songs):,} songs",
        f"{steps} steps a bar, {pitches} pitches from {lowest} to {lowest + pitches - 1}",
    ]
    for place, split in enumerate(SPLITS):
        inside = int((stored.split[songs] == place).sum())
        rows = int((stored.split[stored.song_id] == place).sum())
        lines.append(f"{split}: {rows:,} bars of {inside:,} songs")
    new_song = np.diff(stored.song_id) != 0
    cuts = int(((np.diff(stored.bar_index) != 1) & ~new_song).sum())
    lengths = np.bincount(stored.song_id)[songs]
    lines.append(
        f"a song has {lengths.min():,} to {lengths.max():,} bars, in the middle "
        f"{np.median(lengths):,.0f}; {cuts:,} cuts within songs"
    )
    bpm = stored.bpm[songs]
    if np.isfinite(bpm).any():
        low, middle, high = np.nanmin(bpm), np.nanmedian(bpm), np.nanmax(bpm)
        lines.append(f"{low:.0f} to {high:.0f} bpm, in the middle {middle:.0f}")
    return [*lines, feel_of(stored)]


def feel_of(stored: Stored) -> str:
    """Whether the archive tells how notes were struck, and how far they differ."""
    if stored.struck is None:
        return "no velocity or timing of its notes"
    known = stored.struck[:, stored.struck[0] > 0]
    if not known.shape[1]:
        return "velocity of no note"
    velocity, timing = known
    return (
        f"velocity and timing of {known.shape[1]:,} notes: {velocity.mean():.0f} +- "
        f"{velocity.std():.0f}; {timing.mean() / 100:+.2f} +- {timing.std() / 100:.2f} of a 16th"
    )


def measure_all(stored: Stored, songs: NDArray[np.bool_]) -> list[Measures]:
    """Measures of every track over the chosen songs `[song]`."""
    tallies = [Tally() for _ in stored.tracks]
    chosen = songs[stored.song_id]
    for rows, rolls in stored.blocks():
        kept = rolls[chosen[rows]]
        for track, tally in enumerate(tallies):
            tally.add(kept[:, track])
    return [tally.measures() for tally in tallies]


def compare(one: Stored, other: Stored) -> None:
    """Print the measures of two archives side by side, over the songs that both have."""
    pairs = same_songs(one, other)
    if not pairs:
        raise click.UsageError(f"{one.path} and {other.path} have no song in common")
    mine, theirs = np.zeros(len(one.split), bool), np.zeros(len(other.split), bool)
    mine[list(pairs)], theirs[list(pairs.values())] = True, True
    for stored, chosen in ((one, mine), (other, theirs)):
        alone = [stored.names[song] for song in np.unique(stored.song_id) if not chosen[song]]
        if alone:
            more = f" and {len(alone) - SHOWN:,} more" if len(alone) > SHOWN else ""
            click.echo(f"only in {stored.path}: {', '.join(alone[:SHOWN])}{more}")
    bars = int(mine[one.song_id].sum()), int(theirs[other.song_id].sum())
    off = 100 * (bars[0] / bars[1] - 1)
    click.echo(f"{len(pairs):,} songs in both: {bars[0]:,} bars against {bars[1]:,} ({off:+.2f} %)")
    measured, real = measure_all(one, mine), measure_all(other, theirs)
    tracks = {name.casefold(): place for place, name in enumerate(other.tracks)}
    for name, measures in zip(one.tracks, measured, strict=True):
        if name.casefold() in tracks:
            click.echo(f"{name}: {differences(measures, real[tracks[name.casefold()]])}")


def differences(one: Measures, other: Measures) -> str:
    """Each measure of both and how far the first is off, in per cent of the second."""
    shown = []
    for key in COMPARED:
        mine, theirs = float(getattr(one, key)), float(getattr(other, key))
        off = f" ({100 * (mine / theirs - 1):+.2f} %)" if theirs else ""
        shown.append(f"{key.upper() if len(key) < 4 else key} {mine:.3f} / {theirs:.3f}{off}")
    return "  ".join(shown)


def same_songs(one: Stored, other: Stored) -> dict[int, int]:
    """Songs of `one` and `other` with the same name or, where it is in each only once, file name."""
    pairs: dict[int, int] = {}
    by_name = {name: song for song, name in enumerate(other.names)}
    by_file = only_once(other.names)
    mine = only_once(one.names)
    for song in np.unique(one.song_id).tolist():
        name = one.names[song]
        file = PurePosixPath(name).name
        match = by_name.get(name, by_file.get(file) if file in mine else None)
        if match is not None:
            pairs[song] = match
    return pairs


def only_once(names: tuple[str, ...]) -> dict[str, int]:
    """File names that one song alone has, and which."""
    files = [PurePosixPath(name).name for name in names]
    return {file: song for song, file in enumerate(files) if files.count(file) == 1}


def draw(stored: Stored, picture: Path, bars: int, seed: int) -> None:
    """Draw random bars in which something sounds."""
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(stored))[: 4 * bars])
    rolls, labels = [], []
    for rows, block in stored.blocks():
        for row in chosen[(chosen >= rows.start) & (chosen < rows.stop)]:
            roll = block[row - rows.start]
            if roll.any():
                rolls.append(roll)
                labels.append(f"{stored.names[stored.song_id[row]]} {stored.bar_index[row] + 1}")
    kept = np.sort(random.permutation(len(rolls))[:bars])
    if not len(kept):
        raise click.UsageError(f"{stored.path}: no bar of {len(chosen)} random ones sounds")
    sheet = draw_sheet(
        np.stack([rolls[k] for k in kept]),
        stored.tracks,
        [labels[k] for k in kept],
        stored.lowest_pitch,
    )
    write_whole(picture, lambda beside: sheet.save(beside, "PNG"))
    click.echo(f"{picture}: {len(kept)} bars")
