"""A page of each model for the documentation: goals that it reaches, and bars to see and to hear."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from livegan.shell.files import write_whole

from ..data import BarSet
from .example import of_song, of_stream
from .excerpts import Excerpt
from .markdown import escaped, row, written
from .scoreboard.board import Score, Scoreboard
from .scoreboard.seen import form_seen
from .scoreboard.shown import reached, said, summary
from .sources import Model
from .table import ABSENT, Cell, Line, Table, shown

HEADINGS = ("goal", "real songs", "worst seed", "reached")
EXPLAINED = (
    "Real songs: the held-out ones, in brackets other real songs judged as if a model had made them, "
    "their worst seed. Reached goes by the worst seed. What each figure is: `docs/evaluate.md`."
)


def write_sheets(
    folder: Path,
    board: Scoreboard,
    models: Sequence[Model],
    data: BarSet,
    split: str,
    song_sound: bool,
) -> list[Path]:
    """NAME.md, its picture and sound, its form, and the picture of a held-out song; that song's sound
    only where `song_sound` says that its licence allows it. Returns the files. Raises `OSError`."""
    held = data.select(split)
    found: dict[Path, bytes] = {}
    for model in models:
        stem = stem_of(model.name)
        music = {stem: of_stream(model)}
        song = of_song(held, model.tracks)
        if song is not None:
            music[f"{stem}-song"] = song
        heard = {name for name in music if name == stem or song_sound}
        for name, excerpt in music.items():
            found |= files(folder / name, excerpt, name in heard)
        credit = model.generator.info.credit if len(heard) > 1 else ""
        form = form_seen(model, held, board)
        found[folder / f"{stem}-form.png"] = form.png
        seen = f"![{escaped(form.described)}]({stem}-form.png)\n\n{escaped(form.says)}"
        text = sheet(board, model.name, listening(music, heard, credit), seen)
        found[folder / f"{stem}.md"] = text.encode()
    for path, content in found.items():
        write_whole(path, partial(put, content))
    return list(found)


def stem_of(name: str) -> str:
    """Of a model's files: its name, or its path where two have the same."""
    parts = Path(name.removesuffix(".onnx")).parts
    return "-".join(part for part in parts if part.strip("./"))


def put(content: bytes, beside: Path) -> None:
    beside.write_bytes(content)


def files(path: Path, excerpt: Excerpt, sound: bool) -> dict[Path, bytes]:
    """Picture, and sound if it may be given."""
    found = {path.with_name(f"{path.name}.png"): excerpt.picture()}
    if sound:
        found[path.with_name(f"{path.name}.ogg")] = excerpt.sound()
    return found


def sheet(board: Scoreboard, name: str, heard: str, form: str) -> str:
    """The whole page."""
    parts = [f"# {escaped(name)}", escaped(summary(board)[0]), heard, "## Form over minutes", form]
    parts += ["## Goals", escaped(reached(board, name)), written(overview(board, name)), EXPLAINED]
    for about, scores in by_subject(board, name).items():
        parts += [f"## {escaped(about)}", written(goal_table(about, scores))]
    return "\n\n".join(parts) + "\n"


def listening(music: Mapping[str, Excerpt], heard: Collection[str], credit: str) -> str:
    """Pictures side by side and the way to their sound, by the names of the files; whom a song that
    sounds here is from."""
    columns = [
        (
            escaped(excerpt.title),
            f"![{escaped(excerpt.described())}]({name}.png)",
            escaped(excerpt.says) + (f" [Listen]({name}.ogg)" if name in heard else ""),
        )
        for name, excerpt in music.items()
    ]
    heads, pictures, says = zip(*columns, strict=True)
    table = "\n".join(row(line) for line in (heads, ["---"] * len(columns), pictures, says))
    return f"{table}\n\nThe song is from: {escaped(credit)}." if credit else table


def by_subject(board: Scoreboard, name: str) -> dict[str, list[Score]]:
    """A player's scores by the track or tracks that they are about."""
    found: dict[str, list[Score]] = {}
    for score in board.scores:
        if score.source == name:
            found.setdefault(score.about, []).append(score)
    return found


def overview(board: Scoreboard, name: str) -> Table:
    """How many goals of each kind are reached."""
    by_about = by_subject(board, name)
    lines = []
    for section in board.sections:
        mine = [[s for s in scores if s.section == section.title] for scores in by_about.values()]
        cells = tuple(counted(scores) for scores in mine)
        if any(cell.text != ABSENT for cell in cells):
            lines.append(Line(section.title, "judge", cells))
    return Table("goals reached", tuple(by_about), ("",) * len(by_about), tuple(lines))


def counted(scores: Sequence[Score]) -> Cell:
    asked = [score for score in scores if score.goal is not None]
    met = sum(bool(score.reached) for score in asked)
    return Cell(f"{met} of {len(asked)}", fails=met < len(asked)) if asked else Cell(ABSENT)


def goal_table(title: str, scores: Sequence[Score]) -> Table:
    """A line for each figure, under the name of its kind."""
    lines: list[Line] = []
    for number, score in enumerate(scores):
        if not number or score.section != scores[number - 1].section:
            lines.append(Line(f"*{score.section}*", "section", (Cell(""),) * len(HEADINGS)))
        lines.append(Line(score.figure.heading, "judge", cells_of(score)))
    return Table(title, HEADINGS, ("",) * len(HEADINGS), tuple(lines), wordy=True)


def cells_of(score: Score) -> tuple[Cell, ...]:
    figure = score.figure
    floor = shown(score.floor_worst, figure) if score.floor else ""
    return (
        Cell(ABSENT if score.goal is None else str(score.goal)),
        Cell(shown(score.own, figure), floor),
        Cell(shown(score.worst, figure), fails=score.reached is False),
        said(score),
    )
