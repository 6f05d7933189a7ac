"""Between what a controller tells, from 0 to 1, and the values of the table's controls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

from .addressing import candidates
from .controls import PREFIX, Argument, BadControl, Control, Value


class BadMap(ValueError):
    """A map that can't be taken; one line says what is wrong and where."""


@lru_cache(4096)
def control_at(address: str) -> tuple[Control, tuple[int, ...]]:
    """The control of an address without the prefix, and the numbers in it. Raises `BadMap`."""
    try:
        for control in candidates(PREFIX + address):
            numbers = control.match(PREFIX + address)
            if numbers is not None:
                return control, numbers
    except BadControl as error:
        raise BadMap(str(error)) from None
    raise BadMap(f"there is no control {address[:60]!r}; see docs/osc.md")


@dataclass(frozen=True, slots=True)
class Scale:
    """Between 0 and 1 and the values of an argument, from `low` to `high`, which may lie the other way
    round. Of choices they are places in the list."""

    argument: Argument
    low: float
    high: float

    @classmethod
    def of(cls, argument: Argument, low: Value | None = None, high: Value | None = None) -> Scale:
        """Over the argument's whole range, if no ends are given. Raises `BadMap`."""
        if argument.kind == "text" and not argument.choices:
            raise BadMap(f"{argument.name} is a text: bind it with mode 'trigger' and values")
        ends = whole_range(argument)
        try:
            given = [
                end if value is None else place_of(argument, argument.coerce(value))
                for value, end in zip((low, high), ends, strict=True)
            ]
        except BadControl as error:
            raise BadMap(str(error)) from None
        if not all(map(isfinite, given)):
            raise BadMap(f"{argument.name} has no range of its own: give low and high")
        return cls(argument, *given)

    @property
    def centred(self) -> bool:
        """Whether the middle is 0, where a knob's middle is to be, too."""
        return self.low == -self.high

    def value(self, share: float) -> Value:
        """At a place from 0 to 1."""
        place = self.low + min(1.0, max(0.0, share)) * (self.high - self.low)
        if self.argument.choices:
            return self.argument.choices[round(place)]
        if self.argument.kind == "bool":
            return place >= 0.5
        return round(place) if self.argument.kind == "int" else place

    def share(self, value: Value) -> float:
        """Where a value lies; what lies outside is at the nearer end."""
        if self.high == self.low:
            return 0.0
        return min(1.0, max(0.0, (place_of(self.argument, value) - self.low) / (self.high - self.low)))

    def step(self, wanted: float = 0.01) -> float:
        """The share that an encoder's click goes: of whole things, one at least."""
        stepped = self.argument.choices or self.argument.kind != "float"
        return (
            max(wanted, 1 / abs(self.high - self.low)) if stepped and self.high != self.low else wanted
        )


def whole_range(argument: Argument) -> tuple[float, float]:
    if argument.choices:
        return 0, len(argument.choices) - 1
    return (0, 1) if argument.kind == "bool" else (argument.low, argument.high)


def place_of(argument: Argument, value: Value) -> float:
    """A value as a number: of a choice its place in the list."""
    if argument.choices:
        return argument.choices.index(str(value)) if str(value) in argument.choices else 0
    return float(value)
