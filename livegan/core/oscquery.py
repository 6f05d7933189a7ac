"""The OSCQuery tree: every address as JSON, made from the table and what is set now.

Source: the OSCQuery proposal, third revision (https://github.com/Vidvox/OSCQueryProposal).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .controls import MOST_TOLD, PREFIX, Argument, Control, Value
from .model import ModelInfo
from .state import State
from .table import ANNOUNCEMENTS, PARTS, Announcement

Node = dict[str, Any]
CONTAINER, READ, WRITE = 0, 1, 2
"""ACCESS: a sum of what can be done."""
ATTRIBUTES = frozenset(
    (
        "FULL_PATH",
        "CONTENTS",
        "TYPE",
        "ACCESS",
        "VALUE",
        "RANGE",
        "DESCRIPTION",
        "TAGS",
        "UNIT",
        "CLIPMODE",
    )
)
EXTENSIONS = {
    **dict.fromkeys(sorted(ATTRIBUTES - {"FULL_PATH", "CONTENTS", "TYPE"}), True),
    "LISTEN": True,
    "PATH_CHANGED": True,
    "PATH_ADDED": False,
    "PATH_REMOVED": False,
    "PATH_RENAMED": False,
    "OSC_STREAMING": False,
    "HTML": False,
}
TYPES = {"float": "f", "int": "i", "bool": "T", "text": "s"}
IMPULSE = "I"
UNITS = {"ms": "time.ms", "quarter notes a minute": "time.bpm"}
"""Ours that the proposal has a name for."""
FIRST_VALUES: dict[str, Value] = {"i": 0, "f": 0.0, "s": "", "T": False}


def tree(state: State, info: ModelInfo, told: Mapping[str, Sequence[Value]]) -> Node:
    """The root, with all below it. `told` are the values of what is only announced, by address without
    the prefix, where there are any yet."""
    root = container("/", f"livegan, playing {info.name}")
    put(root, PREFIX, container(PREFIX, "a GAN that you play"))
    for address, node in nodes(state, info, told):
        put(root, PREFIX + address, node)
    return root


def nodes(
    state: State, info: ModelInfo, told: Mapping[str, Sequence[Value]]
) -> Iterator[tuple[str, Node]]:
    """Every address without the prefix, and what is to be said of it."""
    for part, controls in PARTS.items():
        for control in controls:
            if control.index is None:
                own = (info.name,) if control.name == "model" else value_of(control, state)
                yield control.address, method(part, control, own)
            for place in control.places(state)[:MOST_TOLD]:
                node = method(part, control, value_of(control, state, place))
                if control.name == "direction" and place <= len(info.directions):
                    node["DESCRIPTION"] = f"{info.directions[place - 1].name}: {node['DESCRIPTION']}"
                yield control.at(place), node
    for announcement in ANNOUNCEMENTS:
        yield announcement.address, message(announcement, told.get(announcement.address))


def message(announcement: Announcement, values: Sequence[Value] | None) -> Node:
    """What is only told. Where any number of values follows, so many as there are now."""
    types, many, _ = announcement.arguments.partition("...")
    if many and values is not None:
        types = types[-1:] * len(values)
    about = {"DESCRIPTION": announcement.help, "ACCESS": READ, "TYPE": types, "TAGS": ["told"]}
    return {**about, "VALUE": first_values(types) if values is None else list(values)}


def value_of(control: Control, state: State, *place: int) -> tuple[Value, ...] | None:
    """None if it can't be read."""
    values = control.read(state, *place) if control.read else None
    return None if values is None else tuple(values)


def first_values(types: str) -> list[Value]:
    """Of what was not announced yet."""
    return [FIRST_VALUES[tag] for tag in types]


def method(part: str, control: Control, values: tuple[Value, ...] | None) -> Node:
    """One control at one address. A value that is left to the model is null."""
    arguments = spread(control.arguments, values)
    node: Node = {
        "DESCRIPTION": control.help,
        "ACCESS": WRITE if values is None else READ | WRITE,
        "TYPE": "".join(TYPES[a.kind] for a in arguments) or (IMPULSE if values is None else "T"),
        "TAGS": [part],
    }
    if values is not None:
        node["VALUE"] = list(values) or [None] * len(arguments)
    ranges = [range_of(argument) for argument in arguments]
    if any(ranges):
        node["RANGE"] = ranges
        node["CLIPMODE"] = ["both" if "MIN" in r and "MAX" in r else "none" for r in ranges]
    units = [UNITS.get(argument.unit) for argument in arguments]
    if all(units) and units:
        node["UNIT"] = units
    return node


def spread(arguments: Sequence[Argument], values: Sequence[Value] | None) -> list[Argument]:
    """One for each value, where the last one takes all that follow."""
    if arguments and arguments[-1].many and values:
        return [*arguments[:-1], *[arguments[-1]] * (len(values) - len(arguments) + 1)]
    return list(arguments)


def range_of(argument: Argument) -> Node:
    if argument.choices:
        return {"VALS": list(argument.choices)}
    ends = {"MIN": argument.low, "MAX": argument.high}
    return {name: end for name, end in ends.items() if math.isfinite(end)}


def container(path: str, description: str = "") -> Node:
    node: Node = {"FULL_PATH": path, "ACCESS": CONTAINER}
    return {**node, "DESCRIPTION": description} if description else node


def put(root: Node, path: str, node: Node) -> None:
    """Hang a node into the tree, with the containers on the way; what hangs below it stays."""
    *way, name = path.strip("/").split("/")
    here, walked = root, ""
    for step in way:
        walked += f"/{step}"
        here = here.setdefault("CONTENTS", {}).setdefault(step, container(walked))
    contents = here.setdefault("CONTENTS", {})
    below = {"CONTENTS": contents[name]["CONTENTS"]} if "CONTENTS" in contents.get(name, {}) else {}
    contents[name] = {**node, "FULL_PATH": path, **below}


def find(root: Node, path: str) -> Node | None:
    """The node of an address; None if there is none."""
    here: Node | None = root
    for step in [step for step in path.split("/") if step]:
        here = (here or {}).get("CONTENTS", {}).get(step)
    return here


def paths(node: Node) -> Iterator[str]:
    """The addresses of all methods from here on."""
    if "TYPE" in node:
        yield node["FULL_PATH"]
    for below in node.get("CONTENTS", {}).values():
        yield from paths(below)


def answer(root: Node, path: str, asked: Sequence[str]) -> tuple[int, Node]:
    """The HTTP status and what is sent: a node with all below it, or those of its attributes that were
    asked for; 404 where there is no such address, 204 where it has nothing of that kind."""
    node = find(root, path)
    if node is None:
        return 404, {}
    if not asked:
        return 200, node
    found = {name: node[name] for name in asked if name in ATTRIBUTES and name in node}
    return (200, found) if found else (204, {})


def host_info(host: str, port: int, web_host: str, web_port: int) -> Node:
    """Where OSC and the WebSocket are."""
    return {
        "NAME": "livegan",
        "OSC_IP": host,
        "OSC_PORT": port,
        "OSC_TRANSPORT": "UDP",
        "WS_IP": web_host,
        "WS_PORT": web_port,
        "EXTENSIONS": EXTENSIONS,
    }
