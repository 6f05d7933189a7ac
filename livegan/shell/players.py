"""The player, and who goes on for it when it or its port is gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from livegan.core.messages import (
    Command,
    Grid,
    Halted,
    Led,
    Opened,
    PortFound,
    PortLost,
    Release,
    Stop,
    Stopped,
)

from .config import CannotStart
from .part import Part
from .player_link import PlayerGone, PlayerLink, Successor
from .priority import how_to_grant

if TYPE_CHECKING:
    from .server import Server

START_SECONDS = 20.0
SHORT_LIFE_SECONDS = 2.0
LOOK_SECONDS = 0.1

Kind = TypeVar("Kind", Opened, Led)


class Players(Part):
    """One plays, another stands by. Until the next one has the port, the conductor keeps its bars."""

    def __init__(self, server: Server) -> None:
        config = server.config
        self._server = server
        self._link = PlayerLink(server.inbox.put, config.midi_out, config.clock_out, config.clock_in)
        self._started = 0.0
        self._grid: Grid | None = None
        """Where the music is, while it plays."""
        self._left: set[tuple[int, int]] = set()
        """What may still sound of those who are gone."""
        self._port_lost = False

    # life

    def start(self) -> None:
        """The player's process; `opened` waits for it."""
        self._started = time.monotonic()
        self._link.start()

    def opened(self) -> Opened:
        """Its ports, once they are open. Raises `CannotStart`."""
        opened = self.first(Opened)
        if opened.why.startswith("!"):
            raise CannotStart(opened.why[1:])
        return opened

    def first(self, kind: type[Kind]) -> Kind:
        """The player's first word of this kind; what others say before it is kept for later. Raises
        `CannotStart`."""
        inbox = self._server.inbox
        early: list[Any] = []
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and not self._server.stopping:
            item = inbox.get(LOOK_SECONDS)
            if isinstance(item, kind):
                for one in early:
                    inbox.put(one)
                return item
            if isinstance(item, PlayerGone):
                raise CannotStart("the player process ended before it was ready")
            if item is not None:
                early.append(item)
        raise CannotStart("stopped" if self._server.stopping else "the player process did not start")

    def introduce(self, opened: Opened) -> None:
        """Say where the music goes."""
        view = self._server.view
        self._server.status.midi = opened.port or "none"
        self._link.has_port = bool(opened.port)
        if opened.port:
            view.say("midi", f"MIDI out: {opened.port}", port=opened.port)
            if not opened.realtime:
                view.say("priority", f"no real-time priority: {how_to_grant()}")
        else:
            view.say("midi", f"{opened.why}; playing without a port", port=None)
        if opened.clock_port:
            view.say("clock", f"MIDI clock out: {opened.clock_port}", port=opened.clock_port)

    def send(self, command: Command) -> None:
        """To the one that plays."""
        self._link.send([command])

    def end(self) -> None:
        """Every note, and the players; their last reports are in the inbox then."""
        self._link.close()

    # the part

    def hear(self, item: Any) -> None:
        match item:
            case Grid() if self._server.conductor.state.playing:
                self._grid = item
            case Stopped() | Halted():
                self._grid = None
            case PlayerGone(process_id) if process_id == self._link.process_id:
                self._replace()
            case PlayerGone(process_id):
                self._link.forget_spare(process_id)
            case PortLost(port):
                self._lose_port(port)
            case PortFound():
                self._link.retire()
            case Successor(opened):
                self._succeed(opened)

    def sent(self, command: Command) -> None:
        if isinstance(command, Stop):
            self._grid = None

    def tick(self) -> None:
        self._link.keep_spare()

    # takeover

    def _replace(self) -> None:
        if time.monotonic() - self._started < SHORT_LIFE_SECONDS:
            self._server.view.say("error", "the player process can't stay alive; giving up")
            self._server.stopping = True
            return
        self._left |= self._server.conductor.pitches
        self._link.retire()
        self._link.call_spare()
        self._server.faults.tell("player", "the player process ended; starting another")

    def _lose_port(self, port: str) -> None:
        """The player plays on to nowhere, and keeps the beat, until the spare has found the port."""
        self._port_lost = True
        self._left |= self._server.conductor.pitches
        self._link.call_spare()
        why = f"the MIDI port {port} is gone; it is looked for, and the music goes on"
        self._server.faults.tell("port", why)
        self._server.feedback.tell("/port", port, False)

    def _succeed(self, opened: Opened) -> None:
        """Another player has the port: it ends what was left sounding, and goes on on the beat; at a
        bar line, where the port had been away."""
        if opened.why.startswith("!"):
            return
        self._link.promote()
        self._started = time.monotonic()
        resumed = self._server.conductor.resume(self._grid, at_line=self._port_lost)
        self._server.send([Release(tuple(self._left)), *resumed])
        self._link.send_missed()
        self._left.clear()
        self._server.status.midi = opened.port or "none"
        if self._port_lost:
            self._server.view.say("midi", f"MIDI out again: {opened.port}")
            self._server.feedback.tell("/port", opened.port, True)
        self._port_lost = False
