"""Tables of text and what goes with them: the one form in which every report is shown, in a terminal,
as Markdown and as a page."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .rows import Figure

ABSENT = "-"


@dataclass(frozen=True, slots=True)
class Cell:
    """A median over seeds, and the worst seed where there are several."""

    text: str
    worst: str = ""
    fails: bool = False

    def __str__(self) -> str:
        return f"{self.text} ({self.worst})" if self.worst else self.text


@dataclass(frozen=True, slots=True)
class Line:
    """`kind` is of the row: floor, training, model, held, published, or what is judged."""

    name: str
    kind: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`says` explains each heading; `wordy` if the cells are more words than numbers; `notes` are said
    below it."""

    title: str
    headings: tuple[str, ...]
    says: tuple[str, ...]
    lines: tuple[Line, ...]
    wordy: bool = False
    notes: tuple[str, ...] = ()

    @property
    def explained(self) -> list[str]:
        """Headings with what they say, then the notes."""
        pairs = zip(self.headings, self.says, strict=True)
        return [*(f"{heading}: {says}" for heading, says in pairs if says), *self.notes]


@dataclass(frozen=True, slots=True)
class Picture:
    """`png` is the file's content, `described` the picture in words."""

    title: str
    says: str
    png: bytes
    described: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `data` is the archive's name."""

    data: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    pictures: tuple[Picture, ...] = ()


def shown(value: float, figure: Figure) -> str:
    return ABSENT if math.isnan(value) else f"{value:.{figure.digits}f}"
