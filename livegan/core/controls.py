"""What a control is: an address, arguments with types and ranges, and what it does to the state.

Values come from OSC clients, the command line and files, so they are coerced as performers expect:
ints take floats, floats take ints, booleans take any number, and what lies outside a range is taken to
its end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

from .state import State

Value = int | float | bool | str
PREFIX = "/livegan"
LONGEST_NUMBER = 40
"""Characters of a number that comes as a text."""
MOST_TOLD = 16
"""Of a control with a number in its address, so many are told; the latent may have hundreds."""
WORDS = dict.fromkeys(("on", "true", "yes", "t"), True) | dict.fromkeys(
    ("off", "false", "no", "f"), False
)
"""What people type for a switch."""


class BadControl(ValueError):
    """An address or a value that can't be taken; one line says why."""


@dataclass(frozen=True, slots=True)
class Argument:
    """`kind` is 'float', 'int', 'bool' or 'text'; `choices` limits a text; `many` takes all that
    follow; one with `optional` may be left out."""

    name: str
    kind: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    unit: str = ""
    optional: bool = False
    many: bool = False
    longest: int = 500
    """Characters of a text."""

    def coerce(self, value: Any) -> Value:
        """Make a value of this kind and range, or raise `BadControl`."""
        if self.kind == "text":
            return self._text(value)
        if self.kind == "bool" and isinstance(value, str) and value.lower() in WORDS:
            return WORDS[value.lower()]
        number = _number(value)
        if number is None:
            raise BadControl(f"{self.name} must be {self._wanted}, not {_shown(value)}")
        if self.kind == "bool":
            return number != 0
        if self.kind == "int":
            return int(min(self.high, max(self.low, round(number))))
        return float(min(self.high, max(self.low, number)))

    def _text(self, value: Any) -> str:
        if isinstance(value, (int, float)) and math.isfinite(value):
            value = str(round(value))
        if not isinstance(value, str) or (self.choices and value not in self.choices):
            raise BadControl(f"{self.name} must be {self._wanted}, not {_shown(value)}")
        if len(value) > self.longest:
            raise BadControl(f"{self.name} takes {self.longest} characters, not {len(value)}")
        return value

    @property
    def _wanted(self) -> str:
        """For people: what would be right."""
        if self.kind == "text":
            return f"one of {', '.join(self.choices)}" if self.choices else "a text"
        if self.kind == "bool":
            return "on or off, T or F, or a number"
        limits = f" from {self.range}" if math.isfinite(self.low) and math.isfinite(self.high) else ""
        return ("a number" if self.kind == "float" else "a whole number") + limits

    @property
    def range(self) -> str:
        """For people: what it takes."""
        if self.choices:
            return " or ".join(self.choices)
        if self.kind == "bool":
            return "on, off"
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"{self.low:.10g} to {self.high:.10g}"
        return {"text": "text", "int": "whole number", "float": "number"}[self.kind]


def _number(value: Any) -> int | float | None:
    """Of a number, a switch or a text that is a number; not of what is infinite or none."""
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER:
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def _shown(value: Any) -> str:
    return repr(value) if len(repr(value)) <= 40 else f"{repr(value)[:37]}..."


@dataclass(frozen=True, slots=True)
class Control:
    """One row of the table. `apply(state, *values)` gives the new state; None means that the server
    acts itself. `read(state)` gives the values that subscribers are told, None if there are none.
    A `trigger` acts when it is pressed: buttons send a lone number with it, and a lone 0 or F as they
    are released, which does nothing. `{name}` in the address is a whole number that comes first among
    the values, and that `read` takes after the state."""

    name: str
    address: str
    help: str
    arguments: tuple[Argument, ...] = ()
    apply: Callable[..., State] | None = None
    read: Callable[..., Sequence[Value] | None] | None = None
    default: str = ""
    trigger: bool = False
    changes_music: bool = True
    index: Argument | None = None
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\{\w+\}", r"([0-9]{1,6})", self.address)
        object.__setattr__(self, "pattern", re.compile(f"{PREFIX}{pattern}"))

    def at(self, place: int) -> str:
        """Its address with this number in it."""
        return re.sub(r"\{\w+\}", str(place), self.address)

    def places(self, state: State) -> range:
        """The numbers that its address can have now."""
        if self.index is None:
            return range(0)
        counts = {"track": state.track_count, "i": len(state.point) if self.index.low == 0 else None}
        low, high = int(self.index.low), int(self.index.high)
        count = counts.get(self.index.name)
        return range(low, high + 1 if count is None else low + count)

    def values(self, state: State) -> Iterator[tuple[str, tuple[Value, ...]]]:
        """All that there is to tell of it: addresses without the prefix, and their values."""
        if self.read is None:
            return
        if self.index is None:
            places: Iterable[tuple[str, Sequence[int]]] = [(self.address, ())]
        else:
            first = self.places(state)[:MOST_TOLD]
            places = [(self.at(place), (place,)) for place in first]
        for address, place in places:
            values = self.read(state, *place)
            if values is not None:
                yield address, tuple(values)

    @property
    def settles(self) -> bool:
        """Whether it sets a value, and nothing is left of the one before."""
        sets = self.read is not None or self.index is not None
        return self.apply is not None and sets and not self.trigger

    def coerce(self, values: Sequence[Any]) -> tuple[Value, ...]:
        """Check the number of values and make each what it should be."""
        if self.trigger and len(values) == 1 and isinstance(values[0], (int, float, NoneType)):
            values = ()
        needed = [a for a in self.arguments if not a.optional]
        many = bool(self.arguments) and self.arguments[-1].many
        if len(values) < len(needed) or (len(values) > len(self.arguments) and not many):
            wanted = ", ".join(f"{a.name} ({a.range})" for a in self.arguments) or "no value"
            raise BadControl(f"takes {wanted}; got {len(values)} values")
        if many:
            return tuple(self.arguments[-1].coerce(value) for value in values)
        return tuple(a.coerce(v) for a, v in zip(self.arguments, values, strict=False))

    def released(self, values: Sequence[Any]) -> bool:
        """Are these the values of a button being released?"""
        return self.trigger and len(values) == 1 and values[0] in (0, False)

    def match(self, address: str) -> tuple[int, ...] | None:
        """The numbers in the address if it is this control's, else None. Raises `BadControl`
        if a number is out of range."""
        found = self.pattern.fullmatch(address)
        if found is None:
            return None
        numbers = tuple(int(group) for group in found.groups())
        for number in numbers:
            if self.index and not self.index.low <= number <= self.index.high:
                raise BadControl(f"{self.index.name} goes from {self.index.range}, not {number}")
        return numbers
