"""MIDI in: an input that is there, by part of its name, or a virtual one of our own.

Runs in the player's process: it imports no numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .midi_out import NAME, NoMidi, NoSuchPort, ports_by_backend, quiet_stderr

OWN_INPUT = "clock in"
Heard = Callable[[tuple[list[int], float], Any], None]
"""Called on a thread of RtMidi's with a message and the seconds since the one before."""


class RtMidiInput:
    """An input of one of RtMidi's backends: number `place` of those there are, or a virtual one."""

    def __init__(self, backend: str, name: str, place: int | None, heard: Heard) -> None:
        import rtmidi

        self._in = rtmidi.MidiIn(getattr(rtmidi, f"API_{backend}"), name=NAME)
        self._in.ignore_types(sysex=True, timing=False, active_sense=True)
        self._in.set_callback(heard)
        if place is None:
            self._in.open_virtual_port(name)
        else:
            self._in.open_port(place, name)
        self.name = f"{name} ({'virtual port, ' if place is None else ''}{backend})"

    def close(self) -> None:
        self._in.cancel_callback()
        self._in.close_port()
        self._in.delete()


def open_input(wanted: str | None, heard: Heard) -> RtMidiInput:
    """Our own virtual input, or the first whose name holds `wanted` (upper and lower case alike).
    Raises `NoMidi` or `NoSuchPort`."""
    found = ports_by_backend("MidiIn")
    if not found:
        raise NoMidi("no MIDI system found (neither ALSA nor JACK answers)")
    if wanted is None:
        return open_virtual(list(found), heard)
    for backend, names in found.items():
        for place, name in enumerate(names):
            if wanted.lower() in name.lower():
                with quiet_stderr():
                    return RtMidiInput(backend, name, place, heard)
    there = ", ".join(name for names in found.values() for name in names) or "none"
    raise NoSuchPort(f"no MIDI input has {wanted!r} in its name; there are: {there}")


def open_virtual(backends: list[str], heard: Heard) -> RtMidiInput:
    """On the first backend that can."""
    errors = []
    for backend in backends:
        try:
            with quiet_stderr():
                return RtMidiInput(backend, OWN_INPUT, None, heard)
        except Exception as error:  # RtMidi has several kinds, one for each way to fail
            errors.append(f"{backend}: {error}")
    raise NoMidi(f"no virtual MIDI input could be opened ({'; '.join(errors)})")
