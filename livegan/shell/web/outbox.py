"""What waits for one WebSocket client: of each thing only the newest, and never more than so much."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Any

MOST_FRAMES = 64
MOST_VALUES = 4_096
Packing = Callable[[dict[Hashable, tuple[str, Sequence[Any]]]], list[str | bytes]]


class Outbox:
    """Values by address and frames by kind; one that comes before the last of its kind was sent takes
    its place. `pack` makes frames of the values; `first` goes before everything."""

    def __init__(self, pack: Packing, first: Sequence[str] = ()) -> None:
        self.filled = asyncio.Event()
        if first:
            self.filled.set()
        self._first = list(first)
        self._pack = pack
        self._values: dict[Hashable, tuple[str, Sequence[Any]]] = {}
        self._frames: dict[Hashable, str | bytes] = {}

    def put_value(self, address: str, values: Sequence[Any]) -> None:
        key = (address, *values[:1]) if address.endswith("/error") else address
        self._values[key] = (address, values)
        if len(self._values) > MOST_VALUES:
            del self._values[next(iter(self._values))]
        self.filled.set()

    def put(self, kind: Hashable, frame: str | bytes) -> None:
        """Behind all frames that wait; where there are too many, the oldest is left out."""
        self._frames.pop(kind, None)
        self._frames[kind] = frame
        if len(self._frames) > MOST_FRAMES:
            del self._frames[next(iter(self._frames))]
        self.filled.set()

    def forget(self, kind: Hashable) -> None:
        """The frame of this kind need not be sent any more."""
        self._frames.pop(kind, None)

    def take(self) -> list[str | bytes]:
        """All that waits: values before frames."""
        self.filled.clear()
        first, self._first = self._first, []
        values, self._values = self._values, {}
        frames, self._frames = self._frames, {}
        return [*first, *(self._pack(values) if values else []), *frames.values()]
