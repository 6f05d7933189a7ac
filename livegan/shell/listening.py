"""Listening to a keyboard: replies at bar lines, transposition, and bars captured as scenes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from livegan.core.addressing import Move
from livegan.core.controls import PREFIX
from livegan.core.conversation import Conversation
from livegan.core.decode import BoolArray
from livegan.core.hearing import onsets_of, unit_of
from livegan.core.latent import Point, on_sphere
from livegan.core.messages import Command, Grid, Halted, Joined, Stop, Stopped
from livegan.core.moves import store_point
from livegan.core.music import STEPS_PER_BAR, seconds_per_step
from livegan.core.outputs import NOTE_ON
from livegan.core.rendering import Cue, Generator, cue_for
from livegan.core.state import DIRECTIONS, BadValue

from .captures import Capture, Captured, Captures, Sketched
from .generator import OnnxGenerator
from .keyboard import Keyboard, KeyboardSeen
from .keys import KeyPlayed
from .osc import Address, OscIn
from .part import Part

if TYPE_CHECKING:
    from .server import Server

SURFACE = "keys"
KEYBOARD: Address = (SURFACE, 1)
MIDDLE_C = 60
LONGEST_SEARCH = 4.0
"""Seconds, however slow the music is."""


class Listening(Part):
    """A part of the server. `wanted` is a part of the name of a MIDI input; without one there is a
    virtual input called keys."""

    def __init__(self, server: Server, wanted: str | None) -> None:
        self._server = server
        self._conductor = server.conductor
        self._keyboard = Keyboard(wanted, server.inbox.put)
        self._captures = Captures(server.inbox.put)
        self._talk = Conversation(server.conductor, self._latent_of, self._unit)
        self._units: tuple[Generator | None, int] = (None, 1)
        self._sketched: Sketched | None = None

    def start(self) -> None:
        """Open the input. Raises `NoSuchPort`."""
        self._server.hub.add(SURFACE, self)
        self._keyboard.open()

    def send(self, target: Address, address: str, values: Any) -> None:
        """As a surface: a keyboard shows nothing."""

    # the part

    def act(self, move: Move, item: OscIn) -> bool:
        if move.control.name != "capture":
            return False
        self._capture(int(move.values[0]))
        return True

    def hear(self, item: Any) -> None:
        match item:
            case KeyPlayed():
                self._key(item)
            case Grid() if self._conductor.state.playing:
                self._talk.follow(item)
            case Stopped() if not self._conductor.state.playing:
                self._talk.lose_time()
            case Joined() | Halted():
                self._talk.lose_time()
            case Captured():
                self._captured(item)
            case Sketched():
                self._sketched = item
            case KeyboardSeen(name, there):
                text = f"keys: {name}" if there else f"the keyboard {name} is gone"
                self._server.view.say("keys", text, port=name, there=there)

    def sent(self, command: Command) -> None:
        if isinstance(command, Stop):
            self._talk.lose_time()

    @property
    def patience(self) -> float:
        return max(0.0, self._talk.due() - time.monotonic())

    def tick(self) -> None:
        state = self._conductor.state
        self._keyboard.busy = self._talk.hears or state.keyboard == "transpose"
        self._sketch()
        taken = self._talk.take(time.monotonic())
        if taken is None:
            return
        self._server.send(taken.commands)
        if taken.notes:
            self._server.feedback.tell("/heard", taken.bar + 1, taken.notes)

    def close(self) -> None:
        self._keyboard.close()
        self._captures.close()

    # keys

    def _key(self, key: KeyPlayed) -> None:
        if self._conductor.state.keyboard == "transpose":
            self._transpose(key)
        else:
            self._talk.key(*key)

    def _transpose(self, key: KeyPlayed) -> None:
        """By the last key pressed, until the next one."""
        if key.status & 0xF0 == NOTE_ON and key.velocity:
            address = f"{PREFIX}/listen/transpose"
            self._server.inbox.put_osc(OscIn(KEYBOARD, address, (key.pitch - MIDDLE_C,), key.time))

    # latents

    def _unit(self, generator: Generator) -> int:
        """A model's grid, looked up once."""
        if self._units[0] is not generator:
            made = [not track.given for track in generator.info.tracks]
            onset = generator.logits(Cue(np.ones(generator.info.latent))).onset
            self._units = generator, unit_of(onset[made])
        return self._units[1]

    def _latent_of(self, generator: Generator, roll: BoolArray) -> Point | None:
        """By the model's encoder, or the likest of bars that were drawn beforehand."""
        if not isinstance(generator, OnnxGenerator):
            return None
        if generator.encodes:
            return on_sphere(generator.encode(roll[None])[0])
        if self._sketched and self._sketched.generator is generator:
            return self._sketched.sketches.likest(onsets_of(roll))
        return None

    def _sketch(self) -> None:
        """Have bars drawn of a model that will be asked for latents and has no encoder."""
        generator = self._conductor.generator
        if not isinstance(generator, OnnxGenerator) or generator.encodes:
            return
        if self._conductor.state.listen in ("answer", "follow"):
            self._captures.sketch(generator)

    # capture

    def _capture(self, scene: int) -> None:
        generator, last = self._conductor.generator, self._talk.last_bar
        if not isinstance(generator, OnnxGenerator) or last is None:
            raise BadValue("there is no bar to capture: none was played to its end with this model")
        bar, parts = last
        seconds = min(LONGEST_SEARCH, STEPS_PER_BAR * seconds_per_step(self._conductor.state.tempo))
        self._captures.capture(Capture(scene, generator, parts, self._cue(generator, bar), seconds))

    def _cue(self, generator: OnnxGenerator, bar: int) -> Cue:
        """With what a captured bar is made: a model that hears the bar before hears silence, first in
        its phrase, as when it learned to capture; no direction is gone."""
        state = replace(self._conductor.state, directions=(0.0,) * DIRECTIONS)
        cue = cue_for(generator, state, bar, self._conductor.tune)
        return replace(cue, place=0) if generator.info.context else cue

    def _captured(self, found: Captured) -> None:
        scene, point = found.capture.scene, found.point
        if point is None:
            self._fail(found.why)
        elif found.capture.generator is not self._conductor.generator:
            self._fail(f"scene {scene} was not captured: the model has changed")
        else:
            self._conductor.put(scenes=store_point(self._conductor.state, scene, point).scenes)
            self._server.feedback.tell("/captured", scene, found.share)
            text = f"scene {scene} captured: {found.share:.0%} of the notes come back"
            self._server.view.say("capture", text, scene=scene, share=found.share)

    def _fail(self, why: str) -> None:
        self._server.view.say("error", why)
        self._server.feedback.tell("/error", "/capture", why)
