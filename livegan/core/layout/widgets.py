"""Which widget a row of the table gets, by its arguments: one number is a fader, two are a pad, a
switch is a switch, a word among a few is a choice, what only acts is a button."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from ..controls import MOST_TOLD, PREFIX, Argument, Control, Value
from ..state import SCENES, State, initial
from ..table import ANNOUNCEMENTS, PARTS, Announcement

WIDEST = 512
"""An int of a wider range has no fader: a finger can't place it."""
MORPH_BARS = 8
FEW_TOLD = 4
UNFIT = frozenset({"latent"})
"""Hundreds of numbers: /z/0 and on are its faders."""
PRESETS: dict[str, tuple[tuple[str, tuple[Value, ...]], ...]] = {
    "play_from": tuple((f"from {bar}", (bar,)) for bar in (9, 17, 33, 65)),
    "ramp": tuple((f"{bpm} in 8", (float(bpm), 8)) for bpm in (90, 120, 140, 170)),
    "nudge": (("earlier", (-10.0,)), ("later", (10.0,))),
    "mutate": tuple((f"mutate {far:g}", (far,)) for far in (0.1, 0.25, 0.5, 1.0)),
    "corners": tuple(
        (f"pad {first}-{first + 3}", tuple(range(first, first + 4))) for first in (1, 5, 9, 13)
    ),
    "morph": tuple((f"morph {n}", (str(n), MORPH_BARS)) for n in range(1, SCENES + 1)),
    "again": tuple((f"again {bars}", (bars,)) for bars in (1, 2, 4, 8)),
    "like": (("like", (0,)),),
    "keep": tuple((f"keep {bars}", (bars,)) for bars in (4, 8, 16, 32)),
    "capture": tuple((f"capture {n}", (n,)) for n in range(1, SCENES + 1)),
    "learn": (("learn nothing", ()),),
}
"""Buttons for rows that act with values: captions, and what they send."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a layout has to know: the model's name, the names of its tracks and directions, how many
    numbers its latent has; and the models that there are."""

    model: str
    tracks: tuple[str, ...]
    directions: tuple[str, ...] = ()
    latent: int = 160
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Widget:
    """`kind` is press, switch, fader, pad, choice, text (that can be typed) or label (that is only
    shown: the value at `position`). `constants` is what a press sends; `told` what the daemon tells at
    first under this address, None if it tells nothing; `shows` an address whose text stands on the
    widget."""

    kind: str
    address: str
    caption: str
    part: str
    name: str
    arguments: tuple[Argument, ...] = ()
    constants: tuple[Value, ...] = ()
    told: tuple[Value, ...] | None = None
    position: int = 0
    shows: str = ""


Group = tuple[Widget, ...]


def groups(instrument: Instrument, answer_port: int | None) -> list[Group]:
    """All widgets, those that belong together in one group. `answer_port` is where the daemon's
    answers go, None for the port that is sent from."""
    state = initial(1, instrument.latent, len(instrument.tracks))
    made: list[Group] = []
    for part, controls in PARTS.items():
        if part == "tracks":
            for place in range(1, len(instrument.tracks) + 1):
                row = [w for c in controls for w in widgets_at(c, part, place, state, instrument)]
                made.append(tuple(row))
            continue
        for control in controls:
            made += control_groups(control, part, state, instrument, answer_port)
    made += [tuple(labels_of(told)) for told in ANNOUNCEMENTS]
    return [group for group in made if group]


def control_groups(
    control: Control, part: str, state: State, instrument: Instrument, answer_port: int | None
) -> Iterator[Group]:
    if control.name in UNFIT:
        return
    if control.name in ("subscribe", "unsubscribe"):
        caption = "connect" if control.name == "subscribe" else "disconnect"
        values: tuple[Value, ...] = () if answer_port is None else (answer_port,)
        yield (Widget("press", PREFIX + control.address, caption, part, control.name, (), values),)
        return
    places: Sequence[int | None] = [None]
    if control.index is not None:
        places = control.places(state)[:MOST_TOLD]
    group = [w for place in places for w in widgets_at(control, part, place, state, instrument)]
    yield tuple(group)


def widgets_at(
    control: Control, part: str, place: int | None, state: State, instrument: Instrument
) -> Iterator[Widget]:
    """Of one address."""
    address = PREFIX + (control.address if place is None else control.at(place))
    told = None
    if control.read is not None:
        read = control.read(state, *(() if place is None else (place,)))
        told = None if read is None else tuple(read)
    caption = caption_of(control, place, instrument)
    arguments, name = control.arguments, control.name

    def widget(kind: str, caption: str = caption, **fields: object) -> Widget:
        base = {"arguments": arguments, "told": told, **fields}
        return Widget(kind, address, caption, part, name, **base)  # type: ignore[arg-type]

    if name == "model":
        named = (Argument("model", "text", choices=instrument.models),)
        kind = "choice" if instrument.models else "text"
        yield widget(kind, arguments=named, told=(instrument.model,))
        return
    for text, values in PRESETS.get(name, ()):
        yield widget("press", text, arguments=(), constants=values, told=None)
    kind = kind_of(control)
    if kind == "press":
        shows = f"{PREFIX}/scene/{place}/name" if name == "recall" else ""
        yield widget("press", arguments=(), shows=shows)
    elif kind and (told is not None or name not in PRESETS):
        yield widget(kind)
        if arguments[0].optional and kind == "fader":
            words = control.name.removeprefix("track_")
            yield widget("press", f"{words} free", arguments=(), constants=(), told=None)


def kind_of(control: Control) -> str:
    """By its arguments; '' where no widget fits."""
    arguments = control.arguments
    if control.trigger:
        return "press"
    if any(a.kind == "text" and not a.choices for a in arguments) or len(arguments) > 2:
        return "text"
    if len(arguments) == 1:
        [one] = arguments
        if one.kind == "text":
            return "choice"
        if one.kind == "bool":
            return "switch"
        return "fader" if reachable(one) else "text"
    return "pad" if arguments and all(map(reachable, arguments)) else ""


def reachable(argument: Argument) -> bool:
    """Can a finger place it?"""
    if argument.kind not in ("int", "float") or not isfinite(argument.high - argument.low):
        return False
    return argument.kind == "float" or argument.high - argument.low <= WIDEST


def caption_of(control: Control, place: int | None, instrument: Instrument) -> str:
    """A few words, with the name of what the number in the address stands for."""
    words = control.name.replace("_", " ")
    if place is None:
        return words
    if control.index is not None and control.index.name == "track":
        return f"{instrument.tracks[place - 1]} {words.removeprefix('track ')}"
    if control.name == "direction" and place <= len(instrument.directions):
        return instrument.directions[place - 1]
    if control.name == "coordinate":
        return f"z {place}"
    return f"{words.removesuffix(' place')} {place}"


def labels_of(told: Announcement) -> Iterator[Widget]:
    """What is only told: a label for each value; of any number of them the first few."""
    name = told.address.removeprefix("/")
    count = FEW_TOLD if told.arguments.endswith("...") else len(told.arguments)
    for position in range(count):
        caption = name.replace("/", " ") + (f" {position + 1}" if count > 1 else "")
        yield Widget("label", PREFIX + told.address, caption, "told", name, told=(), position=position)
