"""Everything in one run: `python -m benchmarks.play` from the root of the repository."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import click

from livegan.core.model import BadModel
from livegan.shell.generator import find_model, load_model

from . import inference, lateness, response, running
from .report import Row, Skip, machine, stolen_seconds, table
from .stage import jack

SECTIONS = ("lateness", "osc", "inference", "start", "memory")


def say(text: str) -> None:
    """Progress; the table alone goes to standard output."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def parse_only(ctx: click.Context, option: click.Parameter, text: str) -> list[str]:
    chosen = [name.strip() for name in text.split(",")]
    for name in chosen:
        if name not in SECTIONS:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(SECTIONS)}")
    return chosen


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", default=",".join(SECTIONS), show_default=True, callback=parse_only)
@click.option(
    "--seconds",
    type=click.FloatRange(2),
    default=40.0,
    show_default=True,
    help="Length of every player's run, of the OSC moves, and of the play before memory is read.",
)
@click.option("--model", default="piano", show_default=True, metavar="NAME|FILE")
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="For inference in torch; without it an untrained network of the piano config.",
)
@click.option("--markdown", is_flag=True, help="A table for BENCHMARKS.md.")
def play(only: list[str], seconds: float, model: str, checkpoint: Path | None, markdown: bool) -> None:
    """Measure livegan on this machine and print a table: lateness beside isobar and mido, OSC to note,
    inference, cold start, memory."""
    before, stolen = machine(), stolen_seconds()
    try:
        generator = load_model(model)
    except BadModel as error:
        raise click.UsageError(str(error)) from None
    path = find_model(model)
    with jack() as with_jack:
        measures: dict[str, Callable[[], list[Row]]] = {
            "lateness": lambda: lateness.measure(generator, seconds, say),
            "osc": lambda: response.measure(path, seconds, with_jack, say),
            "inference": lambda: inference.measure(generator, checkpoint, say),
            "start": lambda: running.measure_start(model, with_jack, say),
            "memory": lambda: running.measure_memory(model, seconds, with_jack, say),
        }
        rows, missing = collect({name: measures[name] for name in SECTIONS if name in only})
    command = " ".join(["python -m benchmarks.play", *sys.argv[1:]])
    lost = f"taken by the hypervisor during the run: {stolen_seconds() - stolen:.1f} s"
    bullet = "- " if markdown else ""
    for line in (*before, lost, f"command: {command}"):
        print(bullet + line)
    print()
    print(table(rows, markdown))
    for line in missing:
        print(f"\n{line}")
    if any("FAILED" in line for line in missing):
        sys.exit(1)


def collect(measures: dict[str, Callable[[], list[Row]]]) -> tuple[list[Row], list[str]]:
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


if __name__ == "__main__":
    play(prog_name="python -m benchmarks.play")
