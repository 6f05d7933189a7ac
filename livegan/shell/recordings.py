"""What a performer keeps of the music: the last bars, everything from now on, marks in both."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from livegan.core.addressing import Move
from livegan.core.grid import transport_of
from livegan.core.messages import (
    BarStarted,
    Grid,
    Joined,
    Played,
    Stopped,
    TempoSet,
)
from livegan.core.music import STEPS_PER_BAR
from livegan.core.state import BadValue
from livegan.core.tape import Tape

from .osc import OscIn
from .part import Part
from .player_link import Successor

if TYPE_CHECKING:
    from .recorder import Recorder
    from .server import Server

CLOSE_SECONDS = 10.0


class Written(NamedTuple):
    """A file was written, or why not as asked for; `kind` is kept, recordings or nothing."""

    kind: str
    path: Path
    why: str


class Recordings(Part):
    """Hears what was played. Files are written on threads of their own, and the music does not wait;
    the recording of everything (`--record`) is written at the end."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._tape = Tape(server.config.bpm)
        self._everything = recorder_of_all(server)
        self._recorder: Recorder | None = None
        self._ending: list[Recorder] = []
        """Those whose last bar still plays."""
        self._bar: int | None = None
        self._grid: Grid | None = None
        self._names: set[Path] = set()
        self._threads: list[Thread] = []

    def act(self, move: Move, item: OscIn) -> bool:
        match move.control.name:
            case "like":
                self._like(int(move.values[0]) if move.values else 0)
            case "keep":
                self._keep(int(move.values[0]))
            case "record":
                self._start() if move.values[0] else self._stop()
            case _:
                return False
        return True

    def hear(self, item: Any) -> None:
        match item:
            case BarStarted() | TempoSet() | Played() | Stopped() | Joined():
                self._take(item)
            case Grid():
                self._grid = item
            case Successor():
                self._tape.end_notes()
                for recorder in self._recorders:
                    recorder.end_notes()
            case Written("kept", path, ""):
                self._say(f"kept {path}")
                self._server.feedback.tell("/kept", str(path))
            case Written(kind, path, why):
                if why:
                    self._server.faults.tell("record", why)
                if kind == "recordings":
                    self._say(f"wrote {path}")

    def _take(self, report: BarStarted | TempoSet | Played | Stopped | Joined) -> None:
        self._tape.take(report)
        for recorder in self._recorders:
            failed = recorder.failure
            recorder.take(report)
            if recorder.failure and not failed:
                why = f"{recorder.path}: can't be written ({recorder.failure}); the music goes on"
                self._server.faults.tell("record", why)
        if isinstance(report, (BarStarted, Stopped)):
            self._bar = report.bar if isinstance(report, BarStarted) else None
            self._grid = self._grid if self._bar is not None else None
            ending, self._ending = self._ending, []
            for recorder in ending:
                self._finish(recorder)

    @property
    def _running(self) -> list[Recorder]:
        """Those that were started by hand."""
        return [*self._ending, *([self._recorder] if self._recorder else [])]

    @property
    def _recorders(self) -> list[Recorder]:
        return [*self._running, *([self._everything] if self._everything else [])]

    def tick(self) -> None:
        """Marks for what the conductor went to."""
        gone = self._server.conductor.gone_to()
        for text in (text.encode("utf-8", "replace").decode() for text in gone):
            self._tape.mark(self._place, text)
            for recorder in self._recorders:
                recorder.mark(self._place, text)

    @property
    def _place(self) -> float:
        """How far the bar that plays is, in steps."""
        if self._grid is None or self._bar is None:
            return 0.0
        step = transport_of(self._grid).step_at(time.monotonic())
        return min(STEPS_PER_BAR - 1.0, max(0.0, step - self._bar * STEPS_PER_BAR))

    # marks and excerpts

    def _like(self, bars: int) -> None:
        bar = self._tape.ago(bars)
        text = f"like: bar {bar.number + 1}"
        bar.marks.append((0, text))
        for recorder in self._recorders:
            recorder.like(bars, text)
        self._server.feedback.tell("/liked", bar.number + 1)

    def _keep(self, bars: int) -> None:
        part = self._tape.last(bars)
        path = self._file("kept")
        tracks = self._server.conductor.generator.info.tracks
        settings = self._server.conductor.state.tracks

        def write() -> Written:
            from .midi_file import write_midi  # with mido, which playing does not need

            path.parent.mkdir(parents=True, exist_ok=True)
            write_midi(path, part.events, part.tempi, part.end_step, tracks, settings, part.marks)
            return Written("kept", path, "")

        self._write(path, write)

    def _file(self, kind: str) -> Path:
        """A new file, by date and time."""
        folder = self._server.folder / kind
        name = time.strftime("%Y-%m-%d %H.%M.%S")
        path, number = folder / f"{name}.mid", 1
        while path in self._names or path.exists():
            number += 1
            path = folder / f"{name} ({number}).mid"
        self._names.add(path)
        return path

    def _write(self, path: Path, write: Callable[[], Written]) -> None:
        def run() -> None:
            try:
                written = write()
            except Exception as error:  # a full disk, or anything else: the music goes on
                reason = getattr(error, "strerror", None) or error
                written = Written("nothing", path, f"{path}: can't be written ({reason})")
            self._server.inbox.put(written)

        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._threads.append(Thread(target=run, name="write", daemon=True))
        self._threads[-1].start()

    # recordings

    def _start(self) -> None:
        if self._recorder:
            return
        from .recorder import Recorder  # with mido

        path = self._file("recordings")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadValue(f"{path.parent}: can't be made ({error.strerror})") from None
        server = self._server
        self._recorder = Recorder(path, server.conductor.generator.info.tracks, server.status.tempo)
        if self._bar is not None:
            self._recorder.begin(self._bar, self._place)
        server.conductor.put(recording=True)
        self._say(f"records into {path}")

    def _stop(self) -> None:
        """What was sent is told at the bar line."""
        if self._recorder is None:
            return
        if self._bar is None:
            self._finish(self._recorder)
        else:
            self._recorder.end(self._place)
            self._ending.append(self._recorder)
        self._recorder = None
        self._server.conductor.put(recording=False)

    def _finish(self, recorder: Recorder) -> None:
        if not recorder.started:
            self._say(f"{recorder.path}: nothing was played, so nothing was written")
            return
        settings = self._server.conductor.state.tracks
        self._write(recorder.path, lambda: Written("recordings", *recorder.finish(settings)))

    def _say(self, text: str) -> None:
        self._server.view.say("record", text)

    def close(self) -> None:
        """Write all that there is."""
        for recorder in self._running:
            self._finish(recorder)
        self._recorder, self._ending = None, []
        for thread in self._threads:
            thread.join(CLOSE_SECONDS)
        for item in self._server.inbox.get_more(len(self._threads)):
            self.hear(item)
        if self._everything and self._everything.started:
            path, why = self._everything.finish(self._server.conductor.state.tracks)
            if why:
                self._server.view.say("error", why)
            self._say(f"wrote {path}")


def recorder_of_all(server: Server) -> Recorder | None:
    """What is to be recorded from the beginning to the end, if anything."""
    path = server.config.record
    if path is None:
        return None
    from .recorder import Recorder  # with mido, which playing does not need

    return Recorder(path, server.conductor.generator.info.tracks, server.config.bpm)
