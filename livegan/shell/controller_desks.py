"""What controllers move: a thread of the daemon's that hears them through the controllers' process,
takes their gestures to their maps, learns, and lights their lights.

Nothing here is touched by another thread: what the server wants done it puts into a queue (`call`).
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any, NamedTuple

from livegan.core.controls import PREFIX, Control, Value
from livegan.core.desk import Desk
from livegan.core.gestures import Decoder, Gesture
from livegan.core.lights import Known
from livegan.core.midi_learn import Learner, messages_of
from livegan.core.midi_map import Binding, MidiMap, for_port
from livegan.core.midi_scale import BadMap

from .controller_link import ControllerLink
from .keys import KeyPlayed
from .midi_out import NoMidi, NoSuchPort
from .midi_systems import VIRTUAL
from .osc import OscIn

SURFACE = "midi"
"""Controllers speak from (SURFACE, 1) on; (SURFACE, 0) is our own output port."""
START_SECONDS = 10.0
AGAIN_SECONDS, IDLE_SECONDS = 1.0, 3600.0
LIGHT_SECONDS = 0.02
"""A light is sent at most so often."""
MOST_AT_ONCE = 512
NOTE_OFF, NOTE_ON, CONTROL = 0x80, 0x90, 0xB0
KEY_CONTROLS = (64, 120, 123)
"""The pedal, and the ends of all notes: they concern keys."""


class ControllerSeen(NamedTuple):
    """A controller was found, or is gone."""

    name: str
    there: bool


class Bound(NamedTuple):
    """A controller was learned; `last` is where it is. `done`: nothing more is to be learned."""

    port: int
    binding: Binding
    last: Gesture
    done: bool


class NotBound(NamedTuple):
    """What was moved can't be bound to this, or a controller could not be heard: why."""

    address: str
    why: str


@dataclass(slots=True)
class Station:
    """One controller: its place among the inputs, from 1, its name, at first the part of it that it was
    asked for by, and whether it is there."""

    place: int
    name: str
    desk: Desk
    decoder: Decoder = field(default_factory=Decoder)
    there: bool = False


@dataclass(slots=True)
class Learning:
    """An address, the arguments that are still to be bound, and the one that is being bound."""

    address: str
    control: Control
    arguments: list[int]
    learner: Learner


class ControllerDesks:
    """`open`, `wait`, `close`; `receive` takes what is told, `move` what is moved."""

    def __init__(
        self, wanted: Sequence[str], receive: Callable[[Any], None], move: Callable[[OscIn], None]
    ) -> None:
        self.known = Known()
        self.stations = [
            Station(place, name or VIRTUAL, Desk(self.known))
            for place, name in enumerate(wanted or [""], start=1)
        ]
        self._wanted = tuple(wanted)
        self._receive, self._move = receive, move
        self._maps: tuple[MidiMap, ...] = ()
        self._learning: Learning | None = None
        self._link: ControllerLink | None = None
        self._begun: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="controllers", daemon=True)
        self._running = False
        self._light_at = 0.0
        self._again_at = inf
        self._told = ""

    def open(self) -> None:
        """Begin to look for the controllers."""
        self._running = True
        self._thread.start()

    def wait(self) -> None:
        """Until they are there. Raises `NoMidi`, or `NoSuchPort` if one is not."""
        try:
            what, why = self._begun.get(timeout=START_SECONDS)
        except queue.Empty:
            what, why = "none", "the controllers' process did not start"
        if what != "ready":
            self.close()
            raise NoMidi(why) if what == "none" else NoSuchPort(why)

    def call(self, job: Callable[[], None]) -> None:
        """Have this done on our thread, in order."""
        self._jobs.put(job)

    def close(self) -> None:
        """Say goodbye to the controllers."""
        self._jobs.put(self._stop)
        self._thread.join(2.0)

    def _stop(self) -> None:
        self._running = False

    # the server's wishes

    def use(self, maps: tuple[MidiMap, ...]) -> None:
        """These maps from now on."""
        self._maps = maps
        self._share_maps()

    def _share_maps(self) -> None:
        names = [station.name for station in self.stations]
        for station in self.stations:
            self._set_map(station, for_port(self._maps, station.name, names))

    def _set_map(self, station: Station, new: MidiMap) -> None:
        old = station.desk.map
        if new == old:
            return
        if new.hello != old.hello:
            self._send(station, old.goodbye)
            self._send(station, new.hello)
        station.desk.use(new)

    def told(self, place: int, address: str, values: tuple[Value, ...]) -> None:
        """A control has these values; lights of this controller may change."""
        with suppress(BadMap):
            self.known.take(address, values)
            for station in self.stations:
                if station.place == place:
                    station.desk.lights.change(address)

    def feedback(self, on: bool) -> None:
        for station in self.stations:
            station.desk.lights.on = on
            if on:
                station.desk.lights.refresh()

    def learn(
        self, address: str, control: Control, arguments: list[int], values: tuple[Value, ...] | None
    ) -> None:
        first, *rest = arguments
        self._learning = Learning(address, control, rest, Learner(address, first, values))

    def cancel(self) -> None:
        self._learning = None

    def replay(self, place: int, gesture: Gesture) -> None:
        """Take a gesture as if it came now."""
        for station in self.stations:
            if station.place == place:
                self._act(station, [gesture], time.monotonic())

    # the thread

    def _run(self) -> None:
        self._link = ControllerLink(self._wanted, True, self._from_ports)
        while self._running:
            self._guarded(self._round)
        self._guarded(self._leave)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Whatever is wrong with one message, the next one is heard."""
        try:
            step()
        except Exception as error:
            if str(error) != self._told:
                self._told = str(error)
                self._receive(NotBound("", f"MIDI in: {error or type(error).__name__}"))

    def _round(self) -> None:
        with suppress(queue.Empty):
            self._jobs.get(timeout=self._patience)()
            for _ in range(MOST_AT_ONCE):
                self._jobs.get_nowait()()
        now = time.monotonic()
        self._learn(now)
        if now >= self._light_at:
            self._light_at = now + LIGHT_SECONDS
            for station in self.stations:
                self._send(station, station.desk.lights.take())
        if now >= self._again_at:
            self._again_at = inf
            self._link = ControllerLink(self._wanted, False, self._from_ports)

    @property
    def _patience(self) -> float:
        """Seconds until something is to be done, unless a job comes."""
        now = time.monotonic()
        waits = [IDLE_SECONDS, self._again_at - now]
        if any(station.desk.lights.changed for station in self.stations):
            waits.append(self._light_at - now)
        if self._learning:
            waits.append(LIGHT_SECONDS)
        return max(0.0, min(waits))

    def _from_ports(self, message: list[Any]) -> None:
        """On the thread that hears the controllers' process."""
        self._jobs.put(partial(self._take, message))

    def _take(self, message: list[Any]) -> None:
        match message:
            case ["heard", place, when, data]:
                self._hear(self.stations[place - 1], data, when)
            case ["seen", place, name, there]:
                self._see(self.stations[place - 1], name, there)
            case ["output", place]:
                station = self.stations[place - 1]
                self._send(station, station.desk.map.hello)
                station.desk.lights.refresh()
            case ["ready" | "none" | "missing" as what, why]:
                self._begun.put((what, why))
            case []:
                self._lose_ports()

    def _see(self, station: Station, name: str, there: bool) -> None:
        station.there = there
        self._receive(ControllerSeen(name, there))
        if station.name != name:
            station.name = name
            self._share_maps()

    def _lose_ports(self) -> None:
        """Their process ended, with JACK's server perhaps: another one looks for them."""
        for station in self.stations:
            if station.there:
                self._see(station, station.name, False)
        if self._link:
            self._link.close()
        self._link = None
        self._again_at = time.monotonic() + AGAIN_SECONDS

    def _hear(self, station: Station, message: list[int], now: float) -> None:
        gestures = station.decoder.take(message, now)
        if self._learning:
            self._learning.learner.hear(station.place, gestures, now)
        elif any(station.desk.bound(gesture) for gesture in gestures):
            self._act(station, gestures, now)
        else:
            self._pass_key(message, now)

    def _act(self, station: Station, gestures: Sequence[Gesture], now: float) -> None:
        for gesture in gestures:
            for address, values in station.desk.moved(gesture, now):
                self._move(OscIn((SURFACE, station.place), PREFIX + address, values, now))

    def _pass_key(self, message: list[int], now: float) -> None:
        """What no map takes is music."""
        status = message[0] & 0xF0
        if status in (NOTE_OFF, NOTE_ON) or (status == CONTROL and message[1] in KEY_CONTROLS):
            if status == NOTE_ON and message[2] == 0:
                message[0] -= NOTE_ON - NOTE_OFF
            self._receive(KeyPlayed(now, message[0], message[1], message[2]))

    def _learn(self, now: float) -> None:
        learning = self._learning
        if learning is None:
            return
        try:
            binding = learning.learner.learned(learning.control, now)
        except BadMap as error:
            self._learning = None
            self._receive(NotBound(learning.address, str(error)))
            return
        if binding is None:
            return
        learner, last = learning.learner, learning.learner.last
        assert last is not None
        self._learning = None
        if learning.arguments:
            first, *rest = learning.arguments
            taken = messages_of(binding.source)
            following = Learner(learning.address, first, None, taken)
            self._learning = Learning(learning.address, learning.control, rest, following)
        self._receive(Bound(learner.port, binding, last, not learning.arguments))

    def _send(self, station: Station, messages: Sequence[tuple[int, ...]]) -> None:
        if self._link and messages:
            self._link.send(station.place, messages)

    def _leave(self) -> None:
        for station in self.stations:
            self._send(station, station.desk.map.goodbye)
        if self._link:
            self._link.close()
