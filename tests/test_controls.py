"""The table: every row can be reached, read back, and refuses what it must."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from livegan.core.addressing import move_for, parse_setting
from livegan.core.controls import PREFIX, BadControl, Control
from livegan.core.reference import reference_page
from livegan.core.state import BadValue, State, initial
from livegan.core.table import CONTROLS
from livegan.core.wandering import advance

STATE = initial(1, 8)
NAMED = {control.name: control for control in CONTROLS}


def after(text: str, state: State = STATE) -> State:
    move = parse_setting(text)
    assert move.control.apply is not None
    new: State = move.control.apply(state, *move.values)
    return new


def test_names_and_addresses_are_unique() -> None:
    assert len(NAMED) == len(CONTROLS) == len({control.address for control in CONTROLS})


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_every_row_says_what_it_does_and_checks_its_number_of_values(control: Control) -> None:
    assert control.help.endswith(".")
    address = PREFIX + control.at(1)
    if not any(argument.many for argument in control.arguments):
        with pytest.raises(BadControl, match="takes"):
            move_for(address, [1.0] * (len(control.arguments) + 2))


KNOBS = [
    c
    for c in CONTROLS
    if len(c.arguments) == 1 and math.isfinite(c.arguments[0].low) and c.read and c.apply
    if c.name != "coordinate"  # which the sphere limits, too
]


@pytest.mark.parametrize("control", KNOBS, ids=lambda control: control.name)
def test_a_knob_is_read_back_and_taken_to_the_ends_of_its_range(control: Control) -> None:
    argument = control.arguments[0]
    assert control.apply is not None
    assert control.read is not None
    for asked, got in [
        (argument.low - 1, argument.low),
        (argument.high + 1, argument.high),
        (argument.low, argument.low),
        (argument.high, argument.high),
    ]:
        (value,) = control.coerce([asked])
        place = () if control.index is None else (int(control.index.high),)
        read = control.read(control.apply(STATE, *place, value), *place)
        assert read is not None
        assert tuple(read) == (got,)


@pytest.mark.parametrize("bad", ["loud", math.nan, math.inf, None, b"x", [1]])
def test_a_knob_refuses_what_is_no_number(bad: object) -> None:
    with pytest.raises(BadControl, match="must be a number"):
        move_for("/livegan/velocity", [bad])


def test_numbers_stand_in_for_each_other_as_touchosc_sends_them() -> None:
    assert move_for("/livegan/seed", [3.0]).values == (3,)
    assert move_for("/livegan/tempo", [128]).values == (128.0,)
    assert [move_for("/livegan/freeze", [v]).values[0] for v in (True, 1, 1.0, False, 0, 0.0)] == [
        *(True,) * 3,
        *(False,) * 3,
    ]
    assert move_for("/livegan/morph", [3.0, 4.0]).values == ("3", 4)


@pytest.mark.parametrize(
    ("values", "ignored"), [([], False), ([1.0], False), ([0.0], True), ([False], True)]
)
def test_the_release_of_a_button_does_nothing(values: list[object], ignored: bool) -> None:
    assert move_for("/livegan/play", values).ignored is ignored


@pytest.mark.parametrize(
    "address", ["/livegan/nope", "/play", "/livegan/scene/17/recall", "/livegan/scene/0/store", ""]
)
def test_unknown_addresses_are_refused(address: str) -> None:
    with pytest.raises(BadControl):
        move_for(address, [])


def test_scenes_are_stored_recalled_named_and_morphed_to() -> None:
    here = after("/scene/5/store=chorus")
    away = after("/seed=9", here)
    assert not np.allclose(away.point, STATE.point)
    assert np.allclose(after("/scene/5/recall", away).point, STATE.point)
    morphing = after("/morph=chorus,4", away)
    for bar in range(1, 5):
        assert morphing.morph is not None
        morphing = advance(morphing, bar)
    assert morphing.morph is None
    assert np.allclose(morphing.point, STATE.point)
    assert np.allclose(after("/morph=5,0", away).point, STATE.point)
    with pytest.raises(BadValue, match="no scene"):
        after("/morph=verse,4")


def test_xy_corners_are_the_first_four_scenes() -> None:
    for text, number in (("0,0", 1), ("1,0", 2), ("0,1", 3), ("1,1", 4)):
        assert np.allclose(after(f"/xy={text}").point, STATE.scenes[number - 1].point)


def test_latent_by_coordinate_and_as_a_whole() -> None:
    assert after("/z/3=1.5").point[3] == 1.5
    assert after("/z=1,0,0,0,0,0,0,0").point[0] == pytest.approx(math.sqrt(8))
    for bad in ("/z/8=1", "/z=1,2", "/z=0,0,0,0,0,0,0,0"):
        with pytest.raises(BadValue):
            after(bad)


def test_freeze_holds_what_sounds_until_released() -> None:
    frozen = after("/freeze=on")
    moved = advance(after("/xy=1,1", frozen), 1)
    assert np.allclose(moved.heard, STATE.point)
    assert np.allclose(after("/freeze=off", moved).heard, STATE.scenes[3].point)


def test_drift_keeps_an_untouched_instrument_moving_and_zero_holds_it() -> None:
    assert not np.allclose(advance(STATE, 1).point, STATE.point)
    assert np.allclose(advance(after("/drift=0"), 1).point, STATE.point)


def test_density_without_a_value_goes_back_to_the_models_own() -> None:
    assert after("/density", after("/density=0.3")).density is None


def test_the_reference_page_is_fresh() -> None:
    page = Path(__file__).parent.parent / "docs" / "osc.md"
    assert page.read_text() == reference_page(), "run: make docs"
