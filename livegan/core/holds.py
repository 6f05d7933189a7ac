"""What is held while the music goes on: bars that go round, tracks that keep theirs."""

from __future__ import annotations

from collections.abc import Iterable

from .memory import Memory
from .state import State
from .takes import Part, Take, with_parts


class Loop:
    """The last so many bars, round and round. Where fewer were played, it closes as soon as there are
    enough."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._takes: tuple[Take, ...] = ()
        self._place = 0

    def coming(self, bars: int, ahead: int = 0) -> Take | None:
        """What comes so many bars after the next one that begins, in a loop of so many bars; None if it
        is not closed."""
        takes = self._takes if bars == len(self._takes) else self._memory.last(bars)
        place = self._place if takes is self._takes else 0
        return takes[(place + ahead) % bars] if takes else None

    def set(self, bars: int) -> None:
        """While nothing plays."""
        if bars != len(self._takes):
            self._takes = self._memory.last(bars)
        self._place = 0

    def enter(self, bars: int, given: bool) -> None:
        """A bar has begun, and the one before is past. `given`: it was the loop's next one."""
        if bars != len(self._takes):
            before = list(self._memory.past)[-bars:] if bars else []
            self._takes = tuple(before) if len(before) == bars and given else ()
            self._place = 0
        if self._takes and given:
            self._place = (self._place + 1) % bars


class Locks:
    """The parts that tracks keep."""

    def __init__(self) -> None:
        self._parts: dict[int, Part] = {}

    def follow(self, states: Iterable[State], playing: Take | None) -> None:
        """Which tracks are locked has changed: those that were not keep what plays."""
        locked = {place for state in states for place in locked_in(state)}
        self._parts = {place: part for place, part in self._parts.items() if place in locked}
        if playing:
            self._keep(playing, locked)

    def applied(self, take: Take, state: State) -> Take:
        """A bar with the parts that are kept; a track that has none yet keeps this one."""
        locked = locked_in(state)
        self._keep(take, locked)
        return with_parts(take, {place: self._parts[place] for place in locked & set(self._parts)})

    def revised(self, before: Take, now: Take) -> None:
        """What was kept is heard otherwise."""
        for place, part in self._parts.items():
            if place < len(before.parts) and part is before.parts[place]:
                self._parts[place] = now.parts[place]

    def _keep(self, take: Take, locked: set[int]) -> None:
        for place in locked - set(self._parts):
            if place < len(take.parts):
                self._parts[place] = take.parts[place]


def locked_in(state: State) -> set[int]:
    return {place for place, settings in enumerate(state.tracks) if settings.lock}
