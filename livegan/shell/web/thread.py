"""The thread of the web. What it serves with is imported there, when the music plays already."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from socket import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from .items import Situation
from .mailbox import Mailbox

if TYPE_CHECKING:
    import uvicorn

CLOSE_SECONDS = 2.0
"""Longer than all its good-byes take."""


class WebFault(NamedTuple):
    """Something broke here; the music goes on."""

    why: str


@dataclass(slots=True)
class WebConfig:
    """What is served where. The sockets listen already; `names` are the choices a page has; `welcome`
    says from which addresses OSC is taken."""

    receive: Callable[[Any], None]
    receive_osc: Callable[[Any], None]
    situation: Callable[[], Situation]
    osc: tuple[str, int]
    panel: socket | None = None
    panel_host: str = ""
    token: str | None = None
    query: socket | None = None
    announce: bool = False
    welcome: Callable[[str], bool] = lambda host: True
    names: Mapping[str, Callable[[], list[str]]] = field(default_factory=dict)

    def fail(self, why: str) -> None:
        """For the log."""
        self.receive(WebFault(why))


class WebThread:
    """`start`, then `close`."""

    def __init__(self, config: WebConfig, mailbox: Mailbox) -> None:
        self.config = config
        self._mailbox = mailbox
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._server: uvicorn.Server | None = None
        self._closing = False

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Tell pages and network, without waiting for those who don't listen."""
        self._closing = True
        if self._server:
            self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)
        for bound in (self.config.panel, self.config.query):
            if bound:
                bound.close()

    def _run(self) -> None:
        try:
            import asyncio

            from .serving import serve

            asyncio.run(serve(self.config, self._mailbox, self._started))
        except Exception as error:
            self.config.fail(f"the panel can't be served any more: {error!r}")

    def _started(self, server: uvicorn.Server) -> None:
        self._server = server
        server.should_exit = self._closing
