"""What goes from the server's thread to the web's, besides the player's own messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from livegan.core.controls import Value
from livegan.core.messages import SendBar
from livegan.core.model import ModelInfo
from livegan.core.music import Note
from livegan.core.state import State

from ..osc import Address


class Told(NamedTuple):
    """One message of the feedback's, for one of those who subscribed."""

    target: Address
    address: str
    values: Sequence[Any]


class Situation(NamedTuple):
    """How things are now; `told` are the newest announcements, by address without the prefix."""

    state: State
    info: ModelInfo
    device: str
    told: Mapping[str, Sequence[Value]]


class Plan(NamedTuple):
    """A bar on its way to the player; the track of each MIDI channel."""

    bar: SendBar
    channels: Mapping[int, int]


class Heard(NamedTuple):
    """Notes that were played."""

    notes: Sequence[Note]
    channels: Mapping[int, int]


class Silence(NamedTuple):
    """The music stopped."""


class ModelChanged(NamedTuple):
    """Another model plays."""
