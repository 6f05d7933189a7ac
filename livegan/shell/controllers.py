"""MIDI controllers as a surface: maps, learning, feedback; and CC out when a control changes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from livegan.core.addressing import Move, full_address, parse_value
from livegan.core.controls import PREFIX, Value
from livegan.core.lights import Known, Lights
from livegan.core.messages import Emit
from livegan.core.midi_map import Binding, MidiMap, Source, bind, merged
from livegan.core.midi_scale import BadMap, control_at
from livegan.core.state import BadValue
from livegan.core.table import ANNOUNCEMENTS

from .controller_desks import SURFACE, Bound, ControllerDesks, ControllerSeen, NotBound
from .map_files import LEARNED, load_learned, load_map, save_map
from .midi_out import NoMidi
from .osc import Address, OscIn
from .part import Part

if TYPE_CHECKING:
    from .server import Server

OWN_PORT: Address = (SURFACE, 0)
ANNOUNCED = frozenset(PREFIX + told.address for told in ANNOUNCEMENTS)
SUBSCRIBE_SECONDS = 60.0


class Controllers(Part):
    """A part of the server, and the surface called midi. `wanted` are parts of names of inputs; without
    one there is a virtual input."""

    def __init__(self, server: Server, wanted: Sequence[str]) -> None:
        self._server = server
        self._wanted = wanted
        self._maps: tuple[MidiMap, ...] = ()
        self._learned = MidiMap(LEARNED)
        self._desks: ControllerDesks | None = ControllerDesks(
            wanted, server.inbox.put, server.inbox.put_osc
        )
        self._own_known = Known()
        self._own = Lights(self._own_known)
        self._feedback = True
        self._subscribe_at = 0.0
        self._open = False

    def look(self) -> None:
        """Begin to look for the controllers."""
        if self._desks:
            self._desks.open()

    def start(self, maps: Sequence[str]) -> None:
        """Give the controllers these maps, when they were found. Raises `NoSuchPort`, or `BadMap` or
        `BadValue` for a map."""
        server = self._server
        loaded = [load_map(server.folder, name) for name in maps]
        try:
            self._learned = load_learned(server.folder)
        except (BadMap, OSError) as error:
            server.view.say("error", f"MIDI map {error}")
        try:
            if self._desks:
                self._desks.wait()
        except NoMidi as error:
            self._desks = None
            if self._wanted:
                server.view.say("controllers", f"{error}; no controller is heard")
        server.hub.add(SURFACE, self)
        self._open = True
        self._use(tuple(loaded))
        server.conductor.put(midi_map=",".join(maps))

    # the surface

    def send(self, target: Address, address: str, values: Sequence[Any]) -> None:
        """A control has another value: lights may show it."""
        if address == f"{PREFIX}/error" and values:
            address = str(values[0])
            values = self._server.feedback.known.get(address.removeprefix(PREFIX), ())
            if not values:
                return
        if address in ANNOUNCED:
            return
        short = address.removeprefix(PREFIX)
        if target == OWN_PORT:
            with suppress(BadMap):
                self._own_known.take(short, values)
                self._own.change(short)
        elif self._desks:
            self._desks.call(partial(self._desks.told, target[1], short, tuple(values)))

    def _subscribe(self) -> None:
        """Stay among those who are told, also where many others come."""
        self._subscribe_at = time.monotonic() + SUBSCRIBE_SECONDS
        places = [station.place for station in self._desks.stations] if self._desks else []
        try:
            for target in [OWN_PORT, *((SURFACE, place) for place in places)]:
                if not self._server.feedback.tells(target):
                    self._server.feedback.subscribe(target, target)
        except BadValue:
            return

    # the part

    def act(self, move: Move, item: OscIn) -> bool:
        text = str(move.values[0]) if move.values else ""
        match move.control.name:
            case "midi_map":
                self._load(text)
            case "midi_save":
                self._save(text)
            case "learn":
                self._learn(text)
            case "forget":
                self._forget(text)
            case _:
                return False
        return True

    def hear(self, item: Any) -> None:
        match item:
            case Bound():
                self._bound(item)
            case NotBound(address, why):
                self._not_bound(address, why)
            case ControllerSeen(name, there):
                text = f"MIDI in: {name}" if there else f"the controller {name} is gone"
                self._server.view.say("controllers", text, port=name, there=there)
                self._server.feedback.tell("/midi/port", name, there)

    def tick(self) -> None:
        if not self._open:
            return
        if time.monotonic() >= self._subscribe_at:
            self._subscribe()
        on = self._server.conductor.state.midi_feedback
        if on != self._feedback:
            self._feedback = self._own.on = on
            if on:
                self._own.refresh()
            if self._desks:
                self._desks.call(partial(self._desks.feedback, on))
        if messages := self._own.take():
            self._server.send([Emit(tuple(messages))])

    @property
    def patience(self) -> float:
        return self._subscribe_at - time.monotonic() if self._open else inf

    def close(self) -> None:
        if self._desks:
            self._desks.close()

    # maps

    def _use(self, maps: tuple[MidiMap, ...]) -> None:
        self._maps = maps
        active = (self._learned, *maps)
        self._own.use(merged(active).sends)
        if self._desks:
            self._desks.call(partial(self._desks.use, active))

    def _load(self, text: str) -> None:
        """One map, several by commas, or none."""
        names = [name.strip() for name in text.split(",") if name.strip()]
        try:
            self._use(tuple(load_map(self._server.folder, name) for name in names))
        except BadMap as error:
            raise BadValue(str(error)) from None
        self._server.conductor.put(midi_map=",".join(names))

    def _save(self, name: str) -> None:
        if name.strip() == LEARNED:
            raise BadValue(f"{LEARNED!r} is what livegan keeps by itself; choose another name")
        whole = merged((self._learned, *self._maps))
        try:
            save_map(self._server.folder, name, whole)
        except BadMap as error:
            raise BadValue(str(error)) from None

    def _keep_learned(self) -> None:
        try:
            save_map(self._server.folder, LEARNED, self._learned)
        except BadMap as error:
            self._server.feedback.tell("/error", "/midi/learn", str(error))

    # learning

    def _learn(self, text: str) -> None:
        """An address; with =VALUES after it, those are sent by a press. Without one: no more."""
        if not text:
            self._stop_learning()
            return
        if self._desks is None:
            raise BadValue("no controller can be heard: no MIDI system was found")
        address, values = split_setting(text)
        short = address.removeprefix(PREFIX)
        try:
            control, _ = control_at(short)
            places = list(range(len(control.arguments))) or [0]
            places = [0] if values is not None or control.trigger else places
            mode = "trigger" if values is not None else ""
            trials = [bind(Source("cc", 1, 1), short, place, mode, values) for place in places]
        except BadMap as error:
            raise BadValue(f"{address}: {error}") from None
        self._server.conductor.put(learning=full_address(text))
        wanted = trials[0].values if values is not None else None
        self._desks.call(partial(self._desks.learn, short, control, places, wanted))

    def _stop_learning(self) -> None:
        self._server.conductor.put(learning="")
        if self._desks:
            self._desks.call(self._desks.cancel)

    def _bound(self, bound: Bound) -> None:
        binding = bound.binding
        learning = self._server.conductor.state.learning.partition("=")[0]
        if learning != PREFIX + binding.address or not self._desks:
            return  # it was cancelled meanwhile
        self._learned = self._learned.learned(binding)
        self._use(self._maps)
        if bound.done:
            self._server.conductor.put(learning="")
        if binding.mode == "absolute":  # a knob is where it is; a button was pressed to be learned
            self._desks.call(partial(self._desks.replay, bound.port, bound.last))
        self._announce(binding)
        self._keep_learned()

    def _announce(self, binding: Binding) -> None:
        arguments = binding.control.arguments
        one_of_several = len(arguments) > 1 and binding.mode != "trigger"
        part = f"{arguments[binding.argument].name}: " if one_of_several else ""
        self._server.feedback.tell("/midi/bound", PREFIX + binding.address, f"{part}{binding}")

    def _not_bound(self, address: str, why: str) -> None:
        if address:
            self._server.conductor.put(learning="")
            why = f"{PREFIX}{address}: {why}"
        self._server.view.say("error", why)
        self._server.feedback.tell("/error", "/midi/learn", why)

    def _forget(self, text: str) -> None:
        short = split_setting(text)[0].removeprefix(PREFIX)
        whole = (self._learned, *self._maps)
        if not any(binding.address == short for one in whole for binding in one.bindings):
            raise BadValue(f"no controller moves {PREFIX}{short}")
        self._learned, *maps = (one.without(short) for one in whole)
        self._use(tuple(maps))
        self._server.feedback.tell("/midi/bound", PREFIX + short, "")
        self._keep_learned()


def split_setting(text: str) -> tuple[str, list[Value] | None]:
    """An address with the prefix, and the values behind its =, None without one."""
    address, equals, values = text.partition("=")
    parsed = [parse_value(value) for value in values.split(",")] if values else []
    return full_address(address), parsed if equals else None
