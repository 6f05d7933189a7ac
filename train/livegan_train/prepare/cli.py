"""`livegan prepare`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from livegan.shell.cores import cores

from . import preparing, sources
from .choosing import sample_of, splits_like
from .families import BY_NAME, FAMILIES
from .pop909 import TRACKS
from .preparing import NoBars, Options, Summary
from .song import Settings
from .sources import BadSource, Source
from .stored import open_archive
from .tracks import parse_plan, plan_of

FILE = click.Path(path_type=Path)
PERCENT = click.FloatRange(0, 90)


def metre_of(ctx: click.Context, option: click.Parameter, value: str) -> tuple[int, int]:
    """Two whole numbers such as 4/4."""
    above, _, below = value.partition("/")
    if above.isdigit() and 0 < int(above) <= 32 and below in ("1", "2", "4", "8", "16"):
        return int(above), int(below)
    raise click.BadParameter(f"{value!r}: expected a metre such as 4/4 or 6/8", ctx, option)


def pitches_of(ctx: click.Context, option: click.Parameter, value: str) -> tuple[int, int]:
    """Lowest and highest MIDI pitch, such as 24-107."""
    low, _, high = value.partition("-")
    if low.isdigit() and high.isdigit() and int(low) <= int(high) <= 127:
        return int(low), int(high)
    raise click.BadParameter(f"{value!r}: expected MIDI pitches such as 24-107", ctx, option)


@click.command()
@click.argument("roots", nargs=-1, required=True, type=FILE, metavar="SOURCE...")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--tracks", metavar="LIST", help="What to keep and merge: Piano,Band=Guitar+Bass.")
@click.option(
    "--families",
    type=click.Choice(["lpd5", "lpd17", "names"]),
    default="lpd5",
    show_default=True,
    help="Tracks of MIDI files and piano rolls: by General MIDI program, or by the names in the file.",
)
@click.option(
    "--ids",
    multiple=True,
    type=FILE,
    help="Only songs in this list (a genre's, say): names or folders, the first word of each line.",
)
@click.option("--sample", metavar="N|N%", help="A random part of the songs; the paper took 10%.")
@click.option("--metre", callback=metre_of, default="4/4", show_default=True, metavar="N/N")
@click.option("--steps-per-beat", type=click.IntRange(1, 96), default=24, show_default=True)
@click.option("--pitches", callback=pitches_of, default="24-107", show_default=True, metavar="LOW-HIGH")
@click.option(
    "--snap",
    type=click.IntRange(0, 48),
    metavar="STEPS",
    help="Move onsets at most so far from a 16th to it; 2 for POP909 and 0 otherwise without it.",
)
@click.option(
    "--min-bars", type=click.IntRange(1), default=1, show_default=True, help="Drop shorter songs."
)
@click.option(
    "--max-bars",
    type=click.IntRange(1, 20_000),
    default=400,
    show_default=True,
    help="Only the first bars of longer songs, so that none weighs too much.",
)
@click.option("--keep-copies", is_flag=True, help="Keep the same file or nearly the same song again.")
@click.option(
    "--split-as",
    type=FILE,
    metavar="OTHER.npz",
    help="Keep only the songs of another archive, and the split that it gave them.",
)
@click.option("--valid", type=PERCENT, default=10.0, show_default=True, help="Per cent of the songs.")
@click.option("--test", type=PERCENT, default=10.0, show_default=True, help="Per cent of the songs.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the sample and the split."
)
@click.option("--jobs", type=click.IntRange(1, 1024), help="Processes; one for each core without it.")
@click.option("-v", "--verbose", is_flag=True, help="A line for every song that is dropped.")
def prepare(roots: tuple[Path, ...], out: Path, verbose: bool, **given: Any) -> None:
    """Make a bar archive OUT.npz of music: MIDI files, piano rolls of pypianoroll (the Lakh Pianoroll
    Dataset), POP909; folders are searched. Ctrl-C keeps what is done.

    Transposition is not done here but while training (`transpose` in its configuration)."""
    try:
        check_out(out)
        found = choose(roots, out, given)
        settings, options = settings_of(found, given), options_of(given)
        if given["split_as"]:
            splits = splits_from(given["split_as"], found)
            options = replace(options, splits=splits)
            found = [source for source in found if source.name in splits]
    except (BadSource, ValueError) as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"{len(found):,} files", err=True)
    try:
        with Showing(len(found), verbose) as showing:
            summary = preparing.prepare(found, settings, options, out, showing.tell, showing.step)
    except NoBars as error:
        raise click.UsageError(f"{error}, so {out} was not written; --verbose says why") from None
    report(summary, out)
    if summary.interrupted:
        raise click.exceptions.Exit(130)


def check_out(out: Path) -> None:
    """Raises `ValueError` where writing would fail, or destroy what is no bar archive."""
    if out.suffix.lower() != ".npz":
        raise ValueError(f"{out}: the archive's name must end in .npz")
    if not out.resolve().parent.is_dir():
        raise ValueError(f"{out}: there is no folder {out.resolve().parent}")
    if out.exists():
        try:
            with np.load(out, allow_pickle=False) as archive:
                ours = "bars" in archive and "song_id" in archive
        except Exception:
            ours = False
        if not ours:
            raise ValueError(f"{out}: is there already and is no bar archive; remove it first")


def choose(roots: tuple[Path, ...], out: Path, given: dict[str, Any]) -> list[Source]:
    """The songs to read. Raises `BadSource` or `ValueError`."""
    ids = sources.read_ids(given["ids"])
    found = sources.find_sources(roots, out, lambda line: click.echo(line, err=True))
    if given["ids"]:
        found = sources.only_listed(found, ids)
        if not found:
            raise ValueError(f"none of the {len(ids):,} ids is a song here")
    if given["sample"]:
        try:
            places = sample_of([source.name for source in found], given["sample"], given["seed"])
        except ValueError:
            raise ValueError(f"--sample {given['sample']!r}: expected a number or 10%") from None
        found = [found[place] for place in places]
    return found


def settings_of(found: list[Source], given: dict[str, Any]) -> Settings:
    """Raises `ValueError` with one line."""
    kinds = {source.kind for source in found}
    known = [*TRACKS] if "pop909" in kinds else []
    by_name = given["families"] == BY_NAME and kinds != {"pop909"}
    if kinds != {"pop909"} and not by_name:
        known += FAMILIES[given["families"]]
    if given["tracks"]:
        plan = parse_plan(given["tracks"])
        unknown = [] if by_name else plan.unknown(known)
        if unknown:
            raise ValueError(f"no track {unknown[0]!r} here; there are {', '.join(known)}")
    elif by_name:
        raise ValueError("--families names needs --tracks with the names to keep")
    elif len(kinds) > 1 and "pop909" in kinds:
        raise ValueError(
            f"POP909 and other music differ in tracks; --tracks says which: {', '.join(known)}"
        )
    else:
        plan = plan_of(known)
    low, high = given["pitches"]
    return Settings(
        steps_per_beat=given["steps_per_beat"],
        lowest_pitch=low,
        pitches=high - low + 1,
        metre=given["metre"],
        snap=given["snap"],
        families=given["families"],
        plan=plan,
        min_bars=given["min_bars"],
        max_bars=given["max_bars"],
    )


def options_of(given: dict[str, Any]) -> Options:
    """Raises `ValueError` with one line."""
    if not given["valid"] + given["test"] <= 90:  # nor nan
        raise ValueError("--valid and --test leave less than a tenth to train on")
    return Options(
        valid=given["valid"] / 100,
        test=given["test"] / 100,
        seed=given["seed"],
        keep_copies=given["keep_copies"],
        jobs=given["jobs"] or cores(),
    )


def splits_from(path: Path, found: list[Source]) -> dict[str, int]:
    """The splits of those songs that another archive has. Raises `ValueError` with one line."""
    other = open_archive(path)
    known = dict(zip(other.names, other.split.tolist(), strict=True))
    splits = splits_like([source.name for source in found], known)
    if not splits:
        raise ValueError(f"{path} has no song of these")
    return splits


class Showing:
    """A progress bar on a terminal, and lines about dropped files above it."""

    def __init__(self, total: int, verbose: bool) -> None:
        self._verbose = verbose
        self._progress = Progress(
            BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)
        )
        self._terminal = self._progress.console.is_terminal
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Showing:
        if self._terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal:
            self._progress.stop()

    def tell(self, name: str, reason: str, readable: bool) -> None:
        if self._verbose or not readable:
            line = f"{name}: {reason}"
            self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def step(self) -> None:
        self._progress.advance(self._task)


def report(summary: Summary, out: Path) -> None:
    """What was written, and what was dropped and why."""
    songs = len(summary.splits)
    train, valid, test = (summary.splits.count(split) for split in range(3))
    if summary.interrupted:
        click.echo(
            f"stopped after {summary.done:,} of {summary.sources:,} files; what was done is kept"
        )
    click.echo(
        f"{out}: {summary.bars:,} bars of {songs:,} songs ({train:,} train, {valid:,} valid, "
        f"{test:,} test); {', '.join(summary.tracks)}"
    )
    dropped = sum(summary.dropped.values())
    if dropped:
        click.echo(f"dropped {dropped:,} of {summary.done:,} files:")
    for reason, count in summary.dropped.most_common():
        click.echo(f"{count:8,}  {reason}")
