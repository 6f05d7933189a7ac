"""The daemon: OSC in, state, conductor, player, feedback out.

One thread owns everything; the OSC socket, the player's reports and a loading model each have a thread
that only puts what came into one inbox.
"""

from __future__ import annotations

import gc
import heapq
import itertools
import os
import signal
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from livegan.core import state as states
from livegan.core.conductor import Conductor
from livegan.core.controls import PREFIX, BadControl
from livegan.core.leading import INTERNAL
from livegan.core.messages import (
    BarStarted,
    BeatStarted,
    Command,
    Grid,
    Halted,
    Joined,
    LeaderTempo,
    Led,
    Opened,
    Play,
    Played,
    PortFound,
    PortLost,
    Release,
    Report,
    Sent,
    Stop,
    Stopped,
    TempoSet,
)
from livegan.core.music import STEPS_PER_BAR
from livegan.core.outputs import NOTE_ON
from livegan.core.performance import notes_of
from livegan.core.state import BadValue
from livegan.core.table import ANNOUNCEMENTS, Move, move_for

from .feedback import Feedback, chosen_port
from .generator import OnnxGenerator, load_model
from .inbox import MAX_BACKLOG, Inbox
from .model_loader import ModelCame, ModelLoader
from .osc import Address, OscBad, OscIn, OscPort
from .player_link import PlayerGone, PlayerLink, Successor
from .priority import how_to_grant
from .tune import read_tune
from .view import QuietView, Status, View

if TYPE_CHECKING:
    from .recorder import Recorder

MAX_SCHEDULED = 1_000
FARTHEST_SECONDS = 3600.0
MAX_LOGGED = 200
BATCH = 256
TICK_SECONDS = 0.1
START_SECONDS = 20.0
SHORT_LIFE_SECONDS = 2.0
OUTGOING = frozenset(PREFIX + told.address for told in ANNOUNCEMENTS)


Kind = TypeVar("Kind", Opened, Led)


class CannotStart(RuntimeError):
    """The daemon can't run as asked; one line says why."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What `livegan serve` was asked for."""

    host: str
    port: int
    midi_out: str | None
    clock_out: str | None
    clock_in: str | None
    sync: str
    latency: float
    clock_latency: float
    model: str
    device: str
    bpm: float
    seed: int
    play: bool
    record: Path | None
    given: Path | None = None
    if_hung: str = "loop"


class Server:
    """`startup`, `run` until told to stop, `shutdown`; or `serve` for all three."""

    def __init__(self, config: ServerConfig, view: View) -> None:
        self.config = config
        self.view = view
        self.inbox = Inbox()
        self.osc = OscPort(config.host, config.port)
        self.link = PlayerLink(self.inbox.put, config.midi_out, config.clock_out, config.clock_in)
        self.feedback = Feedback(self.osc)
        self.loader = ModelLoader(config.device, self.inbox.put)
        self.status = Status(tempo=config.bpm)
        self.stopping = False
        self.conductor: Conductor
        self.recorder: Recorder | None = None
        self._struck: dict[tuple[int, int], Sent] = {}
        self._logged: set[tuple[str, str]] = set()
        self._scheduled: list[tuple[float, int, OscIn]] = []
        self._order = itertools.count()
        self._stale = False
        self._shown: OnnxGenerator | None = None
        self._started = 0.0
        self._grid: Grid | None = None
        self._left: set[tuple[int, int]] = set()
        self._port_lost = False
        self._entered: int | None = None

    def serve(self) -> None:
        """The whole life. Raises `CannotStart`, `PortTaken` or `BadModel` before anything sounds."""
        try:
            self.startup()
            self.run()
        finally:
            self.shutdown()

    # life

    def startup(self) -> None:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._ask_to_stop)
        self.osc.open()
        self._start_player()
        generator = load_model(self.config.model, self.config.device)
        opened = self._wait_for_player()
        state = states.initial(self.config.seed, generator.info.latent)
        state = replace(
            state,
            tempo=self.config.bpm,
            if_hung=self.config.if_hung,
            sync=self.config.sync,
            latency=self.config.latency,
            clock_latency=self.config.clock_latency,
        )
        self.conductor = Conductor(generator, state, read_tune(self.config.given))
        if self.config.record:
            from .recorder import Recorder  # with mido, which playing does not need

            self.recorder = Recorder(self.config.record, generator.info.tracks, self.config.bpm)
        self._say_hello(generator, opened)
        self.link.send(self.conductor.start())
        if self.config.sync != INTERNAL:
            self._wait_for_leader()
        self.osc.start(self.inbox.put_osc)
        if self.config.play:
            self._apply(move_for(f"{PREFIX}/play", ()))
        self._tell_changes()
        gc.collect()
        gc.freeze()  # what is here stays: no collection needs to look at it again

    def _start_player(self) -> None:
        self._started = time.monotonic()
        self.link.start()

    def _wait_for_player(self) -> Opened:
        opened = self._wait_for(Opened)
        if opened.why.startswith("!"):
            raise CannotStart(opened.why[1:])
        return opened

    def _wait_for_leader(self) -> None:
        led = self._wait_for(Led)
        if led.why:
            raise CannotStart(led.why)
        self._be_led(led)

    def _wait_for(self, kind: type[Kind]) -> Kind:
        """The player's first word of this kind."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and not self.stopping:
            item = self.inbox.get(TICK_SECONDS)
            if isinstance(item, kind):
                return item
            if isinstance(item, PlayerGone):
                raise CannotStart("the player process ended before it was ready")
        raise CannotStart("stopped" if self.stopping else "the player process did not start")

    def _say_hello(self, generator: OnnxGenerator, opened: Opened) -> None:
        self.status.model, self.status.device = generator.info.name, generator.device
        self._shown = generator
        self.status.osc = f"{self.osc.host}:{self.osc.port}"
        self.status.midi = opened.port or "none"
        self.link.has_port = bool(opened.port)
        if opened.port:
            self.view.say("midi", f"MIDI out: {opened.port}", port=opened.port)
            if not opened.realtime:
                self.view.say("priority", f"no real-time priority: {how_to_grant()}")
        else:
            self.view.say("midi", f"{opened.why}; playing without a port", port=None)
        if opened.clock_port:
            self.view.say("clock", f"MIDI clock out: {opened.clock_port}", port=opened.clock_port)
        self.view.say(
            "start",
            f"model {generator.info.name} on {generator.device}, OSC on {self.status.osc}; "
            f"livegan send --port {self.osc.port} /play starts, ctrl-C ends",
            model=generator.info.name, device=generator.device, osc=self.status.osc,
        )  # fmt: skip

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
        self.inbox.put(None)

    def run(self) -> None:
        """Take what comes until told to stop."""
        while not self.stopping:
            first = self.inbox.get(self._patience())
            items = [] if first is None else [first, *self.inbox.get_more(BATCH)]
            for item in [*items, *self._fallen_due()]:
                self._take(item)
            self._enter_bar()
            self.link.keep_spare()
            if self._stale:
                self._stale = False
                for command in self.conductor.render_again():
                    self.link.send([command])
                self._watch_model()
            self._tell_changes()
            self.feedback.flush()
            self.feedback.drop_gone()
            self._show(lambda: self.view.refresh(self.status))

    def shutdown(self) -> None:
        """End every note, write what was recorded, close."""
        self.link.close()
        self.osc.close()
        if self.recorder:
            for item in self.inbox.get_more(MAX_BACKLOG):
                if isinstance(item, (BarStarted, TempoSet, Stopped, Played)):
                    self.recorder.take(item)
            if self.recorder.started:
                self._write_recording(self.recorder)
        self._show(self.view.close)

    def _write_recording(self, recorder: Recorder) -> None:
        """Where it was asked for, with its tracks; if that can't be, it stays as it grew, in one
        track; if that was deleted, among the temporary files: music is not lost."""
        path = recorder.path
        try:
            recorder.write(path)
        except OSError as error:
            self._error(f"{path}: can't be written ({error.strerror})")
            if not path.exists():
                path = Path(tempfile.gettempdir()) / f"livegan-{os.getpid()}.mid"
                recorder.write(path)
        self._show(lambda: self.view.say("record", f"wrote {path}"))

    def _patience(self) -> float:
        patience = min(TICK_SECONDS, self.feedback.patience)
        if not self._scheduled:
            return patience
        return min(patience, self._scheduled[0][0] - time.monotonic())

    def _fallen_due(self) -> list[OscIn]:
        now = time.monotonic()
        due = []
        while self._scheduled and self._scheduled[0][0] <= now:
            due.append(heapq.heappop(self._scheduled)[2])
        return due

    # what comes

    def _take(self, item: Any) -> None:
        match item:
            case OscIn():
                self._enter_bar()
                self._take_osc(item)
            case OscBad(sender, why):
                self._refuse(sender, "", why)
            case Led() | LeaderTempo() | Joined() | Halted():
                self._take_lead(item)
            case BarStarted() | BeatStarted() | TempoSet() | Grid() | Stopped() | Played():
                self._take_report(item)
            case PlayerGone(process_id):
                if process_id == self.link.process_id:
                    self._replace_player()
                else:
                    self.link.forget_spare(process_id)
            case PortLost(port):
                self._lose_port(port)
            case PortFound():
                self.link.retire()
            case Successor(opened):
                self._succeed(opened)
            case ModelCame():
                self._take_model(item)

    def _take_osc(self, item: OscIn) -> None:
        if item.due > time.monotonic():
            self._schedule(item)
            return
        if item.address in OUTGOING:  # another daemon's feedback: an answer would go round for ever
            return
        try:
            move = move_for(item.address, item.values)
            if not self._act(move, item):
                self._apply(move)
                if move.control.read is None and not move.ignored:
                    self.feedback.tell(item.address.removeprefix(PREFIX), *move.given)
        except (BadControl, BadValue) as error:
            self._refuse(item.sender, item.address, str(error))

    def _schedule(self, item: OscIn) -> None:
        """Keep a message until its time tag."""
        if item.due > time.monotonic() + FARTHEST_SECONDS:
            self._refuse(item.sender, item.address, "its time tag is more than an hour ahead")
        elif len(self._scheduled) >= MAX_SCHEDULED:
            self._refuse(item.sender, item.address, "too many messages wait for their time tags")
        else:
            heapq.heappush(self._scheduled, (item.due, next(self._order), item))

    def _apply(self, move: Move) -> None:
        self._command(self.conductor.move(move))
        self._stale = self._stale or (move.control.changes_music and not move.ignored)

    def _command(self, commands: list[Command]) -> None:
        self.link.send(commands)
        self._show_transport()
        state = self.conductor.state
        if any(isinstance(command, Stop) for command in commands):
            self._grid = None
        if any(isinstance(command, Play) for command in commands):
            self.status.bar, self.status.beat = state.first_bar + 1, 1

    def _show_transport(self) -> None:
        state = self.conductor.state
        self.status.playing, self.status.frozen = state.playing, state.held is not None
        if not state.playing:  # else the player tells
            self.status.tempo = state.tempo

    def _act(self, move: Move, item: OscIn) -> bool:
        """The controls that are the server's own, and those that need to know when they were moved."""
        sender = item.sender
        match move.control.name:
            case "tap":
                if not move.ignored:
                    self._command(self.conductor.tap(item.due))
            case "subscribe":
                self._tell_changes()
                self.feedback.subscribe(chosen_port(sender, move.values))
            case "unsubscribe":
                self.feedback.unsubscribe(chosen_port(sender, move.values))
            case "model":
                self.loader.load(str(move.values[0]), sender)
            case _:
                return False
        return True

    def _refuse(self, sender: Address, address: str, why: str) -> None:
        """Answer the sender; log each kind once."""
        self.osc.send(sender, f"{PREFIX}/error", (address[:200], why))
        self._log_once(f"{sender[0]}:{sender[1]} {address[:60]!r}", why)

    def _log_once(self, what: str, why: str) -> None:
        key = (what.rpartition(" ")[2], why[:60])
        if key not in self._logged and len(self._logged) < MAX_LOGGED:
            self._logged.add(key)
            self._error(f"{what}: {why}")

    def _error(self, text: str) -> None:
        self._show(lambda: self.view.say("error", text))

    def _fail(self, what: str, why: str) -> None:
        """Something broke that concerns everybody."""
        self._error(why)
        self.feedback.tell("/error", what, why)

    def _take_report(self, report: Report) -> None:
        if self.recorder:
            self._record(self.recorder, report)
        match report:
            case BarStarted(bar, _, repeated):
                self._entered = bar
                if repeated:
                    self._fail("bar", f"bar {bar + 1} was not ready in time; the one before repeats")
                self._tell_bar(bar + 1)
            case BeatStarted(_, beat):
                self.status.beat = beat + 1
                self.feedback.tell("/beat", beat + 1)
            case TempoSet(_, bpm):
                self.status.tempo = bpm
                self.feedback.tell("/tempo/now", bpm)
            case Grid() if self.conductor.state.playing:
                self._grid = report
            case Stopped():
                self._grid = None
            case Played():
                self._take_played(report)

    def _take_lead(self, report: Led | LeaderTempo | Joined | Halted) -> None:
        """What a leader of the time does to us."""
        match report:
            case Led():
                self._be_led(report)
            case LeaderTempo(bpm):
                self.conductor.led_tempo(bpm)
            case Joined(bar, fresh):
                self._enter_bar()
                self.conductor.joined(bar, fresh)
            case Halted():
                self._grid = None
                self.link.send(self.conductor.halted())
        self._show_transport()

    def _be_led(self, led: Led) -> None:
        self.conductor.led(led.leader)
        if led.why:
            self._error(led.why)
            self.feedback.tell("/error", "/sync", led.why)
        else:
            self._show(lambda: self.view.say("sync", f"time: {led.leader}", leader=led.leader))

    def _record(self, recorder: Recorder, report: Report) -> None:
        failed = recorder.failure
        recorder.take(report)
        if recorder.failure and not failed:
            why = f"{recorder.path}: can't be written ({recorder.failure}); the music goes on"
            self._fail("record", why)

    def _enter_bar(self) -> None:
        """Answer the player's last bar line with the bar after it. Of several that came together,
        because we were stopped or late, only the last one counts."""
        if self._entered is not None and self.conductor.state.playing:
            self.link.send(self.conductor.bar_started(self._entered))
            self._watch_model()
            self._show_model()
        self._entered = None

    def _tell_bar(self, bar: int) -> None:
        self.status.inference = self.conductor_inference()
        if bar > 1:
            self._show(lambda: self.view.bar(self.status))
        self.status.bar = bar
        self.feedback.tell("/bar", bar)
        self.feedback.tell("/inference", self.status.inference)

    def conductor_inference(self) -> float:
        """Time of the last bar's inference in ms."""
        generator = self.conductor.generator
        return generator.inference_seconds * 1e3 if isinstance(generator, OnnxGenerator) else 0.0

    def _take_played(self, report: Played) -> None:
        if report.dropped:
            self._error(f"{report.dropped} notes came too late and were left out")
        if not report.events:
            return
        start = report.events[0][0] // STEPS_PER_BAR * STEPS_PER_BAR
        notes = notes_of(report.events, self._struck)
        self.status.roll = [n._replace(start=n.start - start) for n in notes if n.start >= start]
        self.status.notes = sum(event[1] & 0xF0 == NOTE_ON for event in report.events)
        self.status.late_median, self.status.late_worst = report.late_median, report.late_worst
        self.feedback.tell("/lateness", report.late_median, report.late_worst)

    # players

    def _replace_player(self) -> None:
        if time.monotonic() - self._started < SHORT_LIFE_SECONDS:
            self._error("the player process can't stay alive; giving up")
            self.stopping = True
            return
        self._left |= self.conductor.pitches
        self.link.retire()
        self.link.call_spare()
        self._fail("player", "the player process ended; starting another")

    def _lose_port(self, port: str) -> None:
        """The player plays on to nowhere, and keeps the beat, until the spare has found the port."""
        self._port_lost = True
        self._left |= self.conductor.pitches
        self.link.call_spare()
        self._fail("port", f"the MIDI port {port} is gone; it is looked for, and the music goes on")
        self.feedback.tell("/port", port, False)

    def _succeed(self, opened: Opened) -> None:
        """Another player has the port: it ends what was left sounding, and goes on on the beat; at a
        bar line, where the port had been away."""
        if opened.why.startswith("!"):
            return
        if self.recorder:
            self.recorder.end_notes()
        self.link.promote()
        self._started = time.monotonic()
        resumed = self.conductor.resume(self._grid, at_line=self._port_lost)
        self.link.send([Release(tuple(self._left)), *resumed])
        self.link.send_missed()
        self._left.clear()
        self.status.midi = opened.port or "none"
        if self._port_lost:
            self._show(lambda: self.view.say("midi", f"MIDI out again: {opened.port}"))
            self.feedback.tell("/port", opened.port, True)
        self._port_lost = False

    # models

    def _take_model(self, came: ModelCame) -> None:
        if self.loader.superseded():
            return
        if came.generator is None:
            if not self.feedback.tells(came.sender):
                self.osc.send(came.sender, f"{PREFIX}/error", (f"{PREFIX}/model", came.why))
            self._log_once("model", came.why)
            self.feedback.tell("/error", f"{PREFIX}/model", came.why)
            return
        self.link.send(self.conductor.use(came.generator))
        self._show_model()

    def _show_model(self) -> None:
        """Say which model plays, once it does."""
        generator = self.conductor.generator
        if generator is self._shown or not isinstance(generator, OnnxGenerator):
            return
        self._shown = generator
        self.status.model, self.status.device = generator.info.name, generator.device
        self.feedback.tell_again("/model")
        text = f"model {generator.info.name} on {generator.device}"
        self._show(lambda: self.view.say("model", text))

    def _watch_model(self) -> None:
        if self.conductor.failure:
            self._log_once("model", self.conductor.failure)
            self.feedback.tell("/error", "model", self.conductor.failure)

    def _tell_changes(self) -> None:
        self.feedback.tell_changes(self.conductor.state, self.status.model)

    def _show(self, draw: Any) -> None:
        """A terminal that is gone must not stop the music."""
        try:
            draw()
        except (OSError, ValueError):
            self.view = QuietView()
