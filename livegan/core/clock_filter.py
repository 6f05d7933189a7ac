"""Tempo and phase of somebody else's MIDI clock, from the times at which its ticks arrive.

An alpha-beta filter with gears: it holds the time of the last tick and the time from tick to tick, and
corrects both by a share of each surprise. Steady, it takes a fifth, which takes the jitter out; where
the surprises lean to one side by more than their usual size says, the tempo was changed, and it shifts
down: the shares are those of a line through the few ticks since.

Chosen by measuring: even jitter of 2 ms either way, phase error at the next tick, mean and 99th
percentile in ms, and ticks after a step from 120 to 150 until it stays below 4 ms.

| filter | steady | ramp of 40 bpm in 4 bars | ticks after a step |
|---|---|---|---|
| alpha-beta, a fifth | 0.4, 1.2 | 0.8, 1.8 | 19 |
| the same with gears: this one | 0.4, 1.2 | 0.9, 2.0 | 6 |
| line through the last 24 | 0.4, 1.2 | 0.9, 1.9 | 18 |
| line through the last 48 | 0.3, 0.8 | 3.5, 5.0 | 42 |
| the same, cut short by gears | 0.3, 0.7 | 1.0, 2.6 | 9 |
| third order (with acceleration) | 0.5, 1.4 | 0.5, 1.4 | 31 |

It counts every tick once as long as jitter stays below half the time from tick to tick.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

from .music import FASTEST, seconds_per_step
from .transport import TempoCurve

GAIN = 0.2
LOW_GEAR = 4
"""As if so many ticks had been heard."""
HIGH_GEAR = 12
"""Ticks from which on surprises are jitter, and their size is learned."""
LEAN, LEAN_NOISE, LEAN_SECONDS = 0.3, 4.0, 0.0015
"""The leaning is a running mean with this weight; it is a change of tempo from so many times its usual
size on, and not below so much."""
NOISE_WEIGHT, FIRST_NOISE = 0.03, 0.001
OUTLIER, OUTLIER_SECONDS = 3.0, 0.004
"""Surprises count no further than so many times their usual size, or so much."""
SHORTEST = 0.7 * seconds_per_step(FASTEST)
ECHO_SECONDS = 0.003
EARLIEST, LATEST = 0.35, 1.65
"""Within these many steps after the last a tick is the next one."""
RECENT = 6
"""Ticks in which two odd ones make a doubt."""
LOST_STEPS, LOST_SECONDS = 6, 0.25


@dataclass(frozen=True, slots=True)
class ClockFilter:
    """`step` ticks have been counted since the first, of number 0, which is -1 before it; the last was
    due at `time`, ticks are `period` seconds apart (0: not known yet)."""

    step: int = -1
    time: float = 0.0
    period: float = 0.0
    gear: int = 0
    lean: float = 0.0
    noise: float = FIRST_NOISE
    counted: float = 0.0
    arrived: float = 0.0
    odd: int = 0
    odd_age: int = 0
    """When the last tick that counted came and the last of all; how many steps too many ticks seemed to
    lie behind of late, and how many ticks ago."""

    @property
    def curve(self) -> TempoCurve | None:
        """Where the music is when, for a transport; None until the second tick."""
        if not self.period:
            return None
        return TempoCurve.steady(self.time, self.step, seconds_per_step(1) / self.period)

    def lost(self, now: float) -> bool:
        """Whether ticks have stayed away for a quarter of a beat, and a quarter of a second."""
        return self.step >= 0 and now - self.arrived > max(LOST_STEPS * self.period, LOST_SECONDS)

    def ticked(self, now: float) -> ClockFilter:
        """With one more tick. One that was lost on the way is counted and one that came twice is not;
        but if that seems to happen again at once the tempo was halved or doubled, and every tick is
        one."""
        if self.step < 0 or self.lost(now):
            return ClockFilter(self.step + 1, now, counted=now, arrived=now, gear=1)
        gap = now - self.arrived
        heard = replace(self, arrived=now, odd_age=self.odd_age + 1)
        if not self.period:
            return heard._restarted(1, now, gap) if gap >= ECHO_SECONDS else self
        steps = self._steps(now, gap)
        if steps == 1:
            return heard._corrected(1, now)
        odd = steps - 1
        if odd * self.odd > 0 and self.odd_age <= 1 and gap >= SHORTEST:
            return heard._restarted(1 - self.odd, now, gap)
        recent = self.odd if self.odd_age <= RECENT else 0
        heard = replace(heard, odd=recent + odd, odd_age=0)
        return heard._corrected(steps, now) if steps else heard

    def _steps(self, now: float, gap: float) -> int:
        """How many steps this tick lies after the last: one, if either the last arrival or where the
        last should have been says so, or as long as the tempo is not sure; but a tick that was only
        late makes the next one seem early, and they are two together."""
        if self.gear < 2 * LOW_GEAR:
            return 1 if gap >= ECHO_SECONDS else 0
        by_time = (now - self.time) / self.period
        odd = max(0, round(by_time)) - 1
        if odd * self.odd < 0 and self.odd_age <= RECENT:
            return odd + 1
        plausible = (by_time, (now - self.counted) / self.period)
        return 1 if any(EARLIEST < steps < LATEST for steps in plausible) else odd + 1

    def _restarted(self, steps: int, now: float, period: float) -> ClockFilter:
        """The last two ticks are all that is known of the tempo."""
        noise = self.noise
        return ClockFilter(
            self.step + steps, now, period, gear=2, noise=noise, counted=now, arrived=now
        )

    def _corrected(self, steps: int, now: float) -> ClockFilter:
        expected = self.time + steps * self.period
        gear, noise, odd = self.gear + 1, self.noise, self.odd
        most = max(OUTLIER * noise, OUTLIER_SECONDS) if gear > HIGH_GEAR else abs(now - expected)
        surprise = min(most, max(-most, now - expected))
        lean = self.lean + LEAN * (surprise - self.lean)
        usual = noise * sqrt(LEAN / (2 - LEAN))
        if gear > 2 * LOW_GEAR and abs(lean) > max(LEAN_SECONDS, LEAN_NOISE * usual):
            if odd * lean > 0 and self.odd_age <= RECENT:  # it was the tempo then, too
                steps, odd = steps - odd, 0
            gear, lean = LOW_GEAR, 0.0
        elif gear > HIGH_GEAR:
            noise = sqrt(noise**2 + NOISE_WEIGHT * (surprise**2 - noise**2))
        phase = max(GAIN, 2 * (2 * gear - 1) / (gear * (gear + 1)))
        tempo = max(GAIN**2 / (2 - GAIN), 6 / (gear * (gear + 1)))
        return replace(
            self,
            step=self.step + steps,
            time=expected + phase * surprise,
            period=max(SHORTEST, self.period + tempo * surprise),
            gear=gear,
            lean=lean,
            noise=noise,
            counted=now,
            odd=odd,
        )
