"""The parent's end of the player: its process, and another one that stands by to take over."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from livegan.core.messages import (
    Begin,
    Command,
    Lines,
    Message,
    Opened,
    PortFound,
    PortLost,
    Quit,
    SetTempo,
    pack,
)

from .standby import STANDBY, WATCH

PLAYER = "livegan.shell.player_process"
"""The module that runs as the player; benchmarks put one around it."""
QUIT_SECONDS = 1.0
SPARE_AFTER_SECONDS = 1.0
"""A new spare is started so long after the last one: not while a takeover wants the processor."""


@dataclass(frozen=True, slots=True)
class PlayerGone:
    """A player's process ended; `process_id` tells which."""

    process_id: int


@dataclass(frozen=True, slots=True)
class Successor:
    """The player that stood by has opened its ports, while the one before still plays or is gone."""

    opened: Opened


Receive = Callable[[Message | PlayerGone | Successor], None]


class PlayerChild:
    """One process, and the thread that hears it. Only the one that plays is listened to in full."""

    def __init__(self, arguments: list[str], receive: Receive) -> None:
        self.plays = STANDBY not in arguments
        self._receive = receive
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", PLAYER, str(theirs.fileno()), *arguments]
        with theirs:
            self.process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        self._link = ours
        self._thread = threading.Thread(target=self._listen, name="player", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        lines = Lines()
        while True:
            try:
                data = self._link.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                self._receive(PlayerGone(self.process.pid))
                return
            for message in lines.feed(data):
                self._pass_on(message)

    def _pass_on(self, message: Message) -> None:
        if self.plays or isinstance(message, (PortLost, PortFound)):
            self._receive(message)
        elif isinstance(message, Opened):
            self._receive(Successor(message))

    def send(self, commands: Iterable[Command]) -> None:
        """At once. One that is gone is noticed by its reports ending, not here."""
        data = b"".join(pack(command) for command in commands)
        try:
            self._link.sendall(data)
        except OSError:
            return

    def close(self) -> None:
        """Tell it to silence everything and quit, and wait for its last report."""
        self.send([Quit()])
        try:
            self.process.wait(QUIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._thread.join(QUIT_SECONDS)
        self._link.close()

    def retire(self) -> None:
        """Close without waiting, and hear no more of it."""
        self.plays = False
        threading.Thread(target=self.close, name="retired player", daemon=True).start()


class PlayerLink:
    """The player that plays, and its spare. Reports come on threads."""

    def __init__(
        self,
        receive: Receive,
        midi_out: str | None,
        clock_out: str | None = None,
        clock_in: str | None = None,
    ) -> None:
        self.has_port = True
        """Whether there is a port to watch."""
        self._receive = receive
        self._ports = [midi_out or "", clock_out or "", clock_in or ""]
        self._player: PlayerChild | None = None
        self._spare: PlayerChild | None = None
        self._called = False
        self._since = 0.0
        self._missed: list[Command] = []

    @property
    def process_id(self) -> int:
        return self._player.process.pid if self._player else 0

    def start(self) -> None:
        self._player = PlayerChild(self._ports, self._receive)
        self._since = time.monotonic()

    def keep_spare(self) -> None:
        """Start a spare if there is none, but not too soon after the last start."""
        if self._spare is None and time.monotonic() - self._since > SPARE_AFTER_SECONDS:
            self._start_spare()

    def _start_spare(self) -> None:
        self._since = time.monotonic()
        watch = [WATCH] if self.has_port else []
        self._spare = PlayerChild([*self._ports, STANDBY, *watch], self._receive)
        if self._called:
            self._spare.send([Begin()])

    def call_spare(self) -> None:
        """Let it take over as soon as its ports are there: a `Successor` comes."""
        self._called = True
        if self._spare is None:
            self._start_spare()
        else:
            self._spare.send([Begin()])

    def retire(self) -> None:
        """The player ends its notes and goes, so that its ports' names are free."""
        if self._player:
            self._player.retire()
        self._player = None

    def promote(self) -> None:
        """The spare plays now."""
        self.retire()
        if self._spare:
            self._spare.plays = True
        self._player, self._spare, self._called = self._spare, None, False
        self._since = time.monotonic()

    def send_missed(self) -> None:
        """The tempo that was set while nobody played: no grid tells of it."""
        self.send(self._missed[-1:])
        self._missed.clear()

    def forget_spare(self, process_id: int) -> None:
        """If it was the spare that ended, there will be another one."""
        if self._spare and self._spare.process.pid == process_id:
            self._spare.retire()
            self._spare = None

    def send(self, commands: Iterable[Command]) -> None:
        """To the one that plays."""
        if self._player:
            self._player.send(commands)
        else:
            self._missed += [c for c in commands if isinstance(c, SetTempo)][-1:]

    def close(self) -> None:
        """Tell both to quit; that which plays silences everything first."""
        for child in (self._player, self._spare):
            if child:
                child.close()
        self._player = self._spare = None
