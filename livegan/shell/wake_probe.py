"""A child of `livegan doctor`, as the player is one of the daemon: what is it granted, and how late
does it wake up? Like the player it imports no numpy.

    python -m livegan.shell.wake_probe

Prints a JSON object: `granted` and `locked` as `priority.py` tells them, `late` in seconds.
"""

from __future__ import annotations

import gc
import json
import socket

from .midi_out import Nowhere
from .player_process import SPIN_SECONDS, PlayerProcess
from .priority import ask_for_realtime, lock_memory

WAKES = 400
GAP_SECONDS = 0.003


def lateness(wakes: int, gap: float) -> list[float]:
    """Of the player's own waiting and final spin, with nothing to send."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = PlayerProcess(theirs, Nowhere())
        deadline = process.clock() + gap
        late = []
        for _ in range(wakes):
            while deadline - process.clock() > SPIN_SECONDS:
                process.wait(deadline)
            process.play(deadline)
            late.append(process.clock() - deadline)
            deadline += gap
    return late


def main() -> None:
    gc.disable()
    locked = lock_memory()
    granted = ask_for_realtime()
    late = lateness(WAKES, GAP_SECONDS)
    print(json.dumps({"granted": granted, "locked": locked, "late": late}))


if __name__ == "__main__":
    main()
