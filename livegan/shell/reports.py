"""What the player tells of the music: for the conductor, the view and subscribers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livegan.core.messages import BarStarted, BeatStarted, Played, Revised, Sent, TempoSet
from livegan.core.music import STEPS_PER_BAR
from livegan.core.outputs import NOTE_ON
from livegan.core.performance import notes_of

from .generator import OnnxGenerator

if TYPE_CHECKING:
    from .server import Server


class Reports:
    """Takes each as it comes; only the next bar is made when all that came is taken."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._struck: dict[tuple[int, int], Sent] = {}
        self._entered: int | None = None

    def take(self, report: BarStarted | BeatStarted | TempoSet | Revised | Played) -> None:
        server = self._server
        match report:
            case BarStarted():
                self._take_line(report)
            case BeatStarted(_, beat):
                server.status.beat = beat + 1
                server.feedback.tell("/beat", beat + 1)
            case TempoSet(_, bpm):
                server.status.tempo = bpm
                server.feedback.tell("/tempo/now", bpm)
            case Revised():
                server.send(server.conductor.revised(*report))
            case Played():
                self._take_played(report)

    def _take_line(self, report: BarStarted) -> None:
        server = self._server
        bar, revision, repeated = report
        self._entered = bar
        if server.conductor.state.playing:
            server.conductor.entered(bar, None if repeated else revision)
        if repeated:
            server.faults.tell("bar", f"bar {bar + 1} was not ready in time; the one before repeats")
        self._tell_bar(bar + 1)

    def enter_bar(self) -> None:
        """Answer the player's last bar line with the bar after it. Of several that came together,
        because we were stopped or late, only the last one counts."""
        server = self._server
        if self._entered is not None and server.conductor.state.playing:
            server.send(server.conductor.bar_started(self._entered))
            server.models.watch()
            server.models.show()
        self._entered = None

    def _tell_bar(self, bar: int) -> None:
        status, feedback = self._server.status, self._server.feedback
        generator = self._server.conductor.generator
        if isinstance(generator, OnnxGenerator):
            status.inference = generator.inference_seconds * 1e3
        if bar > 1:
            self._server.view.bar(status)
        status.bar = bar
        feedback.tell("/bar", bar)
        feedback.tell("/inference", status.inference)

    def _take_played(self, report: Played) -> None:
        status = self._server.status
        if report.dropped:
            self._server.view.say("error", f"{report.dropped} notes came too late and were left out")
        if not report.events:
            return
        start = report.events[0][0] // STEPS_PER_BAR * STEPS_PER_BAR
        notes = notes_of(report.events, self._struck)
        status.roll = [n._replace(start=n.start - start) for n in notes if n.start >= start]
        status.notes = sum(event[1] & 0xF0 == NOTE_ON for event in report.events)
        status.late_median, status.late_worst = report.late_median, report.late_worst
        self._server.feedback.tell("/lateness", report.late_median, report.late_worst)
