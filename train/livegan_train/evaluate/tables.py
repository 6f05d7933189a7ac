"""The report as tables of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .judging import PAIR
from .published import PAPER_DISTANCES, PublishedRow, rows_of, rows_of_pair
from .report import BY_KEY, DISTRIBUTION, FIGURES, OWN, STREAM, TONAL, Report
from .rows import Figure, Row, together
from .table import ABSENT, Cell, Document, Line, Table, shown
from .verdicts import JUDGES, Failure, Verdict

LINES = "passes with"
HELD, PUBLISHED = "held-out songs", "published"


def document(report: Report) -> Document:
    return Document(report.data, tuple(summary(report)), tuple(tables(report)))


def figure_table(
    report: Report,
    about: str,
    title: str,
    figures: Sequence[Figure],
    others: Sequence[PublishedRow] = (),
) -> Table:
    """Rows of sources, the held-out split's own and published ones; columns that nobody has are left
    out."""
    held = report.held[about]
    rows = report.rows_about(about)
    used = [
        f
        for f in figures
        if any(row.found(about, f.key) for row in rows) or any(f.key in o.values for o in others)
    ]
    lines = [Line(row.name, row.kind, cells_of(report, row, about, used)) for row in rows]
    if any(f.key in held for f in used):
        own = tuple(Cell(shown(held.get(f.key, math.nan), f)) for f in used)
        lines.append(Line(HELD, "held", own))
    for other in others:
        cells = tuple(Cell(shown(other.values.get(f.key, math.nan), f)) for f in used)
        lines.append(Line(other.name, PUBLISHED, cells))
    return Table(title, tuple(f.heading for f in used), tuple(f.says for f in used), tuple(lines))


def cells_of(report: Report, row: Row, about: str, figures: Sequence[Figure]) -> tuple[Cell, ...]:
    held = report.held[about]
    failing = {
        failure.key
        for verdict in report.verdicts_of(row)
        if verdict.about == about
        for failure in verdict.failures
    }
    cells = []
    for figure in figures:
        middle = shown(row.median(about, figure.key), figure)
        worst = shown(row.worst(about, figure, held.get(figure.key, math.nan)), figure)
        several = len(row.found(about, figure.key)) > 1
        cells.append(Cell(middle, worst if several else "", figure.key in failing))
    return tuple(cells)


def tables(report: Report) -> list[Table]:
    """The paper's table of each track, what its judges look at and what they say; then the same of
    tracks together."""
    found = []
    for track in report.tracks:
        found += [
            figure_table(report, track, f"{track}: the paper's table", FIGURES, rows_of(track)),
            figure_table(report, track, f"{track}: against held-out songs", DISTRIBUTION),
            figure_table(report, track, f"{track}: among themselves, and against training songs", OWN),
            verdict_table(report, track, False),
        ]
    for group in report.groups:
        about = together(group)
        name = label(report, about)
        found.append(figure_table(report, about, f"{name}: does a bar follow the one before?", STREAM))
        if len(group) > 1:
            own = [figure for figure in OWN if figure.key in ("nearest", "copies")]
            found.append(figure_table(report, about, f"{name}: against training songs", own))
        found.append(verdict_table(report, about, True))
    for pair in report.pairs:
        others = rows_of_pair(*pair.split(PAIR, 1))
        found.append(figure_table(report, pair, f"{pair}: tonal distance", TONAL, others))
    return [*found, distance_table(report)]


def label(report: Report, about: str) -> str:
    """What the values are about, in few words."""
    several = len(report.tracks) > 1 and about == together(report.tracks)
    return "all tracks" if several else about


def distance_table(report: Report) -> Table:
    """The paper's comparison."""
    keys = ("eb", "upc", "qn", "upc_as_published", "qn_as_published")
    lines = []
    for found in report.distances():
        cells = tuple(
            Cell(shown(found.values[key], BY_KEY[key]), fails=not found.values[key] < paper(key))
            for key in keys
        )
        verdict = Cell("yes" if found.beats else "no", fails=not found.beats)
        lines.append(Line(f"{found.row}, {found.track}", "model", (*cells, verdict)))
    own = tuple(Cell(shown(paper(key), BY_KEY[key])) for key in keys)
    lines.append(Line("paper: CNN-LSTM GAN, its own data", PUBLISHED, (*own, Cell(ABSENT))))
    headings = (*(BY_KEY[key].heading for key in keys), "nearer in all")
    says = (*(BY_KEY[key].says for key in keys), "nearer than the paper's model in every column")
    return Table("Distance to the training data, the paper's comparison", headings, says, tuple(lines))


def paper(key: str) -> float:
    return PAPER_DISTANCES[key.split("_")[0]]


def verdict_table(report: Report, about: str, is_together: bool) -> Table:
    """Each judge's lines and what it says of each row, by the worst seed; the training data is there to
    show that copying is seen."""
    rows = [row for row in report.rows_about(about) if row.kind != "floor"]
    verdicts = [{v.judge: v for v in report.verdicts_of(row) if v.about == about} for row in rows]
    lines = []
    for judge in JUDGES:
        said = [found.get(judge) for found in verdicts]
        lines_drawn = next((v.lines for v in said if v is not None), None)
        if lines_drawn is not None and bool(judge.together) == is_together:
            limits = "; ".join(f"{BY_KEY[key].heading} {line}" for key, line in lines_drawn.items())
            cells = [Cell(limits or "silent: the floor itself would fail"), *map(said_cell, said)]
            lines.append(Line(judge.name, "judge", tuple(cells)))
    headings = (LINES, *(row.name for row in rows))
    title = f"{label(report, about)}: verdicts" + (", together" if is_together else "")
    return Table(title, headings, ("",) * len(headings), tuple(lines), wordy=True)


def said_cell(verdict: Verdict | None) -> Cell:
    if verdict is None:
        return Cell(ABSENT)
    why = "; ".join(map(reason, verdict.failures))
    return Cell(f"fails: {why}" if why else verdict.says, fails=bool(why))


def reason(failure: Failure) -> str:
    figure = BY_KEY[failure.key]
    value = shown(failure.value, figure)
    return f"{figure.heading} {value}, {failure.sign} {failure.limit:.3g}"


def summary(report: Report) -> list[str]:
    """What to know in a few sentences."""
    said = [
        f"{report.bars:,} bars a seed, {report.seeds} seeds: their median, then the worst. "
        f"Held-out: the {report.split} split of {report.data}."
    ]
    said += [f"Note: {remark}." for remark in report.remarks]
    far = ", ".join(f"{BY_KEY[key].heading} {value:g}" for key, value in PAPER_DISTANCES.items())
    for name in report.beaten():
        lost = [d.track for d in report.distances() if d.row == name and not d.beats]
        where = f"not on {', '.join(lost)}" if lost else "on every track with pitches"
        said.append(f"{name} beats the paper's distances to the data ({far}) {where}.")
    for row in report.models:
        failed = failures(report, row)
        said.append(
            f"{row.name}: " + (f"fails {'; '.join(failed)}." if failed else "passes every judge.")
        )
    return said


def failures(report: Report, row: Row) -> list[str]:
    """The judges that a row fails, each with what it fails on."""
    found: dict[str, list[str]] = {}
    for verdict in report.verdicts_of(row):
        if verdict.failures:
            found.setdefault(verdict.judge.name, []).append(label(report, verdict.about))
    return [f"{judge} ({', '.join(abouts)})" for judge, abouts in found.items()]
