"""`livegan train` and `livegan inspect`."""

from __future__ import annotations

import os
from pathlib import Path

import click
import torch

from .checkpoint import BadCheckpoint
from .config import BadConfig, load_config
from .data import BadArchive, load_bars
from .loop import Diverged, fit
from .metrics import measure_tracks


@click.command()
@click.argument("config")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="A bar archive (.npz).")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the checkpoints: last.pt to go on from, best.pt to export.",
)
@click.option("--steps", type=click.IntRange(1), help="Stop after so many steps in all.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores without it.")
def train(config: str, data: Path, out: Path, steps: int | None, threads: int | None) -> None:
    """Train CONFIG, a shipped configuration's name or a .toml file. Run it again to go on where it
    stopped, however that was."""
    torch.set_num_threads(threads or os.cpu_count() or 1)
    try:
        loaded = load_config(config, steps=steps)
        fit(loaded, load_bars(data), out, click.echo)
    except (BadConfig, BadArchive, BadCheckpoint, Diverged) as error:
        raise click.UsageError(str(error)) from None


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
def inspect(archive: Path) -> None:
    """Count and measure the bars of an archive, per track: EB, UPC, QN (at least 3 steps), PR, notes a
    bar, DIS (semitones among the pairs of pitch classes that sound together), distinct bars."""
    try:
        bars = load_bars(archive)
    except BadArchive as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"{len(bars):,} bars of {len(set(bars.song_id.tolist())):,} songs")
    measured = measure_tracks(bars.rolls(slice(None)))
    for name, measures in zip(bars.tracks, measured, strict=True):
        click.echo(f"{name}: {measures}")
