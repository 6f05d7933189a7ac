"""The command line: parses, builds a config, calls one function.

Commands are loaded when they are called, so that `livegan serve` starts without what training needs.
Other packages add commands under the entry point group `livegan.commands`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import entry_points

import click
from click.shell_completion import CompletionItem

from livegan import __version__

OWN_COMMANDS = {
    "serve": "livegan.cli.serve:serve",
    "render": "livegan.cli.render:render",
    "send": "livegan.cli.send:send",
    "layout": "livegan.cli.layout:layout",
    "doctor": "livegan.cli.doctor:doctor",
    "ports": "livegan.cli.lists:ports",
    "models": "livegan.cli.lists:models",
    "maps": "livegan.cli.lists:maps",
    "service": "livegan.cli.service:service",
    "bench": "benchmarks.cli:bench",
    "completion": "livegan.cli.lists:completion",
}
OWN_HELP = {
    "serve": "Play: the daemon, steered by OSC, sending to a MIDI port.",
    "render": "Play into a file: .mid, .npz, .ogg, .png or .wav.",
    "send": "Move a control of a running daemon.",
    "layout": "Write a layout for TouchOSC or Open Stage Control.",
    "doctor": "Say whether this machine can play on time, and what to do about it.",
    "ports": "List MIDI outputs and inputs.",
    "models": "List models that can be played by name.",
    "maps": "List maps of MIDI controllers.",
    "bench": "Measure livegan on this machine (from a checkout of the repository).",
    "service": "Have the daemon start at login and after a failure.",
    "completion": "Print a script that completes livegan's commands in your shell.",
}
OTHER_HELP = {
    "train": "Train a network on bars (needs the train extra).",
    "search": "Try hyper-parameters of a stream on short runs (needs the train extra).",
    "export": "Make a model file of a checkpoint (needs the train extra).",
    "critic": "Give a model a critic of where it wanders (needs the train extra).",
    "inspect": "Count, measure and draw the bars of an archive.",
    "prepare": "Make a bar archive of MIDI files (needs the train extra).",
    "feel": "Learn how notes are struck (needs the train extra).",
    "drums": "Give the songs of a bar archive other drums (needs the train extra).",
    "evaluate": "Judge models against songs that they have not seen (needs the train extra).",
}
GROUP = "livegan.commands"


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*OWN_COMMANDS, *sorted(entry.name for entry in entry_points(group=GROUP))]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in OWN_COMMANDS:
            module, _, attribute = OWN_COMMANDS[name].partition(":")
            try:
                command: click.Command = getattr(import_module(module), attribute)
            except ModuleNotFoundError as error:
                if error.name != "benchmarks":
                    raise
                raise click.UsageError(
                    "livegan bench is not installed with livegan: clone its repository, and there "
                    "pip install -e '.[dev]'"
                ) from None
            return command
        for entry in entry_points(group=GROUP, name=name):
            try:
                loaded: click.Command = entry.load()
            except ImportError as error:
                raise click.UsageError(
                    f"livegan {name} needs the train extra, which is not installed "
                    f"(no {error.name}): pip install 'livegan[train]'"
                ) from None
            return loaded
        return None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """By name alone: completing must not import torch."""
        known = OWN_HELP | OTHER_HELP
        return [
            CompletionItem(name, help=known.get(name))
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the texts above: help needs no import."""
        known = OWN_HELP | OTHER_HELP
        with formatter.section("Commands"):
            formatter.write_dl([(name, known.get(name, "")) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """livegan: a GAN that you play."""


def main() -> None:
    """Run; the user's mistakes get one line on stderr and exit status 2."""
    try:
        status = cli.main(prog_name="livegan", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        sys.exit(0)
    except click.ClickException as error:
        where = (
            error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "livegan"
        )
        print(f"{where}: {' '.join(error.format_message().split())}", file=sys.stderr)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"livegan: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(status if isinstance(status, int) else 0)
