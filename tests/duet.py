"""Somebody plays with livegan, in simulated time: keys in, notes out, by conductor, player and
conversation as on stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from livegan.core.conductor import Conductor
from livegan.core.conversation import Conversation, Taken
from livegan.core.messages import Command
from livegan.core.music import STEPS_PER_BAR, Note
from livegan.core.outputs import BarLine, Beat, Event, Output, Revision, Tempo
from livegan.core.performance import notes_of
from livegan.core.player import Player

LATE = 0.002
"""Seconds that a report takes to the daemon, and a command back."""


class Duet:
    """`played` are the notes in steps since bar 0, `taken` the bars as they were heard."""

    def __init__(self, conductor: Conductor, talk: Conversation, bpm: float = 120.0) -> None:
        self.conductor, self.talk = conductor, talk
        self.player = Player(bpm)
        self.now = 0.0
        self.events: list[Event] = []
        self.taken: list[Taken] = []
        self._jobs: list[tuple[float, Callable[[], None]]] = []

    def start(self) -> None:
        self.send(self.conductor.start())

    def at(self, time: float, job: Callable[[], None]) -> None:
        self._jobs.append((time, job))

    def at_step(self, step: float, job: Callable[[], None]) -> None:
        """By the tempo as it is now, once the music plays."""
        self.at(self.player.time_of(step), job)

    def keys(self, notes: Iterable[Note], bar: int = 0, channel: int = 0) -> None:
        """Notes in a bar, at their places and with their lengths."""
        for note in notes:
            start = bar * STEPS_PER_BAR + note.place
            for step, status, velocity in (
                (start, 0x90, note.velocity),
                (start + note.length, 0x80, 0),
            ):
                at = self.player.time_of(step)
                message = (at, status | channel, note.pitch, velocity)
                self.at(at, lambda message=message: self.talk.key(*message))

    def send(self, commands: Iterable[Command]) -> None:
        for command in commands:
            self.hear(self.player.obey(command, self.now))

    def hear(self, outputs: Iterable[Output]) -> None:
        """What the player gives out, and tells."""
        for output in outputs:
            match output:
                case Event():
                    self.events.append(output)
                case BarLine(_, bar, revision, repeated):
                    self.at(self.now + LATE, lambda told=(bar, revision, repeated): self.enter(*told))
                case Revision(_, bar, revision, step):
                    told = (bar, revision, step)
                    self.at(self.now + LATE, lambda told=told: self.send(self.conductor.revised(*told)))
                case Beat() | Tempo() if self.player.grid:
                    self.talk.follow(self.player.grid)

    def enter(self, bar: int, revision: int, repeated: bool) -> None:
        self.conductor.entered(bar, None if repeated else revision)
        self.send(self.conductor.bar_started(bar))

    def play_to(self, bar: int) -> None:
        """Until the end of the bar before."""
        end = bar * STEPS_PER_BAR - 0.01
        while True:
            due = [self.player.deadline() or inf, self.talk.due(), *(time for time, _ in self._jobs)]
            self.now = max(self.now, min(due))
            if self.now >= self.player.time_of(end):
                return
            self.hear(self.player.due(self.now))
            ready = sorted((job for job in self._jobs if job[0] <= self.now), key=lambda job: job[0])
            self._jobs = [job for job in self._jobs if job[0] > self.now]
            for _, job in ready:
                job()
            taken = self.talk.take(self.now)
            if taken:
                self.taken.append(taken)
                self.send(taken.commands)

    @property
    def played(self) -> list[Note]:
        return notes_of(event.sent for event in self.events)

    def bar(self, number: int) -> list[Note]:
        """The notes of one bar that have ended, in its steps."""
        start = number * STEPS_PER_BAR
        inside = (note for note in self.played if start <= note.start < start + STEPS_PER_BAR)
        return [note._replace(start=note.start - start) for note in inside]
