"""`livegan doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

COLOURS = {"ok": "green", "warn": "yellow", "bad": "red"}
INDENT = " " * 15


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="LIVEGAN_HOST",
    help="Address that serve is to listen on.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=9000,
    show_default=True,
    envvar="LIVEGAN_PORT",
    help="Its UDP port for OSC.",
)
@click.option(
    "--model",
    default="piano",
    show_default=True,
    metavar="NAME|FILE",
    envvar="LIVEGAN_MODEL",
    help="The model to time, a shipped one or an .onnx file.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end.")
def doctor(host: str, port: int, model: str, as_json: bool) -> int:
    """Can this machine play on time? Measures it for some seconds, best with everything running that
    runs on stage. Exit status 0 if it can, warnings or not, 1 if something is bad."""
    from livegan.core.diagnosis import Finding, on_time
    from livegan.shell.doctor import examine

    findings: list[Finding] = []
    for finding in examine(host, port, model):
        findings.append(finding)
        if not as_json:
            show(finding.level, finding.name, finding.says, finding.advice)
    playable = on_time(findings)
    if as_json:
        click.echo(json.dumps({"on_time": playable, "findings": [asdict(one) for one in findings]}))
    else:
        bad = ", ".join(finding.name for finding in findings if finding.level == "bad")
        click.echo("This machine can play on time." if playable else f"First mend: {bad}.")
    return 0 if playable else 1


def show(level: str, name: str, says: str, advice: str) -> None:
    """A line, and what to do on the next."""
    click.echo(f"{click.style(f'{level:4}', fg=COLOURS[level])}  {name:8} {says}")
    if advice:
        click.echo(f"{INDENT}-> {advice}")
