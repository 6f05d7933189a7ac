"""A MIDI input of JACK's in a process of its own, which its server may take with it: every message that
is heard is a line of JSON, the time first. `python -m benchmarks.soak_ear NAME`."""

from __future__ import annotations

import json
import sys
import threading
import time

import rtmidi


def main(name: str) -> None:
    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=name)

    def hear(event: tuple[list[int], float], _: object) -> None:
        print(json.dumps([time.monotonic(), *event[0]]), flush=True)

    port.set_callback(hear)
    port.open_virtual_port("in")
    print(json.dumps([time.monotonic()]), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
