"""A report as Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from .table import Document, Table


def markdown(document: Document) -> str:
    """Everything but the pictures; headings explained below each table."""
    parts = [f"# Evaluation on {escaped(document.data)}", *map(escaped, document.sentences)]
    for table in document.tables:
        parts += [f"## {escaped(table.title)}", written(table)]
        if table.explained:
            parts.append(escaped("; ".join(table.explained)) + ".")
    return "\n\n".join(parts) + "\n"


def written(table: Table) -> str:
    rule = "---" if table.wordy else "--:"
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
