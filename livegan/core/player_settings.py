"""What the player has to know of a state, apart from the music."""

from __future__ import annotations

from collections.abc import Sequence

from .messages import (
    Command,
    SetIfHung,
    SetLatency,
    SetLeader,
    SetMetronome,
    SetPrograms,
    SetSwing,
    SetTempo,
)
from .model import Track
from .rendering import channel_of
from .score import QUANTA
from .state import State


def player_settings(state: State) -> tuple[Command, ...]:
    """All but programs, which are the model's tracks' too."""
    return (
        SetTempo(state.tempo, state.ramp),
        SetSwing(state.swing, state.swing_grid),
        SetMetronome(state.metronome, state.metronome_channel - 1),
        SetIfHung(state.if_hung == "silence"),
        SetLatency(state.latency / 1000, state.clock_latency / 1000),
        SetLeader(state.sync, state.sync_lost),
    )


def changed_settings(before: State, after: State) -> list[Command]:
    """What the player has to be told after a move."""
    told = zip(player_settings(before), player_settings(after), strict=True)
    return [new for old, new in told if new != old]


def programs_of(state: State, tracks: Sequence[Track]) -> dict[int, int]:
    """By channel, both from 0, of the tracks that have a program; the last one's where several share a
    channel."""
    return {
        (settings.channel - 1 if settings.channel else channel_of(place, tracks)): settings.program - 1
        for place, settings in enumerate(state.tracks[: len(tracks)])
        if settings.program
    }


def quantum_of(state: State) -> str:
    """What the player lets a revision wait for."""
    return state.quantum if state.quantum in QUANTA else "bar"


class Programs:
    """What the player was told of them."""

    def __init__(self) -> None:
        self._told: tuple[tuple[int, int], ...] = ()

    def forget(self) -> None:
        """The player is another one."""
        self._told = ()

    def news(self, state: State, present: Sequence[Track], coming: Sequence[Track]) -> list[Command]:
        """What it was not told yet. The next model's are there before its notes."""
        programs = programs_of(state, coming) | programs_of(state, present)
        told, self._told = self._told, tuple(sorted(programs.items()))
        return [SetPrograms(self._told)] if told != self._told else []
