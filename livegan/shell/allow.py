"""Who may speak OSC to us from outside."""

from __future__ import annotations

import contextlib
import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


@lru_cache(1024)
def may_speak(host: str, allowed: tuple[Network, ...] = ()) -> bool:
    """This machine always may. With `allowed` only those may besides, without it whoever is on a
    private network or linked directly, where addresses of the internet at large don't come from."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    if allowed:
        known = any(address in network for network in allowed)
    else:
        known = address.is_private or address.is_link_local
    return known or address.is_loopback or is_own(address)


def is_own(address: IPv4Address | IPv6Address) -> bool:
    """Whether this machine has it: one can only be bound to one's own."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as own:
        own.bind((str(address), 0))
        return not address.is_unspecified and not address.is_multicast
    return False
