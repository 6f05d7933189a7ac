"""Moving on the latent sphere: radius sqrt(n) in n dimensions, never through the middle.

Points are float64 vectors `[n]`. Everything is pure; random numbers come from a generator given.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Point = NDArray[np.float64]
TINY = 1e-9
STRAIGHT = 0.8
FULL_DRIFT = math.pi / 2
"""Drift 1 goes this far a bar, in radians: a quarter of the circle, which is as far as chance."""


def on_sphere(vector: Point) -> Point:
    """The point of the sphere in this direction. Raises `ValueError` for the middle, which has none."""
    largest = float(np.abs(vector).max())
    if not math.isfinite(largest) or largest == 0:
        raise ValueError("a latent of all zeros has no direction")
    scaled = vector / largest  # squares of very small or large numbers would be lost
    return scaled * (math.sqrt(len(vector)) / float(np.linalg.norm(scaled)))


def random_point(random: np.random.Generator, size: int) -> Point:
    """A uniform point on the sphere."""
    return on_sphere(random.standard_normal(size))


def angle_between(a: Point, b: Point) -> float:
    """Angle in radians, 0 to pi."""
    cosine = float(a @ b) / (float(np.linalg.norm(a)) * float(np.linalg.norm(b)))
    return math.acos(min(1.0, max(-1.0, cosine)))


def slerp(a: Point, b: Point, share: float) -> Point:
    """Along the great circle from `a` (share 0) to `b` (share 1) (Shoemake, 1985). Between opposite
    points, where no circle is the shortest, it takes one of them, always the same."""
    angle = angle_between(a, b)
    if angle < 1e-6:
        return on_sphere(a + (b - a) * share)
    if math.pi - angle < 1e-6:
        aside = np.zeros_like(a)
        aside[int(np.argmin(np.abs(a)))] = 1.0
        return turn(a, aside, angle * share)
    return on_sphere(
        (math.sin((1 - share) * angle) * a + math.sin(share * angle) * b) / math.sin(angle)
    )


def tangent(point: Point, direction: Point) -> Point:
    """The unit part of a direction that stays on the sphere at this point; zeros if there is none."""
    along = direction - point * (float(direction @ point) / float(point @ point))
    norm = float(np.linalg.norm(along))
    return along / norm if norm > TINY else np.zeros_like(point)


def turn(point: Point, direction: Point, angle: float) -> Point:
    """Go `angle` radians along the great circle that starts in this direction."""
    along = tangent(point, direction) * math.sqrt(len(point))
    return on_sphere(math.cos(angle) * point + math.sin(angle) * along)


def with_coordinate(point: Point, index: int, value: float) -> Point:
    """Set one coordinate exactly and scale the others so that the point stays on the sphere."""
    size = len(point)
    limit = math.sqrt(size) * 0.999
    value = min(limit, max(-limit, value))
    others = point.copy()
    others[index] = 0.0
    norm = float(np.linalg.norm(others))
    if norm < TINY:
        others = np.ones(size)
        others[index] = 0.0
        norm = float(np.linalg.norm(others))
    moved = others * (math.sqrt(size - value * value) / norm)
    moved[index] = value
    return moved


def in_scale_of(point: Point, other: Point, homes: int) -> Point:
    """With the other's first `homes` numbers, which say the scale."""
    return np.concatenate([other[:homes], point[homes:]])


def on_plane(corners: tuple[Point, Point, Point, Point], x: float, y: float) -> Point:
    """The surface through four points: corners at (0, 0), (1, 0), (0, 1) and (1, 1)."""
    low, high = slerp(corners[0], corners[1], x), slerp(corners[2], corners[3], x)
    return slerp(low, high, y)


def wander(
    point: Point, heading: Point, angle: float, random: np.random.Generator
) -> tuple[Point, Point]:
    """One bar of drift: `angle` radians along the heading, which itself swings, so that the path never
    comes to rest: slowly on small steps, whose path is smooth, and to anywhere on steps of a quarter
    turn, which would come back else. Returns the new point and heading. The middle, where a part of a
    latent may be, has no way out: it stays."""
    if not point.any():
        return point, heading
    noise = tangent(point, random.standard_normal(len(point)))
    kept = STRAIGHT * math.cos(min(angle, math.pi / 2))
    swung = tangent(point, kept * tangent(point, heading) + math.sqrt(1 - kept * kept) * noise)
    moved = turn(point, swung, angle)
    return moved, tangent(moved, swung)


def along(point: Point, directions: Sequence[Point], far: Sequence[float]) -> Point:
    """Moved by so many standard deviations along unit directions, and back onto the sphere."""
    moved = point + sum((f * d for f, d in zip(far, directions, strict=False)), np.zeros_like(point))
    return on_sphere(moved) if moved.any() else point
