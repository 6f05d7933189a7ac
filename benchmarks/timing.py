"""`livegan bench timing`: is it on time, and is anybody else?"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import click

from livegan.core.model import BadModel
from livegan.shell.generator import find_model, load_model

from . import clock, lateness, phase, response
from .conditions import conditions
from .ensemble import Ensemble
from .schedule import render
from .sections import Measure, Sections, say, show
from .stage import PERIOD, RATE, jack

BPM = 120.0
LATENESS = ("idle", "busy", "osc", "session")
SECTIONS = (*LATENESS, "clock", "phase", "control")
"""In their order."""


@click.command()
@click.option("--only", type=Sections(SECTIONS), default=",".join(SECTIONS), show_default=True)
@click.option(
    "--events",
    type=click.IntRange(10, 100_000),
    default=2_000,
    show_default=True,
    help="Notes' beginnings and ends that every player sends, at the least; bars are whole.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(2, 3600),
    default=40.0,
    show_default=True,
    help="Length of what a leader plays, and of the moves whose notes are waited for.",
)
@click.option("--model", default="piano", show_default=True, metavar="NAME|FILE")
@click.option("--markdown", is_flag=True, help="A table for BENCHMARKS.md.")
def timing(only: str, events: int, seconds: float, model: str, markdown: bool) -> int:
    """How late the same events are with livegan, isobar, mido and plain sleeps, at send and at a
    receiver behind JACK: idle, beside busy processes, under OSC, while recording and swapping models;
    MIDI clock out; how far it is from a leader; and the time from a control to its note."""
    try:
        generator, path = load_model(model), find_model(model)
    except BadModel as error:
        raise click.UsageError(str(error)) from None
    schedule = render(generator, events, BPM)
    say(f"{len(schedule.events())} events in {schedule.bars} bars at {BPM:g} bpm")
    with tempfile.TemporaryDirectory() as name, jack() as with_jack:
        folder = Path(name)
        track = generator.info.tracks[0]
        ensemble = Ensemble(folder, path, track, schedule, with_jack)
        found = conditions(path, folder / "recording.mid")
        measures: dict[str, Measure] = {
            name: partial(lateness.measure, ensemble, found[name], say) for name in LATENESS
        }
        measures["clock"] = partial(clock.measure, ensemble, [found["idle"], found["busy"]], say)
        both = [found["idle"], found["busy"]]
        measures["phase"] = partial(phase.measure, ensemble, both, seconds, say)
        measures["control"] = partial(response.measure, path, seconds, with_jack, say)

        return show(measures, only, partial(notes, ensemble), markdown)


def notes(ensemble: Ensemble) -> list[str]:
    """How the receiver told the time, and which rows can't be there."""
    lines = []
    if ensemble.ear:
        lines.append(f"receiver: by {ensemble.ear}; JACK's period is {PERIOD / RATE * 1e3:.1f} ms")
    if not ensemble.with_jack:
        lines.append("nothing is sent to a port: no JACK here (apt-get install jackd2)")
    if missing := lateness.missing_peers():
        lines.append(f"not measured: {', '.join(missing)} (pip install 'livegan[dev]')")
    return lines
