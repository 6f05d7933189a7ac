"""The daemon's end of the controllers' process."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .controller_process import AGAIN, FIRST

PROCESS = "livegan.shell.controller_process"
QUIT_SECONDS = 1.0
Data = tuple[int, ...]


class ControllerLink:
    """One process, and the thread that hears it: `receive` takes what it says as a list, and an empty
    one when it has ended."""

    def __init__(
        self, wanted: Sequence[str], first: bool, receive: Callable[[list[Any]], None]
    ) -> None:
        self._receive = receive
        self._link, theirs = socket.socketpair()
        command = [sys.executable, "-m", PROCESS, str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                [*command, FIRST if first else AGAIN, *wanted],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        threading.Thread(target=self._listen, name="controllers' ports", daemon=True).start()

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                data = self._link.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                self._receive([])
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._receive(json.loads(line))

    def send(self, place: int, messages: Iterable[Data]) -> None:
        """To a controller's output. A process that is gone is noticed by what it says ending."""
        line = json.dumps([place, list(messages)], separators=(",", ":")).encode() + b"\n"
        try:
            self._link.sendall(line)
        except OSError:
            return

    def close(self) -> None:
        """It closes its ports when the socket is shut."""
        try:
            self._link.shutdown(socket.SHUT_WR)
            self._process.wait(QUIT_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._link.close()
