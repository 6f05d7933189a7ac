"""Moves stay on the sphere and go where they say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from livegan.core import latent
from livegan.core.moves import set_point
from livegan.core.state import initial
from livegan.core.wandering import Wandering, advance

SIZE = 6
VECTORS = arrays.arrays(np.float64, SIZE, elements=st.floats(-3, 3)).filter(
    lambda v: np.linalg.norm(v) > 0.1
)
POINTS = VECTORS.map(latent.on_sphere)
RADIUS = math.sqrt(SIZE)


def on(point: np.ndarray) -> bool:
    return bool(np.isclose(np.linalg.norm(point), RADIUS))


@given(POINTS, POINTS, st.floats(0, 1))
def test_slerp_stays_on_the_sphere_at_even_angles(a: np.ndarray, b: np.ndarray, share: float) -> None:
    between = latent.slerp(a, b, share)
    assert on(between)
    whole = latent.angle_between(a, b)
    assert latent.angle_between(a, between) == pytest.approx(share * whole, abs=1e-3)


@given(POINTS)
def test_slerp_between_opposite_points_does_not_cross_the_middle(a: np.ndarray) -> None:
    halfway = latent.slerp(a, -a, 0.5)
    assert on(halfway)
    assert latent.angle_between(a, halfway) == pytest.approx(math.pi / 2, abs=1e-3)


@given(POINTS, st.integers(0, SIZE - 1), st.floats(-2.4, 2.4))
def test_a_coordinate_is_set_exactly(point: np.ndarray, index: int, value: float) -> None:
    moved = latent.with_coordinate(point, index, value)
    assert moved[index] == value
    assert on(moved)


@given(POINTS, POINTS, POINTS, POINTS)
def test_the_plane_has_the_scenes_at_its_corners(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray
) -> None:
    for (x, y), corner in {(0, 0): a, (1, 0): b, (0, 1): c, (1, 1): d}.items():
        assert np.allclose(latent.on_plane((a, b, c, d), x, y), corner, atol=1e-5)


@given(POINTS, VECTORS, st.floats(0.01, 1.5), st.integers(0, 1000))
def test_wandering_goes_the_angle_asked(
    point: np.ndarray, heading: np.ndarray, angle: float, seed: int
) -> None:
    moved, _ = latent.wander(point, heading, angle, np.random.default_rng(seed))
    assert on(moved)
    assert latent.angle_between(point, moved) == pytest.approx(angle, abs=1e-6)


def test_the_middle_has_no_direction() -> None:
    with pytest.raises(ValueError, match="no direction"):
        latent.on_sphere(np.zeros(SIZE))


def test_a_part_of_a_latent_that_is_all_zeros_stays_while_the_rest_wanders() -> None:
    state = set_point(replace(initial(1, 8), comeback=0.0), *[0.0] * 7, 1.0)
    for bar in range(1, 5):
        state = advance(state, bar, Wandering(split=4))
        assert not state.point[:4].any()
    assert np.isfinite(state.point).all()
    assert abs(state.point[7]) < math.sqrt(8) - 0.01


def test_a_scene_stays_where_it_is_without_drift_though_a_model_knows_sections() -> None:
    state = replace(initial(3, 12), drift=0.0, section=0)
    gone = advance(state, 1, Wandering(split=4))
    assert np.array_equal(gone.point, state.point)
