"""`livegan render`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from livegan.cli.options import Tempo

if TYPE_CHECKING:
    from livegan.core.addressing import Move
    from livegan.core.performance import Performance
    from livegan.shell.generator import OnnxGenerator

ENDINGS = (".mid", ".npz", ".ogg", ".png", ".wav")
MEANINGLESS = ("play", "play_from", "stop", "countin", "metronome", "metronome_channel")


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--bars", type=click.IntRange(1, 1_000_000), default=16, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--model", default="piano", show_default=True, metavar="NAME|FILE")
@click.option("--bpm", type=Tempo(), default=120.0, show_default=True)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="ADDRESS=VALUE",
    help="Move a control before the first bar: --set /density=0.8. Several values are "
    "separated by commas.",
)
@click.option(
    "--at",
    "timed",
    multiple=True,
    metavar="BAR:ADDRESS=VALUE",
    help="Move a control as a bar begins, counted from 1: --at 9:/morph=3,4",
)
@click.option(
    "--given",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.mid",
    help="The tune, round and round, for a model that accompanies one.",
)
@click.option("--fresh", is_flag=True, help="A new random latent for every bar, as metrics want it.")
def render(
    out: Path,
    bars: int,
    seed: int,
    model: str,
    bpm: float,
    settings: tuple[str, ...],
    timed: tuple[str, ...],
    given: Path | None,
    fresh: bool,
) -> None:
    """Play into a file, with the daemon's own core under a simulated clock. The same arguments give the
    same bytes.

    OUT by its ending: .mid (for any DAW), .npz (a bar archive), .png (a piano roll), .wav or .ogg
    (sound: a sampled piano, plain instruments for other tracks)."""
    from livegan.core import state as states
    from livegan.core.controls import BadControl
    from livegan.core.model import BadModel
    from livegan.core.performance import perform
    from livegan.core.state import BadValue
    from livegan.shell.generator import load_model
    from livegan.shell.tune import BadTune, read_tune

    if out.suffix.lower() not in ENDINGS:
        raise click.UsageError(f"{out}: OUT must end in {', '.join(ENDINGS)}")
    if not out.absolute().parent.is_dir():
        raise click.UsageError(f"{out}: the folder {out.parent} does not exist")
    moves = parse_moves(settings, timed, bars)
    try:
        generator = load_model(model, "cpu")
        state = states.initial(seed, *generator.info.size)
        state = replace(state, tempo=bpm, fresh=fresh, playing=True)
        for move in moves.pop(-1, []):
            assert move.control.apply is not None
            state = move.control.apply(state, *move.values)
        performance = perform(generator, state, bars, moves, read_tune(given))
    except (BadControl, BadModel, BadTune, BadValue, RuntimeError) as error:
        raise click.UsageError(str(error)) from None
    try:
        write(out, performance, generator)
    except OSError as error:
        raise click.UsageError(f"{out}: can't be written ({error.strerror or error})") from None


def parse_moves(settings: tuple[str, ...], timed: tuple[str, ...], bars: int) -> dict[int, list[Move]]:
    """Moves by the bar (from 0) at whose beginning they are made; -1 is before the first."""
    from livegan.core.addressing import parse_setting
    from livegan.core.conductor import PLAYED
    from livegan.core.controls import BadControl

    moves: dict[int, list[Move]] = {}
    try:
        for text in settings:
            moves.setdefault(-1, []).append(parse_setting(text))
        for text in timed:
            bar, colon, rest = text.partition(":")
            if not colon or not (bar.isascii() and bar.isdigit()) or not 1 <= int(bar) <= bars:
                raise BadControl(f"{text!r}: must be BAR:ADDRESS=VALUE with a bar from 1 to {bars}")
            moves.setdefault(int(bar) - 1, []).append(parse_setting(rest))
        for when, move in ((when, move) for when, made in moves.items() for move in made):
            known = move.control.apply is not None or (when >= 0 and move.control.name in PLAYED)
            if not known or move.control.name in MEANINGLESS:
                raise BadControl(f"{move.control.address} has no meaning in a rendering")
    except BadControl as error:
        raise click.UsageError(str(error)) from None
    return moves


def write(out: Path, performance: Performance, generator: OnnxGenerator) -> None:
    """In the format that the ending names."""
    from livegan.core.music import STEPS_PER_BAR

    end = performance.bars * STEPS_PER_BAR
    match out.suffix.lower():
        case ".mid":
            from livegan.shell.midi_file import write_midi

            events = [e.sent for e in performance.events]
            tracks, settings = generator.info.tracks, performance.settings
            write_midi(out, events, performance.tempi, end, tracks, settings)
        case ".npz":
            from livegan.shell.archive import write_archive

            bpm = performance.tempi[0][1]
            notes = performance.notes()
            write_archive(out, notes, performance.bars, generator.info.tracks, generator.info.name, bpm)
        case ".png":
            from livegan.shell.picture import write_picture

            write_picture(out, performance.notes(), performance.bars)
        case ".wav" | ".ogg":
            from livegan.shell.midi_file import voices_of
            from livegan.shell.sound import render as sounding
            from livegan.shell.sound import write_sound

            voices = voices_of(generator.info.tracks, performance.settings)
            names = {channel: voice.name for channel, voice in voices.items()}
            write_sound(out, sounding(performance.notes(), performance.tempi, end, names))
