"""Types that several commands share."""

from __future__ import annotations

import math
from typing import Any

import click


class Tempo(click.FloatRange):
    """Quarter notes a minute; a range alone lets `nan` through."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(20, 300)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        tempo = float(super().convert(value, param, ctx))
        if not math.isfinite(tempo):
            self.fail(f"{value} is not in the range 20<=x<=300.", param, ctx)
        return tempo
