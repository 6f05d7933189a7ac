"""Which fields a move changed; moves that wait for a bar line, and moves that are taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from .state import BadValue, State

Change = Callable[[State], State]
Fields = Mapping[str, Any]
NAMES = tuple(field.name for field in fields(State))

LINES = {"bar": 1, "2": 2, "4": 4, "8": 8}
"""Quanta that are bar lines: that of every so many bars."""
DEEPEST = 100
DRAG_SECONDS = 1.0
"""So soon after the last one a move of the same fader belongs to it."""
KEPT = frozenset(
    ("playing", "first_bar", "sync", "recording", "learning", "keyed", "track_count", "drawn")
)
"""What no undo touches: transport, clocks, what others do, and how often chance was asked."""
POINTS = frozenset(("point", "heading", "scenes", "sections", "morph", "held", "trail", "bank"))
"""What has another size with another model."""
LED = frozenset(("tempo", "ramp"))
"""What is not ours while somebody leads."""


def same(one: Any, other: Any) -> bool:
    """Is it the same value? Scenes and morphs are the same if they are one."""
    if one is other:
        return True
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(np.array_equal(one, other))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return False
    return type(one) is type(other) and bool(one == other)


def changed(before: State, after: State) -> dict[str, Any]:
    """The fields that differ, as they are after."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in NAMES)
    return {name: new for name, old, new in pairs if not same(old, new)}


@dataclass(frozen=True, slots=True)
class Now:
    """The state as it is shown and, while moves wait for their bar line, as it is heard."""

    shown: State
    was: State | None = None

    @property
    def heard(self) -> State:
        return self.was or self.shown

    def moved(self, change: Change, waits: bool) -> Now:
        """After a move; what does not wait acts on what is heard, whatever waits."""
        if waits:
            return Now(change(self.shown), self.heard)
        if self.was is None:
            return Now(change(self.shown))
        heard = change(self.was)
        names = {*changed(self.was, heard), *changed(self.shown, change(self.shown))}
        own = {name: getattr(heard, name) for name in names}
        return Now(replace(self.shown, **own), heard)

    def over(self, bar: int, step: Change) -> Now:
        """Over the line into a bar, where `step` goes with the time. What does not wait any more is
        heard; what waits stands still, all else goes on."""
        if self.was is None or bar % LINES.get(self.shown.quantum, 1) == 0:
            return Now(step(self.shown))
        was, waits = step(self.was), changed(self.was, self.shown)
        if len(was.point) != len(self.was.point):  # another model's places
            waits = {name: value for name, value in waits.items() if name not in POINTS}
        return Now(replace(was, **waits), was)


@dataclass(frozen=True, slots=True)
class Step:
    """What one move did: its control and place, when, and the fields it changed, before and after."""

    key: object
    at: float
    before: Fields
    after: Fields


class History:
    """The moves that can be taken back, and made again."""

    def __init__(self) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def add(self, before: State, after: State, key: object = None, now: float | None = None) -> None:
        """A move was made; those of one key (a fader's address) that follow each other soon are one."""
        new = {name: value for name, value in changed(before, after).items() if name not in KEPT}
        if not new:
            return
        if "morph" in new:  # which moves the point from now on
            new["point"] = after.point
        old = {name: getattr(before, name) for name in new}
        self._undone.clear()
        last = self._done[-1] if self._done else None
        dragged = last and now is not None and key is not None and last.key == key
        if last and dragged and now is not None and 0 <= now - last.at < DRAG_SECONDS:
            self._done.pop()
            old, new = {**old, **last.before}, {**last.after, **new}
        at = float("-inf") if now is None else now
        self._done = [*self._done, Step(key, at, old, new)][-DEEPEST:]

    def undo(self, state: State) -> Change:
        """What takes the last move back. Raises `BadValue` if there is none."""
        if not self._done:
            raise BadValue("there is no move to take back")
        step = self._done.pop()
        self._undone.append(step)
        return setting(state, step.before)

    def redo(self, state: State) -> Change:
        if not self._undone:
            raise BadValue("no move was taken back, or another was made since")
        step = self._undone.pop()
        self._done.append(step)
        return setting(state, step.after)

    def forget_points(self) -> None:
        """The model's latent has another size: what was a place in the old one is none in the new."""
        self._done = [step for step in map(without_points, self._done) if step.before]
        self._undone = [step for step in map(without_points, self._undone) if step.before]


def without_points(step: Step) -> Step:
    before, after = (
        {name: value for name, value in side.items() if name not in POINTS}
        for side in (step.before, step.after)
    )
    return replace(step, before=before, after=after)


def setting(state: State, values: Fields) -> Change:
    """Set fields, but for those that are a leader's."""
    led = LED if state.sync != "internal" else frozenset[str]()
    own = {name: value for name, value in values.items() if name not in led}
    return lambda state: replace(state, **own)
