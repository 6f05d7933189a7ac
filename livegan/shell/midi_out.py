"""MIDI out: a virtual port of our own, or one that is there, by part of its name.

Runs in the player's process: it imports no numpy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

NAME = "livegan"
OWN_PORT = "-"
"""For MIDI clock: the very port that the notes go to."""
BACKENDS = ("LINUX_ALSA", "UNIX_JACK", "MACOSX_CORE", "WINDOWS_MM")
"""In the order in which they are tried; only those that python-rtmidi was built with are."""


class NoMidi(RuntimeError):
    """No MIDI system here; the message says what was tried."""


class NoSuchPort(ValueError):
    """There is MIDI, but no port of that name; the message lists what there is."""


class Sink(Protocol):
    """Where MIDI bytes go."""

    name: str

    def send(self, data: tuple[int, ...]) -> None: ...

    def close(self) -> None: ...


class Nowhere:
    """Takes everything and sounds nothing: the music goes on in the status view."""

    name = ""

    def send(self, data: tuple[int, ...]) -> None:
        pass

    def close(self) -> None:
        pass


class RtMidiPort:
    """A port of one of RtMidi's backends: number `place` of those that are there, or a virtual one."""

    def __init__(self, backend: str, name: str, place: int | None) -> None:
        import rtmidi

        self._out = rtmidi.MidiOut(getattr(rtmidi, f"API_{backend}"), name=NAME)
        if place is None:
            self._out.open_virtual_port(name)
        else:
            self._out.open_port(place, NAME)
        self.name = f"{name} ({'virtual port, ' if place is None else ''}{backend})"

    def send(self, data: tuple[int, ...]) -> None:
        self._out.send_message(data)

    def close(self) -> None:
        self._out.close_port()
        self._out.delete()


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """ALSA and JACK print to the C stderr when they are not there; we say it in our own line."""
    saved = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nothing)


def ports_by_backend(kind: str = "MidiOut") -> dict[str, list[str]]:
    """Names of the outputs (or, of `MidiIn`, the inputs) of every backend that has a MIDI system behind
    it, best first."""
    try:
        import rtmidi
    except ImportError:
        return {}
    wanted = os.environ.get("LIVEGAN_MIDI_API", "").upper()
    found: dict[str, list[str]] = {}
    for backend in BACKENDS:
        api = getattr(rtmidi, f"API_{backend}", None)
        if api not in rtmidi.get_compiled_api() or (wanted and wanted not in backend):
            continue
        with quiet_stderr(), suppress(Exception):  # each backend fails in a way of its own
            probe = getattr(rtmidi, kind)(api, name=f"{NAME}-probe")
            found[backend] = probe.get_ports()
            probe.delete()
    return found


def open_output(wanted: str | None) -> Sink:
    """Our own virtual port, or the first port whose name holds `wanted` (upper and lower case alike).
    Raises `NoMidi` or `NoSuchPort`."""
    found = ports_by_backend()
    if not found:
        raise NoMidi("no MIDI system found (neither ALSA nor JACK answers)")
    if wanted is None:
        return open_virtual(list(found))
    place = chosen(wanted, found)
    if place is not None:
        with quiet_stderr():
            return RtMidiPort(place[0], found[place[0]][place[1]], place[1])
    there = ", ".join(name for names in found.values() for name in names) or "none"
    raise NoSuchPort(f"no MIDI output has {wanted!r} in its name; there are: {there}")


def chosen(wanted: str | None, found: dict[str, list[str]]) -> tuple[str, int] | None:
    """Backend and place of the port to open; for our own, the first backend."""
    if wanted is None:
        return next(((backend, -1) for backend in found), None)
    for backend, names in found.items():
        for place, name in enumerate(names):
            if wanted.lower() in name.lower():
                return backend, place
    return None


def open_virtual(backends: list[str]) -> Sink:
    """On the first backend that can."""
    errors = []
    for backend in backends:
        try:
            with quiet_stderr():
                return RtMidiPort(backend, NAME, None)
        except Exception as error:  # RtMidi has several kinds, one for each way to fail
            errors.append(f"{backend}: {error}")
    raise NoMidi(f"no virtual MIDI port could be opened ({'; '.join(errors)})")
