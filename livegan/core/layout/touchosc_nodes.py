"""The elements of TouchOSC's document: nodes with properties, values, OSC and local messages
(https://hexler.net/touchosc/manual; the elements as the tosclib project found them)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from ..controls import Value
from .pages import Frame

VERSION = "3"
CONNECTION = "00001"
"""TouchOSC's first OSC connection."""
NAMESPACE = uuid.UUID("7b0a5c1e-6c1d-4f0e-9d55-6c6976656761")
Color = tuple[float, float, float, float]
Property = bool | int | float | str | Frame | Color


@dataclass(frozen=True, slots=True)
class Partial:
    """A piece of an address or an argument."""

    kind: str
    conversion: str
    value: str
    low: float = 0
    high: float = 1

    def put(self, parent: Element) -> None:
        here = SubElement(parent, "partial")
        for tag, text in (
            ("type", self.kind), ("conversion", self.conversion), ("value", self.value),
            ("scaleMin", f"{self.low:g}"), ("scaleMax", f"{self.high:g}"),
        ):  # fmt: skip
            SubElement(here, tag).text = text


def constant(value: Value) -> Partial:
    kinds = {bool: "BOOLEAN", int: "INTEGER", float: "FLOAT", str: "STRING"}
    return Partial(
        "CONSTANT", kinds[type(value)], f"{value:g}" if isinstance(value, float) else str(value)
    )


def node(
    parent: Element,
    kind: str,
    name: str,
    frame: Frame,
    color: Color,
    values: dict[str, float | str],
    **properties: Property,
) -> Element:
    """A node in another one, or in the document. Its ID comes from where it is, so that the same layout
    is the same file."""
    holder = parent if parent.tag == "lexml" else part_of(parent, "children")
    way = f"{parent.get('ID')}/{name}/{len(holder)}"
    here = SubElement(holder, "node", {"ID": str(uuid.uuid5(NAMESPACE, way)), "type": kind})
    touched = kind not in ("GROUP", "LABEL")
    usual: dict[str, Property] = {
        "name": name, "frame": frame, "color": color, "visible": True, "locked": False,
        "interactive": touched, "background": True, "outline": True, "outlineStyle": int(touched),
        "grabFocus": touched, "pointerPriority": 0, "cornerRadius": 3.0, "orientation": 0,
    }  # fmt: skip
    holder = SubElement(here, "properties")
    for key, value in {**usual, **properties}.items():
        put_property(holder, key, value)
    holder = SubElement(here, "values")
    for key, first in {"touch": "false", **values}.items():
        put_value(holder, key, first if isinstance(first, str) else f"{first:.6g}")
    for tag in ("messages", "children") if kind in ("GROUP", "PAGER") else ("messages",):
        SubElement(here, tag)
    return here


def part_of(here: Element, tag: str) -> Element:
    found = here.find(tag)
    assert found is not None
    return found


def put_property(parent: Element, key: str, value: Property) -> None:
    """With the letter of its type."""
    parts: dict[str, float] = {}
    text: str | None = None
    match value:
        case bool():
            letter, text = "b", str(int(value))
        case int():
            letter, text = "i", str(value)
        case float():
            letter, text = "f", f"{value:g}"
        case str():
            letter, text = "s", value
        case Frame():
            letter = "r"
            parts = {"x": value.x, "y": value.y, "w": value.width, "h": value.height}
        case _:
            letter, parts = "c", dict(zip("rgba", value, strict=True))
    here = SubElement(parent, "property", {"type": letter})
    SubElement(here, "key").text = key
    holder = SubElement(here, "value")
    holder.text = text
    for part, number in parts.items():
        SubElement(holder, part).text = f"{number:g}"


def put_value(parent: Element, key: str, default: str) -> None:
    here = SubElement(parent, "value")
    for tag, text in (
        ("key", key), ("locked", "0"), ("lockedDefaultCurrent", "0"), ("default", default),
        ("defaultPull", "0"),
    ):  # fmt: skip
        SubElement(here, tag).text = text


def message(
    here: Element,
    address: str,
    arguments: Sequence[Partial],
    send: bool = True,
    receive: bool = True,
    triggers: Sequence[str] = ("x",),
    condition: str = "ANY",
) -> None:
    """An OSC message of a node. What is received is not sent again."""
    osc = SubElement(part_of(here, "messages"), "osc")
    flags = {"enabled": True, "send": send, "receive": receive, "feedback": False}
    for tag, on in flags.items():
        SubElement(osc, tag).text = str(int(on))
    SubElement(osc, "connections").text = CONNECTION
    put_triggers(osc, triggers, condition)
    path = SubElement(osc, "path")
    Partial("CONSTANT", "STRING", address).put(path)
    holder = SubElement(osc, "arguments")
    for argument in arguments:
        argument.put(holder)


def local(here: Element, source: Partial, target: Element, condition: str) -> None:
    """Write into a label on the screen what is sent: the daemon doesn't tell it back to the sender."""
    holder = SubElement(part_of(here, "messages"), "local")
    SubElement(holder, "enabled").text = "1"
    put_triggers(holder, ("x",), condition)
    for tag, text in (
        ("type", source.kind), ("conversion", source.conversion), ("value", source.value),
        ("scaleMin", f"{source.low:g}"), ("scaleMax", f"{source.high:g}"), ("dstType", "VALUE"),
        ("dstVar", "text"), ("dstID", target.get("ID")),
    ):  # fmt: skip
        SubElement(holder, tag).text = text


def put_triggers(parent: Element, names: Sequence[str], condition: str) -> None:
    holder = SubElement(parent, "triggers")
    for name in names:
        trigger = SubElement(holder, "trigger")
        SubElement(trigger, "var").text = name
        SubElement(trigger, "condition").text = condition
