"""TCP connections: no more than so many, and none that only stays."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MOST_CONNECTIONS = 100
IDLE_SECONDS = 20.0
LAST_WORDS_SECONDS = 2.0


class BoundedHttp(H11Protocol):
    """Beyond the most, a connection is closed as it comes; one that asks for nothing, or does not take
    its answer, is closed after a while."""

    def connection_made(self, transport: Any) -> None:
        if len(self.connections) >= MOST_CONNECTIONS:
            transport.abort()
            self.refused = True
            return
        super().connection_made(transport)
        self.refused = False
        self.answered: object = None
        self.loop.call_later(IDLE_SECONDS, self.look)

    def look(self) -> None:
        """Has it done anything since the last time?"""
        if self not in self.connections or self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or self.cycle is self.answered:
            self.transport.abort()
            return
        self.answered = self.cycle
        self.loop.call_later(IDLE_SECONDS, self.look)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.refused:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self.refused:
            super().data_received(data)


class MortalWebSocket(WebSocketsSansIOProtocol):
    """Whoever is gone does not keep the connection by taking nothing."""

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    async def run_asgi(self) -> None:
        try:
            await super().run_asgi()
        finally:
            asyncio.get_running_loop().call_later(LAST_WORDS_SECONDS, self.transport.abort)
