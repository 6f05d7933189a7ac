"""What panel and daemon say to each other: JSON objects, one a WebSocket frame."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from livegan.core.addressing import full_address, move_for
from livegan.core.controls import PREFIX, BadControl
from livegan.core.messages import Grid, SendBar
from livegan.core.model import ModelInfo
from livegan.core.music import Note
from livegan.core.rendering import channel_of
from livegan.core.state import State

MOST_VALUES = 5_000
"""More than the largest latent has."""
LONGEST_TEXT = 1_000
LARGEST = 2**53
"""What a page's numbers can hold, and OSC's 64 bits."""
ALONE = ("/subscribe", "/unsubscribe")
"""Only for oneself, here: no port can be given."""


class BadFrame(ValueError):
    """A frame that says nothing we know; one line says why."""


class Ping(NamedTuple):
    """A page asks for the time, with its own."""

    time: float


class Moved(NamedTuple):
    """A page moves a control: full address and values."""

    address: str
    values: tuple[Any, ...]


def frame(**content: Any) -> str:
    """One object, compact."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def model_of(info: ModelInfo, device: str) -> dict[str, Any]:
    """What a page is told of the model."""
    tracks = [
        {"name": t.name, "drums": t.drums, "program": t.program, "channel": channel_of(n, info.tracks)}
        for n, t in enumerate(info.tracks)
    ]
    directions = [direction.name for direction in info.directions]
    model = {"name": info.name, "device": device, "latent": info.latent}
    return {**model, "tracks": tracks, "directions": directions}


def channels_of(state: State, info: ModelInfo) -> dict[int, int]:
    """The track of each MIDI channel, as the performer has set them."""
    own = {channel_of(track, info.tracks): track for track in range(len(info.tracks))}
    chosen = enumerate(state.tracks[: len(info.tracks)])
    return {**own, **{s.channel - 1: track for track, s in chosen if s.channel}}


def notes_of(notes: Iterable[Note], channels: Mapping[int, int]) -> list[list[float]]:
    """Each as start, length, pitch, velocity, channel, offset and track; -1 where no track has its
    channel."""
    return [[*note[:5], round(note.offset, 4) + 0.0, channels.get(note.channel, -1)] for note in notes]


def plan_frame(bar: SendBar, channels: Mapping[int, int]) -> str:
    about = {"bar": bar.bar, "revision": bar.revision, "quantum": bar.quantum}
    return frame(plan={**about, "notes": notes_of(bar.notes, channels)})


def played_frame(notes: Iterable[Note], channels: Mapping[int, int]) -> str:
    return frame(played={"notes": notes_of(notes, channels)})


def grid_frame(grid: Grid) -> str:
    places = grid._asdict()
    places["ms"] = places.pop("time") * 1e3
    return frame(grid={n: place if math.isfinite(place) else None for n, place in places.items()})


def values_frame(values: Iterable[tuple[str, Sequence[Any]]]) -> str:
    """Addresses without the prefix."""
    return frame(values=[[address, list(given)] for address, given in values])


def error_frame(what: str, why: str) -> str:
    return values_frame([("/error", (what, why))])


def read_frame(text: str | None) -> Moved | Ping:
    """What a page says. Raises `BadFrame`."""
    try:
        content = json.loads(text or "")
    except (ValueError, RecursionError):
        raise BadFrame("not a JSON object in a text frame") from None
    match content:
        case {"ping": int() | float() as time} if abs(time) < LARGEST:
            return Ping(time)
        case {"move": [str() as address, list() as values]}:
            return moved(address, values)
    raise BadFrame('neither {"move": [address, [values]]} nor {"ping": time}')


def moved(address: str, values: Sequence[Any]) -> Moved:
    """Checks what the table does not: that these are values at all. Raises `BadFrame`."""
    if not address.startswith("/") or not plain(address):
        raise BadFrame("an address begins with / and has no more than 1000 characters")
    if len(values) > MOST_VALUES or not all(map(is_value, values)):
        raise BadFrame(f"values are up to {MOST_VALUES} numbers, texts of 1000 characters, or switches")
    address = full_address(address)
    return Moved(address, without_port(address, values))


def without_port(address: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """What is only for oneself is without one. What is no port stays, and is refused as anywhere."""
    if address.removeprefix(PREFIX) in ALONE:
        with suppress(BadControl):
            move_for(address, values)
            return ()
    return tuple(values)


def is_value(value: Any) -> bool:
    if isinstance(value, str):
        return plain(value)
    return isinstance(value, int | float) and abs(value) < LARGEST  # no NaN


def plain(text: str) -> bool:
    """Can it be sent on, as UTF-8 that ends with a zero byte?"""
    whole = not any("\ud800" <= letter <= "\udfff" for letter in text)
    return whole and "\0" not in text and len(text) <= LONGEST_TEXT
