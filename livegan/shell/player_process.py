"""The player's own process: one thread, absolute deadlines, a short final spin.

It is started with a socket and imports only the player's core and the MIDI port. If its parent is gone
the socket closes, and it silences every sounding note before it ends.

    python -m livegan.shell.player_process SOCKET_FD [MIDI_OUT [CLOCK_OUT [standby [watch]]]]
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import time
from types import FrameType

from livegan.core.messages import (
    BarStarted,
    BeatStarted,
    Command,
    Lines,
    Message,
    Opened,
    Played,
    Quit,
    Report,
    Sent,
    Stop,
    Stopped,
    TempoSet,
    pack,
)
from livegan.core.outputs import BarLine, Beat, Clock, Event, Output, Tempo
from livegan.core.player import LOST, Player

from .midi_out import OWN_PORT, NoMidi, NoSuchPort, Nowhere, Sink, open_output
from .sleep import asleep_seconds
from .standby import STANDBY, WATCH, stand_by

SPIN_SECONDS = 0.0004
DRAIN_SECONDS = 0.03
"""JACK takes what was sent at its next period: closing the port sooner would lose the last offs."""
IDLE_SECONDS = 1.0
OUTBOX_BYTES = 1 << 20
PRIORITY = 60


def ask_for_realtime() -> bool:
    """First-in-first-out scheduling where the system grants it."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except (AttributeError, OSError):
        return False
    return True


class PlayerProcess:
    """Reads commands, sends what is due, reports. MIDI clock goes to `clock_sink`, if there is one."""

    def __init__(self, link: socket.socket, sink: Sink, clock_sink: Sink | None = None) -> None:
        self.link = link
        self.sink = sink
        self.clock_sink = clock_sink
        self.player = Player(clock_out=clock_sink is not None)
        self.lines = Lines()
        self.outbox = bytearray()
        self.lateness: list[float] = []
        self.sent: list[Sent] = []
        self.running = True
        self.clock = time.monotonic
        self.asleep = asleep_seconds()

    def run(self) -> None:
        """Until told to quit or the parent is gone; leaves nothing sounding."""
        try:
            while self.running:
                deadline = self.player.deadline()
                if deadline is not None and deadline - self.clock() <= SPIN_SECONDS:
                    self.play(deadline)
                elif self.wait(deadline):
                    self.read()
        finally:
            now = self.clock()
            self.perform([*self.player.stop(now), *self.player.panic(now)])
            self.report(self.played())
            time.sleep(DRAIN_SECONDS)
            self.sink.close()
            if self.clock_sink and self.clock_sink is not self.sink:
                self.clock_sink.close()

    def play(self, deadline: float) -> None:
        """Make out what is due while there is time, spin to the moment, send."""
        outputs = self.player.due(max(deadline, self.clock()))
        while self.clock() < deadline:
            pass
        self.perform(outputs)

    def wait(self, deadline: float | None) -> bool:
        """Sleep until shortly before the deadline; True if a command came."""
        left = IDLE_SECONDS if deadline is None else deadline - self.clock() - SPIN_SECONDS
        writers = [self.link] if self.outbox else []
        readable, writable, _ = select.select([self.link], writers, [], max(0.0, left))
        self.notice_sleep()
        if writable:
            self.flush()
        return bool(readable)

    def notice_sleep(self) -> None:
        """A machine that was suspended wakes up in silence, and plays on at the next bar line."""
        asleep = asleep_seconds()
        if asleep - self.asleep > LOST:
            self.perform(self.player.wake(self.clock()))
        self.asleep = asleep

    def read(self) -> None:
        try:
            data = self.link.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self.running = False
            return
        for message in self.lines.feed(data):
            self.obey(message)

    def obey(self, message: Message) -> None:
        if isinstance(message, Quit):
            self.running = False
        elif isinstance(message, Command):
            self.perform(self.player.obey(message, self.clock()))
        if isinstance(message, Stop):
            self.report(self.played())
            self.report(Stopped())

    def perform(self, outputs: list[Output]) -> None:
        """Send MIDI first, then report: the music never waits for the parent."""
        reports: list[Report] = []
        for output in outputs:
            match output:
                case Event():
                    self.sink.send((output.status, output.data1, output.data2))
                    self.lateness.append(self.clock() - output.due)
                    if not output.click:
                        self.sent.append(output.sent)
                case Clock(_, data):
                    assert self.clock_sink is not None
                    self.clock_sink.send(data)
                case BarLine(_, bar, revision, repeated):
                    reports += [self.played(), BarStarted(bar, revision, repeated)]
                case Beat(_, bar, beat):
                    reports.append(BeatStarted(bar, beat))
                case Tempo(_, step, bpm):
                    reports.append(TempoSet(step, bpm))
        if any(isinstance(report, (BeatStarted, TempoSet)) for report in reports):
            reports += [grid for grid in [self.player.grid] if grid]
        for report in reports:
            self.report(report)

    def played(self) -> Played:
        """What was sent since the last time it was asked."""
        late = sorted(self.lateness) or [0.0]
        median, worst = late[len(late) // 2] * 1e3, late[-1] * 1e3
        report = Played(tuple(self.sent), median, worst, self.player.late_notes)
        self.lateness.clear()
        self.sent.clear()
        self.player.late_notes = 0
        return report

    def report(self, report: Report) -> None:
        """Queue and send without waiting; a parent that reads nothing loses reports, not music."""
        if len(self.outbox) < OUTBOX_BYTES:
            self.outbox += pack(report)
        self.flush()

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sent = self.link.send(self.outbox)
            del self.outbox[:sent]


def open_ports(
    midi_out: str | None, clock_out: str | None, opened: dict[str, Sink]
) -> tuple[Sink, Sink | None, str]:
    """For notes and, if asked for, for MIDI clock, if not opened by their names; where there is no MIDI
    system both lead nowhere, and the text says why. Raises `NoSuchPort`."""
    try:
        sink = opened.get(midi_out or "") or open_output(midi_out)
        clock_sink = sink
        if clock_out and clock_out != OWN_PORT:
            clock_sink = opened.get(clock_out) or open_output(clock_out)
    except NoMidi as error:
        return Nowhere(), Nowhere() if clock_out else None, str(error)
    return sink, clock_sink if clock_out else None, ""


def main(arguments: list[str]) -> None:
    """Entry of the child process."""
    link = socket.socket(fileno=int(arguments[0]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is for the parent, which tells us
    midi_out, clock_out = [name or None for name in [*arguments[1:], "", ""][:2]]
    watch = None
    if STANDBY in arguments[3:]:
        also = [clock_out] if clock_out and clock_out != OWN_PORT else []
        watch = stand_by(link, [midi_out or "", *also] if WATCH in arguments[3:] else [])
    try:
        sink, clock_sink, why = open_ports(midi_out, clock_out, watch.sinks if watch else {})
    except NoSuchPort as error:
        link.sendall(pack(Opened("", f"!{error}", False)))
        return
    if watch:
        watch.connect_again()
        watch.close()
    link.setblocking(False)
    process = PlayerProcess(link, sink, clock_sink)

    def end(number: int, frame: FrameType | None) -> None:
        link.shutdown(socket.SHUT_RD)  # as if the parent were gone: nothing is torn in the middle

    signal.signal(signal.SIGTERM, end)
    gc.collect()
    gc.freeze()
    gc.disable()
    clock_port = clock_sink.name if clock_sink else ""
    process.report(Opened(sink.name, why, ask_for_realtime(), clock_port))
    process.run()


if __name__ == "__main__":
    main(sys.argv[1:])
