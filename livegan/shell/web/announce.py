"""Telling others by zeroconf (mDNS, RFC 6762 and 6763) that livegan is here, and where."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket

import ifaddr
from zeroconf import DNSQuestionType, NonUniqueNameException
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from .guard import WILD
from .ports import is_loopback

OSC, QUERY = "_osc._udp.local.", "_oscjson._tcp.local."
MOST_NAMES = 20
ANSWER_MS = 2_500
"""Who has just told of itself says nothing more of it for a second (RFC 6762, section 6)."""
ONLY_HERE = 0
"""Of a multicast's time to live: it does not leave the machine."""


class Announcer:
    """`announce` both services under one name, the first that is free of livegan, livegan 2, ...;
    `withdraw` them."""

    def __init__(self, host: str, osc_port: int, query_port: int) -> None:
        self.name = ""
        self._host = host
        self._ports = {OSC: osc_port, QUERY: query_port}
        self._zeroconf: AsyncZeroconf | None = None

    async def announce(self) -> None:
        """Takes some seconds. Raises `OSError` or `RuntimeError` where there is no network for it."""
        self._zeroconf = AsyncZeroconf()
        await self._zeroconf.zeroconf.async_wait_for_start()
        if is_loopback(self._host):
            for sender in self._zeroconf.zeroconf.engine.senders:
                sender.sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ONLY_HERE)
        for number in range(1, MOST_NAMES + 1):
            name = "livegan" if number == 1 else f"livegan {number}"
            if await self._take(self._zeroconf, name):
                self.name = name
                return
        raise RuntimeError(f"{MOST_NAMES} of that name are here")

    async def _take(self, zeroconf: AsyncZeroconf, name: str) -> bool:
        """Both services under this name, or neither."""
        services = [self._service(kind, name) for kind in self._ports]
        if any(await asyncio.gather(*(self._heard(zeroconf, service) for service in services))):
            return False
        asked = [zeroconf.async_register_service(service) for service in services]
        taken = await asyncio.gather(*asked, return_exceptions=True)
        failures = [result for result in taken if isinstance(result, BaseException)]
        if not failures:
            return True
        for service, result in zip(services, taken, strict=True):
            if not isinstance(result, BaseException):
                await (await zeroconf.async_unregister_service(service))
        for failure in failures:
            if not isinstance(failure, NonUniqueNameException):
                raise failure
        return False

    @staticmethod
    async def _heard(zeroconf: AsyncZeroconf, service: AsyncServiceInfo) -> bool:
        """Does somebody have it? Asked so that all hear the answer: of several on one machine, one
        alone gets what is sent to its port, and zeroconf's own question asks for that."""
        other = AsyncServiceInfo(service.type, service.name)
        return await other.async_request(zeroconf.zeroconf, ANSWER_MS, DNSQuestionType.QM)

    def _service(self, kind: str, name: str) -> AsyncServiceInfo:
        here = re.sub(r"[^a-z0-9-]", "-", socket.gethostname().partition(".")[0].lower())
        return AsyncServiceInfo(
            kind,
            f"{name}.{kind}",
            port=self._ports[kind],
            server=f"{here}-livegan-{self._ports[QUERY]}.local.",
            parsed_addresses=addresses(self._host),
        )

    async def withdraw(self) -> None:
        if self._zeroconf:
            with contextlib.suppress(OSError, RuntimeError):
                await self._zeroconf.async_close()


def addresses(host: str) -> list[str]:
    """Where a service can be reached that listens on this address."""
    if host not in WILD:
        return [host]
    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [ip for ip in found if not is_loopback(ip)] or ["127.0.0.1"]
