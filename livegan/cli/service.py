"""`livegan service`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from livegan.shell.service import Service


def this_service() -> Service:
    """Of the system at hand."""
    from livegan.shell.service import service_of

    service = service_of(sys.platform)
    if service is None:
        raise click.UsageError(
            "livegan knows the services of Linux (systemd) and macOS (launchd); on Windows put a "
            "shortcut to livegan serve into the folder that Win+R, shell:startup opens"
        )
    return service


@click.group()
def service() -> None:
    """Have the daemon start at login and after a failure, with a log that stays small."""


@service.command()
@click.argument("arguments", nargs=-1, metavar="[-- SERVE OPTIONS]")
def install(arguments: tuple[str, ...]) -> int:
    """Start the daemon now, at every login, and again whenever it fails.

    What comes after -- goes to livegan serve: livegan service install -- --play --model band
    Paths in it are looked up from the current folder. Installing again replaces what was there."""
    from livegan.shell.service import NoManager, write

    found = this_service()
    check(arguments)
    command = [sys.executable, "-m", "livegan", "serve", "--log-file", str(found.log), *arguments]
    write(found, command, Path.cwd())
    click.echo(f"wrote {found.file} (livegan service uninstall removes it)")
    click.echo(f"log: {found.log}")
    try:
        found.start()
    except NoManager as error:
        click.echo(f"not started ({error}): in a session where it works, {found.by_hand}", err=True)
        return 1
    click.echo("started, and from now on at every login")
    return 0


def check(arguments: tuple[str, ...]) -> None:
    """Find a mistake now rather than at login. Raises `UsageError`."""
    from livegan.cli.serve import serve

    given = serve.make_context("livegan serve", list(arguments))
    if given.get_parameter_source("log_file") == click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("the service keeps a log of its own: leave --log-file out")


@service.command()
def uninstall() -> int:
    """Stop the daemon and forget it. Its log is kept."""
    from livegan.shell.service import NoManager

    found = this_service()
    if not found.file.exists():
        click.echo(f"nothing to do: there is no {found.file}")
        return 0
    try:
        found.stop()
    except NoManager as error:
        click.echo(f"could not be stopped ({error}); it does not start again", err=True)
    found.file.unlink()
    click.echo(f"removed {found.file}; its log stays: {found.log}")
    return 0


@service.command()
def status() -> int:
    """Whether it is installed and runs, and where its log is. Exit status 0 if it runs."""
    from livegan.shell.service import NoManager

    found = this_service()
    installed = found.file.exists()
    try:
        running: bool | None = installed and found.running()
        why = ""
    except NoManager as error:
        running, why = None, f" ({error})"
    click.echo(f"installed: {found.file if installed else 'no (livegan service install)'}")
    click.echo(f"running: {'unknown' if running is None else 'yes' if running else 'no'}{why}")
    click.echo(f"log: {found.log}{'' if found.log.exists() else ' (none yet)'}")
    return 0 if running else 1
