"""What was played: the take of every bar as it was really heard, as the player tells."""

from __future__ import annotations

from collections import deque

from .state import BadValue
from .takes import Take, spliced

LONGEST = 64
"""Bars that can be played again."""
IN_FLIGHT = 256
"""Revisions that may be on their way to the player."""


def too_far(bars: int, known: int) -> str:
    return f"bars that were played before this one: {known}, so {bars} is too far back"


class Memory:
    """Counts bars as they were played, whatever they were called. `present` is the take that plays,
    None while nothing does; `past` are those before it, the last one last."""

    def __init__(self) -> None:
        self.past: deque[Take] = deque(maxlen=LONGEST)
        self.present: Take | None = None
        self._taken: Take | None = None
        """The last revision that the player took of the present one, whole."""
        self._sent: dict[int, Take] = {}

    def send(self, revision: int, take: Take) -> None:
        """This is on its way to the player."""
        self._sent[revision] = take
        if len(self._sent) > IN_FLIGHT:
            del self._sent[min(self._sent)]

    def enter(self, revision: int | None) -> None:
        """The player began a bar with this revision; None: with the last one again."""
        took = self._taken if revision is None else self._sent.get(revision, self._taken)
        if self.present:
            self.past.append(self.present)
        self.present = self._taken = took
        if revision is not None:
            self._sent = {later: take for later, take in self._sent.items() if later > revision}

    def revise(self, revision: int, step: int) -> Take | None:
        """From this step of the bar that plays on, this revision is heard. Returns what the bar is now,
        None if nothing is known of it."""
        take = self._sent.pop(revision, None)
        if take is None or self.present is None:
            return None
        self._taken, self.present = take, spliced(self.present, take, step)
        return self.present

    def leave(self) -> None:
        """The music was stopped: what played is past."""
        if self.present:
            self.past.append(self.present)
        self.present = self._taken = None

    def ago(self, bars: int) -> Take:
        """0 is the bar that plays. Raises `BadValue`."""
        if self.present is None:
            raise BadValue("nothing plays, so there is no next bar")
        if bars == 0:
            return self.present
        if bars > len(self.past):
            raise BadValue(too_far(bars, len(self.past)))
        return self.past[-bars]

    def known(self, bars: int) -> Take | None:
        """The bar of so many bars ago, if there was one; 0 is the one that plays."""
        return self.ago(bars) if self.present and bars <= len(self.past) else None

    def last(self, count: int) -> tuple[Take, ...]:
        """So many, the one that plays last; none if there are not so many."""
        known = [*self.past, *([self.present] if self.present else [])]
        return tuple(known[-count:]) if 0 < count <= len(known) else ()
