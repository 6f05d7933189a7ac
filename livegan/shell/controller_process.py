"""The controllers' ports, in a process of their own: messages in and out, and finding again what was
unplugged.

Not in the daemon's: libjack would lock all of its memory, JACK's cycle would wait for its Python, and a
JACK server that dies would leave it with clients that must not be touched. What is said over the socket
is a JSON list on a line of its own. It imports no numpy.

    python -m livegan.shell.controller_process SOCKET_FD first|again [NAME ...]
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from .midi_out import NoMidi, NoSuchPort, chosen
from .midi_systems import ControllerIn, ControllerOut, MidiSystems, Ports, way_back
from .watchdog import still_alive

FIRST, AGAIN = "first", "again"
LOOK_SECONDS = 1.0
DRAIN_SECONDS = 0.15
"""JACK takes what was sent at its next period; and it holds everybody up while clients close, so a
player that was left alone ends its notes first."""
MOST_WAITING = 10_000


@dataclass(slots=True)
class Controller:
    """Its place among those asked for, from 1, the name it was asked for by (None: the virtual one),
    and its ports as long as they are there."""

    place: int
    wanted: str | None
    source: ControllerIn | None = None
    sink: ControllerOut | None = None


class ControllerPorts:
    """Tells the daemon: `heard` place, time, bytes; `seen` place, name, whether it is there; `output`
    place, as soon as it can be sent to; and first `ready`, `none` or `missing`, and why."""

    def __init__(self, link: socket.socket, wanted: list[str]) -> None:
        self._link = link
        self._controllers = [
            Controller(place, name) for place, name in enumerate(wanted or [None], start=1)
        ]
        self._systems: MidiSystems | None = None
        self._outbox: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        self._rest = b""

    def run(self, first: bool) -> None:
        """Until the daemon is gone. At first, a system or a controller that is missing is an error."""
        still_alive()
        if first and not self._begin():
            self._flush()
            return
        while True:
            self._look()
            until = time.monotonic() + LOOK_SECONDS
            while (left := until - time.monotonic()) > 0:
                ends: list[socket.socket | int] = [self._link, self._woken]
                readable, _, _ = select.select(ends, [], [], left)
                if self._woken in readable:
                    with suppress(BlockingIOError):
                        os.read(self._woken, 1 << 12)
                    self._flush()
                if self._link in readable and not self._obey():
                    return

    def _begin(self) -> bool:
        try:
            self._systems = MidiSystems()
            self._check(self._systems.sources())
        except (NoMidi, NoSuchPort) as error:
            self._tell("none" if isinstance(error, NoMidi) else "missing", str(error))
            return False
        self._look()
        self._tell("ready", "")
        self._flush()
        return True

    def _check(self, sources: Ports) -> None:
        there = ", ".join(name for names in sources.values() for name in names) or "none"
        for controller in self._controllers:
            if chosen(controller.wanted, sources) is None:
                raise NoSuchPort(
                    f"no MIDI input has {controller.wanted!r} in its name; there are: {there}"
                )

    # to and from the daemon

    def _tell(self, *message: Any) -> None:
        """Also on RtMidi's threads, which must not wait."""
        self._outbox.append(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        with suppress(BlockingIOError):
            os.write(self._wake, b".")

    def _flush(self) -> None:
        while self._outbox:
            with suppress(OSError):
                self._link.sendall(self._outbox.popleft())

    def _heard(self, place: int, message: list[int]) -> None:
        self._tell("heard", place, time.monotonic(), message)

    def _obey(self) -> bool:
        """Send what the daemon says; False if it is gone."""
        try:
            data = self._link.recv(1 << 16)
        except OSError:
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            place, messages = json.loads(line)
            sink = self._controllers[place - 1].sink
            for message in messages if sink else ():
                sink.send(message)
        return bool(data)

    # ports

    def _look(self) -> None:
        """What is gone, what came back."""
        still_alive()
        if self._systems is None:
            with suppress(NoMidi):
                self._systems = MidiSystems()
        if self._systems is None:
            return
        if self._systems.jack_died:
            self._flush()
            os._exit(1)  # to let go of what belonged to it would touch it; another process looks on
        sources, sinks = self._systems.sources(), self._systems.sinks()
        for controller in self._controllers:
            with suppress(NoSuchPort):
                self._look_at(controller, sources, sinks)
        self._flush()

    def _look_at(self, controller: Controller, sources: Ports, sinks: Ports) -> None:
        source, sink, wanted = controller.source, controller.sink, controller.wanted
        if sink and wanted is not None and sink.name not in sinks[sink.backend]:
            sink.close()
            controller.sink = None
        if source and wanted is not None and source.name not in sources[source.backend]:
            source.close()
            controller.source = None
            self._tell("seen", controller.place, source.name, False)
        if controller.source is None and (place := chosen(wanted, sources)):
            name = None if wanted is None else sources[place[0]][place[1]]
            heard = partial(self._heard, controller.place)
            controller.source = ControllerIn(place[0], name, heard)
            self._tell("seen", controller.place, controller.source.name, True)
        if controller.source and controller.sink is None:
            self._open_sink(controller, controller.source, sinks)

    def _open_sink(self, controller: Controller, source: ControllerIn, sinks: Ports) -> None:
        name = None if controller.wanted is None else way_back(source, controller.wanted, sinks)
        if name is not None or controller.wanted is None:
            controller.sink = ControllerOut(source.backend, name)
            self._tell("output", controller.place)

    def close(self) -> None:
        """Nothing of a JACK server that has died."""
        if self._systems is None or self._systems.jack_died:
            return
        time.sleep(DRAIN_SECONDS)
        for controller in self._controllers:
            for end in (controller.source, controller.sink):
                if end:
                    end.close()
        self._systems.close()


def main(arguments: list[str]) -> None:
    """Entry of the child process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the parent, which closes the socket
    link = socket.socket(fileno=int(arguments[0]))
    ports = ControllerPorts(link, arguments[2:])
    try:
        ports.run(first=arguments[1] == FIRST)
    finally:
        ports.close()


if __name__ == "__main__":
    main(sys.argv[1:])
