"""TCP ports, bound before the music starts; who comes meanwhile waits."""

from __future__ import annotations

import errno
import socket
import sys

WAITING = 32
"""Connections that were not looked at yet."""
SEND_BUFFER = 1 << 16
"""Bytes on their way to one client: more would only be older values for one that reads slowly."""
SOMEWHERE = ("192.0.2.1", 9)
"""For documentation only (RFC 5737): nothing is sent there."""


class PortTaken(RuntimeError):
    """A TCP port can't be had; one line says why. `taken`: somebody else has it."""

    def __init__(self, why: str, taken: bool) -> None:
        super().__init__(why)
        self.taken = taken


def listen(host: str, port: int, option: str) -> socket.socket:
    """Bind and listen. Raises `PortTaken`, which names the option that would help."""
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise PortTaken(f"can't listen on {host}:{port} ({error.strerror})", False) from None
    try:
        if sys.platform != "win32":  # there it would share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        bound.bind(place)
        bound.listen(WAITING)
    except OSError as error:
        bound.close()
        taken = error.errno == errno.EADDRINUSE
        hint = f"choose another with {option}" if taken else "give an address of this machine"
        why = f"can't listen on {host}:{port} ({error.strerror}); {hint}"
        raise PortTaken(why, taken) from None
    return bound


def port_of(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


def is_loopback(host: str) -> bool:
    """Is it only for this machine?"""
    return host.startswith("127.") or host.lower() in ("::1", "localhost")


def reachable(host: str) -> str:
    """An address for others, where all of this machine's are listened on."""
    if host not in ("0.0.0.0", "::"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)
        except OSError:  # no network
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def url_of(host: str, port: int) -> str:
    host = reachable(host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
