"""What went wrong, told to whom it concerns."""

from __future__ import annotations

from livegan.core.controls import PREFIX

from .feedback import Feedback, Hub
from .osc import Address
from .view import View

MAX_LOGGED = 200


class Faults:
    """At the terminal, and as `/livegan/error` on the surfaces."""

    def __init__(self, view: View, hub: Hub, feedback: Feedback) -> None:
        self._view, self._hub, self._feedback = view, hub, feedback
        self._logged: set[tuple[str, str]] = set()

    def tell(self, what: str, why: str) -> None:
        """Something broke that concerns everybody; the music goes on."""
        self._view.say("error", why)
        self._feedback.tell("/error", what, why)

    def answer(self, sender: Address, address: str, why: str) -> None:
        """Tell who asked that it can't be."""
        self._hub.send(sender, f"{PREFIX}/error", (address[:200], why))

    def refuse(self, sender: Address, address: str, why: str) -> None:
        """Answer the sender; log each kind once."""
        self.answer(sender, address, why)
        self.log_once(f"{sender[0]}:{sender[1]} {address[:60]!r}", why)

    def log_once(self, what: str, why: str) -> None:
        key = (what.rpartition(" ")[2], why[:60])
        if key not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add(key)
            self._view.say("error", f"{what}: {why}")
