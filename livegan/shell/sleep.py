"""How long the machine has slept: the monotonic clock does not tell (Linux, macOS)."""

from __future__ import annotations

import sys
import time

AWAKE_OR_NOT = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}
"""Clocks that go on in sleep, where Python's monotonic one stands still."""
CLOCK = getattr(time, AWAKE_OR_NOT.get(sys.platform, ""), None)


def asleep_seconds() -> float:
    """Since the machine was started; 0 where it can't be known."""
    return 0.0 if CLOCK is None else time.clock_gettime(CLOCK) - time.monotonic()
