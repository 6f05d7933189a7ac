"""The process that has a keyboard's port: JACK waits in each cycle for all who have one, and must not
wait for a daemon that hangs; and libjack does not survive its server's death.

Says on its socket, a JSON list a line: ["open", PORT] once it is open, ["none", WHY] if it can't be,
and ends; then ["key", TIME, STATUS, DATA1, DATA2]. Ends when the port is gone, or the other side is.
Told to wait, it waits for a port that is not there.

    python -m livegan.shell.keyboard_process SOCKET_FD [NAME [wait]]
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

from .jack_client import watcher
from .midi_out import JACK, NAME, End, names_of, open_end, open_named
from .watchdog import still_alive

KEYS = End("MidiIn", "input", "input", "keys")
CLIENT = f"{NAME}-keys"
"""In JACK each client needs a name of its own; the player's is the plain one."""
QUEUE = 1_024
BUSY_SECONDS, IDLE_SECONDS = 0.001, 0.02
"""How often the port is looked at while keys are heard, and else. It is polled and not called back:
RtMidi would call from within JACK's cycle, which would have to wait for Python."""
BUSY, IDLE = b"b", b"i"
"""What the other side says: whether it wants to hear keys."""
LOOK_SECONDS = 0.5
WAIT = "wait"
NOTE_OFF, NOTE_ON, CONTROL = 0x80, 0x90, 0xB0
KEY_CONTROLS = (64, 120, 123)
"""The pedal, and the ends of all notes."""


class KeysPort:
    """An input: the one of that name, or our own."""

    def __init__(self, backend: str, name: str, virtual: bool) -> None:
        import rtmidi

        api = getattr(rtmidi, f"API_{backend}")
        self._in = rtmidi.MidiIn(api, queue_size_limit=QUEUE, name=CLIENT)
        self._found = "" if virtual else name
        if virtual:
            self._in.open_virtual_port(name)
        else:
            open_named(self._in, name, KEYS.own)
        self.name = f"{name} ({'virtual port, ' if virtual else ''}{backend})"
        self._jack = watcher() if backend == JACK else None

    @property
    def dead(self) -> bool:
        """JACK's server has died: then nothing that belongs to it may be touched any more."""
        return self._jack is not None and not self._jack.alive

    @property
    def unplugged(self) -> bool:
        there = self._jack.outputs() if self._jack else names_of(self._in)
        return bool(self._found) and self._found not in there

    def take(self) -> list[int] | None:
        """The next message that waits."""
        found = self._in.get_message()
        return found[0] if found else None

    def close(self) -> None:
        self._in.close_port()
        self._in.delete()
        if self._jack:
            self._jack.close()


def concerns_keys(message: list[int]) -> bool:
    kind = message[0] & 0xF0
    return kind in (NOTE_OFF, NOTE_ON) or (kind == CONTROL and message[1] in KEY_CONTROLS)


def opened(link: socket.socket, wanted: str | None, wait: bool) -> KeysPort | None:
    """The port; None if it can't be opened, which has been said, or nobody wants it any more."""
    while True:
        still_alive()
        try:
            return open_end(KEYS, wanted, KeysPort)
        except Exception as error:  # RtMidi has several kinds; or JACK's server died meanwhile
            if not wait:
                say(link, "none", str(error))
                return None
        if select.select([link], [], [], LOOK_SECONDS)[0] and not link.recv(64):
            return None


def say(link: socket.socket, *words: Any) -> None:
    link.sendall(json.dumps(words).encode() + b"\n")


def hear(link: socket.socket, port: KeysPort) -> None:
    """Until the port is gone or nobody listens any more."""
    interval, look_at = IDLE_SECONDS, 0.0
    while True:
        if select.select([link], [], [], interval)[0]:
            said = link.recv(64)
            if not said:
                return
            interval = BUSY_SECONDS if said.endswith(BUSY) else IDLE_SECONDS
        now = time.monotonic()
        if now >= look_at:
            look_at = now + LOOK_SECONDS
            still_alive()
            if port.dead or port.unplugged:
                return
        while (message := port.take()) is not None:
            if concerns_keys(message):
                say(link, "key", now, *message)


def main(arguments: list[str]) -> None:
    """Entry of the child process."""
    link = socket.socket(fileno=int(arguments[0]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the parent, which tells us
    name, wait = [*arguments[1:], "", ""][:2]
    port = opened(link, name or None, wait == WAIT)
    if port is None:
        return
    with suppress(OSError):
        say(link, "open", port.name)
        hear(link, port)
    if not port.dead:
        port.close()
    os._exit(0)  # a client of a dead server must not be closed, as it would be on the way out


if __name__ == "__main__":
    main(sys.argv[1:])
