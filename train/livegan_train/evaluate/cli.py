"""`livegan evaluate`."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from livegan.core.model import BadModel
from livegan.shell.files import write_whole

from ..data import BadArchive, BarSet, load_bars

if TYPE_CHECKING:
    from .scoreboard.board import Scoreboard
    from .scoreboard.run import Way
    from .sources import Model
    from .table import Document


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="A bar archive (.npz).")
@click.option(
    "--split",
    type=click.Choice(["valid", "test"]),
    default="test",
    show_default=True,
    help="The held-out songs that everything is judged against.",
)
@click.option(
    "--bars",
    type=click.IntRange(100, 20_000),
    default=2_000,
    show_default=True,
    help="Bars a seed, of every row.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="Tables show their median, verdicts go by the worst.",
)
@click.option(
    "--stream",
    is_flag=True,
    help="The scoreboard instead: goals for single bars, streams, form, knobs, bands.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="With --stream: seeds judged side by side, each on a core of its own.",
)
@click.option(
    "--json",
    "json_out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="Everything, every seed too.",
)
@click.option(
    "--markdown",
    "markdown_out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="The tables.",
)
@click.option(
    "--html",
    "html_out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    help="One page with everything in it: tables, piano rolls, sound.",
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="With --stream: a page of each MODEL, its goals beside 32 bars of it and of a held-out song.",
)
@click.option(
    "--song-sound",
    is_flag=True,
    help="With --figures: the sound of the held-out song too, where its licence allows that.",
)
def evaluate(
    models: tuple[str, ...],
    data: Path,
    split: str,
    bars: int,
    seeds: int,
    stream: bool,
    jobs: int,
    json_out: Path | None,
    markdown_out: Path | None,
    html_out: Path | None,
    figures: Path | None,
    song_sound: bool,
) -> None:
    """Judge each MODEL, a shipped model's name or an .onnx file, against songs that it has not seen:
    the paper's table, and judges that cheaters fail.

    Bars are drawn as `livegan render` plays them: with --fresh for all but the stream. A model's tracks
    are those of the same name in the data. The first row is real music judged as if it were a model:
    nothing can be told from the data below that."""
    if figures is not None and not stream:
        raise click.UsageError("--figures needs --stream")
    if jobs > 1 and not stream:
        raise click.UsageError("--jobs needs --stream")
    for out in (json_out, markdown_out, html_out, figures):
        if out is not None and not out.absolute().parent.is_dir():
            raise click.UsageError(f"{out}: the folder {out.parent} does not exist")
    from .sources import loaded

    try:
        archive = load_bars(data)
        playing = loaded(models, archive, split)
        if stream:
            way = way_of(jobs, models, data, split)
            found = scored(playing, archive, data.name, split, bars, seeds, way)
        else:
            found = judged(playing, archive, data.name, split, bars, seeds)
    except (BadArchive, BadModel) as error:
        raise click.UsageError(str(error)) from None
    from rich.console import Console

    from .markdown import markdown
    from .terminal import show

    show(found.document, Console())
    if json_out is not None:
        write(json_out, json.dumps(found.content, indent=1, allow_nan=False) + "\n")
    if markdown_out is not None:
        write(markdown_out, markdown(found.document))
    if html_out is not None:
        from .excerpts import excerpts
        from .page import page

        progress("drawing and playing the page")
        write(html_out, page(found.document, excerpts(archive, split, found.tracks, playing)))
    if figures is not None and found.board is not None:
        from .sheets import write_sheets

        progress(f"drawing and playing for {figures}")
        try:
            figures.mkdir(exist_ok=True)
            write_sheets(figures, found.board, playing, archive, split, song_sound)
        except OSError as error:
            raise click.UsageError(refusal(figures, error)) from None


class Found(NamedTuple):
    """A report to show, and all of it for JSON; the tracks that it is about; the scoreboard, if it is
    one."""

    document: Document
    content: dict[str, Any]
    tracks: tuple[str, ...]
    board: Scoreboard | None = None


def judged(models: list[Model], data: BarSet, name: str, split: str, bars: int, seeds: int) -> Found:
    """The paper's table and the judges."""
    from .run import evaluate as run
    from .tables import document

    report = run(models, data, name, split, bars, seeds, progress)
    return Found(document(report), report.as_dict(), report.tracks)


def way_of(jobs: int, models: tuple[str, ...], data: Path, split: str) -> Way:
    """One seed after the other, or some side by side."""
    from .scoreboard.jobs import side_by_side
    from .scoreboard.run import in_turn

    return in_turn if jobs == 1 else partial(side_by_side, jobs, models, data, split)


def scored(
    models: list[Model], data: BarSet, name: str, split: str, bars: int, seeds: int, way: Way
) -> Found:
    """The scoreboard."""
    from .scoreboard.run import Evaluation, scoreboard
    from .scoreboard.seen import form_seen
    from .scoreboard.shown import document

    evaluation = Evaluation(models, data, name, split, bars, seeds, progress)
    board = scoreboard(evaluation, progress, way)
    held = data.select(split)
    told = document(board, [form_seen(model, held, board) for model in models])
    return Found(told, board.as_dict(), board.tracks, board)


def progress(text: str) -> None:
    click.echo(text, err=True)


def write(out: Path, text: str) -> None:
    """Whole or not at all."""
    try:
        write_whole(out, lambda beside: beside.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise click.UsageError(refusal(out, error)) from None


def refusal(out: Path, error: OSError) -> str:
    return f"{out}: can't be written ({error.strerror or error})"
