"""Where the music is when: steps to seconds and back, whoever leads. Pure; seconds are those of any
monotonic clock, steps count from bar 0 and may be negative, in a count-in.

A transport is a curve of tempo seen through a warp of time. Both rise strictly and can be turned round
in closed form, so that no step comes twice and none is passed over. A leader of the tempo, ourselves or
another clock, gives a new transport; what plays only asks `time_at` and `step_at`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import expm1, log1p

from .music import STEPS_PER_BAR, STEPS_PER_BEAT, seconds_per_step


@dataclass(frozen=True, slots=True)
class TempoCurve:
    """At `time` the music is at `step`. The tempo in quarters a minute is `bpm` until then, goes to
    `end_bpm` at `end_step` along a line over the steps, and stays there."""

    time: float
    step: float
    bpm: float
    end_step: float
    end_bpm: float

    @classmethod
    def steady(cls, time: float, step: float, bpm: float) -> TempoCurve:
        return cls(time, step, bpm, step, bpm)

    def moved(self, steps: float) -> TempoCurve:
        """The same with its steps counted from elsewhere."""
        return replace(self, step=self.step + steps, end_step=self.end_step + steps)

    @property
    def end_time(self) -> float:
        return self.time + self._gliding(self.end_step - self.step)

    def _gliding(self, steps: float) -> float:
        """Seconds of so many steps of the glide: the integral of 60 / (24 (bpm + slope steps)), written
        so that it stays exact where the tempo hardly changes."""
        straight = steps * seconds_per_step(self.bpm)
        if self.end_bpm == self.bpm or steps == 0:
            return straight
        grown = (self.end_bpm / self.bpm - 1) * steps / (self.end_step - self.step)
        return straight * log1p(grown) / grown if grown else straight

    def time_at(self, step: float) -> float:
        """When a step falls due."""
        if step <= self.step:
            return self.time + (step - self.step) * seconds_per_step(self.bpm)
        if step < self.end_step:
            return self.time + self._gliding(step - self.step)
        return self.end_time + (step - self.end_step) * seconds_per_step(self.end_bpm)

    def step_at(self, time: float) -> float:
        """Where the music is; turns `time_at` round."""
        if time <= self.time:
            return self.step + (time - self.time) / seconds_per_step(self.bpm)
        if self.end_step > self.step:
            straight = (time - self.time) / seconds_per_step(self.bpm)
            rate = (self.end_bpm / self.bpm - 1) / (self.end_step - self.step)
            if time < self.end_time:
                grown = rate * straight
                return self.step + (straight * expm1(grown) / grown if grown else straight)
        return self.end_step + (time - self.end_time) / seconds_per_step(self.end_bpm)

    def bpm_at(self, step: float) -> float:
        if step <= self.step:
            return self.bpm
        if step >= self.end_step:
            return self.end_bpm
        share = (step - self.step) / (self.end_step - self.step)
        return self.bpm + share * (self.end_bpm - self.bpm)

    def mean_bpm(self, start: float, end: float) -> float:
        """The one tempo that would take as long from a step to a later one: what a MIDI file, which
        knows no glides, has to say."""
        if start >= self.end_step or end <= self.step:
            return self.bpm_at(start)
        return (end - start) * seconds_per_step(1) / (self.time_at(end) - self.time_at(start))


@dataclass(frozen=True, slots=True)
class Nudge:
    """A warp of time: everything is `done` seconds later than by the curve, and from `start` on another
    `shift` seconds, worked off evenly over `seconds`. Earlier where negative."""

    done: float = 0.0
    shift: float = 0.0
    start: float = 0.0
    seconds: float = 1.0

    def worked_off(self, now: float) -> float:
        """How much of the shift lies behind."""
        return self.shift * min(1.0, max(0.0, (now - self.start) / self.seconds))

    def straight(self, now: float) -> float:
        """The time by the curve at a time as it is."""
        return now - self.done - self.worked_off(now)

    def nudged(self, straight: float) -> float:
        """Turns `straight` round."""
        if not self.shift:
            return straight + self.done
        into = straight + self.done - self.start
        if into <= 0:
            return straight + self.done
        if into >= self.seconds - self.shift:
            return straight + self.done + self.shift
        return self.start + into / (1 - self.shift / self.seconds)


@dataclass(frozen=True, slots=True)
class Transport:
    """The curve and the warp together."""

    curve: TempoCurve
    nudge: Nudge = Nudge()

    @classmethod
    def steady(cls, time: float, step: float, bpm: float) -> Transport:
        """At a step at a time, in one tempo."""
        return cls(TempoCurve.steady(time, step, bpm))

    def time_at(self, step: float) -> float:
        """When a step falls due. A step is a tick of MIDI clock, too."""
        return self.nudge.nudged(self.curve.time_at(step))

    def step_at(self, now: float) -> float:
        return self.curve.step_at(self.nudge.straight(now))

    def with_tempo(self, bpm: float, now: float, bars: int = 0) -> Transport:
        """Another tempo from now on, or so many bars from now: it is there at the bar line that lies
        nearest to that. What was played stays where it was."""
        straight = self.nudge.straight(now)
        step = self.curve.step_at(straight)
        if bars <= 0:
            return replace(self, curve=TempoCurve.steady(straight, step, bpm))
        end = round(step / STEPS_PER_BAR + bars) * STEPS_PER_BAR
        curve = TempoCurve(straight, step, self.curve.bpm_at(step), end, bpm)
        return replace(self, curve=curve)

    def nudged(self, seconds: float, now: float) -> Transport:
        """Later by so many seconds, earlier if negative: worked off within a beat, or, where that is
        less than twice the shift, as slowly as keeps the music between half and one and a half times
        its tempo. What an earlier nudge still owes is owed on."""
        behind = self.nudge.worked_off(now)
        owed = self.nudge.shift - behind + seconds
        beat = STEPS_PER_BEAT * seconds_per_step(self.curve.bpm_at(self.step_at(now)))
        nudge = Nudge(self.nudge.done + behind, owed, now, max(beat, 2 * abs(owed)))
        return replace(self, nudge=nudge)
