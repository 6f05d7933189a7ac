"""All players with the same music, each as it is: livegan's in its daemon, the peers' alone."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mido import MidiFile
from numpy.typing import NDArray

from livegan.core.clock_out import TICK
from livegan.core.model import Track
from livegan.core.music import STEPS_PER_BAR, seconds_per_step
from livegan.core.outputs import NOTE_OFF
from livegan.core.table import CONTROLS
from livegan.shell.midi_file import write_midi

from .conditions import Condition
from .processes import python
from .schedule import SETTINGS, Schedule, Sent, lateness
from .stage import EAR, Daemon, receiver, serve
from .stamped import OUT, PRIORITY

PEERS = {"isobar": "isobar", "mido": "mido", "python-rtmidi": "rtmidi"}
"""By the module that each needs."""
MIDO = {"MIDO_BACKEND": "mido.backends.rtmidi/UNIX_JACK"}
STAMPED = "benchmarks.stamped"
SPARE_SECONDS = 30.0
ORDER = [control.name for control in CONTROLS]
"""In which all values are told."""


@dataclass(frozen=True, slots=True)
class Run:
    """What was due, what one player sent and, if somebody listened, what arrived. `remark` is what has
    to be known of it."""

    due: list[Sent]
    sent: list[Sent]
    heard: list[Sent]
    realtime: bool = False
    remark: str = ""

    def late_at_send(self) -> NDArray[np.float64]:
        return lateness(self.sent, self.due)

    def late_at_receiver(self) -> NDArray[np.float64]:
        return lateness(self.heard, self.due)

    def ticks(self) -> list[float]:
        """When MIDI clock was sent."""
        return [event.seconds for event in self.sent if event.status == TICK]


class Ensemble:
    """The schedule, as every player wants it. Files go to `folder`."""

    def __init__(
        self, folder: Path, model: Path, track: Track, schedule: Schedule, with_jack: bool
    ) -> None:
        self.model, self.schedule, self.with_jack = model, schedule, with_jack
        self.due = schedule.events()
        self.ear = ""
        self.sent, self.heard = folder / "sent.json", folder / "heard.json"
        self.notes, self.midi = folder / "notes.json", folder / "notes.mid"
        schedule.write(self.notes)
        step = seconds_per_step(schedule.bpm)
        events = [(round(e.seconds / step), e.status, e.pitch, 90) for e in self.due]
        write_midi(self.midi, events, [(0, schedule.bpm)], schedule.bars * STEPS_PER_BAR, [track])

    @property
    def patience(self) -> float:
        return self.schedule.seconds + SPARE_SECONDS

    def livegan(self, condition: Condition, priority: str, *options: str) -> Run:
        """The daemon and its player, which asks for `priority`: real-time or ordinary."""
        env = {OUT: str(self.sent), PRIORITY: priority}
        with self.listening():
            stamped = self.daemon(
                condition, *options, module=STAMPED, with_jack=self.with_jack, env=env
            )
            with stamped as daemon, condition.load(daemon):
                daemon.send("/play")
                daemon.wait_until("/bar", self.patience, self.schedule.bars + 1)
                daemon.wait_until("/beat", SPARE_SECONDS, 2)
            self.wait_for_stamps()
        if condition.recording:
            MidiFile(condition.recording)
            condition.recording.unlink()
        return self.read_livegan(priority, daemon.said.errors)

    def peer(self, name: str, condition: Condition) -> Run:
        """Alone, or beside a daemon that plays to a port of its own."""
        port = [f"{EAR}:in"] if self.with_jack else []
        files = [str(path) for path in (self.sent, self.notes, self.midi)]
        command = ["-m", "benchmarks.players", name, *files, *port]
        playing = python(*command, env=MIDO, stdout=subprocess.DEVNULL)
        beside = self.beside(condition)
        with beside as daemon, self.listening(), condition.load(daemon), playing as child:
            failed = child.wait(self.patience)
        if failed:
            raise RuntimeError(f"the {name} player failed")
        return self.read_peer()

    @contextmanager
    def daemon(self, condition: Condition, *options: str, **where: Any) -> Iterator[Daemon]:
        """About to play the schedule; `where` as `serve` takes it."""
        music = ("--model", str(self.model), "--bpm", f"{self.schedule.bpm:g}")
        record = ("--record", str(condition.recording)) if condition.recording else ()
        with serve(*music, *record, *options, **where) as daemon:
            for name, value in SETTINGS.items():
                daemon.send(f"/{name}", value)
            daemon.send("/subscribe")  # after the moves, which are not told to who made them
            for name in sorted(SETTINGS, key=ORDER.index):
                daemon.wait_until(f"/{name}", SPARE_SECONDS, SETTINGS[name])
            yield daemon

    @contextmanager
    def beside(self, condition: Condition) -> Iterator[Daemon | None]:
        """The daemon that a peer has for a neighbour, if there is one."""
        if not condition.daemons:
            yield None
            return
        with self.daemon(condition) as daemon:
            daemon.send("/play")
            daemon.wait_until("/bar", SPARE_SECONDS, 1)
            yield daemon

    @contextmanager
    def listening(self) -> Iterator[None]:
        """The receiver, if there is JACK."""
        if not self.with_jack:
            yield
            return
        with receiver(self.heard) as self.ear:
            yield

    def wait_for_stamps(self) -> None:
        """The player writes them after its daemon is gone, if that had to be killed."""
        until = time.monotonic() + SPARE_SECONDS
        while not self.sent.exists() and time.monotonic() < until:
            time.sleep(0.01)

    def read_livegan(self, priority: str, errors: list[str]) -> Run:
        """It knows what was due when. Where it could not keep up, that is not what was to be played."""
        anchor, realtime, planned, sent = taken(self.sent)
        half = seconds_per_step(self.schedule.bpm) / 2
        end = anchor + self.schedule.seconds
        due = [
            Sent(*event)
            for event in planned
            if event[0] < end - half or (event[0] < end + half and event[1] & 0xF0 == NOTE_OFF)
        ]
        missing = Counter(self.places(self.due, 0.0)) - Counter(self.places(due, anchor))
        remarks = [] if realtime or priority == "ordinary" else ["not granted"]
        if missing:
            share = missing.total() / len(self.due)
            remarks.append(f"{share:.0%} of the music was other: {'; '.join(errors)}")
        return Run(due, events_of(sent), self.arrived(), realtime, ", ".join(remarks))

    def read_peer(self) -> Run:
        """Raises `RuntimeError` if it is not what was due."""
        anchor, _, _, sent = taken(self.sent)
        events = events_of(sent)
        if anchor is None:
            anchor = float(lateness(events, self.due).min()) / 1e3
        due = [event._replace(seconds=event.seconds + anchor) for event in self.due]
        return Run(due, events, self.arrived())

    def arrived(self) -> list[Sent]:
        return events_of(taken(self.heard)) if self.with_jack else []

    def places(self, events: list[Sent], anchor: float) -> Iterator[tuple[float, int, int]]:
        """Their steps since bar 0, to a hundredth, status bytes and pitches."""
        step = seconds_per_step(self.schedule.bpm)
        return ((round((e.seconds - anchor) / step, 2), e.status, e.pitch) for e in events)


def events_of(stamps: list[list[Any]]) -> list[Sent]:
    return [Sent(*stamp) for stamp in stamps]


def taken(path: Path) -> Any:
    """The content of a file, which is gone then. Raises `RuntimeError` if there is none."""
    if not path.exists():
        raise RuntimeError(f"no {path.name}: who was to write it ended before its time")
    content = json.loads(path.read_text())
    path.unlink()
    return content
