"""Phase: how far livegan's own ticks, which its notes lie on, are from those of a leader it follows.

The leader is a process of its own: a MIDI clock with 2 ms of jitter either way through JACK, or a Link
peer. It changes its tempo every 16 beats; the beat after a change has a row of its own. livegan's ticks
are those of its MIDI clock out, at send. What is the same all the time, above all the way of the MIDI
clock through JACK, is told apart: that is what `--latency` is for.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livegan.core.clock_out import TICK
from livegan.core.music import STEPS_PER_BEAT, seconds_per_step
from livegan.shell.midi_out import OWN_PORT

from .conditions import Condition
from .ensemble import STAMPED, Ensemble, taken
from .leader import JITTER, TEMPI
from .processes import python
from .report import Row, Skip, figures
from .stamped import OUT, PRIORITY

KINDS = {
    "midi": f"a MIDI clock with {JITTER * 1e3:g} ms of jitter",
    "link": "Ableton Link",
}
MEAN_MS, P99_MS = 1.0, 3.0
SETTLED_MS = 4.0
FLOAT = np.float64


def measure(
    ensemble: Ensemble, conditions: list[Condition], seconds: float, say: Callable[[str], None]
) -> list[Row]:
    """Raises `Skip` without JACK."""
    if not ensemble.with_jack:
        raise Skip("no JACK here (apt-get install jackd2)")
    rows = []
    for kind, what in KINDS.items():
        if kind == "link" and find_spec("link") is None:
            continue
        for condition in conditions:
            say(f"phase: {what}, {condition.name}")
            rows += rows_of(*followed(ensemble, kind, condition, seconds), f"{what}, {condition.what}")
    return rows


def followed(
    ensemble: Ensemble, kind: str, condition: Condition, seconds: float
) -> tuple[NDArray[FLOAT], NDArray[FLOAT], NDArray[FLOAT]]:
    """Ticks as they were sent, those of the leader, and when its tempo changed, in seconds."""
    led = ensemble.sent.with_name("led.json")
    env = {OUT: str(ensemble.sent), PRIORITY: "real-time"}
    options = ("--sync", kind, "--clock-out", OWN_PORT)
    stamped = ensemble.daemon(condition, *options, module=STAMPED, with_jack=True, env=env)
    with ensemble.listening():
        with stamped as daemon, condition.load(daemon):
            leading = ("-m", "benchmarks.leader", kind, str(led), str(seconds))
            with python(*leading, stdout=subprocess.DEVNULL) as leader:
                if leader.wait(seconds + ensemble.patience):
                    raise RuntimeError("the leader failed")
        ensemble.wait_for_stamps()
    ensemble.arrived()
    ticks, changes = taken(Path(led))
    sent = [stamp[0] for stamp in taken(ensemble.sent)[3] if stamp[1] == TICK]
    return np.array(sent), np.array(ticks), np.array(changes)


def rows_of(
    sent: NDArray[FLOAT], ticks: NDArray[FLOAT], changes: NDArray[FLOAT], what: str
) -> list[Row]:
    """Steady, and in the second beat after a change."""
    near = np.abs(sent[:, None] - ticks[None]).argmin(axis=1)
    apart = (sent - ticks[near]) * 1e3
    beat = STEPS_PER_BEAT * seconds_per_step(min(TEMPI))
    since = np.array([tick - max([ticks[0], *changes[changes <= tick]]) for tick in sent])
    inside = sent < ticks[-1]
    steady = apart[inside & (since > 2 * beat)]
    always = float(np.median(steady))
    after = apart[inside & (since > beat) & (since <= 2 * beat)] - always
    steady = np.abs(steady - always)
    found, mean = figures(steady), float(steady.mean())
    reached = mean < MEAN_MS and found.p99 < P99_MS
    settled = figures(np.abs(after))
    return [
        Row(
            f"phase: {what} (mean {mean:.2f}; and {always:.1f} all the time)",
            "ms", *found, f"mean < {MEAN_MS:g}, p99 < {P99_MS:g}", reached,
        ),
        Row(
            f"phase, in the second beat after a change of tempo: {what}",
            "ms", *settled, f"p99 < {SETTLED_MS:g}", settled.p99 < SETTLED_MS,
        ),
    ]  # fmt: skip
