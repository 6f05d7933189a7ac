"""WebSocket clients, whatever they speak: let in up to a number, told at their own pace, heard with
patience."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from livegan.core.controls import PREFIX

from ..osc import OscBad, OscIn
from .outbox import Outbox

SEND_SECONDS = 10.0
"""Who takes nothing for so long is gone."""
FRAMES_A_SECOND = 1_000
TRY_AGAIN_LATER = 1013
Receive = Callable[[OscIn | OscBad], None]


class Client:
    """One of them. `address` names it to the server, as an OSC client's host and port do."""

    def __init__(self, address: tuple[str, int], outbox: Outbox) -> None:
        self.address = address
        self.outbox = outbox
        self.counted_since, self.count = time.monotonic(), 0

    async def breathe(self) -> None:
        """Of a flood, no more is read than so many frames a second; the rest waits where it came
        from."""
        self.count += 1
        passed = time.monotonic() - self.counted_since
        if passed >= 1:
            self.counted_since, self.count = time.monotonic(), 0
        elif self.count >= FRAMES_A_SECOND:
            await asyncio.sleep(1 - passed)


class Clients(ABC):
    """All of a kind."""

    kind: str
    most: int

    def __init__(self, receive: Receive) -> None:
        self.here: dict[int, Client] = {}
        self._receive = receive
        self._numbers = itertools.count(1)

    @abstractmethod
    def join(self, number: int) -> Client:
        """Make a client of this number, with what it is told first."""

    @abstractmethod
    def hear(self, client: Client, text: str | None) -> None:
        """A frame came; None if it was not text."""

    def say(self, client: Client, address: str, *values: object) -> None:
        """To the server, in the client's name."""
        self._receive(OscIn(client.address, PREFIX + address, values, time.monotonic()))

    async def serve(self, socket: WebSocket) -> None:
        """From the beginning to the end."""
        await socket.accept()
        if len(self.here) >= self.most:
            await socket.close(TRY_AGAIN_LATER, f"{self.most} are here already")
            return
        number = next(self._numbers)
        client = self.here[number] = self.join(number)
        self.say(client, "/subscribe")
        sending = asyncio.create_task(self._send_to(socket, client))
        hearing = asyncio.create_task(self._hear_from(socket, client))
        try:
            await asyncio.wait((sending, hearing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self.here[number]
            self.say(client, "/unsubscribe")
            sending.cancel()
            hearing.cancel()
            await asyncio.gather(sending, hearing, return_exceptions=True)

    async def _hear_from(self, socket: WebSocket, client: Client) -> None:
        while (message := await socket.receive())["type"] == "websocket.receive":
            self.hear(client, message.get("text"))
            await client.breathe()

    async def _send_to(self, socket: WebSocket, client: Client) -> None:
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, OSError):
            while await client.outbox.filled.wait():
                for frame in client.outbox.take():
                    async with asyncio.timeout(SEND_SECONDS):
                        if isinstance(frame, bytes):
                            await socket.send_bytes(frame)
                        else:
                            await socket.send_text(frame)
