"""OSC address patterns: what they match, in one move, and in bounded time."""

from __future__ import annotations

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.addressing import moves_for, only_last_counts, together
from livegan.core.controls import PREFIX, BadControl
from livegan.core.patterns import LONGEST, fits, is_pattern, tokens_of
from livegan.core.state import BadValue, initial
from livegan.core.table import CONTROLS

BAND = initial(1, 8, tracks=5)


def matched(pattern: str, *values: object) -> list[str]:
    return [move.address for move in moves_for(PREFIX + pattern, values, BAND)]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*", ["", "mute", "1"], []),
        ("m*e", ["mute", "me"], ["mutes", "m", "em"]),
        ("?", ["1", "z"], ["", "12"]),
        ("1?", ["10", "16"], ["1", "100"]),
        ("[1-3]", ["1", "2", "3"], ["4", "0", "12", "-"]),
        ("[!1-3]", ["4", "-", "!"], ["1", "3", ""]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[12]*", ["1", "16", "2"], ["3", ""]),
        ("{mute,solo}", ["mute", "solo"], ["lock", "mute,solo", ""]),
        ("{a,ab}c", ["ac", "abc"], ["c", "aabc"]),
        ("s{cene,wing}*", ["scene", "swing", "swinging"], ["sync"]),
        ("{,x}y", ["y", "xy"], ["xxy"]),
    ],
)
def test_a_part_of_a_pattern_matches(pattern: str, yes: list[str], no: list[str]) -> None:
    assert [name for name in [*yes, *no] if fits(tokens_of(pattern), name)] == yes


PIECES = {"*": ".*", "?": ".", "[ab]": "[ab]", "[!a]": "[^a]", "{a,bc}": "(a|bc)", "a": "a", "bc": "bc"}


@given(st.lists(st.sampled_from(sorted(PIECES)), max_size=6), st.text("abc", max_size=8))
def test_it_matches_what_the_same_regular_expression_matches(pieces: list[str], name: str) -> None:
    expected = re.fullmatch("".join(PIECES[piece] for piece in pieces), name) is not None
    assert fits(tokens_of("".join(pieces)), name) == expected


@pytest.mark.parametrize(
    ("pattern", "values", "addresses"),
    [
        ("/track/*/mute", [1], [f"/track/{n}/mute" for n in range(1, 6)]),
        ("/track/[24]/{mute,solo}", [1], ["/track/2/mute", "/track/4/mute", "/track/2/solo",
                                          "/track/4/solo"]),
        ("/direction/?", [0], [f"/direction/{n}" for n in range(1, 9)]),
        ("/z/*", [0.5], [f"/z/{n}" for n in range(8)]),
        ("/scene/1?/recall", [], [f"/scene/{n}/recall" for n in range(10, 17)]),
        ("/{density,register}", [0.5], ["/density", "/register"]),
        ("//octave", [1], [f"/track/{n}/octave" for n in range(1, 6)]),
        ("//fit", ["lock"], ["/scale/fit"]),
        ("/panic?", [], None),
        ("/pani?", [], ["/panic"]),
    ],
)  # fmt: skip
def test_a_pattern_means_the_addresses_that_there_are_now(
    pattern: str, values: list[object], addresses: list[str] | None
) -> None:
    if addresses is None:
        with pytest.raises(BadControl, match="no address matches"):
            matched(pattern, *values)
    else:
        assert matched(pattern, *values) == addresses


def test_every_address_is_matched_by_itself_with_a_star_and_across_parts() -> None:
    for control in CONTROLS:
        first = control.at(int(control.index.low)) if control.index else control.address
        for pattern in (first[:-1] + "?", "/" + first, first.rpartition("/")[0] + "/*"):
            assert is_pattern(PREFIX + pattern)
            values = [argument.choices[0] if argument.choices else 1 for argument in control.arguments]
            assert first in matched(pattern, *values)


def test_of_several_those_move_that_can_take_the_values() -> None:
    assert matched("/{tempo,key}", 120) == ["/tempo"]
    assert matched("/{tempo,key}", "Am") == ["/key"]
    with pytest.raises(BadControl, match="/livegan/density share must be a number from 0 to 1"):
        matched("/{density,drift}", "loud")


@pytest.mark.parametrize("pattern", ["/track/[1/mute", "/{mute", "/a]", "/}{", "/[]"])
def test_brackets_that_do_not_close_are_refused(pattern: str) -> None:
    with pytest.raises(BadControl, match="closed"):
        matched(pattern, 1)


def test_several_moves_are_one_and_what_cannot_be_made_is_left_out() -> None:
    moves = moves_for(f"{PREFIX}/track/*/mute", [1], BAND)
    one, made = together("/track/*/mute", moves, BAND)
    assert made == moves
    assert one.control.apply is not None
    state = one.control.apply(BAND, *one.values)
    assert [track.mute for track in state.tracks] == [True] * 5 + [False] * 11
    assert one.control.changes_music
    assert one.control.settles
    mixed = moves_for(f"{PREFIX}/{{back,velocity}}", [1], BAND)
    assert [move.address for move in together("/mixed", mixed, BAND)[1]] == ["/velocity"]
    scenes = moves_for(f"{PREFIX}/scene/[12]/store", [], BAND)
    assert not together("/scene/[12]/store", scenes, BAND)[0].control.settles
    with pytest.raises(BadValue, match="nowhere"):
        together("/bac?", moves_for(f"{PREFIX}/bac?", [], BAND), BAND)


def test_a_release_of_a_button_does_nothing_by_a_pattern_either() -> None:
    moves = moves_for(f"{PREFIX}/{{dice,undo}}", [0], BAND)
    assert all(move.ignored for move in moves)
    with pytest.raises(BadValue, match="nothing to move"):
        together("/track/*/mute", moves, BAND)


@pytest.mark.parametrize(
    ("address", "last"),
    [
        ("/track/*/mute", True),
        ("/{density,tempo}", True),
        ("/scene/*/store", False),
        ("/*", False),
        ("/nope*", False),
        ("/[", False),
    ],
)
def test_in_floods_the_last_value_of_a_pattern_counts_where_it_sets_values(
    address: str, last: bool
) -> None:
    assert only_last_counts(PREFIX + address) is last


@given(st.text("*?[]{}!,-/abz", max_size=LONGEST + 50))
def test_any_pattern_is_matched_or_refused(pattern: str) -> None:
    with suppress(BadControl):
        assert moves_for(f"{PREFIX}/{pattern}*", [1], BAND)


@pytest.mark.parametrize(
    "pattern",
    [
        "/" + "*a" * 40 + "b",
        "/" + "*?" * 45,
        "/*" + "{a,ab,abc,b,bc,c}" * 5,
        "/" + "/*" * 40,
        "//" + "*?" * 22 + "/" + "?*" * 22,
        "/" + "*" * 5000,
        "/" + "[" * 5000,
        "/" + "{a,b}" * 5000,
    ],
)
def test_hostile_patterns_take_no_longer_than_others(pattern: str) -> None:
    def seconds(pattern: str) -> float:
        began = time.perf_counter()
        for _ in range(5):
            try:
                moves_for(PREFIX + pattern, [1], BAND)
            except BadControl:
                continue
        return time.perf_counter() - began

    usual = min(seconds("//*") for _ in range(3))
    assert min(seconds(pattern) for _ in range(3)) < 10 * usual
