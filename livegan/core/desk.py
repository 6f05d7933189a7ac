"""One controller under a map: gestures in, moves of the table's controls and lights out."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose

from .controls import Argument, Value
from .gestures import Gesture
from .lights import Known, Lights
from .midi_map import ANY, Binding, MidiMap

Moved = tuple[str, tuple[Value, ...]]
"""An address without the prefix, and values."""
HALF = 0.5
NEAR = 1.5 / 127
"""So near the knob counts as being where the control is."""
SLOW_SECONDS = 0.1
"""Clicks of an encoder that come slower are not accelerated."""


def clicks_of(value: int, encoding: str) -> int:
    """How far an encoder was turned, by what it sent (0 to 127)."""
    if encoding == "twos":
        return value - 128 if value >= 64 else value
    if encoding == "offset":
        return value - 64
    return 64 - value if value >= 64 else value


class Desk:
    """What a controller's map moves. `known` is shared with other desks: whoever moves, the values are
    the same."""

    def __init__(self, known: Known) -> None:
        self.map = MidiMap()
        self.lights = Lights(known)
        self._known = known
        self._by_source: dict[tuple[str, int, int], list[Binding]] = {}
        self._knob: dict[Binding, float] = {}
        """Where each was last, from 0 to 1."""
        self._set: dict[Binding, Value] = {}
        """What each set last."""
        self._clicked: dict[Binding, float] = {}

    def use(self, new: MidiMap) -> None:
        """This map from now on."""
        self.map = new
        self._by_source = {}
        for binding in new.bindings:
            source = binding.source
            key = (source.kind, source.channel, source.number)
            self._by_source.setdefault(key, []).append(binding)
        kept = set(new.bindings)
        for memory in (self._knob, self._set, self._clicked):
            for binding in [old for old in memory if old not in kept]:
                memory.pop(binding)
        self.lights.use(new.shown)

    def bound(self, gesture: Gesture) -> list[Binding]:
        """What a gesture is bound to."""
        kind, channel, number, *_ = gesture
        return [
            binding
            for where in (channel, ANY)
            for binding in self._by_source.get((kind, where, number), ())
        ]

    def moved(self, gesture: Gesture, now: float) -> list[Moved]:
        """What a gesture at `now` seconds moves."""
        moves = []
        for binding in self.bound(gesture):
            values = self._values(binding, gesture, now)
            if values is None:
                continue
            moves.append((binding.address, values))
            control = binding.control
            if control.read is None or (values and not control.trigger):
                self._known.take(binding.address, values)
                self.lights.change(binding.address)
            if binding.mode == "absolute" and binding.shown:
                self.lights.moved_itself(binding.shown)
        return moves

    def _values(self, binding: Binding, gesture: Gesture, now: float) -> tuple[Value, ...] | None:
        """To be sent, or None."""
        if binding.mode == "relative":
            return self._with(binding, self._turned(binding, gesture, now))
        before, share = self._knob.get(binding, 0.0), self._share(binding, gesture)
        first = binding not in self._knob
        self._knob[binding] = share
        if binding.mode == "absolute":
            if gesture.kind == "note" and not gesture.value:
                return None
            if binding.pickup and not self._picked_up(binding, None if first else before, share):
                return None
            return self._with(binding, binding.scale.value(share) if binding.scale else None)
        down = share > 0 if gesture.kind in ("note", "program") else share >= HALF
        was_down = before >= HALF and before != share  # no knob sends the same twice: a button does
        if binding.mode == "momentary":
            return self._with(binding, binding.scale.value(float(down)) if binding.scale else None)
        if not down or (was_down and gesture.kind not in ("note", "program")):
            return None
        return binding.values if binding.mode == "trigger" else self._flipped(binding)

    @staticmethod
    def _share(binding: Binding, gesture: Gesture) -> float:
        centred = gesture.kind == "bend" or (binding.scale is not None and binding.scale.centred)
        return gesture.centred_share if centred else gesture.share

    def _now(self, binding: Binding) -> Value | None:
        """What its argument is, if that is known."""
        values = self._known.values.get(binding.address, ())
        return values[binding.argument] if binding.argument < len(values) else None

    def _picked_up(self, binding: Binding, before: float | None, share: float) -> bool:
        """Whether the knob has the control: nobody else has moved it since, or it comes by."""
        now = self._now(binding)
        if now is None or binding.scale is None or same(self._set.get(binding), now):
            return True
        place = binding.scale.share(now)
        if abs(share - place) <= NEAR:
            return True
        return before is not None and (before - place) * (share - place) <= 0

    def _turned(self, binding: Binding, gesture: Gesture, now: float) -> Value | None:
        """Where an encoder's clicks lead."""
        assert binding.scale is not None
        clicks = gesture.step or clicks_of(gesture.value, binding.encoding)
        passed = now - self._clicked.get(binding, -SLOW_SECONDS)
        self._clicked[binding] = now
        if not clicks:
            return None
        faster = 1 + binding.acceleration * max(0.0, 1 - passed / SLOW_SECONDS)
        current = self._now(binding)
        place = HALF if current is None else binding.scale.share(current)
        return binding.scale.value(place + clicks * binding.step * faster)

    def _flipped(self, binding: Binding) -> tuple[Value, ...] | None:
        """The other end of the range."""
        assert binding.scale is not None
        current = self._now(binding)
        is_on = current is not None and binding.scale.share(current) >= HALF
        return self._with(binding, binding.scale.value(0.0 if is_on else 1.0))

    def _with(self, binding: Binding, value: Value | None) -> tuple[Value, ...] | None:
        """All values of the control, this one among them."""
        if value is None:
            return None
        self._set[binding] = value
        arguments = binding.control.arguments
        if binding.values is not None:
            others: Sequence[Value] = binding.values
            return (*others[: binding.argument], value, *others[binding.argument :])
        known = self._known.values.get(binding.address, ())
        filled = [*known, *(lowest(argument) for argument in arguments[len(known) :])]
        filled[binding.argument] = value
        return tuple(filled)


def lowest(argument: Argument) -> Value:
    """For an argument of which nothing is known yet."""
    if argument.choices:
        return argument.choices[0]
    return max(argument.low, 0) if argument.kind != "text" else ""


def same(one: Value | None, other: Value) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=1e-6)
    return one == other
