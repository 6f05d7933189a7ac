"""Tells subscribers where the music is, as seen from the pad, whatever moved it."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING

from livegan.core.state import State
from livegan.core.whereabouts import whereabouts

from .part import Part

if TYPE_CHECKING:
    from .server import Server


INTERVAL = 0.1
"""Seconds between two looks: each takes some milliseconds."""


class Whereabouts(Part):
    """Looks where something moved."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._seen: State | None = None
        self._looked = -inf
        self._waits = False

    @property
    def patience(self) -> float:
        return max(0.0, self._looked + INTERVAL - time.monotonic()) if self._waits else inf

    def tick(self) -> None:
        state, seen = self._server.conductor.state, self._seen
        self._waits = state is not seen and time.monotonic() < self._looked + INTERVAL
        if state is seen or self._waits:
            return
        self._seen, self._looked = state, time.monotonic()
        if seen is None or pad_of(state) != pad_of(seen) or state.heard is not seen.heard:
            self._server.feedback.tell("/xy/now", *whereabouts(state))


def pad_of(state: State) -> tuple[object, ...]:
    """What the pad's surface is made of; scenes by identity, since they never change."""
    scenes = tuple(id(state.scenes[number - 1]) for number in (*state.corners, state.above))
    return (*scenes, state.depth, state.xy)
