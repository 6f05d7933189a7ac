"""OSC from outside: who may speak, and what becomes of what others say."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest

from livegan.shell.allow import may_speak
from livegan.shell.osc import build

from .conftest import Client, Daemon

Serve = Callable[..., Daemon]
Connect = Callable[[Daemon], Client]
STRANGER = "203.0.114.9"


@pytest.fixture(autouse=True)
def no_midi(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    return


@pytest.mark.parametrize(
    ("host", "yes"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("192.168.1.5", True),
        ("10.9.8.7", True),
        ("172.16.0.1", True),
        ("169.254.3.4", True),
        ("fe80::1%1", True),
        ("fd12::3", True),
        ("::ffff:192.168.1.5", True),
        ("8.8.8.8", False),
        (STRANGER, False),
        ("::ffff:8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("nonsense", False),
    ],
)
def test_without_a_list_those_on_private_networks_may_speak(host: str, yes: bool) -> None:
    assert may_speak(host) is yes


@pytest.mark.parametrize(
    ("host", "yes"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("192.168.1.5", True),
        ("::ffff:192.168.1.5", True),
        ("192.168.1.6", False),
        ("10.0.0.99", True),
        ("10.0.1.99", False),
        ("8.8.8.8", False),
        ("fd12::3", False),
    ],
)
def test_with_a_list_only_those_may_and_this_machine(host: str, yes: bool) -> None:
    assert may_speak(host, (ip_network("192.168.1.5"), ip_network("10.0.0.0/24"))) is yes


def from_stranger(port: int, packet: bytes) -> bytes:
    """A UDP packet over IPv4 to this machine, from somebody elsewhere."""
    udp = struct.pack(">HHHH", 5005, port, 8 + len(packet), 0) + packet
    ends = socket.inet_aton(STRANGER) + socket.inet_aton("127.0.0.1")
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ends + udp


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can send in the name of another address")
@pytest.mark.parametrize("allowed", [False, True])
def test_what_strangers_say_is_dropped_and_logged_once(
    serve: Serve, client: Connect, allowed: bool
) -> None:
    daemon = serve("--host", "0.0.0.0", *(["--allow", f"{STRANGER}/31"] if allowed else []))
    one = client(daemon)
    one.send("/livegan/subscribe")
    one.expect("/livegan/tempo")
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for bpm in range(200, 240):
            raw.sendto(from_stranger(daemon.port, build("/livegan/tempo", [bpm])), ("127.0.0.1", 0))
            time.sleep(0.001)
        raw.sendto(from_stranger(daemon.port, b"nonsense"), ("127.0.0.1", 0))
    client(daemon).send("/livegan/drift", 0.5)
    heard = [one.heard.get(timeout=5)]
    while (heard[-1].address, heard[-1].values) != ("/livegan/drift", (0.5,)):
        heard.append(one.heard.get(timeout=5))
    tempi = {message.values for message in heard if message.address == "/livegan/tempo"}
    if allowed:
        assert (239.0,) in tempi or one.expect("/livegan/tempo") == (239.0,)
        return
    assert tempi <= {(120.0,)}
    told = [line for line in daemon.log.read_text().splitlines() if STRANGER in line]
    assert told == [f"livegan: OSC from {STRANGER}: not taken; --allow {STRANGER} would let it in"]
