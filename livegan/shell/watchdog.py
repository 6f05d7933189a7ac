"""The end of a process that hangs: a call into libjack may never come back when its server dies in that
very moment, or where a client is closed just as others come or go. The system ends it, for Python
can't: it waits in that call."""

from __future__ import annotations

import signal

SECONDS = 10


def still_alive() -> None:
    """To be said again within `SECONDS`, not counting those that the machine sleeps."""
    if hasattr(signal, "alarm"):  # Windows has none
        signal.alarm(SECONDS)


def unwatched() -> None:
    """From now on it need not say so any more."""
    if hasattr(signal, "alarm"):
        signal.alarm(0)
