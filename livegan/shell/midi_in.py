"""MIDI in: an input that is there, by part of its name, or a virtual one of our own.

Runs in the player's process: it imports no numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .midi_out import NAME, End, open_end, open_named

INPUT = End("MidiIn", "input", "input", "clock in")
Heard = Callable[[tuple[list[int], float], Any], None]
"""Called on a thread of RtMidi's with a message and the seconds since the one before."""


class RtMidiInput:
    """An input of one of RtMidi's backends: the one of that name, or a virtual one."""

    def __init__(self, backend: str, name: str, virtual: bool, heard: Heard) -> None:
        import rtmidi

        self._in = rtmidi.MidiIn(getattr(rtmidi, f"API_{backend}"), name=NAME)
        self._in.ignore_types(sysex=True, timing=False, active_sense=True)
        if virtual:
            self._in.open_virtual_port(name)
        else:
            open_named(self._in, name, name)
        self._in.set_callback(heard)  # only now: RtMidi forgets it with every port that is closed
        self.name = f"{name} ({'virtual port, ' if virtual else ''}{backend})"

    def close(self) -> None:
        self._in.cancel_callback()
        self._in.close_port()
        self._in.delete()


def open_input(wanted: str | None, heard: Heard) -> RtMidiInput:
    """Our own virtual input, or the first whose name holds `wanted` (upper and lower case alike).
    Raises `NoMidi` or `NoSuchPort`."""

    def make(backend: str, name: str, virtual: bool) -> RtMidiInput:
        return RtMidiInput(backend, name, virtual, heard)

    return open_end(INPUT, wanted, make)
