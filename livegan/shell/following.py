"""What a leader of the time does to us: another program's or device's transport and tempo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livegan.core.messages import Halted, Joined, LeaderTempo, Led

from .config import CannotStart
from .part import Part

if TYPE_CHECKING:
    from .server import Server


class Following(Part):
    """The player follows the leader; here the conductor learns of it."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def begin(self, led: Led) -> None:
        """With the leader that was asked for. Raises `CannotStart` if there is none."""
        if led.why:
            raise CannotStart(led.why)
        self._be_led(led)

    def hear(self, item: Any) -> None:
        server = self._server
        match item:
            case Led():
                self._be_led(item)
            case LeaderTempo(bpm):
                server.conductor.led_tempo(bpm)
            case Joined(bar, fresh):
                server.reports.enter_bar()
                server.conductor.joined(bar, fresh)
            case Halted():
                server.send(server.conductor.halted())
            case _:
                return
        server.show_transport()

    def _be_led(self, led: Led) -> None:
        self._server.conductor.led(led.leader)
        if led.why:
            self._server.faults.tell("/sync", led.why)
        else:
            self._server.view.say("sync", f"time: {led.leader}", leader=led.leader)
