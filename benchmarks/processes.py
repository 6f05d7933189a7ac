"""Child processes that are always gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO

END_SECONDS = 3.0
BUSY = (
    "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(10**6): pass"
)
"""Computes for ever, but not longer than we live."""


@contextmanager
def python(
    *arguments: str, pass_fds: Sequence[int] = (), stdout: int | IO[str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A Python of the same environment; it is told to end on the way out, and killed if it does not."""
    child = subprocess.Popen(
        [sys.executable, *arguments],
        pass_fds=pass_fds,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        text=True,
    )
    try:
        yield child
    finally:
        end(child)
        if child.stdout:
            child.stdout.close()


def end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def load(busy: bool) -> Iterator[None]:
    """One busy Python process per core, if asked for."""
    with ExitStack() as stack:
        for _ in range((os.cpu_count() or 1) if busy else 0):
            stack.enter_context(python("-c", BUSY))
        yield
