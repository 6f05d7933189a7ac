"""MIDI out: a virtual port of our own, or one that is there, by part of its name.

Runs in the player's process: it imports no numpy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, Protocol, TypeVar

from .jack_client import watcher

NAME = "livegan"
OWN_PORT = "-"
"""For MIDI clock: the very port that the notes go to."""
BACKENDS = ("LINUX_ALSA", "UNIX_JACK", "MACOSX_CORE", "WINDOWS_MM")
"""In the order in which they are tried; only those that python-rtmidi was built with are."""
JACK = "UNIX_JACK"


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
    """A port of one of RtMidi's clients: the one of that name, or a virtual one."""

    def __init__(self, client: Any, backend: str, name: str, virtual: bool) -> None:
        self._out = client
        if virtual:
            self._out.open_virtual_port(name)
        else:
            open_named(self._out, name, NAME)
        self.name = f"{name} ({'virtual port, ' if virtual else ''}{backend})"

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


Look = Callable[[str, str, int], list[str]]
"""Names of ports that a kind of RtMidi's ends can be connected to on a backend, by RtMidi's number."""


def look(kind: str, backend: str, api: int) -> list[str]:
    """For once, or again and again."""
    return jack_ports(kind) if backend == JACK else rtmidi_ports(kind, api)


def ports_by_backend(kind: str = "MidiOut", look: Look = look) -> dict[str, list[str]]:
    """Names of the outputs (or, of `MidiIn`, the inputs) of every backend that has a MIDI system behind
    it, best first."""
    try:
        import rtmidi
    except ImportError:
        return {}
    wanted = os.environ.get("LIVEGAN_MIDI_API", "").upper()
    found: dict[str, list[str]] = {}
    for backend in BACKENDS:
        api: Any = getattr(rtmidi, f"API_{backend}", None)
        if api not in rtmidi.get_compiled_api() or (wanted and wanted not in backend):
            continue
        with quiet_stderr(), suppress(Exception):  # each backend fails in a way of its own
            found[backend] = look(kind, backend, api)
    return found


def jack_ports(kind: str) -> list[str]:
    """What an output can send to, or an input can hear. Raises `NoJack`."""
    return watcher().outputs() if kind == "MidiIn" else watcher().inputs()


def rtmidi_ports(kind: str, api: int) -> list[str]:
    import rtmidi

    probe = getattr(rtmidi, kind)(api, name=f"{NAME}-probe")
    try:
        return names_of(probe)
    finally:
        probe.delete()


def names_of(end: Any) -> list[str]:
    """The ports that one of RtMidi's ends can be connected to. It is told one after the other: where
    some come or go meanwhile, it asks again."""
    last: list[str] | None = None
    while True:
        with suppress(ValueError):  # there are fewer by now
            names: list[str] = end.get_ports()
            if names == last:
                return names
            last = names


def open_named(end: Any, name: str, own: str) -> None:
    """Connect one of RtMidi's ends to the port of that name. RtMidi wants its place among the ports,
    which is another's when some have come or gone: that it was the right one is seen afterwards. Raises
    `NoSuchPort` if it went meanwhile."""
    while name in (there := names_of(end)):
        place = there.index(name)
        with suppress(ValueError):  # there are fewer by now
            end.open_port(place, own)
            if names_of(end)[place : place + 1] == [name]:
                return
        end.close_port()
    raise NoSuchPort(f"the MIDI port {name} is gone")


def open_output(wanted: str | None) -> Sink:
    """Our own virtual port, or the first port whose name holds `wanted` (upper and lower case alike).
    Raises `NoMidi` or `NoSuchPort`.

    The client that looks is the one that has the port afterwards: a player has no other one
    (`PortWatch.close`).
    """
    clients: dict[str, Any] = {}

    def look(kind: str, backend: str, api: int) -> list[str]:
        import rtmidi

        clients[backend] = getattr(rtmidi, kind)(api, name=NAME)
        return names_of(clients[backend])

    def make(backend: str, name: str, virtual: bool) -> RtMidiPort:
        return RtMidiPort(clients.pop(backend), backend, name, virtual)

    try:
        return open_end(OUTPUT, wanted, make, look)
    finally:
        for unused in clients.values():
            unused.delete()


class End(NamedTuple):
    """One of MIDI's two: RtMidi's class, what it is called, alone and where it is virtual, and the name
    of our own."""

    kind: str
    what: str
    virtual: str
    own: str


OUTPUT = End("MidiOut", "output", "port", NAME)
Port = TypeVar("Port")
Make = Callable[[str, str, bool], Port]
"""Of a backend, a port's name, and whether it is a virtual one."""


def open_end(end: End, wanted: str | None, make: Make[Port], look: Look = look) -> Port:
    """Raises `NoMidi` or `NoSuchPort`."""
    found = ports_by_backend(end.kind, look)
    if not found:
        raise NoMidi("no MIDI system found (neither ALSA nor JACK answers)")
    if wanted is None:
        return open_virtual(end, list(found), make)
    place = chosen(wanted, found)
    if place is not None:
        with quiet_stderr():
            return make(place[0], found[place[0]][place[1]], False)
    there = ", ".join(name for names in found.values() for name in names) or "none"
    raise NoSuchPort(f"no MIDI {end.what} has {wanted!r} in its name; there are: {there}")


def chosen(wanted: str | None, found: dict[str, list[str]]) -> tuple[str, int] | None:
    """Backend and place of the port to open; for our own, the first backend."""
    if wanted is None:
        return next(((backend, -1) for backend in found), None)
    for backend, names in found.items():
        for place, name in enumerate(names):
            if wanted.lower() in name.lower():
                return backend, place
    return None


def open_virtual(end: End, backends: list[str], make: Make[Port]) -> Port:
    """On the first backend that can."""
    errors = []
    for backend in backends:
        try:
            with quiet_stderr():
                return make(backend, end.own, True)
        except Exception as error:  # RtMidi has several kinds, one for each way to fail
            errors.append(f"{backend}: {error}")
    raise NoMidi(f"no virtual MIDI {end.virtual} could be opened ({'; '.join(errors)})")
