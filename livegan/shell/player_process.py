"""The player's own process: one thread, absolute deadlines, a short final spin.

It is started with a socket and imports only the player's core and the MIDI port. If its parent is gone
the socket closes, and it silences every sounding note before it ends.

    python -m livegan.shell.player_process SOCKET_FD \
        [MIDI_OUT [CLOCK_OUT [CLOCK_IN [standby [watch]]]]]
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
from collections import deque
from threading import Thread
from types import FrameType

from livegan.core.leading import INTERNAL, Follower
from livegan.core.messages import (
    BarStarted,
    BeatStarted,
    Command,
    Emit,
    Halted,
    LeaderTempo,
    Led,
    Lines,
    Message,
    Opened,
    Panic,
    Play,
    Played,
    Quit,
    Report,
    Revised,
    Sent,
    SetLatency,
    SetLeader,
    SetTempo,
    Stop,
    Stopped,
    TempoSet,
    pack,
)
from livegan.core.outputs import BarLine, Beat, Event, Output, Revision, Tempo
from livegan.core.player import LOST, Player

from .leaders import Leader, NoLeader, open_leader
from .midi_out import OWN_PORT, NoMidi, NoSuchPort, Nowhere, Sink, open_output
from .outgoing import Outgoing
from .priority import ask_for_realtime, lock_memory
from .sleep import asleep_seconds
from .standby import STANDBY, WATCH, stand_by
from .watchdog import still_alive, unwatched

SPIN_SECONDS = 0.0004
DRAIN_SECONDS = 0.03
"""JACK takes what was sent at its next period: closing the port sooner would lose the last offs."""
IDLE_SECONDS = 1.0
OUTBOX_BYTES = 1 << 20
FOLLOW_SECONDS = 0.01
"""How often a leader is asked where it is."""
SWITCH_SECONDS = 1e-4
"""The thread that hears MIDI must not wait for ours to spin."""
TOLD_APART = 0.05
"""Quarters a minute by which a leader's tempo must change to be told."""


class PlayerProcess:
    """Reads commands, goes along with a leader, sends what is due, reports. MIDI clock goes to
    `clock_sink`, if there is one; a leader's comes from `clock_in`."""

    def __init__(
        self,
        link: socket.socket,
        sink: Sink,
        clock_sink: Sink | None = None,
        clock_in: str | None = None,
    ) -> None:
        self.link = link
        self.sink = sink
        self.clock_sink = clock_sink
        self.clock_in = clock_in
        self.clock = time.monotonic
        self.player = Player(clock_out=clock_sink is not None)
        self.outgoing = Outgoing(sink, clock_sink, self.clock)
        self.leader: Leader | None = None
        self.follower = Follower(self.player)
        self.lines = Lines()
        self.outbox = bytearray()
        self.sent: list[Sent] = []
        self.running = True
        self.opened: deque[tuple[str, Leader | str]] = deque()
        """Leaders that have been opened, or why they can't be."""
        self.woken, self.wake = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(self.wake, False)
        self._led_by = self._asked_for = INTERNAL
        self._told_bpm = 0.0
        self._ask_at = 0.0
        self.asleep = asleep_seconds()

    @property
    def now(self) -> float:
        """The time that the player lives in: ahead of the clock by as much as something is to be sent
        earlier."""
        return self.clock() + self.outgoing.ahead

    def run(self) -> None:
        """Until told to quit or the parent is gone; leaves nothing sounding."""
        try:
            while self.running:
                deadline = self.deadline()
                if deadline is not None and deadline - self.clock() <= SPIN_SECONDS:
                    self.play(deadline)
                elif self.wait(deadline):
                    self.read()
                if self.leader and self.clock() >= self._ask_at:
                    self.follow(self.leader)
        finally:
            self.end()

    def end(self) -> None:
        now = self.now
        self.silence([*self.player.stop(now), *self.player.panic(now)])
        self.report(self.played())
        still_alive()
        if self.leader:
            self.leader.close()
        time.sleep(DRAIN_SECONDS)
        self.sink.close()
        if self.clock_sink and self.clock_sink is not self.sink:
            self.clock_sink.close()
        unwatched()

    def deadline(self) -> float | None:
        """When something is to be made out or sent, by the clock."""
        made = self.player.deadline()
        due = [] if made is None else [made - self.outgoing.ahead]
        if self.outgoing.deadline is not None:
            due.append(self.outgoing.deadline)
        return min(due, default=None)

    def play(self, deadline: float) -> None:
        """Make out what is due while there is time, spin to the moment, send."""
        outputs = self.player.due(max(deadline, self.clock()) + self.outgoing.ahead)
        for output in outputs:
            self.outgoing.take(output)
        while self.clock() < deadline:
            pass
        self.outgoing.send(self.clock())
        self.tell(outputs)

    def wait(self, deadline: float | None) -> bool:
        """Sleep until shortly before the deadline; True if a command came. A leader that has something
        to say is asked at once."""
        wakes = self.leader.wakes if self.leader else None
        until = IDLE_SECONDS if deadline is None else deadline - self.clock() - SPIN_SECONDS
        left = min(until, self._ask_at - self.clock()) if self.leader else until
        readers: list[socket.socket | int] = [self.link, self.woken]
        if wakes is not None:
            readers.append(wakes)
        writers = [self.link] if self.outbox else []
        readable, writable, _ = select.select(readers, writers, [], max(0.0, left))
        self.notice_sleep()
        if writable:
            self.flush()
        if wakes is not None and wakes in readable:
            self._ask_at = 0.0
        if self.woken in readable:
            self.take_opened()
        return self.link in readable

    def notice_sleep(self) -> None:
        """A machine that was suspended wakes up in silence, and plays on at the next bar line."""
        asleep = asleep_seconds()
        if asleep - self.asleep > LOST:
            self.silence(self.player.wake(self.now))
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
        match message:
            case Quit():
                self.running = False
            case SetLatency(notes, clock):
                self.outgoing.set_latency(notes, clock)
            case SetLeader(leader, lost):
                self.follower.lost = lost
                if leader != self._asked_for:
                    self.lead_by(leader)
            case Play() if self.leader:
                self.follower.play()
                self.leader.play()
            case SetTempo(bpm) if self.leader:
                self.leader.set_tempo(bpm)
                self._told_bpm = 0.0
            case Stop():
                self.halt()
            case Emit(messages):
                for data in messages:
                    self.sink.send(data)
            case Panic():
                self.silence(self.player.obey(message, self.now))
            case _ if isinstance(message, Command):
                self.perform(self.player.obey(message, self.now))

    def halt(self) -> None:
        """The performer wants silence; a leader that can be told stops, too."""
        self.silence(self.player.stop(self.now))
        self.follower.stop()
        if self.leader:
            self.leader.stop()
        self.report(self.played())
        self.report(Stopped())

    # leaders

    def lead_by(self, name: str) -> None:
        """Somebody else, or ourselves. To open another takes longer than notes can wait."""
        self._asked_for = name
        if name == INTERNAL:
            self.welcome(None, name)
            return
        Thread(target=self.open_leader, args=(name, self.player.bpm), daemon=True).start()

    def open_leader(self, name: str, bpm: float) -> None:
        """On a thread of its own, which leaves what it found where `run` looks."""
        try:
            self.opened.append((name, open_leader(name, self.clock_in, bpm)))
        except NoLeader as error:
            self.opened.append((name, str(error)))
        with contextlib.suppress(BlockingIOError):
            os.write(self.wake, b".")

    def take_opened(self) -> None:
        """Go over to a leader that was opened, unless another one was asked for since. Who leads stays
        if the other can't."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.woken, 64)
        while self.opened:
            name, leader = self.opened.popleft()
            if isinstance(leader, str):
                self.report(Led(self._led_by, leader))
                self._asked_for = self._led_by
            elif name == self._asked_for:
                self.welcome(leader, name)
            else:
                leader.close()

    def welcome(self, leader: Leader | None, name: str) -> None:
        if self.leader:
            self.leader.close()
        if leader and self.player.playing:
            leader.play()
        self.be_led(leader, name, "")

    def be_led(self, leader: Leader | None, name: str, why: str) -> None:
        self.leader, self._led_by = leader, name
        self.follower = Follower(self.player, self.follower.lost)
        self._told_bpm = self._ask_at = 0.0
        self.report(Led(name, why))

    def follow(self, leader: Leader) -> None:
        """Go along with the leader; without it, on our own, if it broke."""
        self._ask_at = self.clock() + FOLLOW_SECONDS
        try:
            lead = leader.lead(self.clock())
        except Exception as error:  # JACK's server was killed, say: the music goes on
            self._asked_for = INTERNAL
            self.be_led(None, INTERNAL, f"{self._led_by} can't lead any more: {error}")
            return
        outputs, reports = self.follower.follow(lead, self.now)
        if any(isinstance(report, Halted) for report in reports):
            self.silence(list(outputs))
            reports = [self.played(), Stopped(), *reports]
        else:
            self.perform(list(outputs))
        for report in reports:
            self.report(report)
        if lead.curve and abs(lead.curve.bpm - self._told_bpm) > TOLD_APART:
            self._told_bpm = lead.curve.bpm
            self.report(LeaderTempo(round(lead.curve.bpm, 2)))

    # out

    def perform(self, outputs: list[Output]) -> None:
        """Send what is due, then report: the music never waits for the parent."""
        for output in outputs:
            self.outgoing.take(output)
        self.outgoing.send(self.clock())
        self.tell(outputs)

    def silence(self, outputs: list[Output]) -> None:
        """Send what ends notes, whatever the ports' latency."""
        self.outgoing.cut()
        self.outgoing.send_now(outputs)
        self.tell(outputs)

    def tell(self, outputs: list[Output]) -> None:
        reports: list[Report] = []
        for output in outputs:
            match output:
                case Event(click=False):
                    self.sent.append(output.sent)
                case BarLine(_, bar, revision, repeated):
                    reports += [self.played(), BarStarted(bar, revision, repeated)]
                case Revision(_, bar, revision, step):
                    reports.append(Revised(bar, revision, step))
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
        late = sorted(self.outgoing.lateness) or [0.0]
        median, worst = late[len(late) // 2] * 1e3, late[-1] * 1e3
        report = Played(tuple(self.sent), median, worst, self.player.late_notes)
        self.outgoing.lateness.clear()
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
    midi_out, clock_out, clock_in = [name or None for name in [*arguments[1:], "", "", ""][:3]]
    watch = None
    if STANDBY in arguments[4:]:
        also = [clock_out] if clock_out and clock_out != OWN_PORT else []
        watch = stand_by(link, [midi_out or "", *also] if WATCH in arguments[4:] else [])
    try:
        sink, clock_sink, why = open_ports(midi_out, clock_out, watch.sinks if watch else {})
    except NoSuchPort as error:
        link.sendall(pack(Opened("", f"!{error}", False)))
        return
    if watch:
        watch.connect_again()
        watch.close()
        unwatched()
    link.setblocking(False)
    sys.setswitchinterval(SWITCH_SECONDS)
    process = PlayerProcess(link, sink, clock_sink, clock_in)

    def end(number: int, frame: FrameType | None) -> None:
        link.shutdown(socket.SHUT_RD)  # as if the parent were gone: nothing is torn in the middle

    signal.signal(signal.SIGTERM, end)
    gc.collect()
    gc.freeze()
    gc.disable()
    lock_memory()
    clock_port = clock_sink.name if clock_sink else ""
    process.report(Opened(sink.name, why, bool(ask_for_realtime()), clock_port))
    process.run()


if __name__ == "__main__":
    main(sys.argv[1:])
