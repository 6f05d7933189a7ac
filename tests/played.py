"""Bars as a model plays them one after the other, before they are struck and shaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from livegan.core.addressing import parse_setting
from livegan.core.choosing import onwards
from livegan.core.knobs import Measured, measured
from livegan.core.music import LOWEST_PITCH, STEPS_PER_BAR, Note
from livegan.core.outputs import NOTE_ON, BarLine, Event
from livegan.core.player import Player
from livegan.core.rendering import Bar, cue_for, cues_for, make_bar
from livegan.core.state import State, initial
from livegan.core.swing import Swing
from livegan.shell.generator import OnnxGenerator, load_model

BARS = 200
Turn = Callable[[State, int], State]
"""What the performer does before a bar of this number is made."""


@cache
def model(name: str) -> OnnxGenerator:
    return load_model(name, "cpu")


def turned(state: State, *settings: str) -> State:
    """With controls set as on the command line."""
    for text in settings:
        move = parse_setting(text)
        assert move.control.apply is not None
        state = move.control.apply(state, *move.values)
    return state


def start(name: str, *settings: str) -> State:
    return turned(initial(1, *model(name).info.size), *settings)


def stream(name: str, turn: Turn = lambda state, bar: state, bars: int = BARS) -> list[Bar]:
    """A model's bars, each of which hears the one before."""
    generator, state = model(name), start(name)
    made: list[Bar] = []
    for number in range(bars):
        if number:
            coming = partial(cue_for, generator, bar=number, before=made[-1].roll)
            state = onwards(generator, state, number, coming)
        now = turn(state, number)
        cues = cues_for(generator, now, number, (), lambda n: made[n].roll if n >= 0 else None)
        made.append(make_bar(generator, now, *cues))
    return made


def measure(notes: Iterable[Note]) -> Measured | None:
    """Of notes together: how many, their mean pitch, how many sound at once, how far off the beat they
    are struck, their mean length in sixteenths."""
    table = np.array([(n.start, n.length, n.pitch - LOWEST_PITCH) for n in notes], np.int64)
    return measured(*table.T) if len(table) else None


@cache
def unturned(name: str) -> tuple[Bar, ...]:
    """`BARS` bars with no control moved."""
    return tuple(stream(name))


class Heard(NamedTuple):
    """A note as it came out of the player: where it was struck and ended, in steps since bar 0, and
    its written step."""

    start: float
    end: float
    step: int
    pitch: int
    channel: int


def heard(bars: Sequence[Sequence[Note]], swing: Swing = Swing()) -> list[Heard]:  # noqa: B008
    """What a player makes of bars, one after the other, in the order in which notes end."""
    player, sounding, notes = Player(), dict[tuple[int, int], tuple[float, int]](), list[Heard]()
    player.set_swing(swing, 0.0)
    player.take_bar(0, 1, bars[0], "step", 0.0)
    player.play(0.0)
    while (now := player.deadline()) is not None and now < player.time_of(len(bars) * STEPS_PER_BAR):
        for event in player.due(now):
            if isinstance(event, BarLine) and event.bar + 1 < len(bars):
                player.take_bar(event.bar + 1, 1, bars[event.bar + 1], "step", now)
            elif isinstance(event, Event):
                key, place = (event.status & 0x0F, event.data1), event.step + event.offset
                if event.status & 0xF0 == NOTE_ON:
                    sounding[key] = place, event.step
                else:
                    start, step = sounding.pop(key)
                    notes.append(Heard(start, place, step, event.data1, event.status & 0x0F))
    return notes


def most_at_once(notes: Iterable[Heard]) -> int:
    """How many sound at the fullest moment; one that ends as another begins has ended."""
    edges = [(note.start, 1) for note in notes] + [(note.end, -1) for note in notes]
    count = most = 0
    for _, change in sorted((round(place, 6), change) for place, change in edges):
        count += change
        most = max(most, count)
    return most
