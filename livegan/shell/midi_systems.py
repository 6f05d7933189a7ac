"""Which MIDI ports there are, asked every second, and opening those of a controller.

Runs in the controllers' process: it imports no numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .jack_client import JackClient, NoJack, watcher
from .midi_out import JACK, NAME, NoMidi, chosen, names_of, open_named, ports_by_backend, quiet_stderr

CLIENT = f"{NAME}-controls"
"""In JACK each client needs a name of its own; the player's is the plain one."""
VIRTUAL = "controls"
Heard = Callable[[list[int]], None]
"""Called on a thread of RtMidi's with a message."""
Ports = dict[str, list[str]]
"""Names by backend, best first."""


class ControllerIn:
    """A controller's input: one that is there, or, for None, a virtual one."""

    def __init__(self, backend: str, name: str | None, heard: Heard) -> None:
        import rtmidi

        self.backend, self.name = backend, name or VIRTUAL
        with quiet_stderr():
            self._in = rtmidi.MidiIn(getattr(rtmidi, f"API_{backend}"), name=CLIENT)
            open_port(self._in, name, "in")
            self._in.set_callback(lambda event, _: heard(event[0]))  # a port that is closed forgets it

    def close(self) -> None:
        self._in.cancel_callback()
        self._in.close_port()
        self._in.delete()


class ControllerOut:
    """The way back."""

    def __init__(self, backend: str, name: str | None) -> None:
        import rtmidi

        self.backend, self.name = backend, name or VIRTUAL
        with quiet_stderr():
            self._out = rtmidi.MidiOut(getattr(rtmidi, f"API_{backend}"), name=f"{CLIENT}-out")
            open_port(self._out, name, "out")

    def send(self, data: list[int]) -> None:
        self._out.send_message(data)

    def close(self) -> None:
        self._out.close_port()
        self._out.delete()


def open_port(end: Any, name: str | None, own: str) -> None:
    """Raises `NoSuchPort` if it went meanwhile."""
    if name is None:
        end.open_virtual_port(VIRTUAL)
    else:
        open_named(end, name, own)


class MidiSystems:
    """Those that are at work: lists of their ports. Raises `NoMidi`."""

    def __init__(self) -> None:
        self._ends: dict[str, tuple[Any, Any]] = {}
        self._jack: JackClient | None = None
        for backend in ports_by_backend("MidiIn"):
            with suppress(NoJack), quiet_stderr():
                if backend == JACK:
                    self._jack = watcher()
                else:
                    self._ends[backend] = rtmidi_ends(backend)
        if not self._ends and not self._jack:
            raise NoMidi("no MIDI system found (neither ALSA nor JACK answers)")

    @property
    def jack_died(self) -> bool:
        """Then nothing that belongs to it may be touched any more."""
        return self._jack is not None and not self._jack.alive

    def sources(self) -> Ports:
        """What can be heard."""
        jack = {JACK: self._jack.outputs()} if self._jack else {}
        return {backend: names_of(ends[0]) for backend, ends in self._ends.items()} | jack

    def sinks(self) -> Ports:
        """What can be sent to."""
        jack = {JACK: self._jack.inputs()} if self._jack else {}
        return {backend: names_of(ends[1]) for backend, ends in self._ends.items()} | jack

    def close(self) -> None:
        if self._jack:
            self._jack.close()
        for end in (end for ends in self._ends.values() for end in ends):
            end.delete()


def rtmidi_ends(backend: str) -> tuple[Any, Any]:
    import rtmidi

    api = getattr(rtmidi, f"API_{backend}")
    return rtmidi.MidiIn(api, name=f"{CLIENT}-watch"), rtmidi.MidiOut(api, name=f"{CLIENT}-watch")


def way_back(source: ControllerIn, wanted: str | None, sinks: Ports) -> str | None:
    """The output of the controller at an input: of the same name (JACK says capture and playback), or
    the first with the part of the name that the input was asked for by."""
    there = sinks.get(source.backend, [])
    for name in (source.name, source.name.replace("capture", "playback")):
        if name in there:
            return name
    place = chosen(wanted, {source.backend: there}) if wanted else None
    return there[place[1]] if place else None
