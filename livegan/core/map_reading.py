"""Maps as they are read: from the tables of a TOML file to a `MidiMap` (docs/midi.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .controls import PREFIX, Value
from .gestures import KINDS, full_of
from .midi_map import ANY, ENCODINGS, Binding, Light, MidiMap, Shown, Source, argument_of, bind
from .midi_scale import BadMap, Scale, control_at

MOST_BINDINGS = 1_000
MOST_SYSEX = 256
TOP = ("title", "port", "pickup", "hello", "goodbye", "bindings", "sends")
PARTS = ("argument", "values", "low", "high")
BINDING = ("to", "channel", "mode", "encoding", "step", "acceleration", "pickup", "light", *PARTS)
LIGHT = ("channel", "off", "on")
SEND = ("from", "channel", "off", "on", *PARTS)
NUMBERS = {"cc": (0, 127), "cc14": (0, 31), "nrpn": (0, 16_382), "note": (0, 127), "program": (0, 127)}
"""What the numbers of each kind are; the other kinds have none, and are written `bend = true`."""
PLACE = "{n}"
"""In an address or a value: 1 for the first of several numbers, 2 for the next, and so on."""


def read_map(name: str, tables: Mapping[str, Any]) -> MidiMap:
    """A whole map. Raises `BadMap` with what is wrong and where."""
    check_keys(tables, TOP, "the map")
    title, port = (taken(tables, key, str, "") for key in ("title", "port"))
    pickup = taken(tables, "pickup", bool, False)
    hello, goodbye = (
        tuple(sysex(t, key) for t in list_of(tables, key)) for key in ("hello", "goodbye")
    )
    bindings: list[Binding] = []
    for at, table in enumerate(list_of(tables, "bindings"), start=1):
        bindings += placed(f"binding {at}", table, lambda one: list(bindings_in(one, pickup)))
        if len(bindings) > MOST_BINDINGS:
            raise BadMap(f"a map has {MOST_BINDINGS} bindings at the most")
    sends: list[Shown] = []
    for at, table in enumerate(list_of(tables, "sends"), start=1):
        sends += placed(f"send {at}", table, lambda one: [send_in(one)])
        if len(sends) > MOST_BINDINGS:
            raise BadMap(f"a map sends {MOST_BINDINGS} values at the most")
    return MidiMap(name, title, port, tuple(bindings), tuple(sends), hello, goodbye)


def placed(where: str, table: Any, read: Callable[[Mapping[str, Any]], list[Any]]) -> list[Any]:
    """Read a table, and say where if it is wrong."""
    if not isinstance(table, dict):
        raise BadMap(f"{where} must be a table, {{ ... }}, not {table!r:.40}")
    try:
        return read(table)
    except BadMap as error:
        raise BadMap(
            f"{where} ({table.get('to', table.get('from', 'no address'))!s:.60}): {error}"
        ) from None


def check_keys(table: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
    unknown = next((key for key in table if key not in known), None)
    if unknown is not None:
        raise BadMap(f"{what} has no {unknown[:40]!r}; known are {', '.join(known)}")


def taken(table: Mapping[str, Any], key: str, kind: type, default: Any) -> Any:
    """A value of this type. Raises `BadMap`."""
    value = table.get(key, default)
    kinds = (int, float) if kind is float else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and kind is not bool):
        name = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}[kind]
        raise BadMap(f"{key} must be {name}, not {value!r:.40}")
    return value


def list_of(table: Mapping[str, Any], key: str) -> list[Any]:
    value = table.get(key, [])
    if not isinstance(value, list):
        raise BadMap(f"{key} must be a list, [ ... ], not {value!r:.40}")
    return value


def sysex(text: Any, key: str) -> tuple[int, ...]:
    """A system exclusive message, in hexadecimal bytes."""
    try:
        data = tuple(bytes.fromhex(text))
    except (TypeError, ValueError):
        raise BadMap(f"{key} holds texts of hexadecimal bytes, not {text!r:.40}") from None
    whole = 2 < len(data) <= MOST_SYSEX and data[0] == 0xF0 and data[-1] == 0xF7
    if not whole or max(data[1:-1]) > 127:
        raise BadMap(f"{key} must be system exclusive, F0 ... F7 of {MOST_SYSEX} bytes at the most")
    return data


def bindings_in(table: Mapping[str, Any], pickup: bool) -> Iterator[Binding]:
    """All bindings that a table stands for: one for each of its numbers."""
    kind, numbers = source_in(table, BINDING)
    channel = channel_in(table)
    encoding = taken(table, "encoding", str, ENCODINGS[0])
    if encoding not in ENCODINGS:
        raise BadMap(f"encoding must be one of {', '.join(ENCODINGS)}, not {encoding[:40]!r}")
    for count, number in enumerate(numbers):
        source = Source(kind, channel, number)
        binding = bind(
            source,
            address_in(table, "to", count),
            taken(table, "argument", str, "") or 0,
            taken(table, "mode", str, ""),
            values_in(table, count),
            table.get("low"),
            table.get("high"),
            step=positive(table, "step", 0.01),
            encoding=encoding,
            acceleration=positive(table, "acceleration", 0.0),
            pickup=taken(table, "pickup", bool, pickup),
            light=light_in(table, source, count),
        )
        yield binding


def source_in(table: Mapping[str, Any], others: tuple[str, ...]) -> tuple[str, range]:
    """The kind of a gesture and its numbers."""
    check_keys(table, (*KINDS, *others), "it")
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        raise BadMap(f"give one of {', '.join(KINDS)}, not {len(kinds)} of them")
    kind, given = kinds[0], table[kinds[0]]
    if kind not in NUMBERS:
        if given is not True:
            raise BadMap(f"{kind} has no number: write {kind} = true")
        return kind, range(1)
    low, high = NUMBERS[kind]
    ends = given if isinstance(given, list) and len(given) == 2 else [given, given]
    if not all(type(end) is int and low <= end <= high for end in ends) or ends[0] > ends[1]:
        raise BadMap(f"{kind} must be {low} to {high}, or [first, last], not {given!r:.40}")
    return kind, range(ends[0], ends[1] + 1)


def channel_in(table: Mapping[str, Any]) -> int:
    channel: int = taken(table, "channel", int, ANY)
    if "channel" in table and not 1 <= channel <= 16:
        raise BadMap(f"channel goes from 1 to 16, not {channel}; without one, all are heard")
    return channel


def positive(table: Mapping[str, Any], key: str, default: float) -> float:
    value = float(taken(table, key, float, default))
    if not 0 <= value <= 100:
        raise BadMap(f"{key} goes from 0 to 100, not {value:g}")
    return value


def address_in(table: Mapping[str, Any], key: str, count: int) -> str:
    """Without the prefix, whether or not it was written."""
    if key not in table:
        raise BadMap(f"{key} is missing: the address of a control")
    address: str = taken(table, key, str, "").replace(PLACE, str(count + 1))
    return address.removeprefix(PREFIX)


def values_in(table: Mapping[str, Any], count: int) -> list[Value] | None:
    if "values" not in table:
        return None
    values = list_of(table, "values")
    if not all(isinstance(value, (bool, int, float, str)) for value in values):
        raise BadMap(f"values must be numbers, texts, true or false, not {values!r:.40}")
    return [v.replace(PLACE, str(count + 1)) if isinstance(v, str) else v for v in values]


def light_in(table: Mapping[str, Any], source: Source, count: int) -> Light | None:
    """`true` is the very control that moves; a table says which, and what it is sent."""
    given = table.get("light", False)
    if given is False:
        return None
    if given is True:
        return Light.on_source(source)
    if not isinstance(given, dict):
        raise BadMap(f"light must be true or a table, not {given!r:.40}")
    own = any(kind in given for kind in KINDS)
    kind, numbers = (
        source_in(given, LIGHT) if own else (source.kind, range(source.number, source.number + 1))
    )
    check_keys(given, (*KINDS, *LIGHT), "light")
    number = numbers[min(count, len(numbers) - 1)] if own else source.number
    channel = channel_in(given) or source.channel
    return Light(Source(kind, channel, number), *levels(given, kind))


def levels(table: Mapping[str, Any], kind: str) -> tuple[int, int]:
    """`off` and `on`, within what the kind can say."""
    full = full_of(kind)
    off, on = taken(table, "off", int, 0), taken(table, "on", int, full)
    if not (0 <= off <= full and 0 <= on <= full):
        raise BadMap(f"off and on go from 0 to {full} for {kind}")
    return off, on


def send_in(table: Mapping[str, Any]) -> Shown:
    """A value that is sent as MIDI when it changes."""
    kind, numbers = source_in(table, SEND)
    if kind in ("note", "program", "pressure"):
        raise BadMap(f"{kind} can't be sent; cc, cc14, nrpn and bend can")
    address = address_in(table, "from", 0)
    control, _ = control_at(address)
    if control.read is None or not control.arguments:
        raise BadMap(f"{address} has no value that could be sent")
    place = argument_of(control, taken(table, "argument", str, "") or 0)
    light = Light(Source(kind, channel_in(table) or 1, numbers[0]), *levels(table, kind))
    return Shown(
        light, address, place, Scale.of(control.arguments[place], table.get("low"), table.get("high"))
    )
