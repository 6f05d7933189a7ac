"""From an OSC packet to the first note that it changed, through the real daemon, player and JACK.

The music must not decide the result, so the model gets a note forced on every single step (its whole
graph still runs): with the quantum 'step' a move then waits for one step at most, and what is measured
is simply the arrival of the first note_on with the new velocity minus the moment before the packet was
sent. Nothing is taken off: OSC, two renderings, the player, the wait for the next step, JACK's transit
(up to a period) and the receiver's callback are all in it. The aim, 10 ms plus the quantum, is that
figure's p99 less one step.

A move was heard 'at the very next step' if no note with the old velocity was due after the packet.
Where the steps lie is known from the notes, since there is one on each.
"""

from __future__ import annotations

import queue
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livegan.core.decode import HEADS
from livegan.core.model import METADATA_KEY, model_info
from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, seconds_per_step

from .processes import busy
from .report import Row, Skip, figures
from .stage import PERIOD, RATE, Daemon, Heard, ear, serve

BPM = 120.0
CERTAIN = 1e6
LEVELS = {0.0: 1, 1.0: 127}
"""The two velocities that every note has at a level, whatever its accent."""
WARM_UP_NOTES = 200
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = (0.05, 0.12)
AIM_MS = 10.0


def measure(model: Path, seconds: float, with_jack: bool, say: Callable[[str], None]) -> list[Row]:
    """Idle and busy. Raises `Skip` without JACK or onnx."""
    if not with_jack:
        raise Skip("no JACK here (it takes jackd and jack_lsp: apt-get install jackd2)")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        dense = Path(folder) / "dense.onnx"
        dense.write_bytes(with_note_on_every_step(model))
        for condition, load in (("idle", nullcontext), ("busy", busy)):
            say(f"control: {condition}")
            heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
            playing = serve("--play", "--model", str(dense), with_jack=True)
            with load(), ear(heard.put), playing as daemon:
                daemon.send("/humanise", 0.0)  # on the grid
                rows += rows_of(*move_velocity(daemon, heard, seconds), condition)
    return rows


def with_note_on_every_step(model: Path) -> bytes:
    """The same model with a bias on its logits: on the first track each step strikes one pitch, for one
    step, and nothing else sounds."""
    try:
        import onnx
        from onnx import helper, numpy_helper
    except ImportError:
        raise Skip("onnx is not installed (pip install 'livegan[train]')") from None
    content = onnx.load(model)
    text = next(p.value for p in content.metadata_props if p.key == METADATA_KEY)
    info = model_info(text)
    struck = np.full((1, len(info.tracks), STEPS_PER_BAR, PITCHES), -CERTAIN, np.float32)
    kept = struck.copy()
    steps = np.arange(STEPS_PER_BAR)
    struck[0, 0, steps, 60 - LOWEST_PITCH + steps % 12] = CERTAIN
    for name, bias in zip(HEADS[info.head], (struck, kept), strict=False):
        for node in content.graph.node:
            node.input[:] = [f"{name}_raw" if i == name else i for i in node.input]
            node.output[:] = [f"{name}_raw" if o == name else o for o in node.output]
        content.graph.initializer.append(numpy_helper.from_array(bias, f"{name}_bias"))
        sum_node = helper.make_node("Add", [f"{name}_raw", f"{name}_bias"], [name])
        content.graph.node.append(sum_node)
    return bytes(content.SerializeToString())


def move_velocity(
    daemon: Daemon, heard: queue.SimpleQueue[Heard], seconds: float
) -> tuple[list[tuple[float, float]], list[float]]:
    """(packet, first changed note) of every move, and the arrivals of all notes."""
    arrivals = [heard.get(timeout=PATIENCE_SECONDS).seconds for _ in range(WARM_UP_NOTES)]
    moves = []
    chance = random.Random(1)
    until = time.monotonic() + seconds
    for level, velocity in cycle(LEVELS.items()):
        if time.monotonic() >= until:
            break
        sent = time.monotonic()
        daemon.send("/velocity", level)
        while (note := heard.get(timeout=PATIENCE_SECONDS)).velocity != velocity:
            arrivals.append(note.seconds)
        arrivals.append(note.seconds)
        moves.append((sent, note.seconds))
        time.sleep(chance.uniform(*PAUSE_SECONDS))
    return moves, arrivals


def rows_of(moves: list[tuple[float, float]], arrivals: list[float], condition: str) -> list[Row]:
    """The whole time, and the same less the quantum."""
    step = seconds_per_step(BPM)
    origin = first_step(np.array(arrivals), step)
    sent, changed = np.array(moves).T
    whole = figures((changed - sent) * 1e3)
    at_once = np.floor((changed - origin) / step) <= np.floor((sent - origin) / step) + 1
    beyond = whole.p99 - step * 1e3
    idle = condition == "idle"
    aim, reached = (f"p99 < {AIM_MS:g}", beyond < AIM_MS) if idle else ("", None)
    transit = f"JACK's period of {PERIOD / RATE * 1e3:.1f} ms included"
    return [
        Row(f"OSC packet to changed note, {condition} ({len(moves)} moves; {transit})", "ms", *whole),
        Row(
            f"the same beyond a quantum of one step, {condition}",
            "ms",
            p99=beyond,
            aim=aim,
            reached=reached,
        ),
        Row(f"heard at the very next step, {condition}", "%", float(at_once.mean() * 100)),
    ]


def first_step(arrivals: NDArray[np.float64], step: float) -> float:
    """When some step was due. Notes come a little after their steps, a few much later: the grid is laid
    through the earliest hundredth, by distance from where most notes lie within a step."""
    turns = np.exp(2j * np.pi * (arrivals - arrivals[0]) / step)
    usual = arrivals[0] + step * float(np.angle(turns.mean())) / (2 * np.pi)
    since = arrivals - usual
    offsets = since - step * np.round(since / step)
    return float(usual + np.percentile(offsets, 1))
