"""Where the music is, as seen from the pad."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livegan.core import moves
from livegan.core.latent import on_sphere
from livegan.core.state import initial
from livegan.core.wandering import advance
from livegan.core.whereabouts import on_pad, whereabouts

SHARE = st.floats(0, 1)
FRESH = initial(seed=3, size=64)


@given(SHARE, SHARE, st.floats(0, 0.9))
def test_a_hand_on_the_pad_is_where_the_music_is(x: float, y: float, depth: float) -> None:
    state = moves.set_xy(replace(FRESH, depth=depth), x, y)
    assert whereabouts(state) == (x, y, 1.0)


@given(SHARE, SHARE)
def test_a_point_of_the_pad_is_found_whoever_went_there(x: float, y: float) -> None:
    state = replace(FRESH, point=on_pad(FRESH, x, y))
    found = whereabouts(state)
    assert np.allclose(found, (x, y, 1.0), atol=0.02)


def test_drift_takes_the_music_away_from_the_pad_bar_by_bar() -> None:
    state = moves.set_xy(FRESH, 0.5, 0.5)
    near = []
    for bar in range(8):
        near.append(whereabouts(state).near)
        state = advance(state, bar + 1)
    assert near[0] == 1.0
    assert near == sorted(near, reverse=True)


def test_the_opposite_of_the_pad_is_not_near_it() -> None:
    middle = sum((scene.point for scene in FRESH.scenes[:4]), np.zeros(64))
    assert whereabouts(replace(FRESH, point=on_sphere(-middle))).near == 0.0


def test_recalling_a_corner_is_seen_in_the_corner() -> None:
    assert whereabouts(moves.recall_scene(FRESH, 4)) == (1.0, 1.0, 1.0)
