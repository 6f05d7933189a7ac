"""What is sent to each row of the table, made from the row."""

from __future__ import annotations

from math import isfinite
from typing import Any

from livegan.core.controls import Argument, Control
from livegan.core.table import CONTROLS
from livegan.shell.generator import load_model

Values = tuple[Any, ...]
MODEL = "trio"
SET = [c for c in CONTROLS if c.read and c.apply and not c.trigger]
"""What has a value and is set."""
ACTS = [c for c in CONTROLS if c not in SET]
ONLY = {"leader": ("internal",), "pattern": ("x...x...x...x...", "xxxxxxxxxxxxxxxx")}
"""Of a choice or a text, what every machine can take."""
SAMPLES: dict[str, Values] = {
    "morph": ("3", 0),
    "default": ("/drift",),
    "model": (MODEL,),
    "unsubscribe": (9,),
}
"""For what acts by itself: values that mean something, where those of the row alone don't."""
POINT: Values = tuple(
    2.0 if place % 3 else -2.0 for place in range(load_model(MODEL, "cpu").info.latent)
)
"""Of the latent; half of it lies on the sphere."""


def values_of(argument: Argument) -> tuple[Any, Any, Any]:
    """One end, the other, and something between them."""
    if argument.name in ONLY or argument.choices:
        choices = ONLY.get(argument.name, argument.choices)
        return choices[0], choices[-1], choices[len(choices) // 2]
    if argument.kind == "bool":
        return False, True, False
    if argument.kind == "text":
        return "a", "z" * min(argument.longest, 40), "night 2"
    if not isfinite(argument.low):
        return 1, 1, 1
    between = (argument.low + argument.high) / 2
    if argument.kind == "int":
        return int(argument.low), int(argument.high), int(between)
    return argument.low, argument.high, between


def beyond(argument: Argument, value: Any) -> Any:
    """What is taken to this end of its range."""
    if argument.kind == "bool" and value is True:
        return 3.0
    if argument.kind in ("text", "bool") or not isfinite(argument.low):
        return value
    far = (argument.high - argument.low) / 2 + 1
    return float(value - far if value == argument.low else value + far)


def steps(control: Control) -> list[tuple[Values, Values]]:
    """What is sent, and what is shown then."""
    if control.arguments[0].many:
        return []
    low, high, between = zip(*map(values_of, control.arguments), strict=True)
    over = [tuple(map(beyond, control.arguments, end)) for end in (low, high)]
    return [(low, low), (between, between), (over[1], high), (over[0], low), (high, high)]


def sample(control: Control) -> Values:
    """For what acts."""
    return SAMPLES.get(control.name, tuple(values_of(a)[2] for a in control.arguments))


def wrong(argument: Argument) -> Any:
    """What is not of its type: a word, or for a text one that is too long."""
    return "w" * (argument.longest + 1) if argument.kind == "text" and not argument.choices else "wrong"


def right(argument: Argument) -> list[str]:
    """What a refusal says would be right."""
    if argument.choices:
        return ["one of", *argument.choices]
    if argument.kind == "text":
        return [f"takes {argument.longest} characters"]
    if argument.kind == "bool":
        return ["on or off"]
    return ["number"] if not isfinite(argument.low) else ["number", argument.range]
