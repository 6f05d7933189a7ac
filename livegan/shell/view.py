"""What the person at the terminal sees: a live status where there is a terminal, plain lines or JSON
lines where there is none."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from livegan.core.music import Note


@dataclass(slots=True)
class Status:
    """All that is shown. Bars and beats count from 1; times in ms."""

    model: str = ""
    device: str = ""
    midi: str = ""
    osc: str = ""
    playing: bool = False
    tempo: float = 120.0
    bar: int = 1
    beat: int = 1
    notes: int = 0
    late_median: float = 0.0
    late_worst: float = 0.0
    inference: float = 0.0
    frozen: bool = False
    roll: Sequence[Note] = field(default_factory=tuple)


class Out(Protocol):
    """What `print` needs of a file."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> None: ...


class View(Protocol):
    """`say` tells one thing that happened; `bar` tells that a bar was played; `refresh` may draw.
    `draws` says whether there is a terminal to draw on."""

    draws: bool

    def say(self, event: str, text: str, **fields: object) -> None: ...

    def bar(self, status: Status) -> None: ...

    def refresh(self, status: Status) -> None: ...

    def close(self) -> None: ...


class QuietView:
    """Says only what went wrong."""

    draws = False

    def __init__(self, out: Out = sys.stderr) -> None:
        self.out = out

    def say(self, event: str, text: str, **fields: object) -> None:
        if event == "error":
            print(f"livegan: {text}", file=self.out, flush=True)

    def bar(self, status: Status) -> None:
        pass

    def refresh(self, status: Status) -> None:
        pass

    def close(self) -> None:
        pass


class LastingView:
    """Another view, for as long as there is somewhere to draw: a terminal that is gone must not stop
    the music."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.draws = view.draws

    def say(self, event: str, text: str, **fields: object) -> None:
        self._try(lambda: self._view.say(event, text, **fields))

    def bar(self, status: Status) -> None:
        self._try(lambda: self._view.bar(status))

    def refresh(self, status: Status) -> None:
        self._try(lambda: self._view.refresh(status))

    def close(self) -> None:
        self._try(lambda: self._view.close())

    def _try(self, draw: Callable[[], None]) -> None:
        try:
            draw()
        except (OSError, ValueError):
            self._view, self.draws = QuietView(), False


class PlainView(QuietView):
    """A line for everything, a line a bar."""

    def __init__(self, out: Out = sys.stdout) -> None:
        super().__init__(out)

    def say(self, event: str, text: str, **fields: object) -> None:
        print(f"livegan: {text}", file=self.out, flush=True)

    def bar(self, status: Status) -> None:
        print(
            f"bar {status.bar}  {status.tempo:g} bpm  {status.notes} notes  "
            f"late {status.late_median:.2f} ms (worst {status.late_worst:.2f})  "
            f"inference {status.inference:.2f} ms",
            file=self.out,
            flush=True,
        )


class JsonView(QuietView):
    """One JSON object a line, for machines. `time` is Unix time."""

    def __init__(self, out: Out = sys.stdout) -> None:
        super().__init__(out)

    def write(self, event: str, fields: dict[str, object]) -> None:
        line = {"time": round(time.time(), 3), "event": event, **fields}
        print(json.dumps(line), file=self.out, flush=True)

    def say(self, event: str, text: str, **fields: object) -> None:
        self.write(event, {"text": text, **fields})

    def bar(self, status: Status) -> None:
        fields: dict[str, object] = {
            "bar": status.bar,
            "tempo": status.tempo,
            "notes": status.notes,
            "late_median_ms": round(status.late_median, 3),
            "late_worst_ms": round(status.late_worst, 3),
            "inference_ms": round(status.inference, 3),
        }
        self.write("bar", fields)


def choose_view(quiet: bool, log_json: bool, log_file: Path | None = None) -> View:
    """By the flags, and by whether standard output is a terminal. Raises `OSError` if the log file
    can't be written."""
    if log_file:
        from .log_file import LogFile  # with logging, which a terminal does not need

        file = LogFile(log_file, dated=not log_json)
        return QuietView(file) if quiet else JsonView(file) if log_json else PlainView(file)
    if quiet:
        return QuietView()
    if log_json:
        return JsonView()
    if not sys.stdout.isatty():
        return PlainView()
    from .live_view import LiveView  # with rich, which plain lines do not need

    return LiveView()
