"""The music that every player gets, and how late each of its events was."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from livegan.core import state as states
from livegan.core.music import STEPS_PER_BAR, Note, seconds_per_step
from livegan.core.outputs import NOTE_OFF, NOTE_ON
from livegan.core.performance import perform
from livegan.core.rendering import Generator

SETTINGS: dict[str, Any] = {"density": 1.0, "humanise": 0.0}
"""By the names of the controls."""


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

    @property
    def seconds(self) -> float:
        """To the end of the last bar."""
        return self.bars * STEPS_PER_BAR * seconds_per_step(self.bpm)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps([self.bpm, self.bars, self.notes]))


def read_schedule(path: Path) -> Schedule:
    bpm, bars, notes = json.loads(path.read_text())
    return Schedule(bpm, bars, tuple(Note(*note) for note in notes))


def render(generator: Generator, events: int, bpm: float) -> Schedule:
    """At least so many events of the model's own densest music, on the grid, to the end of a bar."""
    state = replace(states.initial(1, *generator.info.size), tempo=bpm, playing=True, **SETTINGS)
    bars, notes = 0, list[Note]()
    while 2 * len(notes) < events:
        bars = max(1, 2 * bars)
        notes = perform(generator, state, bars, {}).notes()
    last = notes[-(-events // 2) - 1].start // STEPS_PER_BAR
    inside = tuple(note for note in notes if note.start < (last + 1) * STEPS_PER_BAR)
    return Schedule(bpm, last + 1, inside)


def lateness(sent: Sequence[Sent], due: Iterable[Sent]) -> NDArray[np.float64]:
    """Actual minus ideal time of every event in ms, on one clock. The n-th event of a kind and pitch is
    compared with the n-th due, so that the order within a step does not matter; what comes after the
    last that was due does not count. Raises `RuntimeError` if something is missing."""
    wanted, got = by_kind(due), by_kind(sent)
    missing = sum(max(0, len(times) - len(got[key])) for key, times in wanted.items())
    if missing:
        raise RuntimeError(f"{missing} of {sum(map(len, wanted.values()))} events did not come")
    late = [np.subtract(got[key][: len(times)], times) for key, times in wanted.items()]
    return np.concatenate(late) * 1e3


def by_kind(events: Iterable[Sent]) -> dict[tuple[int, int], list[float]]:
    times: dict[tuple[int, int], list[float]] = defaultdict(list)
    for event in sorted(events):
        times[event.status, event.pitch].append(event.seconds)
    return times
