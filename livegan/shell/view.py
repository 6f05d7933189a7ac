"""What the person at the terminal sees: a live status where there is a terminal, plain lines or JSON
lines where there is none."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from livegan.core.music import STEPS_PER_BAR, Note

REFRESH_SECONDS = 0.2
COLUMNS, ROWS = 64, 12


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
    message: str = ""
    roll: Sequence[Note] = field(default_factory=tuple)


class View(Protocol):
    """`say` tells one thing that happened; `bar` tells that a bar was played; `refresh` may draw."""

    def say(self, event: str, text: str, **fields: object) -> None: ...

    def bar(self, status: Status) -> None: ...

    def refresh(self, status: Status) -> None: ...

    def close(self) -> None: ...


class QuietView:
    """Says only what went wrong."""

    def __init__(self, out: TextIO = sys.stderr) -> None:
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


class PlainView(QuietView):
    """A line for everything, a line a bar."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
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

    def __init__(self, out: TextIO = sys.stdout) -> None:
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


class LiveView:
    """A panel that stays in place; what happens is written above it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live = Live(console=console, auto_refresh=False, transient=False)
        self.drawn = 0.0
        self.live.start()

    def say(self, event: str, text: str, **fields: object) -> None:
        style = "red" if event == "error" else "dim"
        self.console.print(Text(f"livegan: {text}", style=style))

    def bar(self, status: Status) -> None:
        pass

    def refresh(self, status: Status) -> None:
        now = time.monotonic()
        if now - self.drawn >= REFRESH_SECONDS:
            self.drawn = now
            self.live.update(panel(status), refresh=True)

    def close(self) -> None:
        self.live.stop()


def panel(status: Status) -> Panel:
    """Transport, model, timing and the last bar as a small piano roll."""
    lines = Table.grid(padding=(0, 2))
    state = "PLAYING" if status.playing else "stopped"
    style = "bold green" if status.playing else "yellow"
    frozen = "   frozen" if status.frozen else ""
    place = f"{status.bar}.{status.beat}   {status.tempo:g} bpm{frozen}"
    lines.add_row(Text(state, style=style), Text(place))
    lines.add_row("model", Text(f"{status.model} on {status.device}, {status.inference:.2f} ms a bar"))
    late = f"median {status.late_median:.2f} ms, worst {status.late_worst:.2f} ms"
    lines.add_row("lateness", Text(late))
    lines.add_row("midi", Text(status.midi))
    lines.add_row("osc", Text(status.osc))
    whole = Table.grid()
    whole.add_row(lines)
    whole.add_row(Text(small_roll(status.roll), style="cyan"))
    return Panel(whole, title="livegan", width=COLUMNS + 6)


def small_roll(notes: Sequence[Note]) -> str:
    """A bar as text: a column is a step and a half, a character two rows of two semitones each."""
    low = min((note.pitch for note in notes), default=48) // 12 * 12
    upper = [[False] * COLUMNS for _ in range(2 * ROWS)]
    for note in notes:
        row = min(2 * ROWS - 1, (note.pitch - low) // 2)
        first = note.start * COLUMNS // STEPS_PER_BAR
        last = max(first, (note.start + note.length) * COLUMNS // STEPS_PER_BAR - 1)
        for column in range(first, min(COLUMNS, last + 1)):
            upper[row][column] = True
    return "\n".join(
        "".join(" ▄▀█"[low_on + 2 * high_on] for low_on, high_on in zip(*pair, strict=True))
        for pair in [(upper[row], upper[row + 1]) for row in range(2 * ROWS - 2, -1, -2)]
    )


def choose_view(quiet: bool, log_json: bool) -> View:
    """By the flags, and by whether standard output is a terminal."""
    if quiet:
        return QuietView()
    if log_json:
        return JsonView()
    console = Console()
    return LiveView(console) if console.is_terminal else PlainView()
