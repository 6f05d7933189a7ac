"""What a hand did, from the MIDI messages of a controller (MIDI 1.0 Detailed Specification 4.2).

One message may be read in several ways: control change 48 is a control of its own, or the fine half of
16. All readings come out; a map takes those that it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .outputs import CONTROL, NOTE_OFF, NOTE_ON

PROGRAM, PRESSURE, BEND = 0xC0, 0xD0, 0xE0
KINDS = ("cc", "cc14", "nrpn", "note", "program", "bend", "pressure")
WIDE = ("cc14", "nrpn", "bend")
"""Those with 14 bits; the others have 7."""
FULL, WIDE_FULL = 127, 16_383
FINE = 32
"""The fine half of control change n is n + 32, for n below 32."""
DATA, INCREMENT, DECREMENT = 6, 96, 97
NRPN_FINE, NRPN_COARSE, RPN_FINE, RPN_COARSE = 98, 99, 100, 101
NONE = WIDE_FULL
"""The parameter number that means none."""
TOGETHER_SECONDS = 0.05
"""A fine half and the coarse half after it that come within this are one value."""
MOST_PAIRS = 4_096
"""Of a sender that goes through all parameters, no more are remembered."""
LENGTHS = {NOTE_OFF: 3, NOTE_ON: 3, CONTROL: 3, PROGRAM: 2, PRESSURE: 2, BEND: 3}


def full_of(kind: str) -> int:
    """The greatest value of a kind."""
    return WIDE_FULL if kind in WIDE else FULL


class Gesture(NamedTuple):
    """`kind` is one of `KINDS`; channel 1 to 16; `number` of the control, note, program or parameter, 0
    where there is only one; `value` 0 to `full_of(kind)`, 0 for a note that ends; of an NRPN increment
    only `step` is known, 1 or -1."""

    kind: str
    channel: int
    number: int
    value: int
    step: int = 0

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.value / full_of(self.kind)

    @property
    def centred_share(self) -> float:
        """From 0 to 1, where MIDI's middle (64, or 8192) is exactly half, as MIDI 2.0 scales."""
        full = full_of(self.kind)
        middle = (full + 1) // 2
        over = self.value - middle
        return 0.5 + 0.5 * over / (full - middle if over > 0 else middle)


class Pair:
    """A value of 14 bits whose halves come one after the other, in either order. Of a sender that knows
    no fine half the coarse one goes all the way."""

    def __init__(self) -> None:
        self._coarse: int | None = None
        self._fine: int | None = None
        self._alone: float | None = None
        """When a fine half came that no coarse one has claimed."""
        self._waits = False
        """Whether the coarse half has had no fine one yet."""

    def coarse(self, value: int, now: float) -> int | None:
        """The specification's rule: a coarse half sets the fine one to 0, but for one just come."""
        claimed = self._alone is not None and now - self._alone <= TOGETHER_SECONDS
        if not claimed and self._fine is not None:
            self._fine = 0
        self._coarse, self._alone, self._waits = value, None, not claimed
        return self.value

    def fine(self, value: int, now: float) -> int | None:
        self._fine, self._alone = value, None if self._waits else now
        self._waits = False
        return self.value

    @property
    def value(self) -> int | None:
        """None while only a fine half is known."""
        if self._coarse is None:
            return None
        return self._coarse << 7 | (self._coarse if self._fine is None else self._fine)


class Decoder:
    """The messages of one input, in the order in which they came."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, int, int], Pair] = {}
        self._parameter: dict[int, list[int | None]] = {}
        """By channel: coarse and fine half of the parameter number that data entry is for."""

    def take(self, message: Sequence[int], now: float) -> list[Gesture]:
        """All readings of a message that came at `now` seconds; none of what is no channel message."""
        if not message or len(message) != LENGTHS.get(message[0] & 0xF0) or max(message[1:]) > FULL:
            return []
        status, channel = message[0] & 0xF0, (message[0] & 0x0F) + 1
        first, last = message[1], message[-1]
        if status == CONTROL:
            return self._control(channel, first, last, now)
        kind, number, value = {
            NOTE_ON: ("note", first, last),
            NOTE_OFF: ("note", first, 0),
            PROGRAM: ("program", first, FULL),
            PRESSURE: ("pressure", 0, first),
            BEND: ("bend", 0, last << 7 | first),
        }[status]
        return [Gesture(kind, channel, number, value)]

    def _control(self, channel: int, number: int, value: int, now: float) -> list[Gesture]:
        readings = [*self._data(channel, number, value, now), Gesture("cc", channel, number, value)]
        if number < 2 * FINE:
            whole = self._half(("cc14", channel, number % FINE), number < FINE, value, now)
            readings += [Gesture("cc14", channel, number % FINE, whole)] if whole is not None else []
        return readings

    def _half(self, key: tuple[str, int, int], coarse: bool, value: int, now: float) -> int | None:
        if len(self._pairs) >= MOST_PAIRS:
            self._pairs.clear()
        pair = self._pairs.setdefault(key, Pair())
        return pair.coarse(value, now) if coarse else pair.fine(value, now)

    def _data(self, channel: int, number: int, value: int, now: float) -> list[Gesture]:
        """Non-registered parameters: their number first, then data entry."""
        if number in (RPN_COARSE, RPN_FINE):
            self._parameter.pop(channel, None)
        if number in (NRPN_COARSE, NRPN_FINE):
            self._parameter.setdefault(channel, [None, None])[number == NRPN_FINE] = value
        coarse, fine = self._parameter.get(channel, (None, None))
        if coarse is None or fine is None or (parameter := coarse << 7 | fine) == NONE:
            return []
        if number in (INCREMENT, DECREMENT):
            return [Gesture("nrpn", channel, parameter, 0, 1 if number == INCREMENT else -1)]
        if number not in (DATA, DATA + FINE):
            return []
        whole = self._half(("nrpn", channel, parameter), number == DATA, value, now)
        return [] if whole is None else [Gesture("nrpn", channel, parameter, whole)]


def encoded(kind: str, channel: int, number: int, value: int) -> list[tuple[int, ...]]:
    """The messages that say so: the way back. A note with value 0 ends."""
    low, control = channel - 1, CONTROL | channel - 1
    coarse, fine = value >> 7, value & 0x7F
    match kind:
        case "cc":
            return [(control, number, value)]
        case "cc14":
            return [(control, number, coarse), (control, number + FINE, fine)]
        case "nrpn":
            parameter = [(control, NRPN_COARSE, number >> 7), (control, NRPN_FINE, number & 0x7F)]
            return [*parameter, (control, DATA, coarse), (control, DATA + FINE, fine)]
        case "note":
            return [(NOTE_ON | low, number, value)]
        case "program":
            return [(PROGRAM | low, number)]
        case "bend":
            return [(BEND | low, fine, coarse)]
        case _:
            return [(PRESSURE | low, value)]
