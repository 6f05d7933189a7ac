"""Who holds the OSC port, and from where it can be reached."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from collections.abc import Iterator

from livegan.core.controls import PREFIX
from livegan.core.reach import Osc

from .osc import MAX_PACKET, OscIn, OscPort, PortTaken, build, parse

ANSWER_SECONDS = 0.5
LAST_LOOK_SECONDS = 0.001
SOMEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses for documentation (RFC 5737, 3849): nobody has them, and nothing is sent there."""
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}
"""Hosts that mean all addresses, and where such a daemon is asked."""


def look_at(host: str, port: int) -> Osc:
    """Listen there for a moment; if that can't be done, ask who does."""
    addresses = own_addresses(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening = OscPort(host, port)
    try:
        listening.open()
        listening.close()
    except PortTaken as error:
        daemon = ask(EVERYWHERE.get(host, host), port)
        open_at = tuple(a for a in addresses if daemon and ask(a, port))
        return Osc(host, port, False, str(error), daemon, addresses, open_at)
    open_at = addresses if host in EVERYWHERE else tuple(a for a in addresses if a == host)
    return Osc(host, port, True, "", "", addresses, open_at)


def own_addresses(family: socket.AddressFamily) -> tuple[str, ...]:
    """This machine's addresses in its networks: where packets to the world would come from, and what
    its name stands for."""
    found: list[str] = []
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((SOMEWHERE[family], 9))
        found.append(str(probe.getsockname()[0]))
    with contextlib.suppress(OSError):
        places = socket.getaddrinfo(socket.gethostname(), None, family, socket.SOCK_DGRAM)
        found += [str(place[4][0]) for place in places]
    return tuple(dict.fromkeys(address for address in found if in_a_network(address)))


def in_a_network(address: str) -> bool:
    place = ipaddress.ip_address(address.partition("%")[0])
    return not (place.is_loopback or place.is_link_local or place.is_unspecified)


def ask(host: str, port: int) -> str:
    """The model of the livegan daemon that answers there; empty if none does."""
    with contextlib.suppress(OSError):
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as talk:
            talk.connect(place)
            talk.send(build(f"{PREFIX}/subscribe", ()))
            model = answer(talk)
            talk.send(build(f"{PREFIX}/unsubscribe", ()))
            return model
    return ""


def answer(talk: socket.socket) -> str:
    """The model among all that a new subscriber is told; empty if it isn't. Raises `OSError` where
    nobody listens."""
    for packet in packets(talk, ANSWER_SECONDS):
        for item in parse(packet, ("", 0)):
            if isinstance(item, OscIn) and item.address == f"{PREFIX}/model":
                return str(item.values[0])
    return ""


def packets(talk: socket.socket, seconds: float) -> Iterator[bytes]:
    """What comes within so long, and what had come by then, though something kept us from looking.
    Raises `OSError` where nobody listens."""
    until = time.monotonic() + seconds
    while True:
        talk.settimeout(max(until - time.monotonic(), LAST_LOOK_SECONDS))
        try:
            yield talk.recv(MAX_PACKET)
        except TimeoutError:
            return
