"""The daemon: OSC in, state, conductor, player, feedback out.

One thread owns everything; the OSC socket, the player's reports and a loading model each have a thread
that only puts what came into one inbox. What comes is taken here and heard by the parts.
"""

from __future__ import annotations

import gc
import signal
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from livegan.core import state as states
from livegan.core.addressing import Move, move_for
from livegan.core.conductor import Conductor
from livegan.core.controls import PREFIX
from livegan.core.leading import INTERNAL
from livegan.core.messages import (
    BarStarted,
    BeatStarted,
    Command,
    Led,
    Play,
    Played,
    Revised,
    Stopped,
    TempoSet,
)
from livegan.core.midi_scale import BadMap
from livegan.core.model import ModelInfo
from livegan.core.state import BadValue

from .banks import Banks
from .config import CannotStart, ServerConfig
from .controllers import Controllers
from .dispatch import Dispatch
from .faults import Faults
from .feedback import Feedback, Hub
from .folder import default_folder
from .following import Following
from .generator import OnnxGenerator, load_model
from .inbox import MAX_BACKLOG, Inbox
from .listening import Listening
from .midi_out import NoSuchPort
from .models import Models
from .osc import Address, NoSuchHost, OscBad, OscIn, OscPort, OscStranger
from .part import Part
from .players import Players
from .recordings import Recordings
from .reports import Reports
from .subscriptions import Subscriptions
from .tune import read_tune
from .view import LastingView, Status, View
from .web.part import PanelPart
from .whereabouts import Whereabouts

BATCH = 256
TICK_SECONDS = 0.1


class Server:
    """`startup`, `run` until told to stop, `shutdown`; or `serve` for all three."""

    def __init__(self, config: ServerConfig, view: View) -> None:
        self.config = config
        self.view: View = LastingView(view)
        self.status = Status(tempo=config.bpm)
        self.folder = config.folder or default_folder()
        self.stopping = False
        self.inbox = Inbox()
        self.osc = OscPort(config.host, config.port, config.allow)
        self.hub = Hub(self.osc)
        self.feedback = Feedback(self.hub)
        self.faults = Faults(self.view, self.hub, self.feedback)
        self.dispatch = Dispatch(self)
        self.reports = Reports(self)
        self.players = Players(self)
        self.following = Following(self)
        self.conductor: Conductor
        self.models: Models
        self.parts: list[Part] = [self.players, self.following, Subscriptions(self)]

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
        self.feedback.tell_always(self._fixed_targets())
        panel = PanelPart(self)
        self.parts += [panel, Whereabouts(self)]
        panel.open()
        self.players.start()
        controllers = Controllers(self, self.config.midi_in)
        self.parts.append(controllers)
        controllers.look()
        generator = load_model(self.config.model, self.config.device)
        opened = self.players.opened()
        state = self._first_state(generator.info)
        self.conductor = Conductor(generator, state, read_tune(self.config.given))
        self.models = Models(self, generator)
        self.parts += [Recordings(self), Banks(self)]
        self.players.introduce(opened)
        self._say_hello(generator)
        self.send(self.conductor.start())
        if self.config.sync != INTERNAL:
            self.following.begin(self.players.first(Led))
        self._start_inputs(controllers)
        self.parts.append(self.models)
        self.osc.start(self.inbox.put_osc)
        if self.config.play:
            self.apply(move_for(f"{PREFIX}/play", ()))
        self.tell_changes()
        gc.collect()
        gc.freeze()  # what is here stays: no collection needs to look at it again
        panel.start()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
        self.inbox.put(None)

    def _fixed_targets(self) -> list[Address]:
        try:
            found = [self.osc.resolve(host, port) for host, port in self.config.feedback]
        except NoSuchHost as error:
            raise CannotStart(f"--feedback: {error}") from None
        if (self.osc.host, self.osc.port) in [*found, *self.config.feedback]:
            raise CannotStart("--feedback: give the port where others listen, not livegan's own")
        return found

    def _first_state(self, info: ModelInfo) -> states.State:
        config = self.config
        return replace(
            states.initial(config.seed, *info.size),
            tempo=config.bpm,
            if_hung=config.if_hung,
            sync=config.sync,
            latency=config.latency,
            clock_latency=config.clock_latency,
        )

    def _say_hello(self, generator: OnnxGenerator) -> None:
        name, device, osc = generator.info.name, generator.device, f"{self.osc.host}:{self.osc.port}"
        self.status.model, self.status.device, self.status.osc = name, device, osc
        self.view.say(
            "start",
            f"model {name} on {device}, OSC on {osc}; "
            f"livegan send --port {self.osc.port} /play starts, ctrl-C ends",
            model=name, device=device, osc=osc,
        )  # fmt: skip

    def _start_inputs(self, controllers: Controllers) -> None:
        """Keyboard and controllers."""
        listening = Listening(self, self.config.listen_in)
        self.parts.append(listening)
        try:
            listening.start()
            controllers.start(self.config.map)
        except (NoSuchPort, BadMap, BadValue) as error:
            raise CannotStart(str(error)) from None

    def run(self) -> None:
        """Take what comes until told to stop."""
        while not self.stopping:
            first = self.inbox.get(self._patience())
            items = [] if first is None else [first, *self.inbox.get_more(BATCH)]
            for item in [*items, *self.dispatch.fallen_due()]:
                self._shielded(partial(self._take, item))
            self._shielded(self._follow_up)
            for part in self.parts:
                self._shielded(part.tick)
            self.feedback.flush()
            for target in self.osc.refused():  # nobody listens there any more
                self.feedback.unsubscribe(target)
            self.view.refresh(self.status)

    def _patience(self) -> float:
        """Seconds until there is something to do, whether something comes or not."""
        parts = (part.patience for part in self.parts)
        return min(TICK_SECONDS, self.feedback.patience, self.dispatch.patience, *parts)

    def _shielded(self, act: Callable[[], None]) -> None:
        """A mistake of ours is told, with its place; it does not end the music."""
        try:
            act()
        except Exception as error:
            *_, place = traceback.extract_tb(error.__traceback__)
            where = f"{Path(place.filename).name}:{place.lineno}"
            why = f"{type(error).__name__} at {where} ({error}); the music goes on"
            self.faults.log_once("daemon", why)

    def shutdown(self) -> None:
        """End every note, write what was recorded, close."""
        self.players.end()
        for item in self.inbox.get_more(MAX_BACKLOG):
            if isinstance(item, (BarStarted, TempoSet, Stopped, Played)):
                for part in self.parts:
                    part.hear(item)
        for part in self.parts:
            part.close()
        self.osc.close()
        self.view.close()

    # what comes

    def _take(self, item: Any) -> None:
        match item:
            case OscIn():
                self.reports.enter_bar()
                self.dispatch.take(item)
            case OscBad() | OscStranger():
                self.dispatch.take(item)
            case BarStarted() | BeatStarted() | TempoSet() | Revised() | Played():
                self.reports.take(item)
        for part in self.parts:
            part.hear(item)

    def _follow_up(self) -> None:
        """What everything that came makes necessary."""
        self.reports.enter_bar()
        self.tell_changes()  # in a fraction of the time that bars take
        if self.conductor.stale:
            self.send(self.conductor.render_again())
            self.models.watch()

    # what the parts can do

    def send(self, commands: Iterable[Command]) -> None:
        """To the player, and for the parts to know."""
        for command in commands:
            self.players.send(command)
            for part in self.parts:
                part.sent(command)

    def command(self, commands: list[Command]) -> None:
        """The performer's commands: sent, and shown at once."""
        self.send(commands)
        self.show_transport()
        if any(isinstance(command, Play) for command in commands):
            self.status.bar, self.status.beat = self.conductor.state.first_bar + 1, 1

    def apply(self, move: Move, now: float | None = None) -> None:
        """Make a move on the state, at this time. Its bars are made again when all that came is taken.
        Raises `BadValue`."""
        self.command(self.conductor.move(move, now))

    def show_transport(self) -> None:
        state = self.conductor.state
        self.status.playing, self.status.frozen = state.playing, state.held is not None
        if not state.playing:  # else the player tells
            self.status.tempo = state.tempo

    def tell_changes(self) -> None:
        """Subscribers, of everything that is not as they were told."""
        self.feedback.tell_changes(self.conductor.state, self.status.model)
