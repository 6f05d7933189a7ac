"""Types that several commands share."""

from __future__ import annotations

import math
from typing import Any

import click

from livegan.core.music import FASTEST, LATENCY_MS, SLOWEST


class Finite(click.FloatRange):
    """A range alone lets `nan` through."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not in the range {self.min:g}<=x<={self.max:g}.", param, ctx)
        return number


class Tempo(Finite):
    """Quarter notes a minute."""

    def __init__(self) -> None:
        super().__init__(SLOWEST, FASTEST)


class Milliseconds(Finite):
    """What a port's messages can be moved by."""

    def __init__(self) -> None:
        super().__init__(-LATENCY_MS, LATENCY_MS)
