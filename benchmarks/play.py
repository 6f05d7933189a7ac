"""`livegan bench play`: inference, cold start and memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from livegan.core.model import BadModel
from livegan.shell.generator import load_model

from . import inference, running
from .sections import Measure, Sections, say, show
from .stage import jack

SECTIONS = ("inference", "start", "memory")


@click.command()
@click.option("--only", type=Sections(SECTIONS), default=",".join(SECTIONS), show_default=True)
@click.option(
    "--seconds",
    type=click.FloatRange(2),
    default=40.0,
    show_default=True,
    help="Of play before memory is read.",
)
@click.option("--model", default="piano", show_default=True, metavar="NAME|FILE")
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="For inference in torch; without it an untrained network of the piano config.",
)
@click.option("--markdown", is_flag=True, help="A table for BENCHMARKS.md.")
def play(only: str, seconds: float, model: str, checkpoint: Path | None, markdown: bool) -> int:
    """Time of one bar through the model, from spawn to first note, and memory."""
    try:
        generator = load_model(model)
    except BadModel as error:
        raise click.UsageError(str(error)) from None
    with jack() as with_jack:
        measures: dict[str, Measure] = {
            "inference": partial(inference.measure, generator, checkpoint, say),
            "start": partial(running.measure_start, model, with_jack, say),
            "memory": partial(running.measure_memory, model, seconds, with_jack, say),
        }
        return show(measures, only, list, markdown)
