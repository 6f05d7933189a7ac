"""The pages that show the panel: each is told the table, every value, every bar and the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from livegan import __version__
from livegan.core.controls import PREFIX
from livegan.core.messages import Grid
from livegan.core.rows import rows

from . import frames
from .clients import Client, Clients, Receive
from .items import Heard, ModelChanged, Plan, Silence, Situation, Told
from .outbox import Outbox

BARS_SHOWN = 3
"""To a page that is opened: the bar before, the one that plays, the next."""


def pack_values(values: Mapping[Hashable, tuple[str, Sequence[Any]]]) -> list[str | bytes]:
    return [frames.values_frame(values.values())]


class Pages(Clients):
    """All pages. `names` are what there is to choose from: models, banks, maps."""

    kind = "panel"
    most = 16

    def __init__(
        self,
        receive: Receive,
        situation: Callable[[], Situation],
        names: Mapping[str, Callable[[], list[str]]],
    ) -> None:
        super().__init__(receive)
        self._situation = situation
        self._names = names
        self._known: dict[str, list[str]] = {}
        self._plans: dict[int, str] = {}
        self._grid: str | None = None
        self._played = 0

    def join(self, number: int) -> Client:
        now = self._situation()
        self._known = {kind: names() for kind, names in self._names.items()}
        model = frames.model_of(now.info, now.device)
        hello = {"version": __version__, "table": rows(), "model": model, **self._known}
        first = [frames.frame(hello=hello), frames.values_frame(now.told.items())]
        client = Client((self.kind, number), Outbox(pack_values, first))
        for bar, plan in self._plans.items():
            client.outbox.put(("plan", bar), plan)
        if self._grid:
            client.outbox.put("grid", self._grid)
        return client

    def hear(self, client: Client, text: str | None) -> None:
        try:
            said = frames.read_frame(text)
        except frames.BadFrame as error:
            client.outbox.put_value("/error", ("", str(error)))
            return
        if isinstance(said, frames.Ping):
            pong = [said.time, time.monotonic() * 1e3]
            client.outbox.put(("pong", said.time), frames.frame(pong=pong))
        else:
            self.say(client, said.address.removeprefix(PREFIX), *said.values)

    def take(self, item: Any) -> None:
        """Something came from the server."""
        match item:
            case Told((self.kind, number), address, values):
                if number in self.here:
                    self.here[number].outbox.put_value(address.removeprefix(PREFIX), values)
            case Plan(bar, channels):
                self._plan(bar.bar, frames.plan_frame(bar, channels))
            case Heard(notes, channels):
                self._played += 1
                self._tell(("played", self._played), frames.played_frame(notes, channels))
            case Grid():
                self._grid = frames.grid_frame(item)
                self._tell("grid", self._grid)
            case Silence():
                self._stop()
            case ModelChanged():
                now = self._situation()
                self._tell("model", frames.frame(model=frames.model_of(now.info, now.device)))

    def look(self) -> None:
        """Tell which files came and went."""
        if not self.here:
            return
        for kind, names in self._names.items():
            if (found := names()) != self._known.get(kind):
                self._known[kind] = found
                self._tell(kind, frames.frame(**{kind: found}))

    def _plan(self, bar: int, plan: str) -> None:
        self._plans = {b: p for b, p in self._plans.items() if bar - BARS_SHOWN < b <= bar + 1}
        self._plans[bar] = plan
        self._tell(("plan", bar), plan)

    def _stop(self) -> None:
        self._grid = None
        for client in self.here.values():
            client.outbox.forget("grid")
        self._tell("stopped", frames.frame(stopped={}))

    def _tell(self, kind: Hashable, text: str) -> None:
        for client in self.here.values():
            client.outbox.put(kind, text)
