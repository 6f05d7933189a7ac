"""Telling subscribers what changed."""

from __future__ import annotations

from livegan.core.controls import PREFIX, Value
from livegan.core.state import BadValue, State
from livegan.core.table import CONTROLS

from .osc import Address, OscPort

MAX_SUBSCRIBERS = 64


class Feedback:
    """Keeps who wants to know, and the value of every control as it was told last."""

    def __init__(self, osc: OscPort) -> None:
        self._osc = osc
        self._subscribers: dict[Address, None] = {}
        self._told: dict[str, tuple[Value, ...]] = {}
        self._seen: State | None = None

    def subscribe(self, target: Address) -> None:
        """Tell everything at once, and from now on every change. The oldest of too many goes."""
        self.unsubscribe(target)
        while len(self._subscribers) >= MAX_SUBSCRIBERS:
            del self._subscribers[next(iter(self._subscribers))]
        self._subscribers[target] = None
        for address, values in self._told.items():
            self._osc.send(target, PREFIX + address, values)

    def unsubscribe(self, target: Address) -> None:
        self._subscribers.pop(target, None)

    def tell(self, address: str, *values: Value) -> None:
        """One message to everybody."""
        for target in self._subscribers:
            self._osc.send(target, PREFIX + address, values)

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
