"""Benchmarks in sections: choosing them, running them, showing what they found."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from .report import Row, Skip, machine, stolen_seconds, table

Measure = Callable[[], list[Row]]


def say(text: str) -> None:
    """Progress; the table alone goes to standard output."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


class Sections(click.ParamType[str]):
    """Some of these names, separated by commas."""

    name = "sections"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        chosen = [name.strip() for name in str(value).split(",")]
        for name in chosen:
            if name not in self.names:
                self.fail(f"{name!r} is not one of {', '.join(self.names)}", param, ctx)
        return ",".join(chosen)


def show(
    measures: Mapping[str, Measure], only: str, notes: Callable[[], Sequence[str]], markdown: bool
) -> int:
    """Measure what was chosen, in the order of `measures`, and print it; 1 if something failed."""
    before, stolen = machine(), stolen_seconds()
    chosen = only.split(",")
    rows, missing = collect({name: take for name, take in measures.items() if name in chosen})
    bullet = "- " if markdown else ""
    lost = f"taken by the hypervisor during the run: {stolen_seconds() - stolen:.1f} s"
    for line in (*before, lost, *notes(), f"command: {' '.join(['livegan', *sys.argv[1:]])}"):
        print(bullet + line)
    print()
    print(table(rows, markdown))
    for line in missing:
        print(f"\n{line}")
    return int(any("FAILED" in line for line in missing))


def collect(measures: Mapping[str, Measure]) -> tuple[list[Row], list[str]]:
    """Rows of all that can be measured here, and a line for what can't or went wrong: the minutes that
    the rest took are not lost."""
    rows: list[Row] = []
    missing = []
    for name, measure in measures.items():
        try:
            rows += measure()
        except Skip as reason:
            missing.append(f"{name}: skipped, {reason}")
        except Exception as error:
            traceback.print_exc()
            missing.append(f"{name}: FAILED, {error or type(error).__name__}")
    return rows, missing
