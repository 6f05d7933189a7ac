"""One queue between the threads that hear and the one that owns the state.

Of a fader that is moved faster than it can be followed only the last value counts: a message replaces
one that waits, of the same sender and address, unless something came between that acts by itself.
"""

from __future__ import annotations

import queue
import time
from collections import OrderedDict
from threading import Lock
from typing import Any

from livegan.core.addressing import only_last_counts

from .osc import OscBad, OscIn, OscStranger

MAX_BACKLOG = 2_000
OSC = object()
"""Stands in the queue for the longest waiting message."""


class Inbox:
    """Unbounded for our own threads; of OSC so many messages wait, and what comes then is dropped."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._lock = Lock()
        self._osc: OrderedDict[tuple[object, ...], OscIn | OscBad | OscStranger] = OrderedDict()
        self._acts = 0

    def put(self, item: Any) -> None:
        """Also from within a signal handler."""
        self._items.put(item)

    def put_osc(self, item: OscIn | OscBad | OscStranger) -> None:
        with self._lock:
            key = self._key(item)
            if self._osc.pop(key, None) is None:
                if len(self._osc) >= MAX_BACKLOG:
                    return
                self._items.put(OSC)
            self._osc[key] = item

    def _key(self, item: OscIn | OscBad | OscStranger) -> tuple[object, ...]:
        if not isinstance(item, OscIn):
            return (type(item), item.sender)
        if item.due <= time.monotonic() and only_last_counts(item.address):
            return (item.sender, item.address, self._acts)
        self._acts += 1
        return (self._acts,)

    def _resolved(self, item: Any) -> Any:
        if item is not OSC:
            return item
        with self._lock:
            return self._osc.popitem(last=False)[1]

    def get(self, timeout: float) -> Any:
        """The next item, or None after `timeout` seconds."""
        try:
            return self._resolved(self._items.get(timeout=max(0.0, timeout)))
        except queue.Empty:
            return None

    def get_more(self, most: int) -> list[Any]:
        items: list[Any] = []
        while len(items) < most and not self._items.empty():
            items.append(self._resolved(self._items.get()))
        return items
