"""livegan as it is, but that its player also notes what it sent when:

    python -m benchmarks.stamped serve ...     the daemon; its player is
    python -m benchmarks.stamped SOCKET_FD ...

The player writes to the file that the environment names (see `players`) when it closes its port.
`LIVEGAN_BENCH_PRIORITY=ordinary` keeps it from asking for real-time priority.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from livegan.core import player
from livegan.core.outputs import Event, Output
from livegan.shell import midi_out

from .players import Data, Stamps

OUT = "LIVEGAN_BENCH_OUT"
PRIORITY = "LIVEGAN_BENCH_PRIORITY"


class StampedSink:
    """A MIDI output that notes when it was called."""

    def __init__(self, sink: midi_out.Sink, stamps: Stamps) -> None:
        self.sink, self.stamps = sink, stamps
        self.name = sink.name

    def send(self, data: Data) -> None:
        self.stamps.take(data)
        self.sink.send(data)

    def close(self) -> None:
        """JACK may take its time over closing, and who waits for us may not."""
        if self.stamps.anchor is not None:  # else it never played
            self.stamps.write()
        self.sink.close()


def daemon() -> None:
    from livegan.cli import main
    from livegan.shell import player_link

    vars(player_link)["PLAYER"] = "benchmarks.stamped"
    main()


def stamped_player() -> None:
    """The real process from its entry on."""
    from livegan.shell import player_process

    stamps = Stamps(Path(os.environ[OUT]))
    real: dict[str, Any] = dict(vars(player_process))

    class Planning(player.Player):
        """Tells what is due when."""

        def play(self, *arguments: Any) -> list[Output]:
            outputs = super().play(*arguments)
            stamps.anchor = self.time_of(0)
            return outputs

        def meet(self, *arguments: Any) -> list[Output]:
            stamps.anchor = 0.0  # the leader's
            return super().meet(*arguments)

        def due(self, now: float) -> list[Output]:
            outputs = super().due(now)
            stamps.planned += [(o.due, o.status, o.data1) for o in outputs if isinstance(o, Event)]
            return outputs

    def open_output(wanted: str | None) -> StampedSink:
        try:
            sink = real["open_output"](wanted)
        except midi_out.NoMidi:
            sink = midi_out.Nowhere()
        return StampedSink(sink, stamps)

    def ask_for_realtime() -> Any:
        granted = os.environ.get(PRIORITY) != "ordinary" and real["ask_for_realtime"]()
        stamps.realtime = bool(granted)
        return granted

    vars(player_process).update(
        Player=Planning, open_output=open_output, ask_for_realtime=ask_for_realtime
    )
    player_process.main(sys.argv[1:])


if __name__ == "__main__":
    daemon() if sys.argv[1] == "serve" else stamped_player()
