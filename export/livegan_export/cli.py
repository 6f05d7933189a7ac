"""`livegan export`."""

from __future__ import annotations

from pathlib import Path

import click

from livegan.core.model import BadModel
from livegan.shell.files import write_whole
from livegan_train.checkpoint import BadCheckpoint, load

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
def export(
    checkpoint: Path,
    out: Path,
    name: str | None,
    data: str,
    credit: str,
    licence: str,
    feel: Path | None,
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
        texts = Texts(data, credit, licence)
        info, worst = write_model(loaded, out, name or loaded.config.name, texts, feel)
        text = card(info, loaded, out.stat().st_size, feel is not None)
        write_whole(out.with_suffix(".md"), lambda beside: beside.write_text(text, encoding="utf-8"))
    except (BadCheckpoint, BadModel, ExportRefused) as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"largest difference to torch over 64 latents: {worst:.1e}")
    for track, measures in info.quality.items():
        click.echo(f"{track}: " + "  ".join(f"{key} {value:g}" for key, value in measures.items()))
    click.echo(f"{out}: {info.name}, head {info.head}, {out.stat().st_size / 1e6:.1f} MB")
