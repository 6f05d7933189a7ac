"""What a controller moves: maps bind gestures to the table's controls, and lights to their values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .controls import BadControl, Control, Value
from .gestures import FINE, Gesture, full_of
from .midi_scale import BadMap, Scale, control_at

MODES = ("absolute", "relative", "toggle", "momentary", "trigger")
ENCODINGS = ("twos", "offset", "signed")
"""How a relative encoder counts back: two's complement (127 is -1), around 64 (63 is -1), by a sign bit
(65 is -1)."""
ANY = 0
"""Instead of a channel."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a gesture comes from; channel 1 to 16 or `ANY`."""

    kind: str
    channel: int
    number: int = 0

    def __str__(self) -> str:
        name = {
            "cc": f"CC {self.number}",
            "cc14": f"14-bit CC {self.number} and {self.number + FINE}",
            "nrpn": f"NRPN {self.number}",
            "note": f"note {self.number}",
            "program": f"program change {self.number}",
            "bend": "pitch bend",
            "pressure": "channel pressure",
        }[self.kind]
        return name if self.channel == ANY else f"{name}, channel {self.channel}"

    @property
    def keys(self) -> frozenset[tuple[str, int, int]]:
        """Of all messages that it may be made of; two sources that share one get into each other's
        way."""
        kind = "cc" if self.kind == "cc14" else self.kind
        numbers = (self.number, self.number + FINE) if self.kind == "cc14" else (self.number,)
        channels = range(1, 17) if self.channel == ANY else (self.channel,)
        return frozenset((kind, channel, number) for channel in channels for number in numbers)


@dataclass(frozen=True, slots=True)
class Light:
    """What a controller is sent to show a value: at the scale's beginning `off`, at its end `on`."""

    source: Source
    off: int
    on: int

    @classmethod
    def on_source(cls, source: Source) -> Light:
        """The very control that moves, over its whole range."""
        return cls(source, 0, full_of(source.kind))

    def level(self, share: float) -> int:
        return round(self.off + share * (self.on - self.off))


@dataclass(frozen=True, slots=True)
class Shown:
    """A light and what it shows: of a control's value one argument, or, of what has no value, whether
    it was this that was done last, with these values."""

    light: Light
    address: str
    argument: int
    scale: Scale | None
    values: tuple[Value, ...] | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """A gesture and what it moves: the argument at a place among the control's, scaled by `scale`. In
    mode trigger a press sends `values`; in the others they are those for the other arguments, which
    else stay as they are. `step` is the share of the range that an encoder's click goes, faster with
    `acceleration`; with `pickup` a control that was moved elsewhere waits for the knob to come by."""

    source: Source
    address: str
    argument: int = 0
    mode: str = "absolute"
    scale: Scale | None = None
    values: tuple[Value, ...] | None = None
    encoding: str = "twos"
    step: float = 0.01
    acceleration: float = 0.0
    pickup: bool = False
    light: Light | None = None

    @property
    def control(self) -> Control:
        return control_at(self.address)[0]

    @property
    def shown(self) -> Shown | None:
        if self.light is None:
            return None
        values = self.values if self.mode == "trigger" else None
        return Shown(self.light, self.address, self.argument, self.scale, values)

    def __str__(self) -> str:
        how = {"absolute": "", "relative": f", relative ({self.encoding})"}.get(
            self.mode, f", {self.mode}"
        )
        return f"{self.source}{how}"


def bind(
    source: Source,
    address: str,
    argument: str | int = 0,
    mode: str = "",
    values: Sequence[Value] | None = None,
    low: Value | None = None,
    high: Value | None = None,
    step: float = 0.01,
    **more: Any,
) -> Binding:
    """Check it all against the table; without a mode it is the one that suits. Raises `BadMap`."""
    control, _ = control_at(address)
    place = argument_of(control, argument)
    mode = mode or fitting_mode(control, source, values)
    if mode not in MODES:
        raise BadMap(f"mode must be one of {', '.join(MODES)}, not {mode[:40]!r}")
    if mode == "relative" and source.kind not in ("cc", "nrpn"):
        raise BadMap(f"{source} can't be relative: only cc and nrpn can")
    if source.kind == "program" and mode not in ("trigger", "toggle"):
        raise BadMap("a program change can only trigger or toggle")
    if mode == "trigger":
        return Binding(source, address, place, mode, None, coerced(control, values or ()), **more)
    if not control.arguments:
        raise BadMap(f"{address} takes no value: only mode 'trigger' suits it")
    if control.arguments[-1].many:
        raise BadMap(f"{address} takes many numbers: bind it with mode 'trigger' and values")
    scale = Scale.of(control.arguments[place], low, high)
    if values is None and len(control.arguments) > 1 and control.read is None:
        raise BadMap(f"{address} has {len(control.arguments)} values: give the others as values")
    if values is not None:
        whole = [*values[:place], scale.value(0), *values[place:]]
        values = coerced(control, whole)
        values = (*values[:place], *values[place + 1 :])
    return Binding(source, address, place, mode, scale, values, step=scale.step(step), **more)


def fitting_mode(control: Control, source: Source, values: Sequence[Value] | None) -> str:
    """A trigger where nothing is left to set, else toggle for what is pressed, absolute for others."""
    pressed = source.kind in ("note", "program")
    if control.trigger or (values is not None and len(values) >= len(control.arguments)):
        return "trigger"
    if pressed and control.read is None and all(a.optional for a in control.arguments):
        return "trigger"
    return "toggle" if pressed else "absolute"


def argument_of(control: Control, wanted: str | int) -> int:
    """An argument's place, by name or place. Raises `BadMap`."""
    names = [argument.name for argument in control.arguments]
    if wanted in names:
        return names.index(str(wanted))
    if wanted == 0 or (isinstance(wanted, int) and 0 <= wanted < len(names)):
        return int(wanted)
    raise BadMap(f"{control.address} has {', '.join(names) or 'no values'}, not {wanted!r}")


def coerced(control: Control, values: Sequence[Value]) -> tuple[Value, ...]:
    """Raises `BadMap`."""
    try:
        return control.coerce(values)
    except BadControl as error:
        raise BadMap(f"{control.address} {error}") from None


@dataclass(frozen=True, slots=True)
class MidiMap:
    """Bindings, and values that are sent as MIDI when they change. `port` is a part of the controller's
    name, empty for any; `hello` and `goodbye` are what its output is sent first and last."""

    name: str = ""
    title: str = ""
    port: str = ""
    bindings: tuple[Binding, ...] = ()
    sends: tuple[Shown, ...] = ()
    hello: tuple[tuple[int, ...], ...] = ()
    goodbye: tuple[tuple[int, ...], ...] = ()

    @property
    def shown(self) -> tuple[Shown, ...]:
        return tuple(shown for binding in self.bindings if (shown := binding.shown))

    def without(self, address: str) -> MidiMap:
        """With nothing that moves this address."""
        kept = tuple(binding for binding in self.bindings if binding.address != address)
        return replace(self, bindings=kept)

    def learned(self, new: Binding) -> MidiMap:
        """With this binding in place of what its controller moved, and of what moved its argument."""
        kept = tuple(
            old
            for old in self.bindings
            if old.source.keys.isdisjoint(new.source.keys)
            and (old.address, old.argument, old.values) != (new.address, new.argument, new.values)
        )
        return replace(self, bindings=(*kept, new))


def merged(maps: Iterable[MidiMap]) -> MidiMap:
    """All in one; where one gesture is in several, the first map has it."""
    whole = MidiMap()
    taken: set[tuple[str, int, int]] = set()
    for one in maps:
        fresh = [binding for binding in one.bindings if taken.isdisjoint(binding.source.keys)]
        taken |= {key for binding in fresh for key in binding.source.keys}
        whole = replace(
            whole,
            bindings=(*whole.bindings, *fresh),
            sends=(*whole.sends, *one.sends),
            hello=(*whole.hello, *one.hello),
            goodbye=(*whole.goodbye, *one.goodbye),
        )
    return whole


def for_port(maps: Iterable[MidiMap], port: str, ports: Sequence[str]) -> MidiMap:
    """What a controller of this name moves, among controllers of these names: a map that names one of
    them is that one's, all others are everybody's."""

    def suits(one: MidiMap) -> bool:
        named = [name for name in ports if one.port.lower() in name.lower()]
        return not named or port in named

    return merged(one for one in maps if suits(one))


def is_from(gesture: Gesture, source: Source) -> bool:
    return (
        gesture.kind == source.kind
        and gesture.number == source.number
        and source.channel in (ANY, gesture.channel)
    )
