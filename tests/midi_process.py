"""A client of JACK's MIDI, whose parent's end is `midi_client`.

    python midi_process.py in|out NAME [PATTERN]

It opens a port of its own, or connects to the first whose name fits the pattern, as soon as that is
there. What it says is lines of JSON: [] once it is open; [monotonic time, *bytes] of each message that
an input hears; [] when an output has sent a line of bytes. It ends with its standard input.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

import rtmidi

LOOK_SECONDS = 0.005


def say(*values: float) -> None:
    """A line in one piece, from whatever thread."""
    os.write(1, json.dumps(values).encode() + b"\n")


def hear(event: tuple[list[int], float], _: object) -> None:
    say(time.monotonic(), *event[0])


def connected(end: Any, pattern: str, own: str) -> bool:
    """False where there is no such port yet, or where ports come or go while we look: then its place
    was another's."""
    with suppress(rtmidi.RtMidiError):
        names = end.get_ports()
        places = [place for place, name in enumerate(names) if fnmatchcase(name, pattern)]
        if not places:
            return False
        end.open_port(places[0], own)
        if end.get_ports() == names:
            return True
    end.close_port()
    return False


def main(way: str, name: str, pattern: str = "") -> None:
    if way == "in":
        end = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=name)
        end.ignore_types(sysex=False, timing=False, active_sense=False)
    else:
        end = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
    if not pattern:
        end.open_virtual_port(way)
    while pattern and not connected(end, pattern, way):
        if select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:  # nobody waits for us any more
            return
    if way == "in":
        end.set_callback(hear)  # only now: RtMidi forgets it with every port that is closed
    say()
    for line in sys.stdin.buffer:
        with suppress(rtmidi.RtMidiError):  # the port is just going
            end.send_message(json.loads(line))
        say()
    if way == "in":
        end.cancel_callback()
    end.close_port()
    end.delete()


main(*sys.argv[1:])
