"""What goes on while the players play."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from .processes import busy, python
from .schedule import SETTINGS
from .stage import Daemon

MESSAGES_A_SECOND = 5_000
SWAPS_A_SECOND = 1
SAME = [f"/{name}={value}" for name, value in SETTINGS.items()]
"""Moves to where the controls are already: the daemon makes both bars again, and the music stays the
same, so that every event is still known."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`load` is on while it is entered. Where it is a daemon's (`daemons`), livegan's is the one, and
    the peers play beside another. Daemons record to `recording`."""

    name: str
    what: str
    load: Callable[[Daemon | None], AbstractContextManager[object]]
    recording: Path | None = None
    daemons: bool = False

    @property
    def loaded(self) -> bool:
        return self.name != "idle"


def conditions(model: Path, recording: Path) -> dict[str, Condition]:
    """By name. A model swapped for itself is loaded from its file as any other."""

    def moves(daemon: Daemon | None, rate: int, *settings: str) -> AbstractContextManager[object]:
        assert daemon
        host, port = daemon.address
        return python("-m", "benchmarks.moves", host, str(port), str(rate), *settings)

    @contextmanager
    def session(daemon: Daemon | None) -> Iterator[None]:
        assert daemon
        page = python("-m", "benchmarks.page", daemon.panel())
        with page, moves(daemon, SWAPS_A_SECOND, f"/model={model}"):
            yield

    found = (
        Condition("idle", "idle", lambda _: nullcontext()),
        Condition("busy", "beside a busy process on each core", lambda _: busy()),
        Condition(
            "osc",
            f"under {MESSAGES_A_SECOND} OSC messages/s",
            lambda daemon: moves(daemon, MESSAGES_A_SECOND, *SAME),
            daemons=True,
        ),
        Condition(
            "session",
            f"a panel open, recording, {SWAPS_A_SECOND} model swap/s",
            session,
            recording,
            daemons=True,
        ),
    )
    return {condition.name: condition for condition in found}
