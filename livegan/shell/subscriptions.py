"""Who wants to be told what changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livegan.core.addressing import Move

from .feedback import chosen_port
from .osc import OscIn
from .part import Part

if TYPE_CHECKING:
    from .server import Server


class Subscriptions(Part):
    """Takes /subscribe, /unsubscribe, and /sync without a value."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def act(self, move: Move, item: OscIn) -> bool:
        server, sender = self._server, item.sender
        match move.control.name:
            case "subscribe":
                server.tell_changes()
                server.feedback.subscribe(chosen_port(sender, move.values), sender)
            case "unsubscribe":
                server.feedback.unsubscribe(chosen_port(sender, move.values))
            case "sync" if not move.values:
                server.tell_changes()
                server.feedback.dump(sender)
            case _:
                return False
        return True
