"""`livegan send`: its help is made from the table of controls."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import click

from livegan.core.addressing import full_address, parse_move, parse_value
from livegan.core.controls import PREFIX, BadControl, Control
from livegan.core.patterns import is_pattern, may_match
from livegan.core.table import PARTS

ANSWER_SECONDS = 0.15


def line_of(control: Control) -> str:
    """What is typed to move a control, with the ranges."""
    values = " ".join(
        f"[{a.name}]" if a.optional else f"{a.name}..." if a.many else a.name for a in control.arguments
    )
    ranges = "; ".join(f"{a.name}: {a.range}" for a in control.arguments if not a.optional)
    return f"  {control.address} {values}".rstrip() + (f"   ({ranges})" if ranges else "")


def addresses() -> str:
    """A line for every control, part by part."""
    parts = [
        f"\b\n{part.capitalize()}:\n" + "\n".join(line_of(control) for control in controls)
        for part, controls in PARTS.items()
    ]
    return "\n\n".join(["Addresses; docs/osc.md says what each does.", *parts])


def message_for(address: str, texts: Sequence[str]) -> tuple[str, Sequence[Any]] | None:
    """The address and the values to send, or None if they say nothing. What an address pattern
    matches only the daemon knows. Raises `BadControl`."""
    whole = full_address(address)
    if is_pattern(whole):
        if not may_match(whole):
            raise BadControl(f"{whole}: no address matches this pattern; see docs/osc.md")
        return whole, [parse_value(text) for text in texts]
    move = parse_move(address, texts)
    return None if move.ignored else (whole, move.given)


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
    """Move a control of a running daemon: livegan send /tempo 128

    ADDRESS may be a pattern, for several at once: livegan send '/track/*/mute' 1"""
    from livegan.shell.osc import OscIn, build, parse
    from livegan.shell.reach import packets

    try:
        message = message_for(address, values)
    except BadControl as error:
        raise click.UsageError(str(error)) from None
    if message is None:
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        try:
            talk.connect((host, port))
            talk.send(build(*message))
        except OSError as error:
            raise click.UsageError(f"can't send to {host}:{port} ({error.strerror})") from None
        try:
            for packet in packets(talk, ANSWER_SECONDS):
                for answer in parse(packet, (host, port)):
                    if isinstance(answer, OscIn) and answer.address == f"{PREFIX}/error":
                        raise click.UsageError(": ".join(map(str, answer.values)))
        except OSError:
            raise click.UsageError(
                f"nothing listens on {host}:{port}: start livegan serve first"
            ) from None
