"""A layout as a session of Open Stage Control's, version 1 (https://openstagecontrol.ammd.net/docs)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ..controls import PREFIX, Argument, Value
from .pages import Cells, Device, Frame, Page, frame_of
from .touchosc import COLORS
from .widgets import Widget

Node = dict[str, Any]
VERSION = "1.25.0"
CAPTION = 20
FEW = 8
"""Choices of more words drop down."""
TYPES = {"int": "i", "float": "f", "bool": "i", "text": "s"}
LETTERS: dict[type, str] = {int: "i", float: "f", str: "s"}
SWITCHED = {"on": 1, "off": 0, "typeTags": "i"}
"""As the daemon tells switches: a button is lit by the very value that it sends."""


def session(pages: Sequence[Page], device: Device, target: str) -> str:
    """JSON: a tab for each page. As it is opened it subscribes to the daemon at `target`, HOST:PORT."""
    ids: Counter[str] = Counter()
    tabs = [
        {
            "type": "tab", "id": page.title, "label": page.title, "scroll": True, "layout": "default",
            "widgets": [
                node
                for sheet in page.sheets
                for widget, cells in sheet
                for node in nodes(widget, cells, device, target, ids)
            ],
        }
        for page in pages
    ]  # fmt: skip
    content = {
        "type": "root", "id": "root", "colorBg": "#0a0a0f", "widgets": [], "tabs": tabs,
        "onCreate": f"send('{target}', '{PREFIX}/subscribe')",
    }  # fmt: skip
    made = {"createdWith": "Open Stage Control", "version": VERSION, "type": "session"}
    return json.dumps({**made, "content": content}, indent=1) + "\n"


def nodes(
    widget: Widget, cells: Cells, device: Device, target: str, ids: Counter[str]
) -> Iterator[Node]:
    """A widget, and above it its caption if it has none of its own. A text shows all values of an
    address."""
    if widget.kind == "label" and widget.position > 0:
        return
    frame = frame_of(cells, device)
    common = {
        "id": unique(widget.caption, ids), "address": widget.address, "target": [target],
        "colorWidget": css(widget),
    }  # fmt: skip
    if widget.kind in ("press", "switch"):
        yield {**common, **at(frame), **BUTTONS[widget.kind](widget)}
        return
    yield {
        "type": "text", "id": unique(f"{widget.caption} caption", ids), "default": widget.caption,
        "address": "", "bypass": True, "align": "left",
        **at(Frame(frame.x, frame.y, frame.width, CAPTION)),
    }  # fmt: skip
    below = Frame(frame.x, frame.y + CAPTION, frame.width, frame.height - CAPTION)
    yield {**common, **at(below), **MAKERS[widget.kind](widget)}


def press(widget: Widget) -> Node:
    """One that is told something shows it: a press while it is lit sends what a release does, which the
    daemon passes over."""
    if widget.told is not None:
        lit = {"mode": "toggle", "decoupled": True, **SWITCHED}
        return {"type": "button", "label": widget.caption, **lit}
    letters = "".join(LETTERS[type(value)] for value in widget.constants)
    return {
        "type": "button", "label": widget.caption, "mode": "momentary", "typeTags": letters,
        "preArgs": list(widget.constants) or "",
    }  # fmt: skip


def switch(widget: Widget) -> Node:
    return {
        "type": "button", "label": widget.caption, "mode": "toggle", **SWITCHED,
        "default": int(bool(first(widget))),
    }  # fmt: skip


def fader(widget: Widget) -> Node:
    """A double tap sets it to its default; where that is the model's own choice, it sends no value."""
    [argument] = widget.arguments
    return {
        "type": "fader", "horizontal": True, "design": "compact",
        "doubleTap": widget.address if argument.optional else True,
        "range": ends(argument), "default": first(widget), "decimals": decimals(argument),
        "typeTags": TYPES[argument.kind], **steps("steps", argument),
    }  # fmt: skip


def pad(widget: Widget) -> Node:
    x, y = widget.arguments
    return {
        "type": "xy", "snap": True, "doubleTap": True, "rangeX": ends(x), "rangeY": ends(y),
        "default": list(widget.told or ()), "decimals": decimals(x),
        "typeTags": TYPES[x.kind] + TYPES[y.kind], **steps("stepsX", x), **steps("stepsY", y),
    }  # fmt: skip


def choice(widget: Widget) -> Node:
    words = list(widget.arguments[0].choices)
    few = {"type": "switch", "layout": "horizontal"}
    return {
        **(few if len(words) <= FEW else {"type": "dropdown"}),
        "values": words, "default": str(first(widget)), "typeTags": "s",
    }  # fmt: skip


def typed(widget: Widget) -> Node:
    """A field for a text or for several numbers."""
    kinds = "".join(TYPES[argument.kind] for argument in widget.arguments)
    values = widget.told or ("",)
    default = list(values) if len(values) > 1 else values[0]
    return {"type": "input", "typeTags": kinds, "default": default, "decimals": 4}


def label(widget: Widget) -> Node:
    return {"type": "text", "bypass": True, "default": ""}


BUTTONS = {"press": press, "switch": switch}
MAKERS = {"fader": fader, "pad": pad, "choice": choice, "text": typed, "label": label}


def at(frame: Frame) -> Node:
    return {"left": frame.x, "top": frame.y, "width": frame.width, "height": frame.height}


def ends(argument: Argument) -> Node:
    return {"min": argument.low, "max": argument.high}


def decimals(argument: Argument) -> int:
    return 0 if argument.kind == "int" else 4


def steps(name: str, argument: Argument) -> Node:
    return {name: int(argument.high - argument.low) + 1} if argument.kind == "int" else {}


def first(widget: Widget) -> Value:
    return widget.told[0] if widget.told else ""


def css(widget: Widget) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in COLORS[widget.part][:3])


def unique(name: str, ids: Counter[str]) -> str:
    """Widgets of one id would be copies of each other."""
    ids[name] += 1
    return name if ids[name] == 1 else f"{name} ({ids[name]})"
