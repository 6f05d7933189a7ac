"""What many rows have in common: knobs that are a field of the state, or of a track's settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .. import moves
from ..controls import Argument, Value
from ..state import MAX_TRACKS, SCENES, State

SCENE = Argument("scene", "int", 1, SCENES)
TRACK = Argument("track", "int", 1, MAX_TRACKS)


def field(name: str) -> dict[str, Any]:
    """For a knob that is a field of the state: set it, read it."""

    def read(state: State) -> Sequence[Value]:
        return (getattr(state, name),)

    return {"apply": lambda state, value: replace(state, **{name: value}), "read": read}


def ends(name: str) -> dict[str, Any]:
    """For a range, which is a pair in the state."""

    def read(state: State) -> Sequence[Value]:
        low, high = getattr(state, name)
        return (low, high)

    return {"apply": lambda state, low, high: moves.set_ends(state, name, low, high), "read": read}


def share(name: str = "share") -> tuple[Argument, ...]:
    return (Argument(name, "float", 0, 1),)


FREE_SHARE = (Argument("share", "float", 0, 1, optional=True),)


def set_free(name: str) -> dict[str, Any]:
    """For a knob that the model may be left to choose."""

    def read(state: State) -> Sequence[Value]:
        value = getattr(state, name)
        return () if value is None else (value,)

    return {
        "arguments": FREE_SHARE,
        "apply": lambda state, share=None: replace(state, **{name: share}),
        "read": read,
        "default": "the model's own",
    }


def track_field(name: str) -> dict[str, Any]:
    """For a knob that each track has."""

    def read(state: State, track: int) -> Sequence[Value]:
        value = getattr(state.tracks[track - 1], name)
        return () if value is None else (value,)

    def apply(state: State, track: int, value: Value | None = None) -> State:
        return moves.set_track(state, track, **{name: value})

    return {"index": TRACK, "apply": apply, "read": read}
