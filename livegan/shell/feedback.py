"""Telling subscribers what changed, and not more often than they can follow."""

from __future__ import annotations

import time

from livegan.core.controls import PREFIX, Value
from livegan.core.state import BadValue, State
from livegan.core.table import CONTROLS

from .osc import Address, OscPort

MAX_SUBSCRIBERS = 64
SILENT_SECONDS = 600.0
"""Who has not subscribed again for so long gives way where the places are taken."""
INTERVAL = 1 / 30
"""Seconds between two values of one address; the last one always arrives."""


class Feedback:
    """Keeps who wants to know, and the value of every control as it was told last."""

    def __init__(self, osc: OscPort) -> None:
        self._osc = osc
        self._subscribers: dict[Address, float] = {}
        self._told: dict[str, tuple[Value, ...]] = {}
        self._seen: State | None = None
        self._sent: dict[tuple[str, ...], float] = {}
        self._waiting: dict[tuple[str, ...], tuple[str, tuple[Value, ...]]] = {}

    def subscribe(self, target: Address) -> None:
        """Tell everything at once, and from now on every change. Raises `BadValue` if there are too
        many already."""
        now = time.monotonic()
        self.unsubscribe(target)
        if len(self._subscribers) >= MAX_SUBSCRIBERS:
            oldest = min(self._subscribers, key=self._subscribers.__getitem__)
            if now - self._subscribers[oldest] < SILENT_SECONDS:
                raise BadValue(f"{MAX_SUBSCRIBERS} have subscribed, and more can't be told")
            self.unsubscribe(oldest)
        self._subscribers[target] = now
        for address, values in self._told.items():
            self._osc.send(target, PREFIX + address, values)

    def unsubscribe(self, target: Address) -> None:
        self._subscribers.pop(target, None)

    def tells(self, target: Address) -> bool:
        return target in self._subscribers

    def tell(self, address: str, *values: Value) -> None:
        """One message to everybody, now or when the last one of its kind is old enough."""
        key = (address, str(values[0])) if address == "/error" else (address,)
        self._waiting[key] = (address, values)
        self.flush()

    def flush(self) -> None:
        """Send what has waited long enough."""
        now = time.monotonic()
        self._sent = {key: at for key, at in self._sent.items() if now - at < INTERVAL}
        for key in [key for key in self._waiting if key not in self._sent]:
            address, values = self._waiting.pop(key)
            self._sent[key] = now
            for target in self._subscribers:
                self._osc.send(target, PREFIX + address, values)

    @property
    def patience(self) -> float:
        """Seconds until `flush` has something to send."""
        due = [self._sent.get(key, 0.0) + INTERVAL for key in self._waiting]
        return max(0.0, min(due) - time.monotonic()) if due else INTERVAL * 1e3

    def drop_gone(self) -> None:
        """Those who do not listen any more, as far as their machines say so."""
        for target in self._osc.refused():
            self.unsubscribe(target)

    def tell_again(self, address: str) -> None:
        """With the next changes, whether it changed or not."""
        self._told.pop(address, None)

    def tell_changes(self, state: State, model: str) -> None:
        """Every control's value that is not what was told last. A state never changes, so the very
        same one has nothing new."""
        if state is self._seen and "/model" in self._told:
            return
        self._seen = state
        values = {c.address: c.read(state) for c in CONTROLS if c.read is not None}
        for address, value in {**values, "/model": (model,)}.items():
            if value is not None and self._told.get(address) != tuple(value):
                self._told[address] = tuple(value)
                self.tell(address, *value)


def chosen_port(sender: Address, values: tuple[Value, ...]) -> Address:
    """The port given, or the sender's own; a lone 1 is a button's press, not a port. Raises
    `BadValue`."""
    if not values or values[0] == 1:
        return sender
    if not 1 < int(values[0]) < 65_536:
        raise BadValue(f"a port is a number from 1 to 65535, not {values[0]}")
    return (sender[0], int(values[0]))
