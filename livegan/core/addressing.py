"""From an address and values, however they came, to a move of one of the table's controls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .controls import PREFIX, BadControl, Control, Value
from .patterns import is_pattern, matching, may_match
from .state import BadValue, State
from .table import CONTROLS

TYPED_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{0,17})?")
"""Not what only looks like one: 007 is a name."""


@dataclass(frozen=True, slots=True)
class Move:
    """A control with its values, checked."""

    control: Control
    values: tuple[Value, ...]
    ignored: bool = False
    """A button was released."""

    @property
    def given(self) -> tuple[Value, ...]:
        """The values without the numbers of the address."""
        return self.values[self.control.pattern.groups :]

    @property
    def places(self) -> tuple[Value, ...]:
        """The numbers of the address."""
        return self.values[: self.control.pattern.groups]

    @property
    def address(self) -> str:
        """Without the prefix, with its number."""
        return self.control.at(int(self.values[0])) if self.control.index else self.control.address


NUMBERED = tuple(control for control in CONTROLS if control.index)
EXACT = {PREFIX + control.address: control for control in CONTROLS if control.index is None}


def candidates(address: str) -> Sequence[Control]:
    """The controls that an address may be."""
    return (EXACT[address],) if address in EXACT else NUMBERED


def find_control(address: str) -> tuple[Control, tuple[int, ...]]:
    """The control of an address, and the numbers in it. Raises `BadControl`."""
    for control in candidates(address):
        numbers = control.match(address)
        if numbers is not None:
            return control, numbers
    raise BadControl(f"no such address; see docs/osc.md ({PREFIX}/...)")


def move_for(address: str, values: Sequence[Any]) -> Move:
    """Find the control of an address and check the values. Raises `BadControl`."""
    control, numbers = find_control(address)
    return Move(control, (*numbers, *control.coerce(values)), control.released(values))


def initial_move(address: str, first: State) -> Move:
    """The move that sets a control to what it is in the first state. Raises `BadControl` or
    `BadValue`."""
    control, numbers = find_control(full_address(address))
    if control.read is None or control.apply is None or control.trigger:
        raise BadValue(f"{control.address} has no value that it could be set back to")
    try:
        values = control.read(first, *numbers) or ()
    except IndexError:
        raise BadValue(f"there is no {control.at(numbers[0])}") from None
    return Move(control, (*numbers, *values))


def moves_for(address: str, values: Sequence[Any], state: State) -> list[Move]:
    """All that an address means now: one control, or with wildcards every one that it matches and that
    can take the values. Raises `BadControl` if there is none."""
    if not is_pattern(address):
        return [move_for(address, values)]
    moves, refused = [], BadControl("no address matches this pattern now; see docs/osc.md")
    for control, numbers in matching(address, state):
        try:
            checked = (*numbers, *control.coerce(values))
            moves.append(Move(control, checked, control.released(values)))
        except BadControl as error:
            refused = BadControl(f"{PREFIX}{control.address} {error}")
    if not moves:
        raise refused
    return moves


def together(pattern: str, moves: Sequence[Move], state: State) -> tuple[Move, list[Move]]:
    """Several moves on the state as one, and those among them that can be made: a fader's, where all
    of them are. Raises `BadValue` if none can."""
    made, refused = [], BadValue("there is nothing to move")
    for move in moves:
        if move.control.apply is None or move.ignored:
            continue
        try:
            state = move.control.apply(state, *move.values)
            made.append(move)
        except BadValue as error:
            refused = error
    if not made:
        raise refused

    def apply(state: State) -> State:
        for move in made:
            assert move.control.apply is not None
            state = move.control.apply(state, *move.values)
        return state

    control = Control(
        pattern,
        "/together",
        "Several controls in one move.",
        apply=apply,
        read=(lambda state: None) if all(move.control.settles for move in made) else None,
        changes_music=any(move.control.changes_music for move in made),
    )
    return Move(control, ()), made


@lru_cache(4096)
def only_last_counts(address: str) -> bool:
    """Whether a message to this address says all about a value, so that an earlier one can be passed
    over; not so where each one acts."""
    if is_pattern(address):
        try:
            meant = may_match(address)
        except BadControl:
            return False
        return bool(meant) and all(control.settles for control in meant)
    return any(c.pattern.fullmatch(address) and c.settles for c in candidates(address))


def parse_setting(text: str) -> Move:
    """Read 'ADDRESS=VALUE,VALUE' as the command line gives it. Raises `BadControl`."""
    address, _, values = text.partition("=")
    return parse_move(address, values.split(",") if values else [])


def full_address(address: str) -> str:
    """With the prefix, which people may leave out."""
    return f"{PREFIX}/{address.strip().removeprefix('/').removeprefix(PREFIX[1:] + '/')}"


def parse_move(address: str, texts: Sequence[str]) -> Move:
    """A move from an address and values as they are typed. Raises `BadControl`."""
    address = full_address(address)
    try:
        return move_for(address, [parse_value(text) for text in texts])
    except BadControl as error:
        raise BadControl(f"{address}: {error}") from None


def parse_value(text: str) -> Value:
    """A number where it is one, else the text (which a switch may take as a word)."""
    text = text.strip()
    if not TYPED_NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)
