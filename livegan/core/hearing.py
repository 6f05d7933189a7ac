"""What somebody plays on keys, as bars: as it was played, to be played again, and on the model's
grid, to be read by it. Pure; places are steps since bar 0 as written (without swing), with fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import floor, gcd, inf
from typing import NamedTuple

import numpy as np

from .decode import IMPOSSIBLE, BoolArray, FloatArray
from .model import Track
from .music import STEPS_PER_BAR, STEPS_PER_SIXTEENTH, Note, in_order
from .outputs import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, NOTE_ON
from .rendering import channel_of, roll_of

EARLY = STEPS_PER_SIXTEENTH / 2
"""Steps before a bar line from which on a key is meant for the bar after it."""
LONGEST = 2 * STEPS_PER_BAR
"""Steps after which a key counts as let go: that of a keyboard that was unplugged never is."""
SUSTAIN, PEDAL_DOWN = 64, 64
"""The pedal's controller, and the value from which on it is down."""

Parts = Mapping[int, tuple[Note, ...]]
"""Notes by the place of a model's track, on the track's own channel."""


class Key(NamedTuple):
    """A key that was pressed: where, where it was let go (inf: not yet), and how."""

    place: float
    end: float
    channel: int
    pitch: int
    velocity: int

    @property
    def bar(self) -> int:
        """The bar that it is meant for."""
        return floor((self.place + EARLY) / STEPS_PER_BAR)

    @property
    def is_down(self) -> bool:
        return self.end == inf

    @property
    def let_go(self) -> float:
        return min(self.end, self.place + LONGEST)

    def within(self, bar: int) -> tuple[float, float]:
        """Where it begins and ends, in steps of this bar."""
        start = bar * STEPS_PER_BAR
        return self.place - start, self.let_go - start


class Hearing:
    """The keys of the last bars, and which are down."""

    def __init__(self) -> None:
        self.keys: tuple[Key, ...] = ()
        self._pedals: set[int] = set()
        self._held: set[tuple[int, int]] = set()
        """Channel and pitch of keys that only the pedal holds."""

    def take(self, place: float, status: int, data1: int, data2: int) -> Key | None:
        """A MIDI message; the key that it pressed or let go. Whatever does not concern keys is passed
        over."""
        kind, channel = status & 0xF0, status & 0x0F
        if kind == NOTE_ON and data2:
            return self._press(place, channel, data1, data2)
        if kind in (NOTE_ON, NOTE_OFF):
            if channel in self._pedals:
                self._held.add((channel, data1))
                return None
            return self._let_go(place, lambda key: (key.channel, key.pitch) == (channel, data1))
        if kind == CONTROL and data1 == SUSTAIN:
            return self._pedal(place, channel, data2 >= PEDAL_DOWN)
        if kind == CONTROL and data1 in (ALL_NOTES_OFF, ALL_SOUND_OFF):
            return self._let_go(place, lambda key: key.channel == channel)
        return None

    def _press(self, place: float, channel: int, pitch: int, velocity: int) -> Key:
        self._let_go(place, lambda key: (key.channel, key.pitch) == (channel, pitch))
        self._held.discard((channel, pitch))
        key = Key(place, inf, channel, pitch, velocity)
        self.keys = (*self.keys, key)
        return key

    def _pedal(self, place: float, channel: int, down: bool) -> Key | None:
        if down:
            self._pedals.add(channel)
            return None
        self._pedals.discard(channel)
        freed = {held for held in self._held if held[0] == channel}
        self._held -= freed
        return self._let_go(place, lambda key: (key.channel, key.pitch) in freed)

    def _let_go(self, place: float, which: Callable[[Key], bool]) -> Key | None:
        """The last of those keys that are down ends here."""
        ended = None
        keys = []
        for key in self.keys:
            if key.is_down and which(key):
                key = ended = key._replace(end=max(place, key.place))
            keys.append(key)
        self.keys = tuple(keys)
        return ended

    def forget_before(self, bar: int) -> None:
        """What does not reach this bar any more."""
        self.keys = tuple(k for k in self.keys if k.bar >= bar or k.let_go > bar * STEPS_PER_BAR)

    def forget(self) -> None:
        """Everything."""
        self.keys, self._pedals, self._held = (), set(), set()


def as_played(keys: Iterable[Key], bar: int, tracks: Sequence[Track]) -> Parts:
    """The keys that were meant for a bar, with their own timing and velocities, for the tracks that
    hear them. What is still down, and what is longer, lasts a bar."""
    parts: dict[int, list[Note]] = {}
    for key in keys:
        track = hears(key.channel, tracks)
        if key.bar != bar or track is None:
            continue
        begin, end = key.within(bar)
        start = min(max(0, round(begin)), STEPS_PER_BAR - 1)
        length = min(STEPS_PER_BAR, max(1, round(end - begin)))
        channel = channel_of(track, tracks)
        note = Note(start, length, key.pitch, key.velocity, channel, round(begin - start, 3))
        parts.setdefault(track, []).append(note)
    return {track: in_order(notes) for track, notes in parts.items()}


def on_grid(keys: Iterable[Key], bar: int, tracks: Sequence[Track], unit: int) -> Parts:
    """What sounded in a bar, on a grid of so many steps, cut at its lines: what was pressed before and
    lasts begins on the line. Of what falls together the longest and the loudest counts."""
    found: dict[int, dict[tuple[int, int], Note]] = {}
    for key in keys:
        track = hears(key.channel, tracks)
        start, end = snapped(key, bar, unit)
        if track is None or end <= start:
            continue
        notes = found.setdefault(track, {})
        same = notes.get((start, key.pitch), Note(start, 1, key.pitch, 0))
        length, velocity = max(same.length, end - start), max(same.velocity, key.velocity)
        note = Note(start, length, key.pitch, velocity, channel_of(track, tracks))
        notes[start, key.pitch] = note
    return {track: in_order(notes.values()) for track, notes in found.items()}


def snapped(key: Key, bar: int, unit: int) -> tuple[int, int]:
    """First and last step on the grid, within a bar; none where the end is not after the start."""
    begin, let_go = key.within(bar)
    if key.bar > bar:
        return 0, 0
    if key.bar < bar:
        return 0, min(STEPS_PER_BAR, round(let_go / unit) * unit)
    start = min(max(0, round(begin / unit) * unit), STEPS_PER_BAR - unit)
    return start, min(STEPS_PER_BAR, max(start + unit, round(let_go / unit) * unit))


def hears(channel: int, tracks: Sequence[Track]) -> int | None:
    """The track of a model that hears a keyboard on this MIDI channel: the one that plays on it, or
    else the first that has pitches. None where the model makes neither."""
    own = [place for place, track in enumerate(tracks) if not track.given]
    pitched = [place for place in own if not tracks[place].drums]
    by_channel = [place for place in own if channel_of(place, tracks) == channel]
    return next(iter([*by_channel, *pitched]), None)


def roll_heard(parts: Parts, tracks: Sequence[Track], around: BoolArray | None = None) -> BoolArray:
    """As the model reads it, `[track, step, pitch]`: the tracks that were heard, and, of the others,
    what is `around`, or silence."""
    roll = roll_of([parts.get(track, ()) for track in range(len(tracks))])
    if around is not None:
        others = [track for track in range(len(tracks)) if track not in parts]
        roll[others] = around[others]
    return roll


def onsets_of(roll: BoolArray) -> BoolArray:
    """Where notes begin in a roll `[track, step, pitch]`."""
    found = roll.copy()
    found[:, 1:] &= ~roll[:, :-1]
    return found


def unit_of(onset: FloatArray) -> int:
    """The grid of a model, in steps: on which it may strike at all, by the onsets of any bar
    `[track, step, pitch]`."""
    steps = np.flatnonzero((onset > IMPOSSIBLE).any(axis=(0, 2)))
    return gcd(STEPS_PER_BAR, *steps.tolist())
