"""Clients of the panel's server that we did not write: httpx and websockets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from livegan.shell.feedback import alike

from .conftest import Daemon, wait_for

FREE_PORT = ("--panel", "--panel-port", "0")


def url_of(daemon: Daemon) -> str:
    """Of the panel, as the daemon says it, with the token if there is one."""

    def said() -> str:
        lines = daemon.log.read_text().splitlines()
        return next((line.split("panel: ")[1] for line in lines if "panel: http" in line), "")

    return str(wait_for(said, 20, "panel"))


def host_info(daemon: Daemon) -> dict[str, Any]:
    """Where OSCQuery is."""
    info: dict[str, Any] = httpx.get(f"{url_of(daemon)}/?HOST_INFO").json()
    return info


class Page:
    """What a browser's page hears and says."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.values: dict[str, list[Any]] = {}
        self.frames: list[dict[str, Any]] = []

    def say(self, **content: Any) -> None:
        self.socket.send(json.dumps(content))

    def move(self, address: str, *values: Any) -> None:
        self.say(move=[address, list(values)])

    def hear(self, seconds: float = 5.0) -> dict[str, Any]:
        """The next frame. Raises `TimeoutError`."""
        frame: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        self.frames.append(frame)
        for address, values in frame.get("values", ()):
            self.values[address] = values
        return frame

    def expect(self, kind: str, seconds: float = 5.0) -> Any:
        """What the next frame of this kind says."""
        return self.until(lambda frame: frame.get(kind), seconds, f"{kind} frame")

    def expect_value(self, address: str, *values: Any, seconds: float = 5.0) -> list[Any]:
        """The next values of an address; the next that are these, if any are given."""

        def found(frame: dict[str, Any]) -> list[Any] | None:
            told = [v for a, v in frame.get("values", ()) if a == address]
            wanted = [v for v in told if not values or alike(v, values)]
            return wanted[-1:]

        told: list[Any] = self.until(found, seconds, f"{address} {values or ''}")[0]
        return told

    def until(self, wanted: Callable[[dict[str, Any]], Any], seconds: float, what: str) -> Any:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                found = wanted(self.hear(left))
            except TimeoutError:
                break
            if found:
                return found
        pytest.fail(f"after {seconds} s still no {what}")

    def hear_the_end(self, seconds: float = 5.0) -> int:
        """The code with which the server closes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.hear(seconds)
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006
        pytest.fail("the connection goes on")

    def read(self, address: str) -> list[Any]:
        """What it is after all moves that this page made: everything is told again, /model last of all
        controls."""
        address = address.removeprefix("/livegan")
        self.values.clear()
        self.move("/sync")
        self.until(lambda frame: {"/model", address} <= set(self.values), 5.0, f"value of {address}")
        return self.values[address]


@contextmanager
def page_of(daemon: Daemon, **options: Any) -> Iterator[Page]:
    """An open page, which was greeted and told everything."""
    url = url_of(daemon).replace("http://", "ws://").replace("/?token=", "?token=")
    base, _, query = url.partition("?")
    with connect(f"{base}/ws{'?' if query else ''}{query}", close_timeout=0.5, **options) as socket:
        page = Page(socket)
        page.expect("hello")
        page.expect_value("/model")
        yield page
