"""What the player was sent: the bars around the present one, in their last revisions."""

from __future__ import annotations

from collections import deque

from .messages import SendBar
from .music import Note

SOUNDING_BARS = 4
"""A note is sent during its bar or the one before, and ends with it; and one bar line that the player
has told may still be on its way."""


class SentBars:
    """Numbers the revisions."""

    def __init__(self) -> None:
        self._revision = 0
        self._bars: dict[int, SendBar] = {}
        self._pitches: deque[set[tuple[int, int]]] = deque([set()], SOUNDING_BARS)
        """What was sent during this bar and those before it, whatever they are called."""

    def add(self, bar: int, notes: tuple[Note, ...], quantum: str, oldest: int) -> SendBar:
        """A new revision; bars before `oldest` are past."""
        self._revision += 1
        sent = SendBar(bar, self._revision, notes, quantum)
        self._bars = {known: old for known, old in self._bars.items() if known >= oldest} | {bar: sent}
        self._pitches[-1].update((note.channel, note.pitch) for note in notes)
        return sent

    def notes(self, bar: int) -> tuple[Note, ...]:
        return self._bars[bar].notes if bar in self._bars else ()

    def revision(self, bar: int) -> int | None:
        """The last one; None if the bar was not sent."""
        return self._bars[bar].revision if bar in self._bars else None

    def since(self, bar: int) -> list[SendBar]:
        """This bar and those after it."""
        return [sent for known, sent in sorted(self._bars.items()) if known >= bar]

    @property
    def pitches(self) -> frozenset[tuple[int, int]]:
        """(channel, pitch) of all that may sound now: of every revision, as none cuts what sounds."""
        return frozenset[tuple[int, int]]().union(*self._pitches)

    def enter_bar(self) -> None:
        self._pitches.append(set())

    def shift(self, by: int) -> None:
        """All bars are so many further."""
        moved = ((known + by, sent) for known, sent in self._bars.items())
        self._bars = {known: sent._replace(bar=known) for known, sent in moved}
