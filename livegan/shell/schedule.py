"""Messages that wait for their time tags."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import replace
from math import inf

from livegan.core.state import BadValue

from .osc import OscIn

MAX_SCHEDULED = 1_000
FARTHEST_SECONDS = 3600.0


class Schedule:
    """Those of the same moment keep their order. Times are those of the monotonic clock."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, OscIn]] = []
        self._order = itertools.count()

    def add(self, item: OscIn, now: float) -> None:
        """Raises `BadValue` if it can't be kept."""
        if item.due > now + FARTHEST_SECONDS:
            raise BadValue("its time tag is more than an hour ahead")
        if len(self._waiting) >= MAX_SCHEDULED:
            raise BadValue("too many messages wait for their time tags")
        heapq.heappush(self._waiting, (item.due, next(self._order), item))

    @property
    def next(self) -> float:
        """When the first of them is due; inf: none waits."""
        return self._waiting[0][0] if self._waiting else inf

    def due(self, now: float) -> list[OscIn]:
        """Those that wait no more."""
        due = []
        while self.next <= now:
            due.append(replace(heapq.heappop(self._waiting)[2], waited=True))
        return due
