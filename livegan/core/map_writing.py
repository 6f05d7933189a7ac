"""Maps as they are written: a `MidiMap` as the text of a TOML file, a binding a line (docs/midi.md)."""

from __future__ import annotations

import json
from typing import Any

from .map_reading import NUMBERS
from .midi_map import ANY, Binding, MidiMap, Shown, Source
from .midi_scale import Scale, control_at, whole_range


def write_map(whole: MidiMap, comment: str) -> str:
    """The text of a TOML file that `read_map` reads the same map from; `comment` comes first, by
    lines."""
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines += [
        f"{key} = {shown(value)}"
        for key, value in (("title", whole.title), ("port", whole.port))
        if value
    ]
    for key, messages in (("hello", whole.hello), ("goodbye", whole.goodbye)):
        if messages:
            lines.append(f"{key} = {shown([bytes(message).hex(' ').upper() for message in messages])}")
    lines += block("bindings", [binding_text(binding) for binding in whole.bindings])
    if whole.sends:
        lines += block("sends", [send_text(send) for send in whole.sends])
    return "\n".join(lines) + "\n"


def block(key: str, rows: list[str]) -> list[str]:
    return [f"{key} = [", *(f"    {row}," for row in rows), "]"]


def shown(value: Any) -> str:
    """A TOML value: JSON's texts, numbers, booleans and lists are TOML's too."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {shown(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def source_text(source: Source) -> dict[str, Any]:
    number = {source.kind: source.number if source.kind in NUMBERS else True}
    return number if source.channel == ANY else {**number, "channel": source.channel}


def scale_text(address: str, argument: int, scale: Scale) -> dict[str, Any]:
    """What differs from the whole range of the first argument."""
    control, _ = control_at(address)
    text: dict[str, Any] = {}
    if len(control.arguments) > 1:
        text["argument"] = control.arguments[argument].name
    if (scale.low, scale.high) != whole_range(scale.argument):
        choices = scale.argument.choices
        text["low"], text["high"] = (
            choices[round(end)] if choices else end for end in (scale.low, scale.high)
        )
    return text


def binding_text(binding: Binding) -> str:
    table: dict[str, Any] = {**source_text(binding.source), "to": binding.address}
    if binding.scale:
        table |= scale_text(binding.address, binding.argument, binding.scale)
    table["mode"] = binding.mode
    if binding.values is not None and (binding.values or binding.mode != "trigger"):
        table["values"] = list(binding.values)
    if binding.mode == "relative":
        table |= {"encoding": binding.encoding, "step": binding.step}
    if binding.acceleration:
        table["acceleration"] = binding.acceleration
    if binding.pickup:
        table["pickup"] = True
    if binding.light:
        light = binding.light
        table["light"] = {**source_text(light.source), "off": light.off, "on": light.on}
    return shown(table)


def send_text(send: Shown) -> str:
    assert send.scale is not None
    scale = scale_text(send.address, send.argument, send.scale)
    ends = {"off": send.light.off, "on": send.light.on}
    return shown({**source_text(send.light.source), "from": send.address, **scale, **ends})
