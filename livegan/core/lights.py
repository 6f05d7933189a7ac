"""What controllers show: lights, rings and motors after the values of controls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .controls import Value
from .gestures import encoded
from .midi_map import ANY, Light, Shown
from .midi_scale import control_at

Data = tuple[int, ...]


class Known:
    """The controls' values, as told or as moved since; of those that have none, which was done last: of
    sixteen pads for scenes only that one is lit."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[Value, ...]] = {}
        self._done: dict[str, tuple[str, tuple[Value, ...]]] = {}

    def take(self, address: str, values: Sequence[Value]) -> None:
        """A control, by its address without the prefix, has these values."""
        control, _ = control_at(address)
        if control.read is None:
            self._done[control.name] = (address, tuple(values))
        else:
            self.values[address] = tuple(values)

    def share(self, shown: Shown) -> float:
        """How bright, from 0 to 1. What is done, and has neither values nor others like it, stays 0."""
        control, _ = control_at(shown.address)
        if control.read is None:
            if control.index is None and not shown.values:
                return 0.0
            address, given = self._done.get(control.name, ("", ()))
            return float(address == shown.address and shown.values in (None, (), given))
        values = self.values.get(shown.address, ())
        if shown.values:
            return float(values == shown.values)
        if shown.scale is None:
            return float(bool(values and values[0]))
        return shown.scale.share(values[shown.argument]) if shown.argument < len(values) else 0.0


class Lights:
    """Of one output. Each is sent once per change, and the last one wins."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._shown: tuple[Shown, ...] = ()
        self._by_address: dict[str, list[Shown]] = {}
        self._seen: dict[Light, int] = {}
        """What each shows."""
        self._changed: dict[Shown, None] = {}
        self.on = True

    @property
    def changed(self) -> bool:
        """Whether something is to be sent."""
        return bool(self._changed)

    def use(self, shown: Iterable[Shown]) -> None:
        """These from now on; all are sent."""
        self._shown = tuple(shown)
        self._by_address = {}
        for one in self._shown:
            for address in alike(one.address):
                self._by_address.setdefault(address, []).append(one)
        self.refresh()

    def refresh(self) -> None:
        """A controller that was just plugged in shows nothing."""
        self._seen.clear()
        self._changed = dict.fromkeys(self._shown)

    def change(self, address: str) -> None:
        """This control has another value, or was done."""
        for key in alike(address):
            self._changed |= dict.fromkeys(self._by_address.get(key, ()))

    def moved_itself(self, shown: Shown) -> None:
        """It is where the hand has put it: nothing needs to be sent."""
        self._seen[shown.light] = shown.light.level(self._known.share(shown))

    def take(self) -> list[Data]:
        """The messages to send now, in order."""
        changed, self._changed = self._changed, {}
        messages: list[Data] = []
        for shown in changed if self.on else ():
            level = shown.light.level(self._known.share(shown))
            if self._seen.get(shown.light) != level:
                self._seen[shown.light] = level
                source = shown.light.source
                channel = 1 if source.channel == ANY else source.channel
                messages += encoded(source.kind, channel, source.number, level)
        return messages


def alike(address: str) -> tuple[str, ...]:
    """The address, and what it has in common with others of its control where doing one is what the
    others are not."""
    control, _ = control_at(address)
    return (address,) if control.read is not None else (control.name,)
