"""Who leads in the phase benchmark: `python -m benchmarks.leader {midi,link} OUT.json SECONDS`.

Goes at two tempi in turn. OUT gets the moments at which its ticks (24 a quarter) were due, in seconds
of the monotonic clock, and those at which the tempo changed.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from livegan.core.clock_out import START, STOP, TICK
from livegan.core.music import STEPS_PER_BEAT, seconds_per_step
from livegan.shell.files import write_whole

TEMPI = (120.0, 132.0)
BEATS_EACH = 16
JITTER = 0.002
"""Seconds by which ticks are early or late, evenly spread."""
INPUT = "clock in"
PATIENCE_SECONDS = 15.0
WARM_UP_BEATS = 4
NAME = "livegan-leader"


def laid_down(start: float, seconds: float) -> tuple[list[float], list[float]]:
    """When ticks are due, and when the tempo changes."""
    ticks: list[float] = []
    changes: list[float] = []
    now = start
    while now < start + seconds:
        turn, inside = divmod(len(ticks), BEATS_EACH * STEPS_PER_BEAT)
        if turn and not inside:
            changes.append(now)
        ticks.append(now)
        now += seconds_per_step(TEMPI[turn % len(TEMPI)])
    return ticks, changes


def lead_by_midi(seconds: float) -> tuple[list[float], list[float]]:
    """A MIDI clock that runs before it says Start."""
    import rtmidi

    out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=NAME)
    until = time.monotonic() + PATIENCE_SECONDS
    while not (places := [i for i, name in enumerate(out.get_ports()) if name.endswith(INPUT)]):
        if time.monotonic() > until:
            raise RuntimeError(f"nobody has an input called {INPUT}")
        time.sleep(0.05)
    out.open_port(places[0])
    off = random.Random(1)
    ticks, changes = laid_down(time.monotonic() + 0.1, seconds)
    for number, due in enumerate(ticks):
        if number == WARM_UP_BEATS * STEPS_PER_BEAT:
            out.send_message([START])
        sleep_until(due + off.uniform(-JITTER, JITTER))
        out.send_message([TICK])
    out.send_message([STOP])
    time.sleep(0.1)
    out.close_port()
    return ticks, changes


def sleep_until(moment: float) -> None:
    """To the moment: what is measured is not our own sleep."""
    time.sleep(max(0.0, moment - time.monotonic() - 0.001))
    while time.monotonic() < moment:
        pass


def lead_by_link(seconds: float) -> tuple[list[float], list[float]]:
    """A peer that plays and changes the tempo."""
    import link

    peer = link.Link(TEMPI[0])
    peer.startStopSyncEnabled = True
    peer.enabled = True
    clock = peer.clock()
    until = time.monotonic() + PATIENCE_SECONDS
    while peer.numPeers() == 0:
        if time.monotonic() > until:
            raise RuntimeError("nobody came to the Link session")
        time.sleep(0.05)
    commit(peer, clock, playing=True)
    ticks: list[float] = []
    changes: list[float] = []
    began = time.monotonic()
    for turn, tempo in enumerate(cycled(seconds)):
        if turn:
            commit(peer, clock, tempo=tempo)
            changes.append(time.monotonic())
        time.sleep(0.3)  # the session settles
        ends = began + (turn + 1) * BEATS_EACH * 60 / tempo
        ticks = [tick for tick in ticks if not changes or tick < changes[-1]]
        ticks += ticks_of(peer, clock, changes[-1] if changes else began, ends)
        sleep_until(ends)
    peer.enabled = False
    return ticks, changes


def cycled(seconds: float) -> list[float]:
    turns = max(2, round(seconds / (BEATS_EACH * 60 / TEMPI[0])))
    return [TEMPI[turn % len(TEMPI)] for turn in range(turns)]


def commit(peer: Any, clock: Any, playing: bool | None = None, tempo: float | None = None) -> None:
    state = peer.captureSessionState()
    if playing is not None:
        state.setIsPlaying(playing, clock.micros())
    if tempo is not None:
        state.setTempo(tempo, clock.micros())
    peer.commitSessionState(state)


def ticks_of(peer: Any, clock: Any, first: float, last: float) -> list[float]:
    """When the session's ticks are due between two moments, as its state is now."""
    state, offset = peer.captureSessionState(), clock.micros() / 1e6 - time.monotonic()
    beats = [state.beatAtTime(int((moment + offset) * 1e6), 4.0) for moment in (first, last)]
    low, high = (int(beat * STEPS_PER_BEAT) + 1 for beat in beats)
    return [state.timeAtBeat(tick / STEPS_PER_BEAT, 4.0) / 1e6 - offset for tick in range(low, high)]


def main(kind: str, out: str, seconds: str) -> None:
    ticks, changes = (lead_by_midi if kind == "midi" else lead_by_link)(float(seconds))
    write_whole(Path(out), lambda path: path.write_text(json.dumps([ticks, changes])))


if __name__ == "__main__":
    main(*sys.argv[1:])
