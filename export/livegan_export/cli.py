"""`livegan export`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from livegan.core.model import BadModel, ModelInfo
from livegan.shell.files import write_whole
from livegan_train.checkpoint import BadCheckpoint, Checkpoint, load
from livegan_train.checks import BadConfig
from livegan_train.data import BadArchive, load_bars
from livegan_train.loop import train_and_valid
from livegan_train.stream.config import StreamConfig
from livegan_train.stream.form import form_of_songs

from .card import card
from .onnx_file import ExportRefused, Texts, write_model


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--name", help="Name of the model; without it the config's.")
@click.option("--data", default="", help="What it was trained on, in a few words.")
@click.option("--credit", default="", help="Whom to credit for the data.")
@click.option("--licence", default="", help="Licence of the weights.")
@click.option(
    "--feel",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FEEL.onnx",
    help="How notes are struck, as livegan feel learned it; without it, accents by rule.",
)
@click.option(
    "--songs",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="BARS.npz",
    help="Songs whose form a stream takes: what neighbouring bars share, how half phrases come back; "
    "without it, that of those it was trained on.",
)
def export(
    checkpoint: Path,
    out: Path,
    name: str | None,
    data: str,
    credit: str,
    licence: str,
    feel: Path | None,
    songs: Path | None,
) -> None:
    """Make OUT, one .onnx file that livegan serve plays, of a CHECKPOINT's averaged weights, and its
    model card beside it (.md). Torch and onnxruntime are compared on 64 latents, and the bars of the
    finished file are measured."""
    if out.suffix != ".onnx":
        raise click.UsageError(f"{out}: OUT must end in .onnx")
    if not out.absolute().parent.is_dir():
        raise click.UsageError(f"{out}: the folder {out.parent} does not exist")
    try:
        loaded = load(checkpoint)
        if songs:
            loaded = replace(loaded, data=loaded.data | form_of(songs, loaded))
        texts = Texts(data, credit, licence)
        info, worst = write_model(loaded, out, name or loaded.config.name, texts, feel)
        text = card(info, loaded, out.stat().st_size, feel is not None)
        write_whole(out.with_suffix(".md"), lambda beside: beside.write_text(text, encoding="utf-8"))
    except (BadArchive, BadCheckpoint, BadConfig, BadModel, ExportRefused) as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"largest difference to torch over 64 latents: {worst:.1e}")
    say_quality(info)
    click.echo(f"{out}: {info.name}, head {info.head}, {out.stat().st_size / 1e6:.1f} MB")


def form_of(songs: Path, checkpoint: Checkpoint) -> dict[str, Any]:
    """Of other songs for the same tracks. Raises `BadArchive`, `BadConfig`, `ExportRefused`."""
    bars, tracks = load_bars(songs), tuple(checkpoint.data["tracks"])
    if not isinstance(checkpoint.config, StreamConfig):
        raise ExportRefused("--songs: only the form of a stream can be told; this model makes bars")
    check_tracks(songs, bars.tracks, tracks)
    return form_of_songs(*train_and_valid(bars))


def check_tracks(songs: Path, has: Sequence[str], wanted: Sequence[str]) -> None:
    """Raises `ExportRefused` if songs have other tracks than a model."""
    if tuple(has) != tuple(wanted):
        raise ExportRefused(
            f"{songs}: its tracks are {', '.join(has)}; the model's are {', '.join(wanted)}"
        )


def say_quality(info: ModelInfo) -> None:
    """What its bars measure, a line a track."""
    for track, measures in info.quality.items():
        click.echo(f"{track}: " + "  ".join(f"{key} {value:g}" for key, value in measures.items()))
