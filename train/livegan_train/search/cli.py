"""`livegan search`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..checkpoint import BadCheckpoint
from ..checks import BadConfig
from ..config import load_config
from ..data import BadArchive, load_bars
from ..devices import NoDevice, make_fabric
from ..loop import Diverged, OutOfMemory
from ..stream.config import StreamConfig
from .run import search as run_search
from .space import load_space

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("config")
@click.option("--data", required=True, type=FILE, help="A bar archive (.npz).")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the search: the study to go on from, tables, curves.png, best.toml.",
)
@click.option("--space", type=FILE, help="What to vary (.toml); without it, the shipped table.")
@click.option(
    "--autoencoder",
    type=FILE,
    metavar="CHECKPOINT",
    help="Begin with this run's; without it, one is trained first.",
)
@click.option("--trials", type=click.IntRange(1), default=30, show_default=True, help="So many in all.")
@click.option(
    "--steps", type=click.IntRange(1), default=500, show_default=True, help="Steps of a trial's GAN."
)
@click.option(
    "--seeds", type=click.IntRange(1, 100), default=2, show_default=True, help="Runs of each trial."
)
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores without it.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto takes CUDA where it is there.",
)
def search(
    config: str,
    data: Path,
    out: Path,
    space: Path | None,
    autoencoder: Path | None,
    trials: int,
    steps: int,
    seeds: int,
    threads: int | None,
    device: str,
) -> None:
    """Search the GAN's hyper-parameters of CONFIG, a stream's configuration, on short runs. Each trial
    is judged by its bars' distance to held-out songs and by semitone clashes; those that fall behind
    are cut short. Run it again to go on where it stopped, or to more trials."""
    try:
        loaded = load_config(config)
        if not isinstance(loaded, StreamConfig):
            raise BadConfig(f"{config}: no stream; search takes piano, trio, band or one of your own")
        varied = load_space(space, loaded)
        bars = load_bars(data)
        fabric = make_fabric(device, 1, "auto", threads or os.cpu_count() or 1)
        run_search(loaded, bars, out, varied, trials, steps, seeds, click.echo, fabric, autoencoder)
    except (BadConfig, BadArchive, BadCheckpoint, NoDevice, Diverged, OutOfMemory) as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        reason = error.strerror or error
        raise click.UsageError(f"{out}: can't write there: {reason}; earlier files are whole") from None
