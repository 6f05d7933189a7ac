"""JACK's transport (the extra `jack`): place and rolling of whoever moves it, and its tempo where a
timebase master gives one."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from livegan.core.leading import Lead
from livegan.core.music import BEATS_PER_BAR, STEPS_PER_BEAT, seconds_per_step
from livegan.core.transport import TempoCurve

from ..midi_out import NAME, quiet_stderr
from . import NoLeader

MOST_TEMPI = 1_000


class Tempo(NamedTuple):
    """Our own, from a frame of the transport on, at which the music is at this step."""

    frame: int
    step: float
    bpm: float


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
        self._tempi = [Tempo(0, 0.0, bpm)]
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
        own = self._tempo_at(told["frame"])
        bpm = told.get("beats_per_minute", own.bpm)
        step = own.step + self._steps(told["frame"] - own.frame, bpm)
        if told.get("beats_per_bar") == BEATS_PER_BAR and told.get("beat_type") == BEATS_PER_BAR:
            beat = BEATS_PER_BAR * (told["bar"] - 1) + told["beat"] - 1
            beat += told["tick"] / told["ticks_per_beat"]
            step = beat * STEPS_PER_BEAT - self._steps(told.get("bbt_offset", 0), bpm)
        if rolling:
            step += self._steps(frame - told["frame"], bpm)
        return Lead(TempoCurve.steady(read, step, bpm), rolling, rolling)

    def _steps(self, frames: float, bpm: float) -> float:
        return float(frames / self._client.samplerate / seconds_per_step(bpm))

    def _tempo_at(self, frame: int) -> Tempo:
        return next(tempo for tempo in reversed(self._tempi) if tempo.frame <= frame)

    def play(self) -> None:
        self._client.transport_start()

    def stop(self) -> None:
        self._client.transport_stop()

    def set_tempo(self, bpm: float) -> None:
        """From here on; it counts while nobody else gives one."""
        frame = self._client.transport_frame
        now = self._tempo_at(frame)
        step = now.step + self._steps(frame - now.frame, now.bpm)
        self._tempi = [tempo for tempo in self._tempi if tempo.frame < frame or not frame]
        self._tempi.append(Tempo(frame, step, bpm))
        del self._tempi[1:-MOST_TEMPI]

    def close(self) -> None:
        self._client.deactivate()
        self._client.close()
