"""`livegan layout`: control surfaces made from the table."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from livegan.core.layout.widgets import Instrument

TARGET = re.compile(r"(\[[0-9a-fA-F:]+\]|[\w.-]+):([0-9]{1,5})")
OUT = click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
MODEL = click.option(
    "--model",
    default="piano",
    show_default=True,
    metavar="NAME|FILE",
    help="The model whose tracks and directions the layout has.",
)


@click.group()
def layout() -> None:
    """Write a layout for a control surface, made from the table of controls."""


@layout.command()
@OUT
@click.option(
    "--device",
    type=click.Choice(["phone", "tablet"]),
    default="tablet",
    show_default=True,
    help="phone is upright, tablet lies.",
)
@MODEL
@click.option(
    "--receive-port",
    type=click.IntRange(2, 65535),
    default=9001,
    show_default=True,
    help="The receive port of TouchOSC's connection: where its button connect has feedback sent.",
)
def touchosc(out: Path, device: str, model: str, receive_port: int) -> None:
    """For TouchOSC: OUT.tosc. How to load and connect it: docs/touchosc.md"""
    from livegan.core.layout.pages import DEVICES, pages
    from livegan.core.layout.touchosc import document

    check(out, ".tosc")
    made = pages(instrument(model), DEVICES[device], receive_port)
    write(out, zlib.compress(document(made, DEVICES[device]), 9))


@layout.command("osc-json")
@OUT
@MODEL
@click.option(
    "--target",
    default="127.0.0.1:9000",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the daemon listens.",
)
def osc_json(out: Path, model: str, target: str) -> None:
    """For Open Stage Control: OUT.json, a session."""
    from livegan.core.layout.open_stage import session
    from livegan.core.layout.pages import DESK, pages

    check(out, ".json")
    found = TARGET.fullmatch(target)
    if found is None or not 0 < int(found[2]) < 65_536:
        raise click.UsageError(f"--target {target}: must be HOST:PORT, as 127.0.0.1:9000")
    write(out, session(pages(instrument(model), DESK), DESK, target).encode())


def check(out: Path, ending: str) -> None:
    """Before anything is made. Raises `UsageError`."""
    if out.suffix.lower() != ending:
        raise click.UsageError(f"{out}: OUT must end in {ending}")
    if not out.absolute().parent.is_dir():
        raise click.UsageError(f"{out}: the folder {out.parent} does not exist")


def instrument(model: str) -> Instrument:
    """What the model's file says. Raises `UsageError`."""
    from livegan.core.layout.widgets import Instrument
    from livegan.core.model import BadModel
    from livegan.shell.generator import find_model, open_session, shipped_models

    try:
        info = open_session(find_model(model), "cpu").info
    except BadModel as error:
        raise click.UsageError(str(error)) from None
    tracks = tuple(track.name for track in info.tracks)
    directions = tuple(direction.name for direction in info.directions)
    models = tuple(dict.fromkeys((info.name, *shipped_models())))
    return Instrument(info.name, tracks, directions, info.latent, models)


def write(out: Path, content: bytes) -> None:
    from livegan.shell.files import write_whole

    try:
        write_whole(out, lambda path: path.write_bytes(content))
    except OSError as error:
        raise click.UsageError(f"{out}: can't be written ({error.strerror or error})") from None
    click.echo(f"wrote {out}")
