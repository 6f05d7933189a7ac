"""Child processes that are always gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import IO

END_SECONDS = 3.0
BUSY = (
    "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(10**6): pass"
)
"""Computes for ever, but not longer than we live."""


@contextmanager
def python(
    *arguments: str, env: Mapping[str, str] | None = None, stdout: int | IO[str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A Python of the same environment; it is told to end on the way out, and killed if it does not.
    `env` is added to ours."""
    child = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **(env or {})},
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
def busy() -> Iterator[None]:
    """One busy Python process per core."""
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            stack.enter_context(python("-c", BUSY))
        yield
