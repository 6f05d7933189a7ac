"""A player that stands by: started, with everything imported, but without a port. It watches the ports
of the one that plays, and takes over when it is told to: when that one died, or when the port came
back, which needs a new process (libjack does not survive its server's death). One that hangs in libjack
ends, so that another can take over: from its first look at the ports until it plays.
"""

from __future__ import annotations

import os
import select
import socket
import time

from livegan.core.messages import Begin, Lines, PortFound, PortLost, Quit, pack

from .port_watch import PortWatch
from .watchdog import still_alive

STANDBY, WATCH = "standby", "watch"
WATCH_SECONDS = 0.4
LOOK_SECONDS = 0.2
FREE_SECONDS = 1.0


def stand_by(link: socket.socket, wanted: list[str]) -> PortWatch:
    """Come back when told to begin and all ports are there; tell of a port that is lost, once. With no
    port wanted only the word counts. Ends the process when nobody needs it any more."""
    import rtmidi  # noqa: F401  # takes a while, and is needed at once when it is needed

    watch, lines = PortWatch(wanted), Lines()
    begun = lost = False
    while True:
        still_alive()
        gone = watch.missing()
        if begun and not gone:
            link.sendall(pack(PortFound()))
            wait_for_name(watch)
            return watch
        if gone and not lost and not begun:
            lost = True
            link.sendall(pack(PortLost(gone)))
        if select.select([link], [], [], LOOK_SECONDS if begun else WATCH_SECONDS)[0]:
            data = link.recv(1 << 16)
            messages = lines.feed(data)
            if not data or any(isinstance(message, Quit) for message in messages):
                watch.close_all()
                os._exit(0)  # clients of a dead server must not be closed, as they are on the way out
            begun = begun or any(isinstance(message, Begin) for message in messages)


def wait_for_name(watch: PortWatch) -> None:
    """Until our virtual port's name is free again; not for long."""
    until = time.monotonic() + FREE_SECONDS
    while not watch.own_port_is_free() and time.monotonic() < until:
        time.sleep(0.002)
