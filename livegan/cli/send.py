"""`livegan send`: its help is made from the table of controls."""

from __future__ import annotations

import socket
import time

import click

from livegan.core.controls import PREFIX, BadControl
from livegan.core.table import CONTROLS, full_address, parse_move

ANSWER_SECONDS = 0.15


def addresses() -> str:
    """A line for every control."""
    rows = []
    for control in CONTROLS:
        values = " ".join(
            f"[{a.name}]" if a.optional else f"{a.name}..." if a.many else a.name
            for a in control.arguments
        )
        ranges = "; ".join(f"{a.name}: {a.range}" for a in control.arguments if not a.optional)
        rows.append(f"  {control.address} {values}".rstrip() + (f"   ({ranges})" if ranges else ""))
    return "\b\nAddresses (more in docs/osc.md):\n" + "\n".join(rows)


@click.command(
    context_settings={"ignore_unknown_options": True},
    epilog=addresses(),
)
@click.argument("address")
@click.argument("values", nargs=-1)
@click.option("--host", default="127.0.0.1", show_default=True, envvar="LIVEGAN_HOST")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=9000, show_default=True, envvar="LIVEGAN_PORT"
)
def send(address: str, values: tuple[str, ...], host: str, port: int) -> None:
    """Move a control of a running daemon: livegan send /tempo 128"""
    from livegan.shell.osc import OscIn, build, parse

    try:
        move = parse_move(address, values)
    except BadControl as error:
        raise click.UsageError(str(error)) from None
    if move.ignored:
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        try:
            talk.connect((host, port))
            talk.send(build(full_address(address), move.given))
        except OSError as error:
            raise click.UsageError(f"can't send to {host}:{port} ({error.strerror})") from None
        until = time.monotonic() + ANSWER_SECONDS
        while (left := until - time.monotonic()) > 0:
            talk.settimeout(left)
            try:
                packet = talk.recv(65_535)
            except TimeoutError:
                return
            except OSError:
                raise click.UsageError(
                    f"nothing listens on {host}:{port}: start livegan serve first"
                ) from None
            for answer in parse(packet, (host, port)):
                if isinstance(answer, OscIn) and answer.address == f"{PREFIX}/error":
                    raise click.UsageError(": ".join(map(str, answer.values)))
