"""Types that several commands share."""

from __future__ import annotations

import math
from typing import Any

import click

from livegan.core.music import FASTEST, SLOWEST


class Tempo(click.FloatRange):
    """Quarter notes a minute; a range alone lets `nan` through."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(SLOWEST, FASTEST)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        tempo = float(super().convert(value, param, ctx))
        if not math.isfinite(tempo):
            self.fail(f"{value} is not in the range {SLOWEST}<=x<={FASTEST}.", param, ctx)
        return tempo
