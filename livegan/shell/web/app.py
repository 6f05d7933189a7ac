"""Which address leads where."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from .pages import Pages
from .query import Query

PACKAGE = Path(str(resources.files("livegan")))
STATIC = PACKAGE / "shell" / "web" / "static"
SAMPLES = PACKAGE / "sounds" / "piano"


def query_app(query: Query) -> ASGIApp:
    """Every address is one of the tree's."""
    return Starlette(
        routes=[WebSocketRoute("/{path:path}", query.serve), Route("/{path:path}", query.answer)]
    )


def panel_app(pages: Pages, query: Query) -> ASGIApp:
    """The panel, with the tree beside it."""

    async def index(request: Request) -> Response:
        if query.asked_for(request):
            return await query.answer(request)
        return FileResponse(STATIC / "index.html")

    routes: list[BaseRoute] = [
        Route("/", index),
        WebSocketRoute("/ws", pages.serve),
        Mount("/static", StaticFiles(directory=STATIC)),
        Mount("/samples", StaticFiles(directory=SAMPLES)),
        WebSocketRoute("/", query.serve),
        Route("/livegan", query.answer),
        Route("/livegan/{path:path}", query.answer),
    ]
    return Starlette(routes=routes)


class ByPort:
    """One application for each port that is listened on."""

    def __init__(self, apps: dict[int, ASGIApp]) -> None:
        self.apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.apps[scope["server"][1]](scope, receive, send)
