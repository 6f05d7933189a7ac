"""Moves in the latent space: morphs, leaps and the way back, the pad."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core import latent
from livegan.core.addressing import parse_setting
from livegan.core.latent import Point, angle_between
from livegan.core.state import CURVES, BadValue, State, initial
from livegan.core.wandering import advance

SIZE = 12
STATE = replace(initial(3, SIZE), drift=0.0)


def after(state: State, *texts: str) -> State:
    for text in texts:
        move = parse_setting(text)
        assert move.control.apply is not None
        state = move.control.apply(state, *move.values)
    return state


def there(one: Point, other: Point) -> bool:
    return bool(np.allclose(one, other, atol=1e-6))


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("bars", [1, 2, 7, 64])
def test_a_morph_goes_by_its_curve_and_arrives_at_the_line_that_was_said(curve: str, bars: int) -> None:
    target = STATE.scenes[6].point
    whole = angle_between(STATE.point, target)
    state = after(STATE, f"/morph/curve={curve}", f"/morph=7,{bars}")
    far = []
    for bar in range(1, bars + 1):
        assert state.morph is not None
        state = advance(state, bar)
        far.append(angle_between(STATE.point, state.point) / whole)
        assert angle_between(state.point, target) == pytest.approx(whole * (1 - far[-1]), abs=1e-6)
    assert far == pytest.approx([CURVES[curve](bar / bars) for bar in range(1, bars + 1)], abs=1e-6)
    assert state.morph is None
    assert there(state.point, target)


def test_the_curves_differ_as_they_say() -> None:
    half = {name: curve(0.5) for name, curve in CURVES.items()}
    assert half["straight"] == half["smooth"] == 0.5
    assert CURVES["smooth"](0.1) < 0.1 < 0.9 < CURVES["smooth"](0.9)
    assert half["late"] < 0.5 < half["early"]
    assert all((curve(0), curve(1)) == (0, 1) for curve in CURVES.values())


def test_a_morph_of_no_bars_is_there_at_once() -> None:
    state = after(STATE, "/morph=7,0")
    assert state.morph is None
    assert state.point is STATE.scenes[6].point


def test_a_scene_is_found_by_its_number_before_its_name() -> None:
    state = after(STATE, "/scene/1/name=3", "/scene/4/name=verse two")
    assert after(state, "/morph=3,0").point is STATE.scenes[2].point
    assert after(state, "/morph=verse two,0").point is STATE.scenes[3].point
    for nothing in ("17", "0", "verse", ""):
        with pytest.raises(BadValue, match="no scene"):
            after(state, f"/morph={nothing},4")


@given(st.floats(0, 1), st.integers(0, 10_000))
def test_a_mutation_goes_as_far_as_it_is_told(far: float, seed: int) -> None:
    state = initial(seed, SIZE)
    assert angle_between(after(state, f"/mutate={far}").point, state.point) == pytest.approx(
        far * latent.FULL_DRIFT, abs=1e-6
    )


def test_mutations_go_another_way_each_time_and_as_far_as_the_default_says() -> None:
    once = after(STATE, "/mutate")
    assert angle_between(once.point, STATE.point) == pytest.approx(0.25 * math.pi / 2, abs=1e-6)
    again = after(replace(once, point=STATE.point), "/mutate")
    assert not there(once.point, again.point)


LEAPS = ("/dice", "/mutate=0.7", "/seed=4", "/scene/5/recall", "/morph=6,0", "/morph=8,4")


def test_back_goes_the_way_of_all_leaps_and_the_first_place_is_the_last() -> None:
    states = [STATE]
    for leap in LEAPS:
        states.append(after(states[-1], leap))
    state = states[-1]
    for before in reversed(states[:-1]):
        state = after(state, "/back")
        assert there(state.point, before.point)
        assert state.morph is None
    with pytest.raises(BadValue, match="nowhere to go back"):
        after(state, "/back")


def test_back_knows_a_hundred_places() -> None:
    state = STATE
    for _ in range(130):
        state = after(state, "/mutate")
    assert len(state.trail) == 100
    state = after(state, *["/back"] * 100)
    assert not state.trail


def test_a_hand_on_a_slider_leaves_no_trail() -> None:
    assert after(STATE, "/xy=0.2,0.4", "/z/3=1", "/xy/z=0.5").trail == ()


def test_the_pads_corners_are_any_four_scenes_and_one_lies_above() -> None:
    state = after(STATE, "/xy/corners=9,10,11,12", "/xy/above=16")
    assert state.point is STATE.point, "placing scenes moves nothing"
    for text, scene in (("0,0", 9), ("1,0", 10), ("0,1", 11), ("1,1", 12)):
        assert there(after(state, f"/xy={text}").point, STATE.scenes[scene - 1].point)
    assert there(after(state, "/xy=0.3,0.8", "/xy/z=1").point, STATE.scenes[15].point)
    between = after(state, "/xy/z=0.5", "/xy=1,0").point
    halfway = latent.slerp(STATE.scenes[9].point, STATE.scenes[15].point, 0.5)
    assert there(between, halfway), "the fader stays where it is as the pad moves"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_pad_and_fader_stay_on_the_sphere(x: float, y: float, z: float) -> None:
    state = after(STATE, f"/xy={x},{y}", f"/xy/z={z}")
    assert float(np.linalg.norm(state.point)) == pytest.approx(math.sqrt(SIZE))
    assert (state.xy, state.depth) == ((x, y), z)


def test_a_morph_that_is_started_while_frozen_begins_on_release() -> None:
    state = after(STATE, "/freeze=on", "/morph=7,2")
    for bar in (1, 2, 3):
        state = advance(state, bar)
        assert state.heard is STATE.point
    state = after(state, "/freeze=off")
    for bar in (4, 5):
        state = advance(state, bar)
    assert there(state.point, STATE.scenes[6].point)
