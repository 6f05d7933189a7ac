"""Others who can lead the time, each behind the same few words. They live in the player's process and
import no numpy."""

from __future__ import annotations

from typing import Protocol

from livegan.core.leading import Lead


class NoLeader(RuntimeError):
    """It can't lead here; the message says why and what would help."""


class Leader(Protocol):
    """Asked where it is a hundred times a second, and at once when `wakes` can be read."""

    @property
    def wakes(self) -> int | None:
        """A file descriptor, of those that have something to say by themselves."""
        ...

    def lead(self, now: float) -> Lead:
        """Where it is; `now` in seconds of `time.monotonic`."""
        ...

    def play(self) -> None:
        """Roll, if it can be asked to."""
        ...

    def stop(self) -> None: ...

    def set_tempo(self, bpm: float) -> None:
        """Go at another tempo, if it can be asked to."""
        ...

    def close(self) -> None: ...


def open_leader(name: str, clock_in: str | None, bpm: float) -> Leader:
    """'midi', 'link' or 'jack'. A MIDI clock comes from an input that has `clock_in` in its name, or
    to one of our own. Raises `NoLeader`."""
    if name == "midi":
        from .midi import MidiLeader

        return MidiLeader(clock_in, bpm)
    if name == "link":
        from .link import LinkLeader

        return LinkLeader(bpm)
    from .jack import JackLeader

    return JackLeader(bpm)
