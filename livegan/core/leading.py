"""Who leads the time: we ourselves, or a MIDI clock, an Ableton Link session or JACK's transport.

Pure: a leader says where it is (`Lead`), and the follower makes the player go along: it starts and
stops with the leader, always at a bar line, corrects its phase, and where the leader jumped it plays on
until the leader's next bar line and goes on there.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from .messages import Halted, Joined, Report
from .music import STEPS_PER_BAR, STEPS_PER_SIXTEENTH
from .outputs import Output
from .player import Player
from .transport import TempoCurve

INTERNAL = "internal"
LEADERS = (INTERNAL, "midi", "link", "jack")
WHEN_LOST = ("keep", "stop")
"""What to do when a MIDI clock stays away: play on at its last tempo, or stop."""
NEAR = STEPS_PER_SIXTEENTH
"""Steps that the phase is corrected by at once; what is farther off has jumped."""
JUST_PASSED_SECONDS = 0.035
"""After a bar line in which it can still be started at: its tick was heard just now, or JACK's
transport was, which is asked every 10 ms and tells of its last period (21 ms at 1,024 frames)."""


Gone = tuple[Sequence[Output], Sequence[Report]]
"""MIDI that is due at once, and what the conductor has to know."""
NOTHING: Gone = ((), ())


class Lead(NamedTuple):
    """Where a leader is: `curve` in its steps since its bar 0, None while its tempo is not known.
    `rolling`: its transport runs; `placed`: the steps are those of its song, so that bar lines are
    known; `lost`: it has gone without a word."""

    curve: TempoCurve | None
    rolling: bool
    placed: bool
    lost: bool = False


class Follower:
    """Makes a player follow. `armed`: the music is to play as soon as the leader rolls."""

    def __init__(self, player: Player, lost: str = WHEN_LOST[0]) -> None:
        self.player = player
        self.lost = lost
        self.armed = player.playing
        self._rolling = False
        self._bar: int | None = None

    def follow(self, lead: Lead, now: float) -> Gone:
        """Go along."""
        rolling = lead.rolling and not (lead.lost and self.lost == "stop")
        started, stopped = rolling and not self._rolling, self._rolling and not rolling
        self._rolling = rolling
        self.armed = self.armed or started
        if stopped:
            return self._halt(now)
        if lead.curve is None or lead.lost:
            return NOTHING
        return self._go_along(lead, lead.curve, now)

    def _halt(self, now: float) -> Gone:
        self.armed = False
        self._bar = None
        if not self.player.playing:
            return NOTHING
        return self.player.stop(now), (Halted(),)

    def _go_along(self, lead: Lead, curve: TempoCurve, now: float) -> Gone:
        player = self.player
        if player.playing and not player.meeting:
            self._bar = None
            apart = player.apart(curve, now)
            if not lead.placed or not self._rolling:
                shift = round(apart)
                curve = curve.moved(-shift)
                apart -= shift
            if abs(apart) <= NEAR:
                player.follow(curve)
                return NOTHING
        elif not self.armed:
            return NOTHING
        if not (self._rolling and lead.placed):
            return NOTHING
        return self._join(curve, now)

    def _join(self, curve: TempoCurve, now: float) -> Gone:
        """At the next bar line of the leader's; said once, and kept up to date until it comes."""
        bar = max(0, ceil(curve.step_at(now - JUST_PASSED_SECONDS) / STEPS_PER_BAR))
        new, fresh = self._bar != bar, not self.player.playing
        self._bar = bar
        return self.player.meet(curve, bar, now), (Joined(bar, fresh),) if new else ()

    def play(self) -> None:
        """The performer wants music."""
        self.armed = True

    def stop(self) -> None:
        """The performer wants none, until the leader starts anew."""
        self.armed = False
        self._bar = None
