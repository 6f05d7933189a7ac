"""Telling subscribers what changed, and not more often than they can follow."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from math import isclose
from typing import Any, NamedTuple, Protocol

from livegan.core.controls import PREFIX, Value
from livegan.core.state import BadValue, State
from livegan.core.table import CONTROLS

from .osc import Address

MAX_SUBSCRIBERS = 64
SILENT_SECONDS = 600.0
"""Who has not subscribed again for so long gives way where the places are taken."""
INTERVAL = 1 / 30
"""Seconds between two values of one address; the last one always arrives."""


class Surface(Protocol):
    """Where hands are and values are shown: the OSC port, the panel, MIDI controllers. Who speaks from
    there has an address whose first part names the surface (`Hub`)."""

    def send(self, target: Address, address: str, values: Sequence[Any]) -> None:
        """Tell one of them one message; whoever is gone is no fault of ours."""
        ...


class Hub:
    """Sends to whom it may concern, by the surface that their addresses name; all others are OSC's."""

    def __init__(self, osc: Surface) -> None:
        self._osc = osc
        self._surfaces: dict[str, Surface] = {}

    def add(self, name: str, surface: Surface) -> None:
        self._surfaces[name] = surface

    def send(self, target: Address, address: str, values: Sequence[Any]) -> None:
        self._surfaces.get(target[0], self._osc).send(target, address, values)


class Waiting(NamedTuple):
    """A message to all, but not to those who show it already."""

    address: str
    values: tuple[Value, ...]
    shown: frozenset[Address]


class Subscriber(NamedTuple):
    """Since when, and who asked: somebody who speaks from one port may listen at another."""

    since: float
    asked: Address


class Moved(NamedTuple):
    """What somebody has sent, and whether it is settled: else the value may come later."""

    values: tuple[Any, ...]
    settled: bool


class Feedback:
    """Keeps who wants to know, and the value of every control as it was told last."""

    def __init__(self, hub: Surface) -> None:
        self._hub = hub
        self._always: tuple[Address, ...] = ()
        self._subscribers: dict[Address, Subscriber] = {}
        self._told: dict[str, tuple[Value, ...]] = {}
        self._standing: dict[str, tuple[Value, ...]] = {}
        self._seen: State | None = None
        self._sent: dict[tuple[object, ...], float] = {}
        self._waiting: dict[tuple[object, ...], Waiting] = {}
        self._dumps: dict[Address, None] = {}
        self._moved: dict[str, dict[Address, Moved]] = {}

    @property
    def known(self) -> Mapping[str, tuple[Value, ...]]:
        """Every control's values as told last, by address without the prefix."""
        return self._told

    def tell_always(self, targets: Sequence[Address]) -> None:
        """From the beginning to the end, whether they listen or not."""
        self._always = tuple(targets)

    def subscribe(self, target: Address, asked: Address) -> None:
        """Tell everything at once, and from now on every change. Raises `BadValue` if there are too
        many already."""
        now = time.monotonic()
        self.unsubscribe(target)
        if target not in self._always:
            if len(self._subscribers) >= MAX_SUBSCRIBERS:
                oldest = min(self._subscribers, key=lambda one: self._subscribers[one].since)
                if now - self._subscribers[oldest].since < SILENT_SECONDS:
                    raise BadValue(f"{MAX_SUBSCRIBERS} have subscribed, and more can't be told")
                self.unsubscribe(oldest)
            self._subscribers[target] = Subscriber(now, asked)
        self.dump(target)

    def dump(self, target: Address) -> None:
        """Tell every control's values, now or when the last time is long enough ago."""
        self._dumps[target] = None
        self.flush()

    def unsubscribe(self, target: Address) -> None:
        """Tell nothing more, not even the dump that waits."""
        self._subscribers.pop(target, None)
        self._dumps.pop(target, None)

    def tells(self, target: Address) -> bool:
        return target in self._subscribers or target in self._always

    def moved(
        self, origin: Address, address: str, values: tuple[Any, ...], settled: bool = True
    ) -> None:
        """Somebody set this, and shows it already: the same is not told back, which would move a fader
        under the finger. What became of it otherwise is told."""
        self._moved.setdefault(address, {})[origin] = Moved(values, settled)

    def made(
        self, origin: Address, address: str, sent: Sequence[Any], values: tuple[Value, ...]
    ) -> None:
        """Somebody made a move that has no value of its own: told as it was made."""
        self.tell(address, *values, shown=(origin,) if alike(sent, values) else ())

    def tell(self, address: str, *values: Value, shown: Iterable[Address] = ()) -> None:
        """One message to everybody, now or when the last one of its kind is old enough; not to those
        who show it."""
        self._wait(address, values, shown)
        self.flush()

    def stand(self, address: str, *values: Value) -> None:
        """Tell all, now and whoever subscribes later, if it is not so already."""
        if self._standing.get(address) != values:
            self._standing[address] = self._told[address] = values
            self.tell(address, *values)

    def _wait(self, address: str, values: tuple[Value, ...], shown: Iterable[Address]) -> None:
        key = (address, str(values[0])) if address == "/error" else (address,)
        self._waiting[key] = Waiting(address, values, frozenset(shown))

    def flush(self) -> None:
        """Send what has waited long enough."""
        now = time.monotonic()
        self._sent = {key: at for key, at in self._sent.items() if now - at < INTERVAL}
        for target in [target for target in self._dumps if (target,) not in self._sent]:
            del self._dumps[target]
            self._sent[(target,)] = now
            for address, values in self._told.items():
                self._hub.send(target, PREFIX + address, values)
        for key in [key for key in self._waiting if key not in self._sent]:
            address, values, shown = self._waiting.pop(key)
            self._sent[key] = now
            for target in (*self._always, *self._subscribers):
                if target not in shown and self._asked_by(target) not in shown:
                    self._hub.send(target, PREFIX + address, values)

    def _asked_by(self, target: Address) -> Address:
        return self._subscribers[target].asked if target in self._subscribers else target

    @property
    def patience(self) -> float:
        """Seconds until `flush` has something to send."""
        keys = (*self._waiting, *((target,) for target in self._dumps))
        due = [self._sent.get(key, 0.0) + INTERVAL for key in keys]
        return max(0.0, min(due) - time.monotonic()) if due else INTERVAL * 1e3

    def tell_again(self, address: str) -> None:
        """With the next changes, whether it changed or not."""
        self._told.pop(address, None)

    def tell_changes(self, state: State, model: str) -> None:
        """Every control's value that is not what was told last, and those that somebody moved who
        shows another."""
        moved, self._moved = self._moved, {}
        changed = self._changed(state, model)
        wrong = [address for address, sent in moved.items() if self._shown_wrong(address, sent)]
        for address in dict.fromkeys([*changed, *wrong]):
            value = self._told[address]
            sent = moved.get(address, {})
            self._wait(address, value, (who for who, one in sent.items() if alike(one.values, value)))
        self.flush()

    def _shown_wrong(self, address: str, sent: Mapping[Address, Moved]) -> bool:
        """Whether somebody shows a value that was not taken as it was."""
        value = self._told.get(address)
        return value is not None and any(
            one.settled and not alike(one.values, value) for one in sent.values()
        )

    def _changed(self, state: State, model: str) -> list[str]:
        """Addresses whose values are others than what was told. A state never changes, so the very
        same one has nothing new."""
        if state is self._seen and "/model" in self._told:
            return []
        self._seen = state
        before, values = self._told, {a: v for control in CONTROLS for a, v in control.values(state)}
        self._told = {**values, "/model": (model,), **self._standing}
        return [address for address, value in self._told.items() if before.get(address) != value]


def alike(sent: Sequence[Any], value: Sequence[Value]) -> bool:
    """Does who sent these show what the value is now? Floats travel as 32 bits."""
    return len(sent) == len(value) and all(map(same, sent, value))


def same(one: Any, other: Value) -> bool:
    if isinstance(one, int | float):
        return str(round(one)) == other if isinstance(other, str) else isclose(one, other, rel_tol=1e-6)
    return bool(one == other)


def chosen_port(sender: Address, values: tuple[Value, ...]) -> Address:
    """The port given, or the sender's own; a lone 1 is a button's press, not a port. Raises
    `BadValue`."""
    if not values or values[0] == 1:
        return sender
    if not 1 < int(values[0]) < 65_536:
        raise BadValue(f"a port is a number from 1 to 65535, not {values[0]}")
    return (sender[0], int(values[0]))
