"""The table of every control. OSC dispatch, feedback, MIDI maps, the panel, layouts, OSCQuery,
`livegan send --help` and docs/osc.md are made from it; a new knob is a row in one of its parts."""

from __future__ import annotations

from ..controls import Control
from .announcements import ANNOUNCEMENTS, Announcement
from .converse import CONVERSE
from .latent import LATENT
from .memory import MEMORY
from .shape import SHAPE
from .surfaces import SURFACES
from .tracks import TRACKS
from .transport import TRANSPORT

PARTS: dict[str, tuple[Control, ...]] = {
    "transport": TRANSPORT,
    "latent": LATENT,
    "memory": MEMORY,
    "shape": SHAPE,
    "tracks": TRACKS,
    "converse": CONVERSE,
    "surfaces": SURFACES,
}
CONTROLS: tuple[Control, ...] = tuple(control for part in PARTS.values() for control in part)

__all__ = ["ANNOUNCEMENTS", "CONTROLS", "PARTS", "Announcement"]
