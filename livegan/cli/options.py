"""Types that several commands share."""

from __future__ import annotations

import math
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import click

from livegan.core.music import FASTEST, LATENCY_MS, SLOWEST


class Finite(click.FloatRange):
    """A range alone lets `nan` through."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not in the range {self.min:g}<=x<={self.max:g}.", param, ctx)
        return number


class Tempo(Finite):
    """Quarter notes a minute."""

    def __init__(self) -> None:
        super().__init__(SLOWEST, FASTEST)


class Milliseconds(Finite):
    """What a port's messages can be moved by."""

    def __init__(self) -> None:
        super().__init__(-LATENCY_MS, LATENCY_MS)


def host_port(text: str) -> tuple[str, int]:
    """Somewhere that UDP packets are sent to; [..] around an IPv6 address."""
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    numbered = port.isascii() and port.isdigit() and 0 < int(port[:9]) < 65_536
    if not bare or not numbered or (":" in bare and bare == host):
        raise click.BadParameter(f"{text!r} is not HOST:PORT, such as 192.168.1.5:9001")
    return bare, int(port)


def network(text: str) -> IPv4Network | IPv6Network:
    """An address, or a network of addresses."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        wanted = "an address or a network, such as 192.168.1.5 or 192.168.1.0/24"
        raise click.BadParameter(f"{text!r} is not {wanted}") from None


class Names(click.types.StringParamType):
    """Of an option that can be repeated; in the environment they are separated by commas."""

    name = "text"
    envvar_list_splitter = ","

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not str(value).strip():
            self.fail("a name is wanted, not an empty text", param, ctx)
        return str(value).strip()
