"""MIDI out: a virtual port of our own, or one that is there, by part of its name.

Runs in the player's process: it imports no numpy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

NAME = "livegan"
BACKENDS = ("LINUX_ALSA", "UNIX_JACK", "MACOSX_CORE", "WINDOWS_MM")
"""In the order in which they are tried; only those that python-rtmidi was built with are."""


class NoMidi(RuntimeError):
    """No MIDI system here; the message says what was tried."""


class NoSuchPort(ValueError):
    """There is MIDI, but no port of that name; the message lists what there is."""


class Sink(Protocol):
    """Where MIDI bytes go."""

    name: str

    def send(self, data: tuple[int, int, int]) -> None: ...

    def close(self) -> None: ...


class Nowhere:
    """Takes everything and sounds nothing: the music goes on in the status view."""

    name = ""

    def send(self, data: tuple[int, int, int]) -> None:
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

    def send(self, data: tuple[int, int, int]) -> None:
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


def working_backends() -> list[str]:
    """Backends with a MIDI system behind them, best first."""
    try:
        import rtmidi
    except ImportError:
        return []
    wanted = os.environ.get("LIVEGAN_MIDI_API", "").upper()
    found = []
    with quiet_stderr():
        compiled = {api.name if hasattr(api, "name") else api for api in rtmidi.get_compiled_api()}
        for backend in BACKENDS:
            api = getattr(rtmidi, f"API_{backend}", None)
            if api not in compiled or (wanted and wanted not in backend):
                continue
            try:
                probe = rtmidi.MidiOut(api, name=f"{NAME}-probe")
                probe.get_ports()
                probe.delete()
                found.append(backend)
            except Exception:
                continue
    return found


def output_ports() -> list[tuple[str, str, int]]:
    """(port name, backend, its number there) of every output that could be opened."""
    import rtmidi

    ports = []
    for backend in working_backends():
        with quiet_stderr():
            probe = rtmidi.MidiOut(getattr(rtmidi, f"API_{backend}"), name=f"{NAME}-probe")
            ports += [(name, backend, place) for place, name in enumerate(probe.get_ports())]
            probe.delete()
    return ports


def open_output(wanted: str | None) -> Sink:
    """Our own virtual port, or the first port whose name holds `wanted` (upper and lower case alike).
    Raises `NoMidi` or `NoSuchPort`."""
    backends = working_backends()
    if not backends:
        raise NoMidi("no MIDI system found (neither ALSA nor JACK answers)")
    if wanted is None:
        return open_virtual(backends)
    ports = output_ports()
    for name, backend, place in ports:
        if wanted.lower() in name.lower():
            with quiet_stderr():
                return RtMidiPort(backend, name, place)
    there = ", ".join(name for name, *_ in ports) or "none"
    raise NoSuchPort(f"no MIDI output has {wanted!r} in its name; there are: {there}")


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
