"""`livegan critic`."""

from __future__ import annotations

from pathlib import Path

import click

from livegan.core.model import BadModel
from livegan.shell.files import write_whole
from livegan_train.checks import BadConfig
from livegan_train.choosing.network import BarCritic
from livegan_train.choosing.proposals import grid_of, proposals
from livegan_train.choosing.settling import settle
from livegan_train.choosing.training import learn
from livegan_train.data import BadArchive, load_bars
from livegan_train.heads import ONSET_GRIDS
from livegan_train.loop import train_and_valid
from livegan_train.stream.config import StreamConfig
from livegan_train.stream.data import StreamData

from .card import with_critic
from .cli import check_tracks, say_quality
from .critic import graph_of_critic, put_critic, without_critic
from .onnx_file import ExportRefused


@click.command()
@click.argument("model", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--data", required=True, type=click.Path(path_type=Path), help="A bar archive (.npz).")
@click.option("--steps", type=click.IntRange(1), default=3000, show_default=True)
@click.option(
    "--bars",
    type=click.IntRange(4_000, 1_000_000),
    default=40_000,
    show_default=True,
    help="How many of the model's bars are told from songs'.",
)
@click.option(
    "--rounds",
    type=click.IntRange(2),
    default=300,
    show_default=True,
    help="Bars of many streams in which it is settled that what is chosen measures what songs do.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
def critic(model: Path, data: Path, steps: int, bars: int, rounds: int, seed: int) -> None:
    """Train a critic of MODEL, an exported stream (.onnx), and put it into the file: of several ways
    that the latent could go by itself, the more believable is taken from then on. How fast the latent
    is to wander, and what the bars measure, is found anew, and the card beside it says so. A quarter of
    an hour on one core."""
    if not model.is_file():
        raise click.UsageError(f"{model}: no such file")
    try:
        generator, archive = without_critic(model), load_bars(data)
        info, cells = generator.info, grid_of(generator)
        tracks = tuple(track.name for track in info.tracks)
        check_tracks(data, archive.tracks, tracks)
        songs, valid = train_and_valid(archive)
        head = next(name for name, count in ONSET_GRIDS.items() if count == cells)
        config = StreamConfig(info.name, head=head, places=info.phrase)
        found = proposals(generator, songs, bars, seed)
        click.echo(f"{len(found):,} bars of {info.name}")

        def finish(network: BarCritic, own: StreamData) -> None:
            settle(network, generator, own, rounds, seed, click.echo)

        network, learned = learn(songs, valid, found, config, steps, seed, click.echo, finish)
        graph = graph_of_critic(network, len(tracks), cells)
        told, size = put_critic(model, graph, learned, valid)
    except (BadArchive, BadConfig, BadModel, ExportRefused) as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"{model}: can't write there: {error.strerror or error}") from None
    card = model.with_suffix(".md")
    if card.is_file():
        text = with_critic(card.read_text(encoding="utf-8"), told, size)
        write_whole(card, lambda beside: beside.write_text(text, encoding="utf-8"))
    say_quality(told)
    click.echo(f"{model}: {len(graph) / 1e6:.1f} MB of critic, {size / 1e6:.1f} MB in all")
