"""A latent moved until the model makes the bar that was wanted: Levenberg-Marquardt (Levenberg, 1944;
Marquardt, 1963) on the logistic loss of a bar's logits, whose slopes are found by nudging each number
of the latent in turn. Pure; how long to go on is for the caller to say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .capture import AT_ONCE, Encoding, Points, each_track_apart, on_spheres
from .decode import IMPOSSIBLE, BoolArray, Logits, rolls_of
from .groove import began
from .latent import Point
from .rendering import Cue

NUDGE = 0.02
DAMPINGS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Steps that are tried each time, in mean curvatures added."""
HELD = 0.5
"""Weight of whether a note is held, beside whether one begins."""
SETTLED = 0.003
"""Errors so small have nothing to say any more; no curvature is taken to be smaller."""
STEEPEST = 200.0
"""Logits for one of latent: more is a jump, where a track begins to rest or a note gives way."""

Values = NDArray[np.float64]


class Wanted:
    """What the logits of a bar `[track, step, pitch]` should say, on a model's grid: which notes begin,
    and which of those that sound are held."""

    def __init__(self, roll: BoolArray, like: Logits) -> None:
        """`like` are any logits of the model, `[track, step, pitch]`."""
        grid = np.flatnonzero((like.onset > IMPOSSIBLE).any(axis=(0, 2)))
        begins = np.zeros_like(roll)
        for track, bar in enumerate(roll):
            begins[track, grid] = began(bar, grid)
        self._onsets = np.zeros_like(roll)
        self._onsets[:, grid] = True
        self._keeps = np.zeros_like(roll)
        self._keeps[:, 1:] = roll[:, :-1] & ~begins[:, 1:]
        self._said = np.concatenate([begins[self._onsets], roll[self._keeps]]).astype(np.float64)
        self._weights = np.where(np.arange(len(self._said)) < self._onsets.sum(), 1.0, HELD)

    def values(self, logits: Logits) -> Values:
        """The logits of bars that count, `[bar, value]`."""
        parts = logits.onset[:, self._onsets], logits.keep[:, self._keeps]
        return np.concatenate(parts, axis=1).astype(np.float64)

    def loss(self, values: Values) -> Values:
        """Nats of each bar."""
        found: Values = (np.logaddexp(0, values) - self._said * values) @ self._weights
        return found

    def errors(self, values: Values) -> tuple[Values, Values]:
        """The loss's slope and curvature in one bar's values."""
        likely = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
        curvature = np.maximum(SETTLED, likely * (1 - likely))
        return self._weights * (likely - self._said), self._weights * curvature


def refined(
    generator: Encoding, cue: Cue, roll: BoolArray, start: Point, more: Callable[[int], bool]
) -> Point:
    """The latent on the way from `start` from which a bar `[track, step, pitch]` comes back best; all
    else as in the cue. `more` says whether to go on after so many rounds."""
    homes = generator.info.homes
    point = on_spheres(start[None])[0]
    logits = generator.at(cue, point[None])
    wanted = Wanted(roll, Logits(logits.onset[0], logits.keep[0]))
    values = wanted.values(logits)[0]
    best: Point
    best, least = point, float(each_track_apart(rolls_of(logits), roll)[0])
    done = 0
    while least > 0 and more(done):
        steps = np.zeros((len(DAMPINGS), len(point)))
        steps[:, homes:] = steps_down(wanted, values, slopes(generator, cue, wanted, point, values))
        points = on_spheres(point + steps)
        tried = generator.at(cue, points)
        apart = each_track_apart(rolls_of(tried), roll)
        if apart.min() < least:
            best, least = points[int(apart.argmin())], float(apart.min())
        every = wanted.values(tried)
        losses = wanted.loss(every)
        if losses.min() >= wanted.loss(values):
            break
        point, values = points[int(losses.argmin())], every[int(losses.argmin())]
        done += 1
    return best


def slopes(generator: Encoding, cue: Cue, wanted: Wanted, point: Point, values: Values) -> Values:
    """How a bar's values change with each number of the latent but the scale, `[number, value]`."""
    homes = generator.info.homes
    nudged: Points = point + NUDGE * np.eye(len(point))[homes:]
    parts = [
        wanted.values(generator.at(cue, nudged[first : first + AT_ONCE]))
        for first in range(0, len(nudged), AT_ONCE)
    ]
    found: Values = ((np.concatenate(parts) - values) / NUDGE).clip(-STEEPEST, STEEPEST)
    return found


def steps_down(wanted: Wanted, values: Values, slopes: Values) -> Values:
    """Steps `[damping, number]` down the loss."""
    errors, curvature = wanted.errors(values)
    learns = np.abs(errors) > SETTLED
    slopes, errors, curvature = slopes[:, learns], errors[learns], curvature[learns]
    hessian, gradient = (slopes * curvature) @ slopes.T, slopes @ errors
    eye = np.eye(len(hessian)) * max(1e-9, float(np.diag(hessian).mean()))
    return -np.stack([np.linalg.solve(hessian + damping * eye, gradient) for damping in DAMPINGS])
