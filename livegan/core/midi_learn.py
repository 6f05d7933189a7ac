"""Which controller was moved, and what kind it is: from what it sends while somebody turns it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .controls import Control, Value
from .gestures import DATA, DECREMENT, FINE, INCREMENT, NRPN_COARSE, NRPN_FINE, Gesture
from .midi_map import Binding, Source, bind, is_from

QUIET_SECONDS = 0.3
"""So long without a message, and the hand has done."""
LONGEST_SECONDS, MOST = 2.0, 64
"""After so long, or so many messages, it is clear anyhow."""
NRPN_CONTROLS = (NRPN_COARSE, NRPN_FINE, DATA, DATA + FINE, INCREMENT, DECREMENT)
NEARBY = 12
"""Clicks that an encoder tells at once."""


class Learner:
    """Listens until it is clear what moves, and gives the binding of one argument."""

    def __init__(
        self,
        address: str,
        argument: int = 0,
        values: tuple[Value, ...] | None = None,
        taken: frozenset[tuple[str, int, int]] = frozenset(),
    ) -> None:
        self.address = address
        self.argument = argument
        self.values = values
        self.port = -1
        """The input that the controller is at, once something came."""
        self.last: Gesture | None = None
        """The last gesture of the kind that was learned."""
        self._taken = taken
        """Messages of controllers that have another argument already."""
        self._heard: list[Gesture] = []
        self._since = self._until = 0.0

    def hear(self, port: int, gestures: Sequence[Gesture], now: float) -> None:
        """All readings of one message that came from an input at `now` seconds."""
        new = [g for g in gestures if key_of(g) not in self._taken and not is_release(g)]
        if not new or self.port not in (-1, port):
            return
        if self.port < 0:
            self.port, self._since = port, now
        self._heard += new
        self._until = now + QUIET_SECONDS

    def learned(self, control: Control, now: float) -> Binding | None:
        """What is to be bound, once that is clear. Raises `BadMap` if that can't be."""
        heard = self._heard
        if not heard or not (heard[0].kind in ("note", "program") or self._is_done(now)):
            return None
        source = source_of(heard)
        stream = [gesture for gesture in heard if is_from(gesture, source)]
        self.last = stream[-1]
        if self.values is not None:
            return bind(source, self.address, mode="trigger", values=self.values)
        encoding = encoding_of(stream)
        settable = bool(control.arguments) and not control.trigger
        if settable and encoding and control.arguments[self.argument].kind != "bool":
            return bind(source, self.address, self.argument, "relative", encoding=encoding)
        mode = "toggle" if settable and is_button(stream) else ""
        return bind(source, self.address, self.argument, mode)

    def _is_done(self, now: float) -> bool:
        return now >= self._until or now - self._since >= LONGEST_SECONDS or len(self._heard) >= MOST


def messages_of(source: Source) -> frozenset[tuple[str, int, int]]:
    """All that its controller sends."""
    keys = source.keys
    if source.kind == "nrpn":
        keys |= {("cc", source.channel, number) for number in NRPN_CONTROLS}
    return keys


def is_release(gesture: Gesture) -> bool:
    return gesture.kind == "note" and not gesture.value


def key_of(gesture: Gesture) -> tuple[str, int, int]:
    kind = "cc" if gesture.kind == "cc14" else gesture.kind
    return kind, gesture.channel, gesture.number


def source_of(heard: Sequence[Gesture]) -> Source:
    """The controller that moved first, in its finest reading: an NRPN's messages are control changes
    too, and so are both halves of 14 bits."""
    nrpn = next((gesture for gesture in heard if gesture.kind == "nrpn"), None)
    if nrpn:
        return Source("nrpn", nrpn.channel, nrpn.number)
    first = next(gesture for gesture in heard if gesture.kind != "cc14")
    number = first.number
    if first.kind == "cc" and number < 2 * FINE:
        plain = {g.number for g in heard if g.kind == "cc" and g.channel == first.channel}
        if {number % FINE, number % FINE + FINE} <= plain:
            return Source("cc14", first.channel, number % FINE)
    return Source(first.kind, first.channel, number)


def is_button(stream: Sequence[Gesture]) -> bool:
    """Pressed and let go: all or nothing."""
    values = [gesture.value for gesture in stream]
    return stream[0].kind == "cc" and 127 in values and 0 in values and set(values) == {0, 127}


def encoding_of(stream: Sequence[Gesture]) -> str:
    """How a relative encoder counts; empty for a knob, which never sends the same value twice running.
    Turned one way only, two's complement is told from a sign bit by what is common."""
    if stream[0].kind == "nrpn":
        return "twos" if any(gesture.step for gesture in stream) else ""
    values = [gesture.value for gesture in stream]
    again = any(one == other for one, other in pairwise(values))
    if stream[0].kind != "cc" or len(values) < 3 or not again or set(values) == {0, 127}:
        return ""
    forward = {value for value in values if 0 < value <= NEARBY}
    back = {value for value in values if value >= 128 - NEARBY}
    above = {value for value in values if 64 < value <= 64 + NEARBY}
    below = {value for value in values if 64 - NEARBY <= value < 64}
    whole = set(values)
    if whole == forward | back:
        return "twos"
    if whole == forward | above and forward:
        return "signed"
    return "offset" if whole == above | below else ""
