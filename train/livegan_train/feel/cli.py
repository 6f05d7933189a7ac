"""`livegan feel`."""

from __future__ import annotations

from pathlib import Path

import click

from livegan.shell.files import write_whole

from ..data import BadArchive
from .data import Felt, load_all
from .figures import measure
from .graph import graph_of
from .training import train

ARCHIVE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--data", required=True, type=ARCHIVE, help="A bar archive with velocities.")
@click.option(
    "--also",
    multiple=True,
    type=ARCHIVE,
    metavar="OTHER.npz",
    help="Learn the tracks that are in this archive from it instead: played drums for typed ones, say.",
)
@click.option("--out", required=True, type=ARCHIVE, metavar="FEEL.onnx")
@click.option("--steps", type=click.IntRange(1), default=1500, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--split",
    type=click.Choice(["valid", "test"]),
    default="test",
    show_default=True,
    help="The songs to judge by; neither is trained on.",
)
def feel(data: Path, also: tuple[Path, ...], out: Path, steps: int, seed: int, split: str) -> None:
    """Learn how the notes of an archive are struck, velocity and timing, and write it as a graph that
    livegan export puts into a model of the same tracks. A minute or two on one core.

    Performances are to be prepared with --snap 2, so that their timing is beside the grid."""
    try:
        own, others = load_all(data, also)
        graph = learn(own, others, steps, seed, split)
    except BadArchive as error:
        raise click.UsageError(str(error)) from None
    try:
        write_whole(out, lambda beside: beside.write_bytes(graph))
    except OSError as error:
        raise click.UsageError(f"{out}: can't write there: {error.strerror or error}") from None
    click.echo(f"{out}: {len(graph) / 1e3:,.0f} kB, for {', '.join(own.bars.tracks)}")


def learn(own: Felt, others: list[Felt], steps: int, seed: int, split: str) -> bytes:
    """Train, print figures, make the graph. Raises `BadArchive`."""
    model = train(
        own, others, seed, steps, lambda step, nats: click.echo(f"step {step:,}: {nats:.3f} nats")
    )
    for felt in (own, *others):
        for figures in measure(model, felt, split, own.bars.tracks):
            click.echo(str(figures))
    for name, loud, late in zip(own.bars.tracks, model.loud.tolist(), model.late.tolist(), strict=True):
        typed = [what for what, known in (("velocity", loud), ("timing", late)) if not known]
        if typed:
            click.echo(f"{name}: by rule, since no player taught it: {' and '.join(typed)}")
    return graph_of(model)
