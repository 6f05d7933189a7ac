"""An independent JACK client that notes when it got what: python -m benchmarks.receiver OUT.json

With JACK-Client, the time of an event is that of its frame, as a synthesiser would sound it, on the
monotonic clock; without, the time at which RtMidi calls back. It says which on standard output once it
listens, and writes OUT, [seconds, status, data 1] of every event, when it is told to end."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from .stage import EAR

Heard = list[tuple[float, int, int]]


def with_frames(heard: Heard) -> str:
    """By frame: where the event lies behind the frame that is now."""
    import jack

    client = jack.Client(EAR)
    port = client.midi_inports.register("in")

    def process(frames: int) -> None:
        for offset, data in port.incoming_midi_events():
            now, frame = time.monotonic(), client.frame_time
            ago = (frame - client.last_frame_time - offset) / client.samplerate
            message = [*bytes(data), 0]
            heard.append((now - ago, message[0], message[1]))

    client.set_process_callback(process)
    client.activate()
    return "JACK's frame times"


def with_callbacks(heard: Heard) -> str:
    """By when we are told."""
    import rtmidi

    port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=EAR)

    def take(event: tuple[list[int], float], _: object) -> None:
        now = time.monotonic()
        message = [*event[0], 0]
        heard.append((now, message[0], message[1]))

    port.set_callback(take)
    port.ignore_types(timing=False)
    port.open_virtual_port("in")
    vars(with_callbacks)["port"] = port  # else it is closed
    return "RtMidi's callbacks"


def main(out: str) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # for every thread that JACK starts, too
    heard: Heard = []
    how = with_frames(heard) if find_spec("jack") else with_callbacks(heard)
    gc.freeze()
    gc.disable()
    print(how, flush=True)
    signal.sigwait([signal.SIGTERM])
    Path(out).write_text(json.dumps(heard))
    os._exit(0)  # JACK's threads have nothing to clean up


if __name__ == "__main__":
    main(*sys.argv[1:])
