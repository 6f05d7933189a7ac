"""A report in a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from .table import Cell, Document, Table

STYLES = {
    "floor": "bold green",
    "training": "green",
    "held": "green",
    "published": "dim",
    "model": "bold",
}


def show(document: Document, console: Console) -> None:
    """Print everything but the pictures."""
    for table in document.tables:
        console.print(drawn(table))
    for sentence in document.sentences:
        console.print(Text(sentence))


def drawn(table: Table) -> RichTable:
    found = RichTable(title=Text(table.title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
    found.pad_edge, found.collapse_padding = False, True
    found.add_column("", no_wrap=True)
    for heading in table.headings:
        found.add_column(heading, justify="left" if table.wordy else "right", overflow="fold")
    for line in table.lines:
        style = STYLES.get(line.kind, "")
        found.add_row(Text(line.name, style=style), *(text(cell, style) for cell in line.cells))
    return found


def text(cell: Cell, style: str) -> Text:
    """The worst below the median; red where a judge fails it."""
    shown = Text(cell.text, style="red" if cell.fails else style)
    if cell.worst:
        shown.append(f"\n{cell.worst}", style="red" if cell.fails else "dim")
    return shown
