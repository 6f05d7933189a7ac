"""JACK's transport (the extra `jack`): place and rolling of whoever moves it, and its tempo where a
timebase master gives one."""

from __future__ import annotations

import time
from typing import Any

from livegan.core.leading import Lead
from livegan.core.music import BEATS_PER_BAR, STEPS_PER_BEAT, seconds_per_step
from livegan.core.transport import TempoCurve

from ..midi_out import NAME, quiet_stderr
from . import NoLeader


class JackLeader:
    """Without a timebase master the song goes at our own tempo from its frame 0 on."""

    wakes: int | None = None

    def __init__(self, bpm: float) -> None:
        try:
            import jack
        except ImportError:
            raise NoLeader("JACK's client is not installed: pip install 'livegan[jack]'") from None
        except OSError as error:
            raise NoLeader(f"JACK's library is not there ({error})") from None
        try:
            with quiet_stderr():
                self._client: Any = jack.Client(f"{NAME}-transport", no_start_server=True)
        except jack.JackError:
            raise NoLeader("no JACK server runs here") from None
        self._jack = jack
        self._bpm = bpm
        self._gone = False
        self._client.set_shutdown_callback(self._lose)
        self._client.activate()
        self.name = "JACK transport"

    def _lose(self, status: Any, reason: str) -> None:
        self._gone = True

    def lead(self, now: float) -> Lead:
        """Raises `NoLeader` once the server is gone."""
        if self._gone:
            raise NoLeader("the JACK server is gone")
        state, told = self._client.transport_query()
        frame = self._client.transport_frame
        read = time.monotonic()
        rolling = state == self._jack.ROLLING
        bpm = told.get("beats_per_minute", self._bpm)
        since = (frame - told["frame"]) / self._client.samplerate if rolling else 0.0
        step = self._step(told, bpm) + since / seconds_per_step(bpm)
        return Lead(TempoCurve.steady(read, step, bpm), rolling, rolling)

    def _step(self, told: dict[str, Any], bpm: float) -> float:
        """Of a position: by bar, beat and tick where they are of our metre, else by its frame."""
        if told.get("beats_per_bar") != BEATS_PER_BAR or told.get("beat_type") != BEATS_PER_BAR:
            return float(told["frame"] / self._client.samplerate / seconds_per_step(bpm))
        beat = BEATS_PER_BAR * (told["bar"] - 1) + told["beat"] - 1
        beat += told["tick"] / told["ticks_per_beat"]
        offset = told.get("bbt_offset", 0) / self._client.samplerate
        return float(beat * STEPS_PER_BEAT - offset / seconds_per_step(bpm))

    def play(self) -> None:
        self._client.transport_start()

    def stop(self) -> None:
        self._client.transport_stop()

    def set_tempo(self, bpm: float) -> None:
        """What counts while nobody else gives one."""
        self._bpm = bpm

    def close(self) -> None:
        self._client.deactivate()
        self._client.close()
