"""Who may speak to the web server: the pages that it serves, programs of the same machine, and whoever
has the token; no other web page, whatever name its server gives us."""

from __future__ import annotations

import hmac
import socket
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = ("localhost", "127.0.0.1", "::1")
WILD = ("0.0.0.0", "::", "")
METHODS = ("GET", "HEAD")
ONE_WEEK = 7 * 24 * 3600


def own_names(host: str) -> frozenset[str]:
    """What the machine is called, besides the address that a connection came to."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    given = () if host in WILD else (host.lower(),)
    return frozenset((*LOCAL, name, short, f"{short}.local", *given))


def name_of(host: str) -> str:
    """The name in a Host header, without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def policy(host: str) -> str:
    """The content that a page may have: its own, and what it makes itself. Some browsers don't take
    'self' for a WebSocket."""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            f"connect-src 'self' data: blob: ws://{host}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


class Guard:
    """Around the application. `open_ports` need no token, but are only for those who are `welcome`."""

    def __init__(
        self,
        app: ASGIApp,
        names: Iterable[str],
        token: str | None,
        open_ports: Iterable[int],
        welcome: Callable[[str], bool],
    ) -> None:
        self.app = app
        self.names = frozenset(names)
        self.token = token
        self.open_ports = frozenset(open_ports)
        self.welcome = welcome

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        status, why = self.refusal(scope, headers)
        given = self.given(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                harden(MutableHeaders(scope=message), host if status == 200 else "")
                if status == 200 and given and self.needs_token(scope):
                    MutableHeaders(scope=message).append("set-cookie", self.cookie(scope))
            await send(message)

        if status == 200:
            await self.app(scope, receive, send_guarded)
        elif scope["type"] == "http":
            await PlainTextResponse(f"livegan: {why}\n", status)(scope, receive, send_guarded)
        else:
            start: Message = {"type": "websocket.http.response.start", "status": status, "headers": []}
            await send(start)
            await send({"type": "websocket.http.response.body", "body": f"livegan: {why}\n".encode()})

    def refusal(self, scope: Scope, headers: Headers) -> tuple[int, str]:
        """HTTP status, and why; 200 for who may pass."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        reached = str(scope["server"][0]).lower()
        if len(hosts) != 1 or name_of(hosts[0]) not in {*self.names, reached}:
            return 421, "no such host here"
        if origins and origins != [f"http://{hosts[0]}"]:
            return 403, "not for other web pages"
        if scope["type"] == "http" and scope["method"] not in METHODS:
            return 405, "only to be read"
        if scope["server"][1] in self.open_ports and not self.welcome(scope["client"][0]):
            return 403, "not from this address; --allow would let it in"
        if self.needs_token(scope) and not (self.given(scope) or self.kept(scope, headers)):
            return 401, "open the address with the token that livegan serve printed"
        return 200, ""

    def needs_token(self, scope: Scope) -> bool:
        return self.token is not None and scope["server"][1] not in self.open_ports

    def given(self, scope: Scope) -> bool:
        """Does the address have the token?"""
        try:
            query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
        except ValueError:
            return False
        return self.right(query.get("token", [""])[0])

    def kept(self, scope: Scope, headers: Headers) -> bool:
        """Does the browser have it from before?"""
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        name = self.cookie_name(scope)
        return name in cookies and self.right(cookies[name].value)

    def right(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(errors="replace"), (self.token or "").encode())

    @staticmethod
    def cookie_name(scope: Scope) -> str:
        """Browsers don't tell ports apart."""
        return f"livegan-{scope['server'][1]}"

    def cookie(self, scope: Scope) -> str:
        kept = SimpleCookie({self.cookie_name(scope): self.token or ""}).output(header="").strip()
        return f"{kept}; Max-Age={ONE_WEEK}; Path=/; HttpOnly; SameSite=Strict"


def harden(headers: MutableHeaders, host: str) -> None:
    """What a browser is told about every answer."""
    headers["content-security-policy"] = policy(host) if host else "default-src 'none'"
    headers["x-content-type-options"] = "nosniff"
    headers["x-frame-options"] = "DENY"
    headers["referrer-policy"] = "no-referrer"
    headers["cross-origin-resource-policy"] = "same-origin"
    headers["cross-origin-opener-policy"] = "same-origin"
    headers.setdefault("cache-control", "no-cache")
