"""The last bars as they were sent: what can be written down while the music goes on.

Pure: it takes the player's reports in their order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from .memory import too_far
from .messages import BarStarted, Played, Report, Sent, Stopped, TempoSet, place_of
from .music import STEPS_PER_BAR
from .outputs import NOTE_OFF, NOTE_ON
from .state import BadValue

LONGEST = 256
"""Bars that can be kept."""
SHORTEST = 0.05
"""Steps between a note's beginning and its end."""
Marks = Sequence[tuple[float, str]]
"""(step, text) of what happened, ordered."""


@dataclass(slots=True)
class TapedBar:
    """A bar as it was played. Steps are counted from its beginning, `origin`; each strike is a note_on
    and its note_off. `bpm` is the tempo at its beginning."""

    number: int = 0
    origin: int = 0
    bpm: float = 120.0
    strikes: list[tuple[Sent, Sent]] = field(default_factory=list)
    tempi: list[tuple[int, float]] = field(default_factory=list)
    marks: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Bars one after the other, from step 0 to `end_step`: events in order of time, tempi, marks."""

    events: tuple[Sent, ...]
    tempi: tuple[tuple[int, float], ...]
    marks: tuple[tuple[float, str], ...]
    end_step: int


class Tape:
    """The bar that plays and those that have ended, the last ones last."""

    def __init__(self, bpm: float) -> None:
        self._ended: deque[TapedBar] = deque(maxlen=LONGEST)
        self._bar: TapedBar | None = None
        self._next = TapedBar()
        self._bpm = bpm
        self._sounding: dict[tuple[int, int], tuple[TapedBar, Sent]] = {}

    def take(self, report: Report) -> None:
        match report:
            case BarStarted(bar):
                self._end_bar()
                self._bar = self._next
                self._bar.number, self._bar.origin = bar, bar * STEPS_PER_BAR
                self._bar.bpm = self._bpm
                self._next = TapedBar(origin=self._bar.origin + STEPS_PER_BAR)
            case TempoSet(step, bpm):
                self._bpm = bpm
                if self._bar:
                    place = min(STEPS_PER_BAR - 1, max(0, step - self._bar.origin))
                    self._bar.tempi.append((place, bpm))
            case Played(events):
                for event in events:
                    self._play(event)
            case Stopped():
                self._end_bar()
                self._next = TapedBar()

    def _end_bar(self) -> None:
        if self._bar:
            self._ended.append(self._bar)
        self._bar = None

    def _play(self, event: Sent) -> None:
        kind, key = event[1] & 0xF0, (event[1] & 0x0F, event[2])
        if kind == NOTE_ON and self._bar:
            early = event[0] >= self._next.origin  # struck before its bar line
            bar = self._next if early else self._bar
            self._sounding[key] = (bar, moved(event, -bar.origin))
        elif kind == NOTE_OFF and key in self._sounding:
            bar, strike = self._sounding.pop(key)
            bar.strikes.append((strike, moved(event, -bar.origin)))

    def end_notes(self) -> None:
        """The player is gone, and will not tell when they ended: with their bars, then."""
        for (channel, pitch), (bar, strike) in self._sounding.items():
            bar.strikes.append((strike, (STEPS_PER_BAR, NOTE_OFF | channel, pitch, 0)))
        self._sounding.clear()

    # what was played

    def mark(self, place: float, text: str) -> None:
        """In the bar that plays, at so many steps after its beginning."""
        if self._bar:
            self._bar.marks.append((place, text))

    def ago(self, bars: int) -> TapedBar:
        """0 is the bar that plays, or the last one that did. Raises `BadValue`."""
        known = [*self._ended, *([self._bar] if self._bar else [])]
        if not known:
            raise BadValue("nothing was played yet")
        if bars >= len(known):
            raise BadValue(too_far(bars, len(known) - 1))
        return known[-1 - bars]

    def last(self, bars: int) -> Excerpt:
        """So many that have ended, or as many as there are. Raises `BadValue` if there are none."""
        if not self._ended:
            raise BadValue("no whole bar was played yet")
        return excerpt(list(self._ended)[-bars:])


def moved(event: Sent, steps: int) -> Sent:
    return (event[0] + steps, *event[1:])


def excerpt(bars: Sequence[TapedBar]) -> Excerpt:
    """Bars one after the other; none of their notes begins before the first."""
    end = len(bars) * STEPS_PER_BAR
    events: list[Sent] = []
    tempi: dict[int, float] = {}
    marks: list[tuple[float, str]] = []
    for place, bar in enumerate(bars):
        start = place * STEPS_PER_BAR
        tempi |= {start + step: bpm for step, bpm in [(0, bar.bpm), *bar.tempi]}
        marks += [(start + step, text) for step, text in bar.marks]
        for strike, release in bar.strikes:
            on = at_least(moved(strike, start), 0)
            off = at_least(moved(release, start), place_of(on) + SHORTEST)
            events += [on, off]
    events.sort(key=lambda event: (place_of(event), event[1] & 0xF0 == NOTE_ON))
    return Excerpt(tuple(events), changes_of(tempi), tuple(sorted(marks)), end)


def at_least(event: Sent, place: float) -> Sent:
    """Not before this place."""
    return event if place_of(event) >= place else (event[0], *event[1:4], place - event[0])


def changes_of(tempi: dict[int, float]) -> tuple[tuple[int, float], ...]:
    """Without those that are the tempo before."""
    ordered = sorted(tempi.items())
    return tuple(
        (step, bpm)
        for number, (step, bpm) in enumerate(ordered)
        if not number or bpm != ordered[number - 1][1]
    )
