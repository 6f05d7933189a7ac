"""The status of the daemon as a panel that stays in place in a terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from livegan.core.music import STEPS_PER_BAR, Note

from .view import Status

REFRESH_SECONDS = 0.2
COLUMNS, ROWS = 64, 12


class LiveView:
    """A panel that stays in place; what happens is written above it."""

    draws = True

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self.live = Live(console=self.console, auto_refresh=False, transient=False)
        self.drawn = 0.0
        self.live.start()

    def say(self, event: str, text: str, **fields: object) -> None:
        style = {"error": "red", "qr": "black on white"}.get(event, "dim")
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
