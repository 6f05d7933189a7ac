"""The web's part of the server: opens its ports, hears what the server does, and tells it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from livegan.core.controls import Value
from livegan.core.messages import Command, Grid, Played, SendBar, Sent, Stopped
from livegan.core.performance import notes_of
from livegan.core.table import ANNOUNCEMENTS

from ..allow import may_speak
from ..folder import names_in
from ..generator import OnnxGenerator, shipped_models
from ..map_files import map_names
from ..part import Part
from . import frames
from .browser import open_panel
from .invitation import qr_code, token_for, with_token
from .items import Heard, ModelChanged, Plan, Silence, Situation
from .mailbox import Mailbox
from .ports import PortTaken, listen, port_of, url_of
from .thread import WebConfig, WebFault, WebThread

if TYPE_CHECKING:
    from ..server import Server

PANEL_PORT = 9001
MOST_FAULTS = 20


class PanelPart(Part):
    """`open` before anything sounds, `start` when all is there."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._mailbox = Mailbox()
        self._web: WebThread | None = None
        self._url = ""
        self._token: str | None = None
        self._shown: object = None
        self._struck: dict[tuple[int, int], Sent] = {}
        self._faults: set[str] = set()

    def open(self) -> None:
        """Bind the ports that are asked for. Raises `PortTaken`, but not if only the usual port of the
        panel is taken: then there is none."""
        server, config = self._server, self._server.config
        web = WebConfig(
            server.inbox.put, server.inbox.put_osc, self.situation, (server.osc.host, server.osc.port)
        )
        web.welcome = lambda host: may_speak(host, server.osc.allowed)
        web.panel_host, web.token = config.panel_host, token_for(config.panel_host)
        web.names = {
            "models": lambda: list(shipped_models()),
            "banks": lambda: names_in(server.folder, "banks", ".toml"),
            "maps": lambda: list(map_names(server.folder)),
        }
        self._web = WebThread(web, self._mailbox)
        if config.panel:
            try:
                chosen = PANEL_PORT if config.panel_port is None else config.panel_port
                web.panel = listen(config.panel_host, chosen, "--panel-port")
                self._url = url_of(config.panel_host, port_of(web.panel))
            except PortTaken as error:
                if config.panel_port is not None or not error.taken:
                    raise
                server.view.say("panel", f"no panel: {error}", url=None)
        if config.announce or config.query_port is not None:
            web.query = listen(server.osc.host, config.query_port or 0, "--query-port")
        web.announce = config.announce
        self._token = web.token

    def start(self) -> None:
        """Serve from now on."""
        server = self._server
        assert self._web is not None
        if self._web.config.panel is None and self._web.config.query is None:
            return
        if self._url:
            url = with_token(self._url, self._token)
            server.view.say("panel", f"panel: {url}", url=url)
            if self._token and server.view.draws:
                server.view.say("qr", f"with a phone's camera:\n{qr_code(url)}")
        self._shown = server.conductor.generator
        for name in ("panel", "query"):
            server.hub.add(name, self._mailbox)
        self._web.start()
        if server.config.open and self._url:
            open_panel(with_token(self._url, self._token))

    def situation(self) -> Situation:
        """On any thread: what it looks at is replaced, never changed."""
        conductor, status = self._server.conductor, self._server.status
        known = self._server.feedback.known
        told: Mapping[str, Sequence[Value]] = {
            **{told.address: known[told.address] for told in ANNOUNCEMENTS if told.address in known},
            "/bar": (status.bar,),
            "/beat": (status.beat,),
            "/tempo/now": (status.tempo,),
            "/lateness": (status.late_median, status.late_worst),
            "/inference": (status.inference,),
            "/port": (status.midi, int(status.midi != "none")),
        }
        return Situation(conductor.state, conductor.generator.info, status.device, told)

    @property
    def _channels(self) -> dict[int, int]:
        conductor = self._server.conductor
        return frames.channels_of(conductor.state, conductor.generator.info)

    def sent(self, command: Command) -> None:
        if isinstance(command, SendBar):
            self._mailbox.put(Plan(command, self._channels))

    def hear(self, item: Any) -> None:
        match item:
            case Played(events):
                if notes := notes_of(events, self._struck):
                    self._mailbox.put(Heard(notes, self._channels))
            case Grid() if self._server.conductor.state.playing:
                self._mailbox.put(item)
            case Stopped():
                self._mailbox.put(Silence())
            case WebFault(why):
                self._log(why)

    def _log(self, why: str) -> None:
        if why not in self._faults and len(self._faults) < MOST_FAULTS:
            self._faults.add(why)
            self._server.view.say("error", why)

    def tick(self) -> None:
        generator = self._server.conductor.generator
        if generator is not self._shown and isinstance(generator, OnnxGenerator):
            self._shown = generator
            self._mailbox.put(ModelChanged())

    def close(self) -> None:
        if self._web:
            self._web.close()
