"""Keys of a MIDI keyboard, as whoever has the port puts them into the inbox."""

from __future__ import annotations

from typing import NamedTuple


class KeyPlayed(NamedTuple):
    """A key was pressed or let go: when it arrived, in seconds of `time.monotonic()`; the MIDI status
    with its channel, 0x90 or 0x80; pitch and velocity. A controller that concerns keys comes the same
    way: 0xB0, its number and its value."""

    time: float
    status: int
    pitch: int
    velocity: int
