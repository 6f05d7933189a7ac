"""Undo, redo, and back to the default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.addressing import parse_setting
from livegan.core.changes import KEPT, NAMES, changed
from livegan.core.conductor import Conductor
from livegan.core.controls import BadControl
from livegan.core.messages import SendBar, SetTempo
from livegan.core.state import BadValue, State, initial

from .fakes import FakeGenerator


def conducted(**changes: object) -> Conductor:
    generator = FakeGenerator()
    state = initial(1, generator.info.latent)
    one = Conductor(generator, replace(state, **changes))  # type: ignore[arg-type]
    one.start()
    return one


def after(one: Conductor, *texts: str) -> State:
    for text in texts:
        one.move(parse_setting(text))
    return one.state


def own(state: State) -> dict[str, Any]:
    return {name: getattr(state, name) for name in NAMES if name not in KEPT}


def differs(before: State, now: State) -> set[str]:
    return set(changed(before, now)) - KEPT


MOVES = st.sampled_from(
    [
        *("/density=0.8", "/density", "/velocity=0.3", "/xy=0.2,0.9", "/xy/z=0.5", "/morph=3,8"),
        *("/dice", "/mutate=0.5", "/seed=9", "/scene/4/recall", "/scene/2/store=verse", "/z/3=1.5"),
        *("/track/1/mute=on", "/track/2/octave=-1", "/rhythm=x.x.x.x.x.x.x.x.", "/rhythm/3=off"),
        *("/freeze=on", "/freeze=off", "/key=Am", "/tempo=77", "/quantum=4", "/loop=2", "/back"),
        *("/direction/3=2", "/scale=blues", "/scale/root=D", "/velocity/range=20,90", "/play", "/stop"),
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(MOVES, max_size=30))
def test_all_moves_can_be_taken_back_and_made_again(texts: list[str]) -> None:
    one = conducted()
    first, reached = one.state, 0
    for text in texts:
        before = one.state
        try:
            one.move(parse_setting(text))
        except (BadValue, BadControl):
            continue
        reached += bool(differs(before, one.state))
    last = one.state
    for _ in range(reached):
        after(one, "/undo")
    assert differs(first, one.state) == set()
    with pytest.raises(BadValue, match="no move to take back"):
        after(one, "/undo")
    for _ in range(reached):
        after(one, "/redo")
    assert differs(last, one.state) == set()
    with pytest.raises(BadValue, match="no move was taken back"):
        after(one, "/redo")


def test_a_hundred_moves_are_remembered() -> None:
    one = conducted()
    for number in range(120):
        after(one, f"/seed={number + 10}")
    for _ in range(100):
        after(one, "/undo")
    assert one.state.seed == 10 + 19
    with pytest.raises(BadValue, match="no move"):
        after(one, "/undo")


def test_a_drag_is_one_move_and_a_rest_ends_it() -> None:
    one = conducted()
    for number in range(50):
        one.move(parse_setting(f"/velocity={number / 50}"), now=number * 0.02)
    one.move(parse_setting("/track/1/velocity=1.5"), now=1.1)
    one.move(parse_setting("/track/2/velocity=1.5"), now=1.2)
    one.move(parse_setting("/velocity=0.4"), now=2.0)
    one.move(parse_setting("/velocity=0.5"), now=3.5)
    levels = []
    for _ in range(5):
        after(one, "/undo")
        levels.append((one.state.velocity, *(track.velocity for track in one.state.tracks[:2])))
    assert levels == [
        (0.4, 1.5, 1.5), (0.98, 1.5, 1.5), (0.98, 1.5, 1.0), (0.98, 1.0, 1.0), (0.7, 1.0, 1.0),
    ]  # fmt: skip
    with pytest.raises(BadValue):
        after(one, "/undo")
    after(one, "/redo")
    assert one.state.velocity == 0.98


def test_presses_of_a_button_are_moves_of_their_own() -> None:
    one = conducted()
    for now in (0.0, 0.1, 0.2):
        one.move(parse_setting("/dice"), now=now)
    seeds = [one.state.seed, *(after(one, "/undo").seed for _ in range(3))]
    assert seeds[-1] == 1
    assert len(set(seeds)) == 4
    assert after(one, "/dice").seed not in seeds, "chance does not say the same again"


def test_undo_leaves_transport_and_clocks_and_what_went_on_by_itself() -> None:
    one = conducted(drift=1.0)
    after(one, "/velocity=0.2", "/play", "/sync=jack")
    one.put(recording=True, learning="/density", keyed=3)
    one.bar_started(0)
    one.bar_started(1)
    before = one.state
    after(one, "/undo")
    assert differs(before, one.state) == {"velocity"}
    assert (one.state.playing, one.state.sync, one.state.recording) == (True, "jack", True)
    assert np.array_equal(one.state.point, before.point), "the drift is not lost"
    assert one.state.velocity == 0.7


def test_an_undone_tempo_reaches_the_player_but_not_a_leaders() -> None:
    one = conducted()
    one.move(parse_setting("/tempo=90"))
    assert one.move(parse_setting("/undo")) == [SetTempo(120.0)]
    one.move(parse_setting("/redo"))
    one.put(sync="link", tempo=133.0)
    assert one.move(parse_setting("/undo")) == []
    assert one.state.tempo == 133.0


def test_a_new_move_ends_the_way_forward_and_what_changes_nothing_is_none() -> None:
    one = conducted()
    after(one, "/velocity=0.2", "/velocity=0.3", "/undo", "/velocity=0.2", "/tempo=120")
    assert after(one, "/redo").velocity == 0.3, "nothing was changed since"
    after(one, "/undo", "/density=0.5")
    with pytest.raises(BadValue, match="another was made since"):
        after(one, "/redo")
    assert after(one, "/undo").density is None


def test_an_undone_morph_is_not_on_its_way_any_more() -> None:
    one = conducted(drift=0.0, playing=True)
    one.bar_started(0)
    start = one.state.point
    after(one, "/morph=5,4")
    one.bar_started(1)
    state = after(one, "/undo")
    assert state.morph is None
    assert np.array_equal(state.point, start)


def test_another_model_has_other_places_and_the_knobs_can_still_be_taken_back() -> None:
    one = conducted()
    after(one, "/velocity=0.2", "/xy=0.3,0.4", "/dice")
    one.use(FakeGenerator(latent=5))
    state = after(one, "/undo", "/undo", "/undo")
    assert len(state.point) == 5
    assert (state.seed, state.xy, state.velocity) == (1, (0.0, 0.0), 0.7)


def test_an_undone_move_waits_for_its_line_as_the_move_did() -> None:
    one = conducted(playing=True, quantum="4")
    for bar in range(6):
        one.bar_started(bar)
    after(one, "/velocity=1")
    for bar in range(6, 10):
        one.bar_started(bar)
    loud = [c for c in one.render_again() if isinstance(c, SendBar)]
    assert {n.velocity for n in loud[0].notes} == {127}
    assert after(one, "/undo").velocity == 0.7
    loud = [c for c in one.render_again() if isinstance(c, SendBar)]
    assert {n.velocity for bar in loud for n in bar.notes} == {127}
    one.bar_started(10)
    (line,) = one.bar_started(11)
    assert isinstance(line, SendBar)
    assert max(n.velocity for n in line.notes) < 127


@pytest.mark.parametrize(
    ("moved", "address"),
    [
        ("/velocity=0.1", "/velocity"),
        ("/velocity=0.1", "/livegan/velocity"),
        ("/density=0.1", "density"),
        ("/track/2/mute=on", "/track/2/mute"),
        ("/xy=0.4,0.6", "/xy"),
        ("/z/3=1.5", "/z"),
        ("/rhythm/5=off", "/rhythm/5"),
        ("/scale/root=F#", "/scale/root"),
        ("/key=Am", "/key"),
        ("/freeze=on", "/freeze"),
        ("/tempo=99", "/tempo"),
        ("/loop=4", "/loop"),
        ("/velocity/range=10,20", "/velocity/range"),
        ("/scene/3/name=verse", "/scene/3/name"),
        ("/sync=jack", "/sync"),
    ],
)
def test_a_control_goes_back_to_what_it_is_at_first(moved: str, address: str) -> None:
    one = conducted()
    control = parse_setting(moved).control
    assert control.read is not None
    places = parse_setting(moved).places
    first = control.read(one.state, *places)
    away = after(one, moved)
    assert control.read(away, *places) != first
    assert control.read(after(one, f"/default={address}"), *places) == first
    if address != "/sync":
        assert control.read(after(one, "/undo"), *places) == control.read(away, *places)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("/nope", "no such address"),
        ("/dice", "has no value"),
        ("/play", "has no value"),
        ("/record", "has no value"),
        ("/track/17/mute", "track goes from"),
        ("/z/200", "there is no"),
    ],
)
def test_what_has_no_default_is_refused(address: str, why: str) -> None:
    with pytest.raises((BadValue, BadControl), match=why):
        after(conducted(), f"/default={address}")
