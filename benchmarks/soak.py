"""Does it last? `python -m benchmarks.soak` from the root of the repository: hours under a fake clock,
then, with `--minutes`, in real time on JACK, moved at random, with a fault every minute."""

from __future__ import annotations

import sys

import click

from livegan.shell.generator import load_model

from . import soak_fake, soak_stage
from .any_move import MODELS
from .report import machine, stolen_seconds, table
from .sections import collect, say


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--hours", type=click.FloatRange(0), default=8.0, show_default=True, help="Of fake time.")
@click.option("--speed", type=click.FloatRange(1), default=16.0, show_default=True)
@click.option("--minutes", type=click.FloatRange(0), default=0.0, show_default=True, help="On JACK.")
@click.option("--every", type=click.FloatRange(5), default=60.0, show_default=True,
              help="Seconds from fault to fault on JACK.")  # fmt: skip
@click.option("--model", default="piano", show_default=True, metavar="NAME|FILE")
@click.option("--markdown", is_flag=True, help="A table for BENCHMARKS.md.")
def soak(hours: float, speed: float, minutes: float, every: float, model: str, markdown: bool) -> None:
    """Play for a long time, break things, and count what went wrong."""
    before, stolen = machine(), stolen_seconds()
    measures = {}
    if hours:
        models = [load_model(name) for name in dict.fromkeys((model, *MODELS))]
        measures["fake clock"] = lambda: soak_fake.measure(models, hours, speed, say)
    if minutes:
        measures["JACK"] = lambda: soak_stage.measure(model, minutes, every, say)
    rows, missing = collect(measures)
    command = " ".join(["python -m benchmarks.soak", *sys.argv[1:]])
    lost = f"taken by the hypervisor during the run: {stolen_seconds() - stolen:.1f} s"
    bullet = "- " if markdown else ""
    for line in (*before, lost, f"command: {command}"):
        print(bullet + line)
    print()
    print(table(rows, markdown))
    for line in missing:
        print(f"\n{line}")
    if any("FAILED" in line for line in missing) or any(row.reached is False for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    soak(prog_name="python -m benchmarks.soak")
