"""The parent's end of the player: starts its process, sends commands, passes on its reports."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from livegan.core.messages import Command, Lines, Message, Quit, pack

PLAYER = "livegan.shell.player_process"
"""The module that runs as the player; benchmarks put one around it."""
QUIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PlayerGone:
    """The player's process ended; `process_id` tells which."""

    process_id: int


class PlayerLink:
    """One player process. `start` spawns it; reports come on a thread."""

    def __init__(
        self, midi_out: str | None, clock_out: str | None = None, clock_in: str | None = None
    ) -> None:
        self.midi_out = midi_out
        self.clock_out = clock_out
        self.clock_in = clock_in
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def process_id(self) -> int:
        return self._process.pid if self._process else 0

    def start(self, receive: Callable[[Message | PlayerGone], None]) -> None:
        ours, theirs = socket.socketpair()
        command = [
            sys.executable,
            "-m",
            PLAYER,
            str(theirs.fileno()),
            self.midi_out or "",
            self.clock_out or "",
            self.clock_in or "",
        ]
        with theirs:
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        self._link = ours
        self._thread = threading.Thread(
            target=self._listen, args=(ours, self._process.pid, receive), name="player", daemon=True
        )
        self._thread.start()

    @staticmethod
    def _listen(
        link: socket.socket, process_id: int, receive: Callable[[Message | PlayerGone], None]
    ) -> None:
        lines = Lines()
        while True:
            try:
                data = link.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                receive(PlayerGone(process_id))
                return
            for message in lines.feed(data):
                receive(message)

    def send(self, commands: Iterable[Command]) -> None:
        """Send at once. A player that is gone is noticed by its reports ending, not here."""
        assert self._link is not None
        data = b"".join(pack(command) for command in commands)
        try:
            self._link.sendall(data)
        except OSError:
            return

    def close(self) -> None:
        """Tell it to silence everything and quit, and wait for its last report."""
        if self._process is None or self._link is None:
            return
        self.send([Quit()])
        try:
            self._process.wait(QUIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._thread:
            self._thread.join(QUIT_SECONDS)
        self._link.close()
