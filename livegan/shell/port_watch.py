"""Is the player's MIDI port still there? RtMidi takes what is sent to a port that is gone and says
nothing. Watched from the process that stands by, so that it costs the one that plays nothing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Protocol

from .jack_client import WATCHER, JackClient, NoJack, watcher
from .midi_out import (
    JACK,
    NAME,
    NoMidi,
    NoSuchPort,
    Sink,
    chosen,
    names_of,
    open_output,
    ports_by_backend,
    quiet_stderr,
)

OWN = f"{NAME}:{NAME}"
"""Our virtual port, as JACK calls it."""


class Backend(Protocol):
    """A MIDI system that can be asked again and again."""

    alive: bool

    def inputs(self) -> list[str]: ...


class RtMidiList:
    """Port lists of a backend whose server never dies."""

    alive = True

    def __init__(self, backend: str) -> None:
        import rtmidi

        self._client = rtmidi.MidiOut(getattr(rtmidi, f"API_{backend}"), name=WATCHER)

    def inputs(self) -> list[str]:
        return names_of(self._client)


class PortWatch:
    """Of the ports by these parts of names; an empty one is our own virtual port. Ports of others are
    opened as long as they are there, to be had at once: with a client that has just died to clear
    away, JACK takes a quarter of a second to open another."""

    def __init__(self, wanted: list[str]) -> None:
        self.wanted = wanted
        self.sinks: dict[str, Sink] = {}
        self._systems: dict[str, Backend] = {}
        self._listeners: list[str] = []
        self._dead: list[Any] = []
        """What belongs to a server that has died: to let go of it would close it."""

    def missing(self) -> str:
        """The name of a port that is not there, or nothing. A system that has died is looked for anew
        when it is asked for again."""
        if not self.wanted:
            return ""
        if any(not system.alive for system in self._systems.values()):
            self._dead += [*self._systems.values(), *self.sinks.values()]
            self._systems, self.sinks = {}, {}
            return self.wanted[0] or NAME
        if not self._systems and not self._find_systems():
            return self.wanted[0] or NAME
        there = [name.lower() for system in self._systems.values() for name in system.inputs()]
        for wanted in filter(None, self.wanted):
            if not any(wanted.lower() in name for name in there) or not self._open(wanted):
                if wanted in self.sinks:
                    self.sinks.pop(wanted).close()
                return wanted
        self._remember_listeners()
        return ""

    def _open(self, wanted: str) -> bool:
        with suppress(NoMidi, NoSuchPort):
            if wanted not in self.sinks:
                self.sinks[wanted] = open_output(wanted)
        return wanted in self.sinks

    def _find_systems(self) -> bool:
        """Those that the ports are chosen of; False if one is not to be had."""
        found = ports_by_backend()
        places = [chosen(wanted or None, found) for wanted in self.wanted]
        backends = {place[0] for place in places if place}
        if None in places:
            return False
        with suppress(NoJack), quiet_stderr():
            self._systems = {
                backend: watcher() if backend == JACK else RtMidiList(backend) for backend in backends
            }
        return bool(self._systems)

    @property
    def _jack(self) -> JackClient | None:
        system = self._systems.get(JACK)
        return system if isinstance(system, JackClient) and system.alive else None

    def _remember_listeners(self) -> None:
        if self._jack and "" in self.wanted and OWN in self._jack.outputs():
            self._listeners = self._jack.connections(OWN)

    def own_port_is_free(self) -> bool:
        """Has JACK noticed that the player who had our virtual port is gone?"""
        return "" not in self.wanted or self._jack is None or OWN not in self._jack.outputs()

    def connect_again(self) -> None:
        """Whoever listened to our virtual port listens to the new one."""
        if self._jack:
            for listener in self._listeners:
                self._jack.connect(OWN, listener)

    def close(self) -> None:
        """What the player must not have: a process that dies with two clients stops JACK's cycle for a
        quarter of a second, and what its successor sends meanwhile is lost."""
        if self._jack:
            self._jack.close()

    def close_all(self) -> None:
        """The ports, too; nothing of a server that has died."""
        if all(system.alive for system in self._systems.values()):
            for sink in self.sinks.values():
                sink.close()
            self.close()
