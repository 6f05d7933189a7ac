"""The scoreboard as tables: for each player and each thing that figures are about, goal by goal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..rows import Figure
from ..table import ABSENT, Cell, Document, Line, Picture, Table, shown
from .board import Score, Scoreboard, middle
from .form import KINDS

HEADINGS = ("median", "worst", "goal", "data's own", "floor", "reached")
SAYS = (
    "of the seeds",
    "the seed farthest from the goal",
    "what the worst seed must hold",
    "the held-out songs'",
    "other real songs judged as if a model had made them: median, then worst",
    "by the worst seed; in brackets if real songs don't reach it either",
)
SHOWN_LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


def document(board: Scoreboard, pictures: Sequence[Picture] = ()) -> Document:
    return Document(board.data, tuple(summary(board)), tuple(tables(board)), tuple(pictures))


def tables(board: Scoreboard) -> list[Table]:
    found = []
    for row in board.players:
        for about in row.seeds[0]:
            scores = board.of(row.name, about)
            if scores:
                found.append(score_table(f"{row.name}: {about}", scores))
    for about in board.own:
        found += [table for kind in KINDS if (table := lag_table(board, about, kind)) is not None]
    return found


def score_table(title: str, scores: Sequence[Score]) -> Table:
    lines = []
    for score in scores:
        figure = score.figure
        worst = shown(score.floor_worst, figure) if len(score.floor) > 1 else ""
        cells = (
            Cell(shown(score.median, figure)),
            Cell(shown(score.worst, figure), fails=score.reached is False),
            Cell(ABSENT if score.goal is None else str(score.goal)),
            Cell(shown(score.own, figure)),
            Cell(shown(middle(score.floor), figure), worst if score.floor else ""),
            said(score),
        )
        lines.append(Line(figure.heading, "judge", cells))
    notes = tuple(f"{score.figure.heading}: {score.figure.says}" for score in scores)
    return Table(title, HEADINGS, SAYS, tuple(lines), wordy=True, notes=notes)


def said(score: Score) -> Cell:
    """Of the last column."""
    if score.reached is None:
        return Cell(ABSENT)
    word = "yes" if score.reached else "no"
    but = " (nor real songs)" if score.floor_reached is False else ""
    return Cell(word + but, fails=not score.reached)


def lag_table(board: Scoreboard, about: str, kind: str) -> Table | None:
    """How alike bars are by their distance: the floor, the players, the held-out songs."""
    headings = tuple(str(lag) for lag in SHOWN_LAGS)
    figures = [Figure(f"{kind} {lag}", str(lag), 2, "near", "") for lag in SHOWN_LAGS]
    rows = [row for row in board.rows if any(figures[0].key in values for values in row.values(about))]
    own = board.own[about]
    if not rows or math.isnan(own.get(figures[0].key, math.nan)):
        return None
    lines = [
        Line(row.name, row.kind, tuple(Cell(shown(row.median(about, f.key), f)) for f in figures))
        for row in rows
    ]
    real = tuple(Cell(shown(own[f.key], f)) for f in figures)
    lines.append(Line("held-out songs", "held", real))
    what = "chroma cosine" if kind == "chroma" else "struck sixteenths in common"
    title = f"{about}: form, {what} of bars so many bars apart"
    return Table(title, headings, ("",) * len(headings), tuple(lines))


def summary(board: Scoreboard) -> list[str]:
    """What to know in a few sentences."""
    found = [
        f"{board.bars:,} bars a seed, {board.seeds} seeds, of which the worst counts. Held-out: the "
        f"{board.split} split of {board.data}. Bars are raw, as played with no knob set, "
        "but for those called shaped or mixed."
    ]
    found += [f"Note: {remark}." for remark in board.remarks]
    found += [reached(board, row.name) for row in board.players]
    failing = dict.fromkeys(s.figure.heading for s in board.scores if s.floor_reached is False)
    if failing:
        found.append(f"Real songs themselves miss, on some track: {', '.join(failing)}.")
    return found


def reached(board: Scoreboard, name: str) -> str:
    """How many goals a player reaches, and which it misses of those that real songs reach."""
    asked = [score for score in board.scores if score.source == name and score.goal is not None]
    fair = [score for score in asked if score.floor_reached is not False]
    missed = [f"{score.figure.heading} ({score.about})" for score in fair if not score.reached]
    met = sum(bool(score.reached) for score in asked)
    return (
        f"{name}: reaches {met} of {len(asked)} goals. Of the {len(fair)} that real songs don't miss "
        f"it reaches {len(fair) - len(missed)}" + (f", all but {', '.join(missed)}." if missed else ".")
    )
