"""A MIDI controller as real as it gets without hardware: a JACK client that sends and one that listens,
under one name; and, over it, a desk for every row of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, cycle
from math import isfinite
from pathlib import Path
from typing import Any

from livegan.core.controls import PREFIX, Argument, Control
from livegan.core.gestures import FULL, WIDE_FULL, Decoder, encoded
from livegan.core.map_writing import shown as toml
from livegan.core.midi_scale import BadMap, Scale, control_at

from .conftest import Daemon, wait_for
from .midi_client import MidiIn, MidiOut
from .surfaces import OscSurface, Values
from .table_rows import ACTS, POINT, SET, sample, steps

NAME = "Knobs"


class Hardware:
    """Port `out` sends, port `in` keeps what the lights are told."""

    def __init__(self, name: str = NAME) -> None:
        self.heard: list[tuple[int, ...]] = []
        self._out = MidiOut(name)
        self._in = MidiIn(name, lambda _, message: self.heard.append(tuple(message)))

    def send(self, *messages: Sequence[int]) -> None:
        for message in messages:
            self._out.send(message)

    def connect(self, part: str) -> None:
        """From now on to the input of somebody with this in its name, as a DAW would."""
        self._out.close()
        self._out = MidiOut("DAW", f"*{part}*")

    def unplug(self) -> None:
        self._out.close()
        self._in.close()


Fader = tuple[str, int]
"""An address and the place of the argument that it moves."""
Pad = tuple[str, Values]
"""An address and what it sends there."""
MOST_PLACES = 16
MAP = "table"
TRIED = "tried"


def scale_of(argument: Argument) -> Scale | None:
    """None for what no fader can set."""
    try:
        return None if argument.many else Scale.of(argument)
    except BadMap:
        return None


def has_faders(control: Control) -> bool:
    return control in SET and None not in map(scale_of, control.arguments)


def half_a_step(argument: Argument) -> float:
    """Of 14 bits; 0 where every value has a step of its own."""
    size = argument.high - argument.low
    exact = not isfinite(size) or (argument.kind == "int" and size < WIDE_FULL)
    return 0.0 if exact else size / WIDE_FULL / 2


def addresses(control: Control) -> list[str]:
    if control.index is None:
        return [control.address]
    first = int(control.index.low)
    last = min(int(control.index.high), first + MOST_PLACES - 1)
    return [control.at(place) for place in range(first, last + 1)]


def pads_of(control: Control) -> list[Values]:
    """What is pressed and not set by a fader: what acts, texts, and a value that is left out."""
    if control in ACTS:
        return [sample(control)]
    if control.arguments[0].many:
        return [POINT]
    texts = [] if has_faders(control) else [sent for sent, _ in steps(control)]
    return [*dict.fromkeys(texts), *([()] if control.arguments[0].optional else [])]


class Table:
    """A fader with 14 bits for every argument of every row, lit after its value, and pads for the rest:
    as many as sixteen channels have."""

    def __init__(self) -> None:
        rows = [(control, address) for control in (*SET, *ACTS) for address in addresses(control)]
        faders = [(a, n) for c, a in rows if has_faders(c) for n, _ in enumerate(c.arguments)]
        pads = [(a, values) for c, a in rows for values in pads_of(c)]
        self.faders: dict[Fader, int] = dict(zip(faders, count(), strict=False))
        """By their parameter's number."""
        self.pads: dict[Pad, tuple[int, int]] = {
            pad: (number // 128 + 1, number % 128) for number, pad in enumerate(pads)
        }
        """By their channel and note."""

    def rows(self) -> Iterator[dict[str, Any]]:
        for (address, place), number in self.faders.items():
            name = control_at(address)[0].arguments[place].name
            yield {"nrpn": number, "channel": 1, "to": address, "argument": name, "light": True}
        for (address, values), (channel, note) in self.pads.items():
            pad = {"note": note, "channel": channel, "to": address, "mode": "trigger"}
            yield pad | {"values": list(values), "light": True}


def write_map(folder: Path, name: str, rows: Iterator[dict[str, Any]]) -> None:
    path = folder / "maps" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("bindings = [\n" + "".join(f"  {toml(row)},\n" for row in rows) + "]\n")


class MidiSurface:
    """The table's faders and pads. The hardware is there and the map written before the daemon starts,
    with the options of `prepare`."""

    def __init__(self, daemon: Daemon, hardware: Hardware, folder: Path) -> None:
        self._hardware, self._folder = hardware, folder
        self._table = Table()
        self._client = OscSurface(daemon)
        self._decoder = Decoder()
        self._decoded = 0
        self._lit: dict[tuple[str, int, int], int] = {}
        self._ends = cycle([0.0, 1.0])
        lights = len(self._table.faders) + len(self._table.pads)
        wait_for(lambda: len(self._light()) == lights, 10, "lights")

    @staticmethod
    def prepare(folder: Path) -> tuple[str, ...]:
        write_map(folder, MAP, Table().rows())
        return ("--midi-in", NAME, "--map", MAP, "--folder", str(folder))

    def can_send(self, address: str, values: Sequence[Any]) -> bool:
        control, _ = control_at(address)
        if (address, tuple(values)) in self._table.pads:
            return True
        return (
            has_faders(control)
            and len(values) == len(control.arguments)
            and all(a.coerce(v) == v for a, v in zip(control.arguments, values, strict=True))
        )

    def shows(self, address: str, values: Sequence[Any]) -> bool:
        """No light for what has no value; and all are off when the lights are switched off."""
        control, _ = control_at(address)
        if address == "/midi/feedback" or not values or control.arguments[0].many:
            return False
        return has_faders(control) or (address, tuple(values)) in self._table.pads

    def near(self, control: Control) -> tuple[float, ...]:
        """A fader is half a step off; a pad is exact."""
        return tuple(map(half_a_step, control.arguments))

    def move(self, address: str, *values: Any) -> None:
        if pad := self._table.pads.get((address, values)):
            channel, note = pad
            for velocity in (FULL, 0):
                self._hardware.send(*encoded("note", channel, note, velocity))
            return
        self._light()
        for place in self._order(address, values):
            number = self._table.faders[address, place]
            scale = scale_of(control_at(address)[0].arguments[place])
            assert scale is not None
            level = round(scale.share(values[place]) * WIDE_FULL)
            self._lit["nrpn", 1, number] = level
            self._hardware.send(*encoded("nrpn", 1, number, level))

    def _order(self, address: str, values: Values) -> list[int]:
        """As one moves the two ends of a range: up, the upper end goes first."""
        places = list(range(len(values)))
        up = len(values) > 1 and values > (self.shown(address) or values)
        return places[::-1] if up else places

    def _light(self) -> dict[tuple[str, int, int], int]:
        """What each light shows by now: by kind, channel and number."""
        heard = self._hardware.heard
        while self._decoded < len(heard):
            for gesture in self._decoder.take(heard[self._decoded], 0.0):
                if gesture.kind in ("nrpn", "note"):
                    self._lit[gesture.kind, gesture.channel, gesture.number] = gesture.value
            self._decoded += 1
        return self._lit

    def shown(self, address: str) -> Values | None:
        lit, arguments = self._light(), control_at(address)[0].arguments
        if (address, 0) not in self._table.faders:
            pads = [(values, at) for (a, values), at in self._table.pads.items() if a == address]
            return next((values for values, at in pads if lit["note", *at]), None)
        levels = [lit["nrpn", 1, self._table.faders[address, n]] for n, _ in enumerate(arguments)]
        scales = [scale for argument in arguments if (scale := scale_of(argument))]
        return tuple(s.value(level / WIDE_FULL) for s, level in zip(scales, levels, strict=True))

    def refusal(self, address: str, *values: Any) -> str:
        """What a controller can't send, its map can't say either."""
        pad = {"note": 1, "to": PREFIX + address, "mode": "trigger", "values": list(values)}
        write_map(self._folder, TRIED, iter([pad]))
        return self._client.refusal("/midi/map", TRIED)

    def said(self, address: str, *values: Any) -> list[str]:
        """Controllers are told no errors. It is done when what was moved after it is."""
        self.move(address, *values)
        end = next(self._ends)
        self.move("/drift", end)
        wait_for(lambda: self._client.shown("/drift") == (end,), 5, "/drift")
        return []

    def close(self) -> None:
        self._client.close()
        self._hardware.unplug()
