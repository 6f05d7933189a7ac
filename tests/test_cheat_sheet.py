"""The cheat sheet: fresh, complete, and every line of it is taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from livegan.core.addressing import parse_move
from livegan.core.cheat_sheet import GESTURES, LEFT_OUT, cheat_sheet
from livegan.core.controls import Value
from livegan.core.state import initial
from livegan.core.table import CONTROLS

PAGE = Path(__file__).parent.parent / "docs" / "cheat-sheet.md"
MESSAGES = re.findall(r"^\| .*? \| `(/[^`]*)` \|", cheat_sheet(), re.MULTILINE)


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text() == cheat_sheet(), "run: make docs"


def test_every_control_is_on_it_or_left_out_on_purpose() -> None:
    named = {name for gestures in GESTURES.values() for _, name, _ in gestures}
    known = {control.name for control in CONTROLS}
    assert named | LEFT_OUT == known
    assert not named & LEFT_OUT


@pytest.mark.parametrize("message", MESSAGES)
def test_every_line_is_taken_as_it_stands(message: str) -> None:
    address, *values = message.split()
    move = parse_move(address, values)
    for typed, given in zip(values, move.given, strict=True):
        assert meant(typed, given), "nothing had to be taken to an end"
    if move.control.apply is not None and move.control.name != "back":
        move.control.apply(initial(1, 160, 5), *move.values)


def meant(typed: str, given: Value) -> bool:
    if isinstance(given, bool):
        return typed == ("on" if given else "off")
    return typed == given if isinstance(given, str) else float(typed) == given
