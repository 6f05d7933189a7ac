"""A layout as a document of TouchOSC's (the one since 2021), with feedback wired.

The daemon doesn't tell a sender what it sent. So a fader or a word writes its value into its own label
as well, by a local message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, tostring

from ..controls import Argument, Value
from .pages import TABS, Cells, Device, Frame, Page, frame_of, word_cells
from .touchosc_nodes import VERSION, Color, Partial, constant, local, message, node
from .widgets import Widget

BLACK, DARK, LIT = (0.04, 0.04, 0.06, 1.0), (0.12, 0.12, 0.15, 1.0), (0.25, 0.25, 0.32, 1.0)
WHITE, GREY, CLEAR = (1.0, 1.0, 1.0, 1.0), (0.7, 0.7, 0.75, 1.0), (0.0, 0.0, 0.0, 0.0)
RED = (0.90, 0.25, 0.25, 1.0)
COLORS: dict[str, Color] = {
    "transport": (0.20, 0.75, 0.45, 1.0),
    "latent": (0.62, 0.45, 0.95, 1.0),
    "memory": (0.20, 0.72, 0.80, 1.0),
    "shape": (0.95, 0.65, 0.25, 1.0),
    "tracks": (0.35, 0.60, 0.95, 1.0),
    "converse": (0.95, 0.45, 0.65, 1.0),
    "surfaces": (0.55, 0.58, 0.65, 1.0),
    "told": (0.55, 0.58, 0.65, 1.0),
}
TOGGLE, MOMENTARY = 2, 0
EAST, LEFT, RIGHT, CENTER, MIDDLE = 1, 0, 1, 2, 2
MOST_STEPS = 32
TEXT, SMALL, DIGITS = 13, 11, 6
SHOWN_TEXT = Partial("VALUE", "STRING", "text")


def document(pages: Sequence[Page], device: Device) -> bytes:
    """The XML; compressed with zlib it is a .tosc file."""
    root = Element("lexml", {"version": VERSION})
    whole = Frame(0, 0, device.width, device.height)
    top = node(root, "GROUP", "livegan", whole, BLACK, {})
    bodies = pager(top, "pages", whole, [page.title for page in pages])
    for page, body in zip(pages, bodies, strict=True):
        inside = Frame(0, 0, device.width, device.height - TABS)
        sheets = [body]
        if len(page.sheets) > 1:
            numbers = [str(n) for n in range(1, len(page.sheets) + 1)]
            sheets = list(pager(body, f"{page.title} sheets", inside, numbers))
        for sheet, placed in zip(sheets, page.sheets, strict=True):
            for widget, cells in placed:
                put(sheet, widget, cells, device)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def pager(parent: Element, name: str, frame: Frame, tabs: Sequence[str]) -> Iterator[Element]:
    """A row of tabs; gives the node of each page."""
    here = node(
        parent, "PAGER", name, frame, BLACK, {"page": 0}, tabLabels=True, tabbar=True,
        tabbarDoubleTap=False, tabbarSize=TABS, textSizeOff=TEXT, textSizeOn=TEXT,
    )  # fmt: skip
    page = Frame(0, TABS, frame.width, frame.height - TABS)
    for tab in tabs:
        yield node(
            here, "GROUP", f"{name} {tab}", page, BLACK, {}, tabLabel=tab, tabColorOff=DARK,
            tabColorOn=LIT, textColorOff=GREY, textColorOn=WHITE,
        )  # fmt: skip


def put(sheet: Element, widget: Widget, cells: Cells, device: Device) -> None:
    """A widget with its labels."""
    frame = frame_of(cells, device)
    match widget.kind:
        case "press":
            put_press(sheet, widget, frame)
        case "switch":
            here = button(sheet, widget, frame, TOGGLE)
            message(here, widget.address, [scaled("x", widget.arguments[0])])
            label(sheet, widget.caption, frame)
        case "fader":
            put_fader(sheet, widget, frame)
        case "pad":
            put_pad(sheet, widget, frame)
        case "choice":
            put_choice(sheet, widget, [frame_of(cell, device) for cell in word_cells(widget, cells)])
        case _:
            put_shown(sheet, widget, frame)


def put_press(sheet: Element, widget: Widget, frame: Frame) -> None:
    """A button that acts as it is pressed; one that is told something is lit by it."""
    lit = widget.told is not None
    here = button(sheet, widget, frame, TOGGLE if lit else MOMENTARY)
    arguments = [Partial("VALUE", "FLOAT", "x")] if lit else [constant(v) for v in widget.constants]
    message(here, widget.address, arguments, condition="RISE", receive=lit)
    if widget.shows:
        upper, lower = halves(frame)
        label(sheet, widget.caption, upper)
        told(label(sheet, "", lower), widget.shows)
    else:
        label(sheet, widget.caption, frame)


def put_fader(sheet: Element, widget: Widget, frame: Frame) -> None:
    """A bar with its caption on the left and its value on the right."""
    [argument] = widget.arguments
    steps = int(argument.high - argument.low)
    stepped = argument.kind == "int" and steps <= MOST_STEPS
    here = node(
        sheet, "FADER", widget.caption, frame, color_of(widget), {"x": firsts(widget)[0]},
        orientation=EAST, bar=True, barDisplay=0, cursor=True, cursorDisplay=0, response=0,
        responseFactor=100, grid=stepped, gridSteps=steps + 1 if stepped else 10,
    )  # fmt: skip
    message(here, widget.address, [scaled("x", argument)])
    left, right = frame.width * 2 // 3, frame.width // 3
    label(sheet, widget.caption, Frame(frame.x + 6, frame.y, left - 6, frame.height), LEFT)
    inset = Frame(frame.x + left, frame.y, right - 6, frame.height)
    value = label(sheet, shown(widget), inset, RIGHT, DIGITS)
    told(value, widget.address)
    local(here, scaled("x", argument), value, "ANY")


def put_pad(sheet: Element, widget: Widget, frame: Frame) -> None:
    x, y = firsts(widget)
    here = node(
        sheet, "XY", widget.caption, frame, color_of(widget), {"x": x, "y": y}, lockX=False,
        lockY=False, gridX=True, gridY=True, gridStepsX=4, gridStepsY=4, cursor=True, cursorDisplay=0,
        lines=True, linesDisplay=0, response=0, responseFactor=100,
    )  # fmt: skip
    arguments = [scaled(name, one) for name, one in zip("xy", widget.arguments, strict=True)]
    message(here, widget.address, arguments, triggers=("x", "y"))
    label(sheet, widget.caption, Frame(frame.x, frame.y, frame.width, 24))


def put_choice(sheet: Element, widget: Widget, frames: Sequence[Frame]) -> None:
    """A label with the word that holds, and a button for each word: a radio's numbers are not what the
    daemon takes and tells, and some words are numbers."""
    upper, lower = halves(frames[0])
    label(sheet, widget.caption, upper)
    value = label(sheet, shown(widget), lower)
    told(value, widget.address)
    for word, frame in zip(widget.arguments[0].choices, frames[1:], strict=True):
        here = button(sheet, widget, frame, MOMENTARY)
        message(here, widget.address, [constant(word)], condition="RISE", receive=False)
        local(here, constant(word), value, "RISE")
        label(sheet, word, frame)


def put_shown(sheet: Element, widget: Widget, frame: Frame) -> None:
    """Values that are only shown, side by side."""
    upper, lower = halves(frame)
    label(sheet, widget.caption, upper)
    values: Sequence[Value] = widget.told or ("",)
    places = [widget.position] if widget.kind == "label" else list(range(len(values)))
    width = lower.width // len(places)
    for n, place in enumerate(places):
        text = text_of(values[place]) if widget.kind == "text" else ""
        told(
            label(sheet, text, Frame(lower.x + n * width, lower.y, width, lower.height)),
            widget.address,
            place,
        )


def button(sheet: Element, widget: Widget, frame: Frame, kind: int) -> Element:
    color = RED if widget.name in ("stop", "panic") else color_of(widget)
    lit = firsts(widget)[0] if kind == TOGGLE else 0
    return node(
        sheet, "BUTTON", widget.caption, frame, color, {"x": lit}, shape=1, buttonType=kind, press=True,
        release=True, valuePosition=False,
    )  # fmt: skip


def label(sheet: Element, text: str, frame: Frame, align: int = CENTER, length: int = 0) -> Element:
    """A text that lets touches through, of so many characters at the most; 0 is any number."""
    size = TEXT if len(text) * TEXT < 2 * frame.width and frame.height > 30 else SMALL
    return node(
        sheet, "LABEL", text or "value", frame, CLEAR, {"text": text}, background=False, outline=False,
        font=0, textSize=size, textLength=length, textAlignH=align, textAlignV=MIDDLE, textColor=WHITE,
        textClip=True,
    )  # fmt: skip


def told(here: Element, address: str, place: int = 0) -> None:
    """A label that shows the value at this place of what comes under an address."""
    before = [Partial("CONSTANT", "STRING", "")] * place
    message(here, address, [*before, SHOWN_TEXT], send=False, triggers=("text",))


def scaled(name: str, argument: Argument) -> Partial:
    """A node's own 0 to 1 as the argument's range; a switch sends 0.0 and 1.0."""
    if argument.kind == "bool":
        return Partial("VALUE", "FLOAT", name)
    conversion = "INTEGER" if argument.kind == "int" else "FLOAT"
    return Partial("VALUE", conversion, name, argument.low, argument.high)


def firsts(widget: Widget) -> list[float]:
    """Where it stands at first, from 0 to 1; without a value at the lower end."""
    ends = [(a.low, a.high) if a.kind in ("int", "float") else (0.0, 1.0) for a in widget.arguments]
    numbers = [v for v in widget.told or () if not isinstance(v, str)]
    if len(numbers) != len(ends):
        return [float(numbers[0]) if numbers else 0.0] * max(1, len(ends))
    return [(v - low) / (high - low) for v, (low, high) in zip(numbers, ends, strict=True)]


def shown(widget: Widget) -> str:
    return text_of(widget.told[0]) if widget.told else ""


def text_of(value: Value) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def color_of(widget: Widget) -> Color:
    return COLORS[widget.part]


def halves(frame: Frame) -> tuple[Frame, Frame]:
    """Upper and lower."""
    half = frame.height // 2
    lower = Frame(frame.x, frame.y + half, frame.width, frame.height - half)
    return Frame(frame.x, frame.y, frame.width, half), lower
