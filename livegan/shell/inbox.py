"""One queue between the threads that hear and the one that owns the state."""

from __future__ import annotations

import queue
from typing import Any

from .osc import OscBad, OscIn

MAX_BACKLOG = 2_000


class Inbox:
    """One queue for everything; OSC that comes faster than it can be taken is dropped."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def put(self, item: Any) -> None:
        self._items.put(item)

    def put_osc(self, item: OscIn | OscBad) -> None:
        if self._items.qsize() < MAX_BACKLOG:
            self._items.put(item)

    def get(self, timeout: float) -> Any:
        """The next item, or None after `timeout` seconds."""
        try:
            return self._items.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None

    def get_more(self, most: int) -> list[Any]:
        items: list[Any] = []
        while len(items) < most and not self._items.empty():
            items.append(self._items.get())
        return items
