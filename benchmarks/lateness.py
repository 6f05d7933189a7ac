"""How late each player sends the same events, and how late they arrive, whatever else goes on.

Lateness at send is the time of the call that sends an event minus the time at which it was due; at the
receiver, through JACK, it is the time at which an independent client gets it minus the same. livegan's
events are due where its transport puts them, which is checked to be one grid from the first to the
last, and python-rtmidi's where the script puts them, so nothing is forgiven. isobar and mido don't tell
when their music began: they are anchored at the most punctual of their own events, as if that one had
been sent on time. That is never harsher than an anchor at the start of play, since no event comes
early, and forgives whatever they are late by all the time. (An anchor at the very first event would
hang everything on one sample: beside busy processes it was found up to 8 ms late.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec

from .conditions import Condition
from .ensemble import PEERS, Ensemble
from .report import Figures, Row, figures

OURS = {"livegan": "real-time", "livegan, no real-time priority": "ordinary"}
AIMS_MS = {"livegan": (0.2, 1.0), "livegan, no real-time priority": (2.0, 5.0)}
"""At send: p99 idle, and under a load."""
AIM_RATIO = 10.0
"""Under a load, at send: how many times livegan's p99 a peer's is."""
Say = Callable[[str], None]


def measure(ensemble: Ensemble, condition: Condition, say: Say) -> list[Row]:
    """All players that are here, one after the other."""
    runs = {}
    for name, priority in OURS.items():
        say(f"{condition.name}: {name}")
        runs[name] = ensemble.livegan(condition, priority)
    for name in [name for name in PEERS if name not in missing_peers()]:
        say(f"{condition.name}: {name}")
        runs[name] = ensemble.peer(name, condition)
    remarks = {name: f" ({run.remark})" if run.remark else "" for name, run in runs.items()}
    at_send = {name: figures(run.late_at_send()) for name, run in runs.items()}
    rows = rows_of(f"lateness at send, {condition.what}", at_send, remarks, condition.loaded)
    if ensemble.with_jack:
        heard = {name: figures(run.late_at_receiver()) for name, run in runs.items()}
        rows += rows_of(f"lateness at a receiver, {condition.what}", heard, remarks, None)
    return rows


def rows_of(
    what: str, found: Mapping[str, Figures], remarks: Mapping[str, str], loaded: bool | None
) -> list[Row]:
    """A line for each player, with its p99 over ours; aims unless `loaded` is None."""
    rows = []
    with_priority, without = (found[name].p99 for name in OURS)
    for name, late in found.items():
        aim, reached, ratio = "", None, ""
        if name not in OURS:
            ratio = f"{late.p99 / with_priority:.1f} ({late.p99 / without:.1f})"
            if loaded:
                aim, reached = f"ratio >= {AIM_RATIO:g}", late.p99 >= AIM_RATIO * with_priority
        elif loaded is not None:
            most = AIMS_MS[name][loaded]
            aim, reached = f"p99 < {most:g}", late.p99 < most
        rows.append(Row(f"{what}: {name}{remarks[name]}", "ms", *late, aim, reached, ratio))
    return rows


def missing_peers() -> list[str]:
    """What would have to be installed."""
    return [name for name, module in PEERS.items() if not find_spec(module)]
