"""From the server's thread to the web's event loop."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..osc import Address
from .items import Told

if TYPE_CHECKING:
    import asyncio

MOST_WAITING = 20_000
"""If the loop can't follow, what is oldest is lost: the server's thread never waits."""


class Mailbox:
    """What is put in before the loop runs waits for it."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque(maxlen=MOST_WAITING)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._receive: Callable[[Any], None] = lambda item: None
        self._woken = False

    def put(self, item: Any) -> None:
        """On the server's thread. The loop is woken once for all that waits."""
        self._items.append(item)
        if self._loop and not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._deliver)

    @property
    def waiting(self) -> int:
        """How many items."""
        return len(self._items)

    def send(self, target: Address, address: str, values: Sequence[Any]) -> None:
        """What a surface of the feedback's has to have."""
        self.put(Told(target, address, values))

    def open(self, loop: asyncio.AbstractEventLoop, receive: Callable[[Any], None]) -> None:
        """Within the loop: from now on everything goes to `receive`."""
        self._receive = receive
        self._loop = loop
        self._deliver()

    def _deliver(self) -> None:
        self._woken = False
        while self._items:
            self._receive(self._items.popleft())
