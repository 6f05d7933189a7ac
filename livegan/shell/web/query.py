"""OSCQuery over HTTP and WebSocket. Source: https://github.com/Vidvox/OSCQueryProposal"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from livegan.core import oscquery
from livegan.core.model import ModelInfo
from livegan.core.state import State

from ..osc import Address, build
from .clients import Client, Clients, Receive
from .items import ModelChanged, Situation, Told
from .outbox import Outbox

LONGEST_COMMAND = 4_096


class Tree:
    """The namespace as it is now; made when it is asked for, and again when something has moved."""

    def __init__(self, situation: Callable[[], Situation]) -> None:
        self._situation = situation
        self._made: tuple[State, ModelInfo, Mapping[str, Any]] | None = None
        self._root: oscquery.Node = {}

    @property
    def root(self) -> oscquery.Node:
        state, info, _, told = self._situation()
        if self._made is None or self._made[0] is not state or self._made[1:] != (info, told):
            self._made = state, info, told
            self._root = oscquery.tree(state, info, told)
        return self._root


def pack_messages(values: Mapping[Hashable, tuple[str, Sequence[Any]]]) -> list[str | bytes]:
    return [build(address, given) for address, given in values.values()]


class Listener(Client):
    """A client, and the addresses that it wants to be told of."""

    def __init__(self, address: Address) -> None:
        super().__init__(address, Outbox(pack_messages))
        self.wanted: set[str] = set()


class Query(Clients):
    """All clients of the tree."""

    kind = "query"
    most = 16

    def __init__(
        self, receive: Receive, situation: Callable[[], Situation], osc: Address, port: int
    ) -> None:
        super().__init__(receive)
        self._tree = Tree(situation)
        self._osc, self._port = osc, port

    def asked_for(self, request: Request) -> bool:
        """Is this a request for the tree, and not for a page?"""
        return bool({"HOST_INFO", *oscquery.ATTRIBUTES} & set(names_in(request)))

    async def answer(self, request: Request) -> Response:
        """A node of the tree, or what is asked of it."""
        asked = names_in(request)
        path = request.scope["path"]
        if "HOST_INFO" in asked:
            return JSONResponse(self._host_info(request))
        status, content = oscquery.answer(self._tree.root, path, asked)
        if status == 204:
            return Response(status_code=204)
        if status == 404:
            return JSONResponse({"ERROR": f"no such address: {path[:200]}"}, 404)
        return JSONResponse(content)

    def _host_info(self, request: Request) -> oscquery.Node:
        reached = str(request.scope["server"][0])
        host, port = self._osc
        osc = reached if host in ("0.0.0.0", "::") else host
        return oscquery.host_info(osc, port, reached, self._port or request.scope["server"][1])

    def join(self, number: int) -> Listener:
        return Listener((self.kind, number))

    def hear(self, client: Client, text: str | None) -> None:
        assert isinstance(client, Listener)
        match read_command(text):
            case "LISTEN", path if path in client.wanted or path in oscquery.paths(self._tree.root):
                client.wanted.add(path)
            case "IGNORE", path:
                client.wanted.discard(path)
            case "LISTEN", path:
                client.outbox.put("error", command("ERROR", f"no such address: {path[:200]}"))
            case _:
                why = 'neither {"COMMAND": "LISTEN", "DATA": address} nor IGNORE'
                client.outbox.put("error", command("ERROR", why))

    def take(self, item: Any) -> None:
        """Something came from the server."""
        match item:
            case Told((self.kind, number), address, values):
                client = self.here.get(number)
                if isinstance(client, Listener) and address in client.wanted:
                    client.outbox.put_value(address, values)
            case ModelChanged():
                for client in self.here.values():
                    client.outbox.put("changed", command("PATH_CHANGED", "/livegan"))


def names_in(request: Request) -> list[str]:
    """What is asked of a node: the query's names, with or without values."""
    query = request.scope["query_string"].decode("latin-1")
    return [part.partition("=")[0] for part in query.split("&") if part]


def command(name: str, data: str) -> str:
    return json.dumps({"COMMAND": name, "DATA": data})


def read_command(text: str | None) -> tuple[str, str] | None:
    """A command and its address; None for anything else."""
    if text is None or len(text) > LONGEST_COMMAND:
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match content:
        case {"COMMAND": str() as name, "DATA": str() as data}:
            return name, data
    return None
