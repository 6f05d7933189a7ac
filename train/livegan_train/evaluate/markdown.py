"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from .report import Report
from .tables import LINES, Table, summary, tables


def markdown(report: Report) -> str:
    """One document; headings explained below each table."""
    parts = [f"# Evaluation on {escaped(report.data)}", *map(escaped, summary(report))]
    for table in tables(report):
        parts += [f"## {escaped(table.title)}", written(table)]
        explained = [
            f"{heading}: {says}"
            for heading, says in zip(table.headings, table.says, strict=True)
            if says
        ]
        if explained:
            parts.append(escaped("; ".join(explained)) + ".")
    return "\n\n".join(parts) + "\n"


def written(table: Table) -> str:
    rule = "---" if table.headings[:1] == (LINES,) else "--:"
    lines = [["", *table.headings], ["---", *[rule] * len(table.headings)]]
    lines += [
        [line.name, *(f"**{cell}**" if cell.fails else str(cell) for cell in line.cells)]
        for line in table.lines
    ]
    return "\n".join(row(map(escaped, line)) for line in lines)


def row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def escaped(text: str) -> str:
    """What would end a cell."""
    return text.replace("|", "\\|").replace("\n", " ")
