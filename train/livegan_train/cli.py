"""`livegan train`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .checkpoint import BadCheckpoint
from .checks import BadConfig
from .config import load_config
from .data import BadArchive, load_bars
from .devices import NoDevice, make_fabric
from .loop import Diverged, OutOfMemory, fit


@click.command()
@click.argument("config")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="A bar archive (.npz).")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the run: last.pt to go on from, best.pt to export, pictures, TensorBoard events.",
)
@click.option("--steps", type=click.IntRange(1), help="Stop after so many steps in all.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores without it.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto takes CUDA where it is there.",
)
@click.option(
    "--devices",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Processes, one for each GPU; under torchrun or fabric run, theirs.",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "32", "bf16"]),
    default="auto",
    show_default=True,
    help="auto: bf16 on a GPU that has it; penalties and scores always in 32.",
)
def train(
    config: str,
    data: Path,
    out: Path,
    steps: int | None,
    threads: int | None,
    device: str,
    devices: int,
    precision: str,
) -> None:
    """Train CONFIG, a shipped configuration's name or a .toml file. Run it again to go on where it
    stopped, however that was."""
    try:
        loaded = load_config(config, steps=steps)
        bars = load_bars(data)
        fabric = make_fabric(device, devices, precision, threads or os.cpu_count() or 1)
        fit(loaded, bars, out, click.echo, fabric)
    except (BadConfig, BadArchive, BadCheckpoint, NoDevice, Diverged, OutOfMemory) as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        reason = error.strerror or error
        raise click.UsageError(f"{out}: can't write there: {reason}; earlier files are whole") from None
