"""What is to be struck where: bars as they come, their revisions, their swing. Knows steps and no time.

All positions are steps since bar 0. What was passed is told by `reach`: nothing is put before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop
from itertools import groupby

from .clock_out import NEVER
from .music import STEPS_PER_BAR, STEPS_PER_BEAT, Note, in_order
from .strikes import Sheet, Strike
from .swing import Swing

QUANTA = {"step": 1, "beat": STEPS_PER_BEAT, "bar": STEPS_PER_BAR}
"""What a revision may wait for, in steps."""


class Score:
    """The bar that plays, the bars to come, and which of their notes wait to be struck."""

    def __init__(self) -> None:
        self.swing = Swing()
        self._sheets: dict[int, Sheet] = {}
        self._current = Sheet(0, ())
        self._bar = -1
        self._first_bar = 0
        self._reached = 0.0
        self._waiting: list[Strike] = []
        self._ahead: list[Strike] = []
        self._early: set[tuple[int, int, int]] = set()

    @property
    def waits(self) -> bool:
        """Whether a note of the bar that plays is still to be struck."""
        return bool(self._waiting)

    @property
    def place(self) -> float:
        """Where the next strike lies."""
        strikes = self._next_strikes()
        return strikes[0].place if strikes else NEVER

    def begin(self, bar: int) -> None:
        """With this bar; those before it are past."""
        self._bar, self._first_bar, self._reached = bar - 1, bar, bar * STEPS_PER_BAR

    def go_over(self, bar: int) -> None:
        """On to this bar of somebody else's: if it has not come, the bars to come are called so."""
        ahead = {b: sheet for b, sheet in self._sheets.items() if b > self._bar}
        shift = bar - min(ahead, default=bar) if bar not in ahead else 0
        self._sheets = {b + shift: sheet for b, sheet in ahead.items()}
        self.skip(bar)

    def skip(self, bar: int) -> None:
        """On to this bar: what was to be struck before it is not, and no revision of it is taken."""
        self.begin(bar)
        for waiting in (self._waiting, self._ahead, self._early):
            waiting.clear()

    def join(self, bar: int, place: float) -> tuple[int, bool]:
        """In the middle of a bar, at a place; tells what `enter` does."""
        self.begin(bar)
        entered = self.enter(bar)
        self.reach(place)
        self._waiting = [strike for strike in self._waiting if strike.place >= place]
        heapify(self._waiting)
        self._look_ahead()
        return entered

    def forget(self) -> None:
        """Every bar, to begin anew."""
        self._bar, self._first_bar = -1, 0
        for known in (self._waiting, self._ahead, self._early, self._sheets):
            known.clear()

    def reach(self, place: float) -> None:
        """The music is here."""
        self._reached = max(self._reached, place)

    def take(
        self, bar: int, revision: int, notes: Iterable[Note], quantum: str, here: float
    ) -> int | None:
        """A bar to come, or a new revision of one. If it is the bar that plays, what has not been
        played is replaced from the next step, beat or bar line after `here` on: from that step of the
        bar, which is returned."""
        known = self._sheets.get(bar)
        past = bar < max(self._bar, self._first_bar)
        if past or (known is not None and known.revision >= revision):
            return None
        sheet = Sheet(revision, in_order(notes))
        self._sheets[bar] = sheet
        cut = None
        if bar == self._bar:
            start = bar * STEPS_PER_BAR
            unit = QUANTA[quantum]
            elapsed = max(0, int(here - start) + 1)
            cut = -(-elapsed // unit) * unit
            self._waiting = [strike for strike in self._waiting if strike.step < start + cut]
            self._wait_for(bar, [note for note in sheet.notes if note.start >= cut])
            self._current = sheet
        self._look_ahead()
        return cut

    def set_swing(self, swing: Swing) -> None:
        """For all that was not struck; what would lie behind now is struck here."""
        self.swing = swing
        waiting = sorted(self._waiting, key=lambda strike: strike[1:4])
        self._waiting = []
        for bar, strikes in groupby(waiting, key=lambda strike: strike.step // STEPS_PER_BAR):
            self._wait_for(bar, [strike.note for strike in strikes])
        self._waiting = [s._replace(place=max(s.place, self._reached)) for s in self._waiting]
        heapify(self._waiting)
        self._look_ahead()

    def enter(self, bar: int, silent: bool = False) -> tuple[int, bool]:
        """Over the line into a bar: its revision, and whether it is the last one again (nothing, if
        `silent`), because it has not come."""
        for old in [known for known in self._sheets if known < bar]:
            del self._sheets[old]
        repeated = bar not in self._sheets
        if repeated:
            self._sheets[bar] = Sheet(0, () if silent else self._current.notes)
        self._current = self._sheets[bar]
        self._bar = bar
        self._early = {struck for struck in self._early if struck[0] >= bar * STEPS_PER_BAR}
        self._wait_for(bar, self._current.notes)
        self._look_ahead()
        return self._current.revision, repeated

    def pop(self) -> Strike:
        """The next strike, which waits no more."""
        strike = heappop(self._next_strikes())
        if strike.place < strike.step:
            self._early.add((strike.step, strike.channel, strike.pitch))
        return strike

    def _next_strikes(self) -> list[Strike]:
        """Of this bar's strikes and the coming bar's early ones those that come first."""
        if not self._ahead or (self._waiting and self._waiting[0] <= self._ahead[0]):
            return self._waiting
        return self._ahead

    def _strikes(self, bar: int, notes: Sequence[Note]) -> list[Strike]:
        """Notes of a bar, ordered by start, where they are to be struck: no offset takes them into the
        past, nor before what still waits of their pitch. Without those that were struck early."""
        start, swing = bar * STEPS_PER_BAR, self.swing
        last = {(strike.channel, strike.pitch): strike.place for strike in sorted(self._waiting)}
        strikes = []
        for note in notes:
            step, key = start + note.start, (note.channel, note.pitch)
            if (step, *key) not in self._early:
                soonest = min(swing.place(step), self._reached)
                place = max(swing.place(step + note.offset), soonest, last.get(key, 0.0))
                last[key] = place
                strikes.append(Strike(place, step, *key, note))
        return strikes

    def _wait_for(self, bar: int, notes: Sequence[Note]) -> None:
        self._waiting += self._strikes(bar, notes)
        heapify(self._waiting)

    def _look_ahead(self) -> None:
        """Find what is struck before the bar line of the bar it is written in."""
        line = (self._bar + 1) * STEPS_PER_BAR
        sheet = self._sheets.get(self._bar + 1, Sheet(0, ()))
        early = [note for note in sheet.notes if note.start + note.offset < 0]
        self._ahead = [
            strike
            for strike in self._strikes(self._bar + 1, early)
            if self._reached < strike.place < line
        ]
        heapify(self._ahead)
