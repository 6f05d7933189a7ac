"""MIDI clock out: how far the intervals between its ticks are from 1/24 of a beat, beside the notes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from livegan.core.music import seconds_per_step
from livegan.shell.midi_out import OWN_PORT

from .conditions import Condition
from .ensemble import Ensemble
from .lateness import OURS
from .report import Row, figures

AIM_MS = 0.5


def measure(ensemble: Ensemble, conditions: list[Condition], say: Callable[[str], None]) -> list[Row]:
    """At send, to the port that the notes go to; with and without priority."""
    step = seconds_per_step(ensemble.schedule.bpm)
    rows = []
    for condition in conditions:
        for name, priority in OURS.items():
            say(f"clock: {condition.name}, {priority} priority")
            run = ensemble.livegan(condition, priority, "--clock-out", OWN_PORT)
            deviations = np.abs(np.diff(run.ticks()) - step) * 1e3
            found = figures(deviations)
            aimed = run.realtime
            aim, reached = (f"p99 < {AIM_MS:g}", found.p99 < AIM_MS) if aimed else ("", None)
            remark = f" ({run.remark})" if run.remark else ""
            what = f"MIDI clock, interval's deviation, {condition.what}: {name}{remark}"
            rows.append(Row(what, "ms", *found, aim, reached))
    return rows
