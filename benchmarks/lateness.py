"""How late each player sends the same events, idle and beside busy processes.

Lateness is the time of the call that sends an event minus the time at which it was due. livegan's step
0 is where its transport put it, so nothing is forgiven. isobar and mido don't tell when their music
began: they are anchored at the most punctual of their own events, as if that one had come on time. That
is never harsher than an anchor at the start of play, since no event comes early, and forgives whatever
they are late by all the time. (An anchor at the very first event would hang everything on one sample:
beside busy processes it was found up to 8 ms late.)
"""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from livegan.core.messages import (
    BarStarted,
    BeatStarted,
    Lines,
    Message,
    Opened,
    Play,
    Quit,
    SendBar,
    SetTempo,
    pack,
)
from livegan.core.model import Track
from livegan.core.music import STEPS_PER_BAR, seconds_per_step
from livegan.shell.generator import OnnxGenerator
from livegan.shell.midi_file import write_midi

from .processes import load, python
from .report import Figures, Row, Skip, figures
from .schedule import Schedule, Sent, lateness, render

BPM = 120.0
MODULE = ("-m", "benchmarks.players")
SPARE_SECONDS = 30.0
AIM_MS = 1.0
AIM_SHARE = 10.0
Say = Callable[[str], None]


def measure(generator: OnnxGenerator, seconds: float, say: Say) -> list[Row]:
    """All players, idle and busy. Raises `Skip` without isobar."""
    if find_spec("isobar") is None:
        raise Skip("isobar is not installed (pip install 'livegan[dev]')")
    schedule = render(generator, seconds, BPM)
    say(f"lateness: {len(schedule.events())} events in {schedule.bars} bars at {BPM:g} bpm")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), schedule, generator.info.tracks[0])
        for busy in (False, True):
            condition = "busy" if busy else "idle"
            found: dict[str, Figures] = {}
            with load(busy):
                for name, play in bench.players():
                    say(f"lateness: {name}, {condition}")
                    found[name] = play()
            rows += rows_of(found, condition, bench.realtime)
    return rows


def rows_of(found: dict[str, Figures], condition: str, realtime: bool) -> list[Row]:
    """A line for each player, and the peers' p99 over ours."""
    rows = []
    for name, late in found.items():
        what = f"lateness at send, {condition}: {name}"
        if name == "livegan":
            what += "" if realtime else " (real-time priority was not granted)"
        aimed = name == "livegan" and condition == "idle"
        aim, reached = (f"p99 < {AIM_MS:g}", late.p99 < AIM_MS) if aimed else ("", None)
        rows.append(Row(what, "ms", *late, aim, reached))
    for peer in ("isobar", "mido"):
        ratio = found[peer].p99 / found["livegan"].p99
        aimed = peer == "isobar" and condition == "busy"
        aim, reached = (f">= {AIM_SHARE:g}", ratio >= AIM_SHARE) if aimed else ("", None)
        what = f"{peer}'s p99 over livegan's, {condition}"
        rows.append(Row(what, "times", p99=ratio, aim=aim, reached=reached))
    return rows


class Bench:
    """The schedule, as every player wants it."""

    def __init__(self, folder: Path, schedule: Schedule, track: Track) -> None:
        self.schedule = schedule
        self.due = schedule.events()
        self.realtime = False
        self.out = folder / "out.json"
        self.notes, self.midi = folder / "notes.json", folder / "notes.mid"
        schedule.write(self.notes)
        step = seconds_per_step(schedule.bpm)
        events = [(round(e.seconds / step), e.status, e.pitch, 90) for e in self.due]
        tempi = [(0, schedule.bpm)]
        write_midi(self.midi, events, tempi, schedule.bars * STEPS_PER_BAR, [track])

    def players(self) -> Iterator[tuple[str, Callable[[], Figures]]]:
        yield "livegan", lambda: self.livegan("real-time")
        yield "livegan, no real-time priority", lambda: self.livegan("ordinary")
        yield "isobar", lambda: self.peer("isobar", self.notes)
        yield "mido", lambda: self.peer("mido", self.midi)

    @property
    def patience(self) -> float:
        return self.due[-1].seconds + SPARE_SECONDS

    def livegan(self, priority: str) -> Figures:
        """Fed like the server does it: the bar after the one that begins."""
        ours, theirs = socket.socketpair()
        arguments = ("livegan", str(self.out), str(theirs.fileno()), priority)
        with ours, theirs, python(*MODULE, *arguments, pass_fds=[theirs.fileno()]) as child:
            theirs.close()
            ours.settimeout(SPARE_SECONDS)
            opened = self.feed(ours)
            child.wait(SPARE_SECONDS)
        if priority == "real-time":
            self.realtime = opened.realtime
        return self.read()

    def feed(self, link: socket.socket) -> Opened:
        """Play to a beat past the end."""
        opened = Opened("", "", False)
        for report in reports(link):
            match report:
                case Opened():
                    opened = report
                    tempo = SetTempo(self.schedule.bpm)
                    for command in (tempo, self.bar(0), self.bar(1), Play()):
                        link.sendall(pack(command))
                case BarStarted(bar):
                    link.sendall(pack(self.bar(bar + 1)))
                case BeatStarted(bar, beat) if (bar, beat) == (self.schedule.bars, 1):
                    link.sendall(pack(Quit()))
        return opened

    def bar(self, number: int) -> SendBar:
        return SendBar(number, number + 1, self.schedule.bar(number), "step")

    def peer(self, name: str, music: Path) -> Figures:
        with python(*MODULE, name, str(self.out), str(music), stdout=subprocess.DEVNULL) as child:
            if child.wait(self.patience):
                raise RuntimeError(f"the {name} player failed")
        return self.read()

    def read(self) -> Figures:
        """What the child wrote. Raises `RuntimeError` if it did not play everything."""
        anchor, heard = json.loads(self.out.read_text())
        self.out.unlink()
        sent = [Sent(*event) for event in heard]
        late = lateness(sent, self.due, anchor or 0.0)
        return figures(late if anchor else late - late.min())


def reports(link: socket.socket) -> Iterator[Message]:
    """All that the player says, until it is gone."""
    lines = Lines()
    while data := link.recv(1 << 16):
        yield from lines.feed(data)
