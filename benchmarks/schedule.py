"""The music that every player gets, and how late each of its events was."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegan.core import state as states
from livegan.core.music import STEPS_PER_BAR, Note, seconds_per_step
from livegan.core.outputs import NOTE_OFF, NOTE_ON
from livegan.core.performance import perform
from livegan.core.rendering import Generator

DENSITY = 1.0


class Sent(NamedTuple):
    """A MIDI event in seconds of any clock."""

    seconds: float
    status: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Notes with starts in steps from the beginning, at one tempo."""

    bpm: float
    bars: int
    notes: tuple[Note, ...]

    def events(self) -> list[Sent]:
        """When each note_on and note_off is due, counted from step 0; offs first."""
        step = seconds_per_step(self.bpm)
        ons = [Sent(n.start * step, NOTE_ON | n.channel, n.pitch) for n in self.notes]
        offs = [Sent((n.start + n.length) * step, NOTE_OFF | n.channel, n.pitch) for n in self.notes]
        return sorted(ons + offs)

    def bar(self, number: int) -> tuple[Note, ...]:
        """One bar, its notes counted from its line."""
        first = number * STEPS_PER_BAR
        inside = (n for n in self.notes if first <= n.start < first + STEPS_PER_BAR)
        return tuple(note._replace(start=note.start - first) for note in inside)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps([self.bpm, self.bars, self.notes]))


def read_schedule(path: Path) -> Schedule:
    bpm, bars, notes = json.loads(path.read_text())
    return Schedule(bpm, bars, tuple(Note(*note) for note in notes))


def render(generator: Generator, seconds: float, bpm: float) -> Schedule:
    """So many seconds of the model's own densest music, to the end of the last bar."""
    bars = max(1, math.ceil(seconds / (STEPS_PER_BAR * seconds_per_step(bpm))))
    state = replace(states.initial(1, generator.info.latent), tempo=bpm, density=DENSITY, playing=True)
    return Schedule(bpm, bars, tuple(perform(generator, state, bars, {}).notes()))


def lateness(sent: Sequence[Sent], due: Iterable[Sent], anchor: float) -> NDArray[np.float64]:
    """Actual minus ideal time of every event in ms, step 0 being due at `anchor`. The n-th event of a
    kind and pitch is compared with the n-th due, so that the order within a step does not matter.
    Raises `RuntimeError` unless exactly what was due was sent."""
    wanted, got = by_kind(due), by_kind(sent)
    if {key: len(times) for key, times in wanted.items()} != {k: len(t) for k, t in got.items()}:
        raise RuntimeError(f"sent {len(sent)} events, not those {sum(map(len, wanted.values()))} due")
    late = [np.subtract(got[key], times) - anchor for key, times in wanted.items()]
    return np.concatenate(late) * 1e3


def by_kind(events: Iterable[Sent]) -> dict[tuple[int, int], list[float]]:
    times: dict[tuple[int, int], list[float]] = defaultdict(list)
    for event in sorted(events):
        times[event.status, event.pitch].append(event.seconds)
    return times
