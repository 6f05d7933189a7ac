"""OSC over UDP: packets in, messages out. One thread receives; whoever owns the state answers.

A malformed packet is an item like any other, so that it can be answered and logged once.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from livegan.core.addressing import only_last_counts

from .allow import Network, may_speak

Address = tuple[str, int]
Packet = tuple[bytes, Any]
"""What came, and from whom; from None when the socket was shut down."""
MAX_PACKET = 65_535
RECEIVE_BUFFER = 1 << 20
BUNDLE = b"#bundle\0"
MAX_DEPTH = 8
MAX_ADDRESS = 100
FLOOD_RATE, FLOOD_SECONDS, FLOOD_PAUSE = 1_000, 0.05, 0.005
"""From so many packets a second on, counted over so long, they are gathered for this long."""
MOST_AT_ONCE = 500
MSG_DONTWAIT = getattr(socket, "MSG_DONTWAIT", 0)
"""Where there is none (Windows), one packet is taken at a time."""
TRIES = 2
"""An error that another peer has caused may be told to whoever sends next."""
IP_RECVERR, MSG_ERRQUEUE = 11, 0x2000
"""Linux's way to tell who it was that a packet did not reach (ip(7)); Python has no names for it."""
MAX_STRANGERS = 20
"""Of so many who may not speak it is said that they tried."""
ARGUMENT_BYTES = {**dict.fromkeys("ifrm", 4), **dict.fromkeys("htd", 8), **dict.fromkeys("TFNI[]", 0)}

# python-osc warns of peers' faults on the root logger; we answer them ourselves
logging.getLogger().addHandler(logging.NullHandler())


class PortTaken(RuntimeError):
    """The UDP port can't be had; one line says why."""


class NoSuchHost(RuntimeError):
    """Whom to send to can't be found out; one line says why."""


@dataclass(frozen=True, slots=True)
class OscIn:
    """A message: from whom, address, arguments, when it is due on the monotonic clock, and whether it
    was kept until then."""

    sender: Address
    address: str
    values: tuple[Any, ...]
    due: float
    waited: bool = False


@dataclass(frozen=True, slots=True)
class OscBad:
    """A packet that is no OSC."""

    sender: Address
    why: str


@dataclass(frozen=True, slots=True)
class OscStranger:
    """Somebody who may not speak has spoken for the first time; what they said is dropped."""

    sender: Address


def check_frame(packet: bytes, depth: int = 0) -> None:
    """Walk a packet's bundles: every element has a size above 0, a multiple of 4, that fits (OSC 1.0).
    python-osc checks none of this and loops for ever on an element of size 0. Raises `ValueError`."""
    if not packet.startswith(BUNDLE):
        check_message(packet)
        return
    if depth > MAX_DEPTH:
        raise ValueError(f"bundles nested deeper than {MAX_DEPTH}")
    at = len(BUNDLE) + 8
    if len(packet) < at:
        raise ValueError("a bundle without a time tag")
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 4], signed=True)
        at += 4
        if size <= 0 or size % 4 or at + size > len(packet):
            raise ValueError(f"a bundle element of size {size}")
        check_frame(packet[at : at + size], depth + 1)
        at += size


def check_message(packet: bytes) -> None:
    """Address, type tags and arguments must fill the packet exactly: python-osc would make up what is
    missing, and a cable's fault would set the tempo. Raises `ValueError`."""
    if not packet.startswith(b"/"):
        raise ValueError("neither a message nor a bundle")
    at = end_of_text(packet, 0)
    if at == len(packet):
        return
    if packet[at : at + 1] != b",":
        raise ValueError("no type tags")
    tags_end = end_of_text(packet, at)
    at, tags = tags_end, packet[at + 1 : tags_end].rstrip(b"\0").decode("ascii")
    for tag in tags:
        if tag == "s":
            at = end_of_text(packet, at)
        elif tag == "b":
            at += 4 + -(-int.from_bytes(packet[at : at + 4]) // 4) * 4
        elif tag in ARGUMENT_BYTES:
            at += ARGUMENT_BYTES[tag]
        else:
            raise ValueError(f"an unknown type tag {tag!r}")
    if at != len(packet):
        raise ValueError(f"{len(packet)} bytes, where its type tags say {at}")


def end_of_text(packet: bytes, start: int) -> int:
    """Where the padding of a text ends. Raises `ValueError`."""
    end = packet.find(b"\0", start)
    if end < 0 or end // 4 * 4 + 4 > len(packet):
        raise ValueError("a text without an end")
    return end // 4 * 4 + 4


def parse(packet: bytes, sender: Address) -> list[OscIn | OscBad]:
    """All messages of a packet, bundles unfolded, time tags turned into monotonic time. Never
    raises."""
    try:
        check_frame(packet)
        now = time.monotonic()
        behind = now - time.time()
        tagged = packet.startswith(BUNDLE)  # what has no time tag needs no wall clock, which may step
        return [
            OscIn(
                sender,
                timed.message.address,
                tuple(timed.message.params),
                timed.time + behind if tagged else now,
            )
            for timed in OscPacket(packet).messages
        ]
    except Exception as error:  # whatever the parser chokes on is the peer's fault
        return [OscBad(sender, f"not an OSC packet ({str(error)[:80] or type(error).__name__})")]


def received(listening: socket.socket) -> list[Packet]:
    """The next packet, and those that wait behind it. Raises `OSError`."""
    packets = [listening.recvfrom(MAX_PACKET)]
    with contextlib.suppress(OSError):
        while MSG_DONTWAIT and len(packets) < MOST_AT_ONCE and packets[-1][1] is not None:
            packets.append(listening.recvfrom(MAX_PACKET, MSG_DONTWAIT))
    return packets


def newest(packets: Iterable[Packet]) -> Iterable[Packet]:
    """Without messages that a later one of the same sender and address makes vain: in a flood there is
    no time to parse each."""
    kept: dict[tuple[object, ...], Packet] = {}
    acts = 0
    for packet, sender in packets:
        address = packet[: packet.find(b"\0")]
        if only_last_counts(address.decode("ascii", "replace")[:MAX_ADDRESS]):
            key: tuple[object, ...] = (sender, address, acts)
            kept.pop(key, None)
        else:
            acts += 1
            key = (acts,)
        kept[key] = (packet, sender)
    return kept.values()


def build(address: str, values: Sequence[Any]) -> bytes:
    """One message; ints, floats, texts and booleans by their own types."""
    message = OscMessageBuilder(address=address)
    for value in values:
        message.add_arg(value)
    return bytes(message.build().dgram)


Receive = Callable[["OscIn | OscBad | OscStranger"], None]


class OscPort:
    """A bound UDP socket. `start` begins to pass what comes to `receive`, on a thread; of those who
    may not speak (`may_speak`) nothing is looked at."""

    def __init__(self, host: str, port: int, allowed: Sequence[Network] = ()) -> None:
        self.host, self.port, self.allowed = host, port, tuple(allowed)
        self._strangers: set[str] = set()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Bind. Raises `PortTaken`."""
        try:
            family, *_, place = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, socket.SOCK_DGRAM)
            self._socket.bind(place)
        except OSError as error:
            self.close()
            hint = (
                "; is another livegan running? choose another with --port"
                if error.errno == errno.EADDRINUSE
                else "; give an address of this machine with --host"
            )
            raise PortTaken(
                f"can't listen on {self.host}:{self.port} ({error.strerror}){hint}"
            ) from None
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if sys.platform == "linux" and family == socket.AF_INET:
            self._socket.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        self.port = self._socket.getsockname()[1]

    def resolve(self, host: str, port: int) -> Address:
        """Where to send to reach a host by its name or number. Raises `NoSuchHost`."""
        assert self._socket is not None
        try:
            found = socket.getaddrinfo(host, port, self._socket.family, socket.SOCK_DGRAM)
        except OSError as error:
            raise NoSuchHost(f"can't send to {host}:{port} ({error.strerror})") from None
        name, number = found[0][4][:2]
        return (str(name), int(number))

    def start(self, receive: Receive) -> None:
        assert self._socket is not None
        self._thread = threading.Thread(
            target=self._listen, args=(self._socket, receive), name="osc", daemon=True
        )
        self._thread.start()

    def _listen(self, listening: socket.socket, receive: Receive) -> None:
        counted_since, count, flooded = time.monotonic(), 0, False
        while True:
            if flooded:
                time.sleep(FLOOD_PAUSE)
            try:
                packets = received(listening)
            except OSError:
                if listening.fileno() < 0:
                    return
                continue  # an answer did not reach its peer
            count += len(packets)
            if (passed := time.monotonic() - counted_since) > FLOOD_SECONDS:
                flooded = count > FLOOD_RATE * passed
                counted_since, count = time.monotonic(), 0
            if packets[-1][1] is None:  # shut down
                return
            welcome = [packet for packet in packets if may_speak(packet[1][0], self.allowed)]
            if len(welcome) < len(packets):
                self._note_strangers(packets, receive)
            for packet, sender in newest(welcome):
                for item in parse(packet, sender[:2]):
                    receive(item)

    def _note_strangers(self, packets: Iterable[Packet], receive: Receive) -> None:
        """Each is told of once, so that somebody can find out why nothing moves."""
        for _, sender in packets:
            if len(self._strangers) >= MAX_STRANGERS:
                return
            if sender[0] not in self._strangers and not may_speak(sender[0], self.allowed):
                self._strangers.add(sender[0])
                receive(OscStranger(sender[:2]))

    def send(self, target: Address, address: str, values: Sequence[Any]) -> None:
        """Send one message, switches as 1 and 0: Pure Data and others know no T and F. A peer that is
        gone is no fault of ours."""
        packet = build(address, [int(v) if isinstance(v, bool) else v for v in values])
        for _ in range(TRIES):
            with contextlib.suppress(OSError):
                if self._socket is not None:
                    self._socket.sendto(packet, target)
                return

    def refused(self) -> list[Address]:
        """Whom answers did not reach since the last time it was asked: nobody listens there. Only
        Linux tells."""
        found: list[Address] = []
        while self._socket is not None and sys.platform == "linux":
            try:
                *_, target = self._socket.recvmsg(0, 512, MSG_ERRQUEUE | MSG_DONTWAIT)
            except OSError:
                break
            found.append(target[:2])
        return found

    def close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None
