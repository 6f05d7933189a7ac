"""Where widgets lie: pages of a device's screen, on a grid of cells that a finger meets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil

from .widgets import Group, Instrument, Widget, groups

GAP = 8
TOUCH = 44
"""The least width and height of what is touched, in points."""
TABS = 48
"""Height of a row of tabs."""
SIZES = {
    "press": (1, 1), "switch": (1, 1), "label": (1, 1), "fader": (2, 1), "text": (2, 1), "pad": (2, 2),
}  # fmt: skip
"""Columns and rows of each kind; a choice takes a cell for its value and one for each word."""
SHORT = 12
"""Characters of a word that fit into one column."""
LARGE = {"xy": (4, 4), "depth": (4, 1), "port": (2, 1), "error": (4, 1)}
PLAY = (
    "play", "stop", "panic", "tap", "tempo", "bar", "beat", "xy", "depth", "recall", "morph", "quantum",
    "freeze", "undo", "redo", "dice", "again", "loop", "back",
)  # fmt: skip
"""The first page, by the rows' names. What is there is nowhere else, so that no two widgets can
disagree; every other row is on the page of its part of the table."""
TITLES = {
    "latent": "Latent", "shape": "Knobs", "tracks": "Tracks", "memory": "Hold", "transport": "Time",
    "converse": "Setup", "surfaces": "Setup", "told": "Info",
}  # fmt: skip
ELSEWHERE = {"store": "Hold"}
"""By name, what is on another page than its part."""


@dataclass(frozen=True, slots=True)
class Device:
    """A screen in points, with so many columns of cells of this height. `typing` says whether texts can
    be typed on it."""

    width: int
    height: int
    columns: int
    row: int = 56
    typing: bool = False

    @property
    def rows(self) -> int:
        """What fits below two rows of tabs."""
        return (self.height - 2 * TABS - GAP) // (self.row + GAP)

    @property
    def cell(self) -> int:
        return (self.width - GAP * (self.columns + 1)) // self.columns


DEVICES = {"phone": Device(390, 844, 4), "tablet": Device(1024, 768, 8)}
DESK = Device(1240, 100_000, 10, row=68, typing=True)
"""A browser's window: its pages scroll."""


@dataclass(frozen=True, slots=True)
class Cells:
    """A place on the grid, in cells."""

    column: int
    row: int
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A place on a page, in points."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Page:
    """`sheets` are shown one at a time: what is too much for one is on the next."""

    title: str
    sheets: tuple[tuple[tuple[Widget, Cells], ...], ...]


def pages(instrument: Instrument, device: Device, answer_port: int | None = None) -> list[Page]:
    """The whole layout."""
    every = groups(instrument, answer_port)
    made = [kept for group in every if (kept := tuple(w for w in group if fits(w, device)))]
    ordered = sorted((g for g in made if g[0].name in PLAY), key=lambda g: PLAY.index(g[0].name))
    titled: dict[str, list[Group]] = {"Play": ordered}
    for title in TITLES.values():
        titled.setdefault(title, [])
    for group in made:
        if group[0].name not in PLAY:
            one = group[0]
            titled[ELSEWHERE.get(one.name, TITLES[one.part])].append(group)
    return [Page(title, sheets(found, device)) for title, found in titled.items() if found]


def fits(widget: Widget, device: Device) -> bool:
    """Without a keyboard a text can only be shown; scenes show their names themselves."""
    return widget.kind != "text" or device.typing or bool(widget.told and widget.name != "scene_name")


def size_of(widget: Widget, device: Device) -> tuple[int, int]:
    """Columns and rows."""
    if widget.kind == "choice":
        cells, wide = len(widget.arguments[0].choices) + 1, word_columns(widget)
        abreast = min(cells, device.columns // wide)
        return abreast * wide, ceil(cells / abreast)
    return LARGE.get(widget.name, SIZES[widget.kind])


def word_columns(widget: Widget) -> int:
    """How wide the words of a choice are."""
    return 2 if max(map(len, widget.arguments[0].choices)) > SHORT else 1


def sheets(found: Iterable[Group], device: Device) -> tuple[tuple[tuple[Widget, Cells], ...], ...]:
    """Each group as one block, in the first place that is free and large enough."""
    laid: list[list[tuple[Widget, Cells]]] = []
    taken: list[set[tuple[int, int]]] = []
    for group in found:
        for block in blocks(group, device):
            columns = max(cells.column + cells.columns for _, cells in block)
            rows = max(cells.row + cells.rows for _, cells in block)
            sheet, column, row = free_place(taken, columns, rows, device)
            if sheet == len(laid):
                laid.append([])
                taken.append(set())
            for widget, cells in block:
                place = Cells(cells.column + column, cells.row + row, cells.columns, cells.rows)
                laid[sheet].append((widget, place))
            taken[sheet] |= area(column, row, columns, rows)
    return tuple(map(tuple, laid))


def blocks(group: Group, device: Device) -> list[list[tuple[Widget, Cells]]]:
    """A group in rows from left to right; in halves if it is higher than a page."""
    block: list[tuple[Widget, Cells]] = []
    column = row = height = 0
    for widget in group:
        columns, rows = size_of(widget, device)
        if column + columns > device.columns:
            column, row, height = 0, row + height, 0
        block.append((widget, Cells(column, row, columns, rows)))
        column, height = column + columns, max(height, rows)
    if row + height <= device.rows or len(group) == 1:
        return [block]
    half = len(group) // 2
    return [*blocks(group[:half], device), *blocks(group[half:], device)]


def area(column: int, row: int, columns: int, rows: int) -> set[tuple[int, int]]:
    return {(c, r) for c in range(column, column + columns) for r in range(row, row + rows)}


def free_place(
    taken: Sequence[set[tuple[int, int]]], columns: int, rows: int, device: Device
) -> tuple[int, int, int]:
    """The first sheet, column and row where a block fits; on a sheet of its own if on none."""
    for sheet, used in enumerate(taken):
        for row in range(device.rows - rows + 1):
            for column in range(device.columns - columns + 1):
                if not used & area(column, row, columns, rows):
                    return sheet, column, row
    return len(taken), 0, 0


def frame_of(cells: Cells, device: Device) -> Frame:
    """In points, from the sheet's upper left corner."""
    pitch_x, pitch_y = device.cell + GAP, device.row + GAP
    return Frame(
        GAP + cells.column * pitch_x,
        GAP + cells.row * pitch_y,
        cells.columns * pitch_x - GAP,
        cells.rows * pitch_y - GAP,
    )


def word_cells(widget: Widget, cells: Cells) -> list[Cells]:
    """Of a choice, one by one, row by row: for its value, and for each word."""
    wide = word_columns(widget)
    places = (
        Cells(cells.column + column, cells.row + row, wide, 1)
        for row in range(cells.rows)
        for column in range(0, cells.columns, wide)
    )
    return list(islice(places, len(widget.arguments[0].choices) + 1))
