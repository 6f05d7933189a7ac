"""An Ableton Link session (the extra `link`): tempo both ways, start and stop with the others, bar
lines where Link has them at a quantum of four beats."""

from __future__ import annotations

import time
from math import ceil
from typing import Any

from livegan.core.leading import Lead
from livegan.core.music import BEATS_PER_BAR, STEPS_PER_BEAT
from livegan.core.transport import TempoCurve

from . import NoLeader

QUANTUM = float(BEATS_PER_BAR)
ROUNDING = 1e-3
"""Beats; Link counts time in whole microseconds."""


class LinkLeader:
    """A peer among peers: joining never changes the session's tempo. Bars count from the first bar line
    after the session started to play."""

    wakes: int | None = None

    def __init__(self, bpm: float) -> None:
        try:
            import link
        except ImportError:
            raise NoLeader("Ableton Link is not installed: pip install 'livegan[link]'") from None
        self._link: Any = link.Link(bpm)
        self._link.startStopSyncEnabled = True
        self._link.enabled = True
        self._clock: Any = self._link.clock()
        self._bar_0: float | None = None
        """The beat at which the music began."""
        self.name = "Ableton Link"

    def lead(self, now: float) -> Lead:
        state = self._link.captureSessionState()
        here = self._micros(now)
        bpm, beat = state.tempo(), state.beatAtTime(here, QUANTUM)
        rolling = state.isPlaying()
        if not rolling:
            self._bar_0 = None
        elif self._bar_0 is None:  # later on, after changes of tempo, nobody could tell
            began = state.beatAtTime(state.timeForIsPlaying(), QUANTUM)
            self._bar_0 = ceil(began / QUANTUM - ROUNDING) * QUANTUM
        beat -= self._bar_0 or 0.0
        return Lead(TempoCurve.steady(now, beat * STEPS_PER_BEAT, bpm), rolling, rolling)

    def _micros(self, now: float) -> int:
        """Link's clock at a time of ours: they are read together, for they may run apart."""
        ours = time.monotonic()
        return int(self._clock.micros() + (now - ours) * 1e6)

    def play(self) -> None:
        """The session, too, unless it plays; its beat 0 comes at the next bar line."""
        state = self._link.captureSessionState()
        if not state.isPlaying():
            state.setIsPlayingAndRequestBeatAtTime(True, self._clock.micros(), 0.0, QUANTUM)
            self._link.commitSessionState(state)

    def stop(self) -> None:
        state = self._link.captureSessionState()
        if state.isPlaying():
            state.setIsPlaying(False, self._clock.micros())
            self._link.commitSessionState(state)

    def set_tempo(self, bpm: float) -> None:
        """Everybody's."""
        state = self._link.captureSessionState()
        state.setTempo(bpm, self._clock.micros())
        self._link.commitSessionState(state)

    def close(self) -> None:
        self._link.enabled = False
