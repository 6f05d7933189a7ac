"""Any move of the table, at random: what a performer does who tries everything."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from livegan.core.controls import Argument, Control, Value
from livegan.core.state import MASK, SCENES
from livegan.core.table import CONTROLS

COORDINATES, TRACKS = 16, 6
"""Of a model: more tracks than any has."""
FAR = 3.0
"""Where an argument has no range, so many standard deviations."""
GENTLE: Mapping[tuple[str, str], tuple[float, float]] = {
    ("/tempo", "bpm"): (60, 200),
    ("/tempo/ramp", "bpm"): (60, 200),
    ("/countin", "bars"): (0, 1),
    ("/tempo/ramp", "bars"): (0, 8),
    ("/morph", "bars"): (0, 8),
    ("/density", "share"): (0.3, 1),
    ("/track/{track}/density", "share"): (0.3, 1),
    ("/chance", "probability"): (0.5, 1),
    ("/range", "low"): (0, 50),
    ("/range", "high"): (60, 127),
}
"""Narrower than the table, so that much is heard in a minute: by address and argument."""
MODELS = ("piano", "trio", "musegan-hybrid-pop909")
SILENT = ("mute", "solo")
SELDOM = 0.15
"""How likely these are switched on, and the sixteenths of the rhythm off."""
NAMES = ("verse", "chorus", "bridge")
TEXTS: Mapping[tuple[str, str], Sequence[str]] = {
    ("/listen", "how"): ("off", "off", "off", "echo", "answer", "follow"),
    ("/morph", "scene"): ("1", "3", "16", *NAMES),
    ("/default", "address"): ("/density", "/track/1/mute", "/xy", "/tempo", "/loop", "/rhythm"),
    ("/midi/learn", "address"): ("/density", "/xy", "/morph=3,8"),
    ("/midi/forget", "address"): ("/density", "/xy"),
    ("/midi/map", "name"): ("generic", "novation-launchpad", ""),
    ("/model", "model"): MODELS,
}
"""What is typed where the table takes any text; else one of `NAMES`."""


def any_move(chance: random.Random, without: Sequence[str] = ()) -> tuple[str, tuple[Value, ...]]:
    """An address without the prefix, and its values; never of the rows of these names, nor of those
    who listen."""
    left_out = {"subscribe", "unsubscribe", "latent", *without}
    control = chance.choice([one for one in CONTROLS if one.name not in left_out])
    return address_of(control, chance), values_of(control, chance)


def address_of(control: Control, chance: random.Random) -> str:
    if control.index is None:
        return control.address
    counts = {"i": COORDINATES, "track": TRACKS, "scene": SCENES, "place": MASK}
    first = int(control.index.low)
    last = min(int(control.index.high), first + counts[control.index.name] - 1)
    return control.at(chance.randint(first, last))


def values_of(control: Control, chance: random.Random) -> tuple[Value, ...]:
    if any(a.optional for a in control.arguments) and chance.random() < 0.3:
        return ()
    return tuple(value_of(control, argument, chance) for argument in control.arguments)


def value_of(control: Control, argument: Argument, chance: random.Random) -> Value:
    if argument.choices:
        return chance.choice(argument.choices)
    if argument.kind == "bool":
        likely = SELDOM if control.name in SILENT else 0.5
        return chance.random() < (1 - SELDOM if control.name == "rhythm_place" else likely)
    if argument.name == "pattern":
        return "".join("x" if chance.random() > SELDOM else "." for _ in range(MASK))
    where = control.address, argument.name
    if argument.kind == "text":
        return chance.choice(TEXTS.get(where, NAMES))
    low, high = GENTLE.get(where, (max(argument.low, -FAR), min(argument.high, FAR))
                           if math.isinf(argument.high) else (argument.low, argument.high))  # fmt: skip
    return chance.randint(int(low), int(high)) if argument.kind == "int" else chance.uniform(low, high)
