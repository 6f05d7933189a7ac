"""What the server is put together from: a part acts on controls of its own and hears what happens."""

from __future__ import annotations

from math import inf
from typing import Any

from livegan.core.addressing import Move
from livegan.core.messages import Command

from .osc import OscIn


class Part:
    """Does nothing; a part overrides what it needs. All is called on the server's thread, and must not
    wait."""

    def act(self, move: Move, item: OscIn) -> bool:
        """Take a move, if it is one of this part's own. Raises `BadValue` if it can't be taken."""
        return False

    def hear(self, item: Any) -> None:
        """Something came into the inbox: a report of the player's, or an item that this part put there.
        The server has taken it already."""

    def sent(self, command: Command) -> None:
        """A command went to the player."""

    @property
    def patience(self) -> float:
        """Seconds until `tick` has something to do."""
        return inf

    def tick(self) -> None:
        """Once a round, after everything that came."""

    def close(self) -> None:
        """The daemon ends; the player has ended."""
