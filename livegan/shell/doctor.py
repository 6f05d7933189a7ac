"""`livegan doctor`: measure this machine, and judge it by `livegan.core.diagnosis`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from livegan.core import diagnosis, reach, state
from livegan.core.conductor import Conductor
from livegan.core.diagnosis import Finding
from livegan.core.model import BadModel

from .generator import load_model
from .machine import clock_source, clock_tick, look_at_audio, look_at_cpu, look_at_midi
from .priority import how_to_grant, how_to_lock
from .reach import look_at

PROBE_SECONDS = 30.0
MODEL_BARS = 200
MODEL_SECONDS = 4.0
SEED = 1


def examine(host: str, port: int, model: str) -> Iterator[Finding]:
    """Every finding as it is made; takes some seconds."""
    yield from examine_player()
    midi = look_at_midi()
    yield diagnosis.midi(midi, sys.platform)
    yield diagnosis.audio(look_at_audio(), "JACK" in midi.port)
    yield diagnosis.clock(clock_tick(), clock_source())
    yield diagnosis.cpu(look_at_cpu())
    yield examine_model(model)
    osc = look_at(host, port)
    yield reach.osc(osc)
    yield reach.network(osc)


def examine_player() -> Iterator[Finding]:
    """Timer, priority and memory, in a child as the player is one."""
    try:
        probed = probe()
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        yield Finding("timer", "bad", f"the player's process can't run ({error})", "reinstall livegan")
        return
    yield diagnosis.timer(probed["late"], bool(probed["granted"]))
    yield diagnosis.priority(probed["granted"], how_to_grant())
    yield diagnosis.memory(probed["locked"], how_to_lock())


def probe() -> Any:
    """What `wake_probe` prints."""
    command = [sys.executable, "-m", "livegan.shell.wake_probe"]
    done = subprocess.run(command, capture_output=True, timeout=PROBE_SECONDS, check=True)
    return json.loads(done.stdout)


def examine_model(name: str) -> Finding:
    """Play it on the CPU as the daemon does, bar after bar, as fast as it goes."""
    try:
        generator = load_model(name, "cpu")
    except BadModel as error:
        return diagnosis.no_model(name, str(error))
    conductor = Conductor(generator, state.initial(SEED, generator.info.latent))
    conductor.start()
    times: list[float] = []
    until = time.monotonic() + MODEL_SECONDS
    while len(times) < MODEL_BARS and (not times or time.monotonic() < until):
        began = time.perf_counter()
        conductor.bar_started(len(times))
        times.append(time.perf_counter() - began)
        if conductor.failure:
            return diagnosis.no_model(name, conductor.failure)
    return diagnosis.model(generator.info.name, times)
