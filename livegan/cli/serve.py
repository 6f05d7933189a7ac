"""`livegan serve`."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

import click

from livegan.cli.options import Milliseconds, Names, Tempo, host_port, network
from livegan.core.leading import INTERNAL, LEADERS


def read_config(ctx: click.Context, option: click.Parameter, path: Path | None) -> Path | None:
    """Make the file's values the defaults: a flag beats the environment, which beats the file."""
    if path is None:
        return None
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"{path}: not a readable TOML file ({error})", ctx) from None
    known = {
        parameter.name: max(parameter.opts, key=len).removeprefix("--")
        for parameter in ctx.command.params
        if parameter.name and parameter.name not in ("config", "help")
    }
    values = {key.replace("-", "_"): value for key, value in values.items()}
    unknown = [key for key in values if key not in known]
    if unknown:
        raise click.UsageError(
            f"{path}: unknown key {unknown[0]!r}; known are {', '.join(known.values())}", ctx
        )
    for parameter in ctx.command.params:
        if parameter.name in values:
            check_type(ctx, path, known[parameter.name], parameter, values[parameter.name])
    ctx.default_map = {**(ctx.default_map or {}), **values}
    return path


def check_type(
    ctx: click.Context, path: Path, key: str, parameter: click.Parameter, value: Any
) -> None:
    """A value of the file must have the option's own type; ranges are checked with the flags'."""
    if isinstance(parameter, click.Option) and parameter.is_flag:
        wanted: tuple[type, ...] = (bool,)
        name = "true or false"
    elif isinstance(parameter, click.Option) and parameter.multiple:
        wanted, name = (list,), "a list of texts"
    elif isinstance(parameter.type, click.types.IntRange):
        wanted, name = (int,), "a whole number"
    elif isinstance(parameter.type, click.types.FloatRange):
        wanted, name = (int, float), "a number"
    else:
        wanted, name = (str,), "a text"
    texts = not isinstance(value, list) or all(isinstance(one, str) for one in value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted) or not texts:
        raise click.UsageError(f"{path}: {key} must be {name}, not {value!r}", ctx)


def check_recording(path: Path) -> None:
    """Find out now, not after the concert, whether a file can be written there."""
    if path.suffix.lower() not in (".mid", ".midi"):
        raise click.UsageError(f"--record {path}: must end in .mid")
    if not path.absolute().parent.is_dir():
        raise click.UsageError(f"--record {path}: the folder {path.parent} does not exist")
    try:
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent):
            pass
    except OSError as error:
        raise click.UsageError(f"--record {path}: can't be written ({error.strerror})") from None


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="LIVEGAN_HOST",
    help="Address to listen on for OSC: 0.0.0.0 for all of this machine's, so that others can play it, "
    "from private networks or whom --allow names.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9000,
    show_default=True,
    envvar="LIVEGAN_PORT",
    help="UDP port for OSC; 0 takes a free one.",
)
@click.option(
    "--allow",
    type=network,
    multiple=True,
    metavar="ADDRESS|NETWORK",
    envvar="LIVEGAN_ALLOW",
    help="From outside, take OSC only from there (192.168.1.5, 192.168.1.0/24); again for more. "
    "Without it: from private and link-local addresses. This machine itself always may.",
)
@click.option(
    "--feedback",
    type=host_port,
    multiple=True,
    metavar="HOST:PORT",
    envvar="LIVEGAN_FEEDBACK",
    help="Tell every change there from the start, as if it had subscribed; again for more.",
)
@click.option(
    "--midi-in",
    multiple=True,
    type=Names(),
    metavar="NAME",
    envvar="LIVEGAN_MIDI_IN",
    help="Hear a MIDI controller, by part of its input's name; repeat it for more. Without it: a "
    "virtual port called controls.",
)
@click.option(
    "--map",
    multiple=True,
    type=Names(),
    metavar="NAME",
    envvar="LIVEGAN_MAP",
    help="What the controllers move: a map by its name (livegan maps lists them); repeat it for more.",
)
@click.option(
    "--midi-out",
    metavar="NAME",
    envvar="LIVEGAN_MIDI_OUT",
    help="An existing MIDI output, by part of its name. Without it: a virtual port called livegan.",
)
@click.option(
    "--clock-out",
    is_flag=False,
    flag_value="-",
    metavar="[NAME]",
    envvar="LIVEGAN_CLOCK_OUT",
    help="Send MIDI clock, to an existing MIDI output by part of its name. Without a name, or with "
    "-: to the port that the notes go to.",
)
@click.option(
    "--sync",
    type=click.Choice(LEADERS),
    default=INTERNAL,
    show_default=True,
    envvar="LIVEGAN_SYNC",
    help="Who leads the time: livegan itself, a MIDI clock, an Ableton Link session, JACK's transport.",
)
@click.option(
    "--clock-in",
    metavar="NAME",
    envvar="LIVEGAN_CLOCK_IN",
    help="Hear MIDI clock from an existing input, by part of its name. Without it: from a virtual port "
    "called clock in.",
)
@click.option(
    "--listen-in",
    metavar="NAME",
    envvar="LIVEGAN_LISTEN_IN",
    help="Hear a keyboard at an existing MIDI input, by part of its name. Without it: at a virtual "
    "port called keys.",
)
@click.option(
    "--latency",
    type=Milliseconds(),
    default=0.0,
    show_default=True,
    envvar="LIVEGAN_LATENCY",
    help="Send notes so many ms later, earlier if negative.",
)
@click.option(
    "--clock-latency",
    type=Milliseconds(),
    default=0.0,
    show_default=True,
    envvar="LIVEGAN_CLOCK_LATENCY",
    help="The same for MIDI clock out.",
)
@click.option(
    "--model",
    default="piano",
    show_default=True,
    metavar="NAME|FILE",
    envvar="LIVEGAN_MODEL",
    help="A shipped model, or an .onnx file.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    envvar="LIVEGAN_DEVICE",
    help="auto takes what is faster for one bar.",
)
@click.option(
    "--bpm",
    type=Tempo(),
    default=120.0,
    show_default=True,
    envvar="LIVEGAN_BPM",
    help="Tempo in quarter notes a minute.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=1,
    show_default=True,
    envvar="LIVEGAN_SEED",
    help="Where the music starts, and how it drifts.",
)
@click.option(
    "--given",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.mid",
    envvar="LIVEGAN_GIVEN",
    help="The tune, round and round, for a model that accompanies one.",
)
@click.option(
    "--if-hung",
    type=click.Choice(["loop", "silence"]),
    default="loop",
    show_default=True,
    envvar="LIVEGAN_IF_HUNG",
    help="What is heard when the daemon hangs for more than a bar: the last bar again, or nothing.",
)
@click.option(
    "--panel/--no-panel",
    default=True,
    envvar="LIVEGAN_PANEL",
    help="Serve the panel to browsers, or not.",
)
@click.option(
    "--panel-host",
    default="127.0.0.1",
    show_default=True,
    envvar="LIVEGAN_PANEL_HOST",
    help="Address to serve the panel on. Where others can reach it, it asks for a token, which is "
    "printed; or for the one that LIVEGAN_PANEL_TOKEN holds.",
)
@click.option(
    "--panel-port",
    type=click.IntRange(0, 65535),
    show_default="9001, if it is free",
    envvar="LIVEGAN_PANEL_PORT",
    help="TCP port of the panel; 0 takes a free one.",
)
@click.option("--open", is_flag=True, envvar="LIVEGAN_OPEN", help="Open the panel in the browser.")
@click.option(
    "--query-port",
    type=click.IntRange(0, 65535),
    show_default="a free one",
    envvar="LIVEGAN_QUERY_PORT",
    help="TCP port of OSCQuery, on the same address as OSC.",
)
@click.option(
    "--announce/--no-announce",
    default=True,
    envvar="LIVEGAN_ANNOUNCE",
    help="Let OSC programs find livegan by zeroconf, or not.",
)
@click.option("--play", is_flag=True, envvar="LIVEGAN_PLAY", help="Start at once.")
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.mid",
    envvar="LIVEGAN_RECORD",
    help="Keep what is played as a MIDI file, which is whole at every moment.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="LIVEGAN_FOLDER",
    help="The instrument's own folder: banks of scenes, maps of controllers, recordings. Without it: "
    "where this system keeps data of applications.",
)
@click.option("--quiet", is_flag=True, envvar="LIVEGAN_QUIET", help="Say only what goes wrong.")
@click.option("--log-json", is_flag=True, envvar="LIVEGAN_LOG_JSON", help="A JSON object a line.")
@click.option(
    "--log-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    envvar="LIVEGAN_LOG_FILE",
    help="Say it there instead of here. At 1 MB it becomes FILE.1 and begins anew.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    envvar="LIVEGAN_CONFIG",
    callback=read_config,
    is_eager=True,
    expose_value=False,
    help="TOML with these options as keys. A flag beats the environment (LIVEGAN_PORT "
    "...), which beats the file.",
)
def serve(quiet: bool, log_json: bool, log_file: Path | None, **options: Any) -> None:
    """Play. The daemon runs a model bar by bar, listens to OSC and sends to a MIDI port."""
    from livegan.core.model import BadModel
    from livegan.shell.config import CannotStart, ServerConfig
    from livegan.shell.osc import PortTaken
    from livegan.shell.server import Server
    from livegan.shell.tune import BadTune
    from livegan.shell.view import choose_view
    from livegan.shell.web.ports import PortTaken as WebPortTaken

    record: Path | None = options["record"]
    if record:
        check_recording(record)
    view = choose_view(quiet, log_json, log_file)
    try:
        Server(ServerConfig(**options), view).serve()
    except (PortTaken, WebPortTaken, BadModel, BadTune, CannotStart) as error:
        if log_file:  # nobody reads the terminal
            view.say("error", str(error))
        raise click.UsageError(str(error)) from None
