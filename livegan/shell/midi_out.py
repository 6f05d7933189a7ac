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
    """A port of python-rtmidi by way of mido."""

    def __init__(self, backend: str, name: str | None) -> None:
        import mido

        self._message = mido.Message.from_bytes
        module = mido.Backend(f"mido.backends.rtmidi/{backend}")
        if name is None:
            self._port = module.open_output(NAME, virtual=True, client_name=NAME)
            self.name = f"{NAME} (virtual port, {backend})"
        else:
            self._port = module.open_output(name, client_name=NAME)
            self.name = f"{name} ({backend})"

    def send(self, data: tuple[int, int, int]) -> None:
        self._port.send(self._message(data))

    def close(self) -> None:
        self._port.close()


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


def output_ports() -> list[tuple[str, str]]:
    """(port name, backend) of every output that could be opened."""
    import mido

    with quiet_stderr():
        return [
            (name, backend)
            for backend in working_backends()
            for name in mido.Backend(f"mido.backends.rtmidi/{backend}").get_output_names()
        ]


def open_output(wanted: str | None) -> Sink:
    """Our own virtual port, or the first port whose name holds `wanted` (upper and lower case alike).
    Raises `NoMidi` or `NoSuchPort`."""
    backends = working_backends()
    if not backends:
        raise NoMidi("no MIDI system found (neither ALSA nor JACK answers)")
    if wanted is None:
        errors = []
        for backend in backends:
            try:
                with quiet_stderr():
                    return RtMidiPort(backend, None)
            except Exception as error:
                errors.append(f"{backend}: {error}")
        raise NoMidi(f"no virtual MIDI port could be opened ({'; '.join(errors)})")
    ports = output_ports()
    for name, backend in ports:
        if wanted.lower() in name.lower():
            with quiet_stderr():
                return RtMidiPort(backend, name)
    there = ", ".join(name for name, _ in ports) or "none"
    raise NoSuchPort(f"no MIDI output has {wanted!r} in its name; there are: {there}")
