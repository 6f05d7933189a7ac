"""Figures, aims, and the table that shows them."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import numpy as np

HEADINGS = ("measured", "unit", "median", "p99", "worst", "p99 / livegan's", "aim", "reached")
PACKAGES = (
    "livegan",
    "isobar",
    "mido",
    "python-rtmidi",
    "JACK-Client",
    "onnxruntime-gpu",
    "onnxruntime",
    "torch",
)


class Skip(Exception):
    """A section can't be measured here; the message says why."""


class Figures(NamedTuple):
    """Of many measurements."""

    median: float
    p99: float
    worst: float


def figures(values: Sequence[float] | np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Figures:
    """Raises `ValueError` if nothing was measured."""
    if not len(values):
        raise ValueError("nothing was measured")
    return Figures(float(np.median(values)), float(np.percentile(values, 99)), float(np.max(values)))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `reached` is None where there is no aim; `ratio` compares peers."""

    what: str
    unit: str
    median: float | None = None
    p99: float | None = None
    worst: float | None = None
    aim: str = ""
    reached: bool | None = None
    ratio: str = ""

    def cells(self) -> list[str]:
        reached = {None: "", True: "yes", False: "NO"}[self.reached]
        numbers = [shown(number) for number in (self.median, self.p99, self.worst)]
        return [self.what, self.unit, *numbers, self.ratio, self.aim, reached]


def shown(number: float | None) -> str:
    """Three significant digits, no exponent."""
    if number is None:
        return ""
    places = 3 if abs(number) < 1 else 2 if abs(number) < 10 else 1 if abs(number) < 100 else 0
    return f"{number:.{places}f}"


def table(rows: Iterable[Row], markdown: bool) -> str:
    """Columns for the terminal, or a table for a Markdown file."""
    lines = [list(HEADINGS), *(row.cells() for row in rows)]
    if not any(line[5] for line in lines[1:]):
        lines = [line[:5] + line[6:] for line in lines]
    if markdown:
        lines.insert(1, ["---", "---", *["--:"] * (len(lines[0]) - 4), "---", "---"])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(aligned(line, widths) for line in lines)


def aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    numbers = range(2, len(cells) - 2)
    padded = [
        cell.rjust(width) if place in numbers else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def machine() -> list[str]:
    """When and on what: lines that belong above every table."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    load = ", ".join(f"{share:.1f}" for share in os.getloadavg())
    return [
        f"date: {time.strftime('%Y-%m-%d %H:%M %z')}",
        f"machine: {processor()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}; {', '.join(found)}",
        f"load average before the run (1, 5, 15 min): {load}",
    ]


def stolen_seconds() -> float:
    """Processor time that a hypervisor has given to others while we wanted it, since the machine
    started. No player can send in such a gap. 0 where the kernel doesn't tell."""
    try:
        ticks = Path("/proc/stat").read_text().splitlines()[0].split()
        return int(ticks[8]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def processor() -> str:
    """The model's name as the kernel tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
