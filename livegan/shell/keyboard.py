"""The parent's end of the process that has the keyboard's port: started, heard, started again."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from .keyboard_process import BUSY, IDLE, WAIT
from .keys import KeyPlayed
from .midi_out import NoSuchPort

PROCESS = "livegan.shell.keyboard_process"
OPEN_SECONDS = 10.0
AGAIN_SECONDS = 1.0
QUIT_SECONDS = 1.0


class KeyboardSeen(NamedTuple):
    """A keyboard's port was opened, or is gone."""

    name: str
    there: bool


class Keyboard:
    """The first input whose name holds `wanted`, or a virtual one; `receive` takes what is played. A
    keyboard that was unplugged is heard again when it is back."""

    def __init__(self, wanted: str | None, receive: Callable[[Any], None]) -> None:
        self._wanted, self._receive = wanted, receive
        self._link: socket.socket | None = None
        self._lock = threading.Lock()
        self._closed, self._spoke = threading.Event(), threading.Event()
        self._why = ""
        self._busy = False
        self._thread = threading.Thread(target=self._run, name="keyboard", daemon=True)

    def open(self) -> None:
        """One that has a name must be there: raises `NoSuchPort`, or says why there is none."""
        self._thread.start()
        if self._wanted:
            self._spoke.wait(OPEN_SECONDS)
            if self._why:
                self.close()
                raise NoSuchPort(self._why)

    @property
    def busy(self) -> bool:
        """Whether somebody waits for keys; else they need not be on time."""
        return self._busy

    @busy.setter
    def busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self._say()

    def close(self) -> None:
        self._closed.set()
        with self._lock, suppress(OSError):
            if self._link:
                self._link.shutdown(socket.SHUT_RDWR)
        if self._thread.is_alive():
            self._thread.join(2 * QUIT_SECONDS)

    def _say(self) -> None:
        with self._lock, suppress(OSError):
            if self._link:
                self._link.sendall(BUSY if self._busy else IDLE)

    def _run(self) -> None:
        """One process after the other. Where there is no MIDI at the start there is no keyboard."""
        known = False
        while not self._closed.is_set():
            known = self._listen(wait=known) or known
            if not known:
                return
            self._closed.wait(AGAIN_SECONDS)

    def _listen(self, wait: bool) -> bool:
        """To one process, to its end; whether it had a port."""
        ours, theirs = socket.socketpair()
        arguments = [str(theirs.fileno()), self._wanted or "", WAIT if wait else ""]
        command = [sys.executable, "-m", PROCESS, *arguments]
        with theirs:
            process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        with self._lock:
            self._link = ours
        self._say()
        name = ""
        if self._closed.is_set():
            ours.close()
        for kind, *words in said(ours):
            if kind == "key":
                self._receive(KeyPlayed(*words))
            elif kind == "open":
                name = words[0]
                self._receive(KeyboardSeen(name, True))
            else:
                self._why = words[0]
            self._spoke.set()
        with self._lock:
            self._link = None
            ours.close()
        ended(process)
        if name and not self._closed.is_set():
            self._receive(KeyboardSeen(name, False))
        return bool(name)


def said(link: socket.socket) -> Iterator[list[Any]]:
    """Each line, until the other side ends."""
    rest = b""
    while True:
        try:
            data = link.recv(1 << 16)
        except OSError:
            return
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)


def ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(QUIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
