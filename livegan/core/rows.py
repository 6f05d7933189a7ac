"""The table as plain data, for what is drawn from it elsewhere."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from .controls import Argument, Control
from .state import MAX_TRACKS, initial
from .table import PARTS

FRESH = initial(seed=1, size=2, tracks=MAX_TRACKS)
OF_THE_MODEL = ("latent", "coordinate")
"""Rows whose first value is the model's."""


@cache
def rows() -> list[dict[str, Any]]:
    """Every row of the table, in its order."""
    return [row(part, control) for part, controls in PARTS.items() for control in controls]


def row(part: str, control: Control) -> dict[str, Any]:
    """One control: its address without the prefix, its arguments, and what it is at first, None where
    there is nothing to say."""
    index = control.index
    return {
        "name": control.name,
        "address": control.address,
        "part": part,
        "help": control.help,
        "arguments": [argument_row(argument) for argument in control.arguments],
        "index": index and {"name": index.name, "low": int(index.low), "high": int(index.high)},
        "trigger": control.trigger,
        "default": default_of(control),
        "readable": control.read is not None or control.name == "model",
    }


def argument_row(argument: Argument) -> dict[str, Any]:
    return {
        "name": argument.name,
        "kind": argument.kind,
        "low": argument.low if math.isfinite(argument.low) else None,
        "high": argument.high if math.isfinite(argument.high) else None,
        "choices": list(argument.choices),
        "unit": argument.unit,
        "optional": argument.optional,
        "many": argument.many,
    }


def default_of(control: Control) -> list[Any] | None:
    """An empty list where the model is left to choose."""
    if control.name == "model":
        return [control.default]
    if control.read is None or control.name in OF_THE_MODEL:
        return None
    place = () if control.index is None else (int(control.index.low),)
    values = control.read(FRESH, *place)
    return None if values is None else list(values)
