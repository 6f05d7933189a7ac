"""`livegan bench`. It needs a checkout: an installed livegan comes without it."""

from __future__ import annotations

import click

from .play import play
from .timing import timing


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def bench() -> None:
    """Measure livegan on this machine, beside its peers."""


bench.add_command(timing)
bench.add_command(play)
