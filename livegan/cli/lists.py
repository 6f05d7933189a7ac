"""`livegan ports`, `livegan models`, `livegan maps`, `livegan completion`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
def ports() -> None:
    """List MIDI outputs that --midi-out can name, and inputs that --midi-in and --clock-in can."""
    from livegan.shell.midi_out import ports_by_backend

    found = ports_by_backend()
    if not found:
        click.echo("no MIDI system found (neither ALSA nor JACK answers); serve plays without a port")
        return
    for backend, names in found.items():
        for name in names:
            click.echo(f"{name}\t{backend}")
    click.echo(f"livegan (virtual, made by serve)\t{next(iter(found))}")
    for backend, names in ports_by_backend("MidiIn").items():
        for name in names:
            click.echo(f"{name}\t{backend}\tinput")
    click.echo(f"controls (virtual, made by serve)\t{next(iter(found))}\tinput")


@click.command()
def models() -> None:
    """List models that can be played by name."""
    from livegan.shell.generator import DEFAULT_MODEL, open_session, shipped_models

    for name, path in shipped_models().items():
        info = open_session(path, "cpu").info
        tracks = ", ".join(track.name for track in info.tracks)
        default = " (default)" if name == DEFAULT_MODEL else ""
        size = path.stat().st_size / 1e6
        click.echo(f"{name}{default}\t{tracks}\t{size:.1f} MB\t{info.data}")
        if info.directions:
            names = (f"{n} {one.name}" for n, one in enumerate(info.directions, start=1))
            click.echo(f"\tdirections: {', '.join(names)}")


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="LIVEGAN_FOLDER",
    help="The instrument's own folder, as serve was given it.",
)
def maps(folder: Path | None) -> None:
    """List maps of MIDI controllers: those that ship, and your own."""
    from livegan.core.midi_scale import BadMap
    from livegan.shell.folder import default_folder
    from livegan.shell.map_files import SHIPPED, map_names, read_map_file

    for name, path in map_names(folder or default_folder()).items():
        own = "" if path.parent == SHIPPED else f"\t{path}"
        try:
            found = read_map_file(path)
            click.echo(f"{name}\t{found.title}\t{len(found.bindings)} bindings{own}")
        except BadMap as error:
            click.echo(f"{name}\tcan't be read: {error}{own}")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a completion script; for bash: eval "$(livegan completion bash)" """
    from click.shell_completion import get_completion_class

    from livegan.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "livegan", "_LIVEGAN_COMPLETE").source())
