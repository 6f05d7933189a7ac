"""From messages of surfaces to moves, and who is told of them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from livegan.core.addressing import Move, moves_for, together
from livegan.core.controls import PREFIX, BadControl
from livegan.core.state import BadValue
from livegan.core.table import ANNOUNCEMENTS

from .osc import Address, OscBad, OscIn, OscStranger
from .schedule import Schedule

if TYPE_CHECKING:
    from .server import Server

NOBODY: Address = ("", 0)
OUTGOING = frozenset(PREFIX + told.address for told in ANNOUNCEMENTS)


class Dispatch:
    """Takes each message at once or, with a time tag, then. What can't be is answered."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._schedule = Schedule()

    @property
    def patience(self) -> float:
        """Seconds until a message falls due."""
        return self._schedule.next - time.monotonic()

    def fallen_due(self) -> list[OscIn]:
        """The messages that have waited long enough, to be taken now."""
        return self._schedule.due(time.monotonic())

    def take(self, item: OscIn | OscBad | OscStranger) -> None:
        faults = self._server.faults
        match item:
            case OscIn(sender, address):
                try:
                    self._take(item)
                except (BadControl, BadValue) as error:
                    faults.refuse(sender, address, str(error))
            case OscBad(sender, why):
                faults.refuse(sender, "", why)
            case OscStranger((host, _)):
                faults.log_once(f"OSC from {host}", f"not taken; --allow {host} would let it in")

    def _take(self, item: OscIn) -> None:
        now = time.monotonic()
        if item.due > now:
            self._schedule.add(item, now)
            return
        if item.address in OUTGOING:  # another daemon's feedback: an answer would go round for ever
            return
        moves = moves_for(item.address, item.values, self._server.conductor.state)
        if len(moves) > 1:
            self._make_together(moves, item)
        else:
            self._make(moves[0], item)

    def _make(self, move: Move, item: OscIn) -> None:
        if self._act(move, item):
            if move.control.read is not None:
                self._server.feedback.moved(item.sender, move.address, item.values, settled=False)
        else:
            self._server.apply(move, item.due or time.monotonic())
            self._tell_made(move, item)

    def _act(self, move: Move, item: OscIn) -> bool:
        """The control that needs to know when it was moved, and those that are a part's own."""
        if move.control.name == "tap":
            if not move.ignored:
                self._server.command(self._server.conductor.tap(item.due))
            return True
        return any(part.act(move, item) for part in self._server.parts)

    def _make_together(self, moves: list[Move], item: OscIn) -> None:
        """What a pattern means: all that is the state's in one move, the rest by itself."""
        acts = [move for move in moves if move.control.apply is None]
        if len(acts) < len(moves):
            one, made = together(item.address, moves, self._server.conductor.state)
            self._server.apply(one, item.due or time.monotonic())
            for move in made:
                self._tell_made(move, item)
        for move in acts:
            self._make(move, replace(item, address=PREFIX + move.address))

    def _tell_made(self, move: Move, item: OscIn) -> None:
        """To all but to whom made it; what waited for its time tag also to those, who may have moved
        on since."""
        feedback = self._server.feedback
        if move.control.read is None and not move.ignored:
            sent = move.given if move.control.trigger else item.values
            feedback.made(NOBODY if item.waited else item.sender, move.address, sent, move.given)
        elif not item.waited:
            feedback.moved(item.sender, move.address, item.values)
