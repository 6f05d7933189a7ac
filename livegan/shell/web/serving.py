"""One HTTP server for all ports, and the announcement, in one event loop."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Mapping
from socket import socket
from typing import Any

import uvicorn

from .app import ByPort, panel_app, query_app
from .connections import BoundedHttp, MortalWebSocket
from .guard import Guard, own_names
from .mailbox import Mailbox
from .pages import Pages
from .ports import WAITING, port_of
from .query import Query
from .thread import WebConfig

LARGEST_FRAME = 1 << 16
LARGEST_HEADERS = 1 << 14
PING_SECONDS = 10.0
LOOK_SECONDS = 1.0
"""How often it is looked for new files."""


async def serve(config: WebConfig, mailbox: Mailbox, started: Callable[[uvicorn.Server], None]) -> None:
    """Until the server that `started` is given should exit."""
    tell_faults("uvicorn.error", config.fail)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, said: config.fail(fault_of(said)))
    query_port = port_of(config.query) if config.query else 0
    pages = Pages(config.receive_osc, config.situation, config.names)
    query = Query(config.receive_osc, config.situation, config.osc, query_port)

    def take(item: Any) -> None:
        pages.take(item)
        query.take(item)

    server = http_server(config, pages, query)
    started(server)
    mailbox.open(loop, take)
    gc.freeze()  # these stay too: a collection would make the server's thread wait
    others = [asyncio.create_task(look(pages))]
    if config.announce and config.query:
        others.append(asyncio.create_task(announce(config, config.query)))
    await server.serve([bound for bound in (config.panel, config.query) if bound])
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def http_server(config: WebConfig, pages: Pages, query: Query) -> uvicorn.Server:
    """It trusts no proxy, compresses nothing, and says nothing of itself."""
    panels = {port_of(config.panel): panel_app(pages, query)} if config.panel else {}
    queries = {port_of(config.query): query_app(query)} if config.query else {}
    names = own_names(config.panel_host) | own_names(config.osc[0])
    settings = uvicorn.Config(
        Guard(ByPort({**panels, **queries}), names, config.token, queries, config.welcome),
        loop="asyncio",
        http=BoundedHttp,
        ws=MortalWebSocket,
        ws_max_size=LARGEST_FRAME,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=LARGEST_HEADERS,
        backlog=WAITING,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(settings)


async def announce(config: WebConfig, bound: socket) -> None:
    """Until the end."""
    from .announce import Announcer  # with zeroconf, when all others are served

    announcer = Announcer(bound.getsockname()[0], config.osc[1], port_of(bound))
    try:
        await announcer.announce()
        await asyncio.Event().wait()
    except Exception as error:  # no network, or one that forbids it
        config.fail(f"can't be found by zeroconf: {error}")
    finally:
        await announcer.withdraw()


async def look(pages: Pages) -> None:
    """For files that came or went."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        pages.look()


def fault_of(said: Mapping[str, Any]) -> str:
    """What the event loop says of a fault that nobody took."""
    return str(said.get("exception") or said.get("message"))


def tell_faults(name: str, tell: Callable[[str], None]) -> None:
    """What a library logs as an error, as one line."""

    class Teller(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            tell(repr(error) if error else record.getMessage().splitlines()[0])

    logger = logging.getLogger(name)
    logger.setLevel(logging.ERROR)
    logger.addHandler(Teller())
