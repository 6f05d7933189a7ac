"""Of several ways that the latent could go by itself, one is taken by what the model's critic says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from livegan.core.addressing import parse_setting
from livegan.core.choosing import WAYS, choose, onwards
from livegan.core.conductor import Conductor
from livegan.core.knobs import FREE, KNOBS
from livegan.core.latent import Point
from livegan.core.model import control_names
from livegan.core.moves import set_freeze, start_morph
from livegan.core.rendering import Cue
from livegan.core.state import State, initial
from livegan.core.wandering import advance

from .fakes import FakeGenerator

SIZE = (8, 1)
FRESH = replace(initial(1, *SIZE), fresh=True)
DRIFTING = replace(initial(1, *SIZE), drift=1.0)


class Choosy(FakeGenerator):
    """Its critic finds bars believable by a latent's first coordinate: where that is above nothing,
    `odds` times as much as elsewhere."""

    chooses = True

    def __init__(self, odds: float = 1.0) -> None:
        super().__init__()
        self.odds = odds
        self.asked: list[tuple[Cue, NDArray[np.float64]]] = []

    def believable(self, cue: Cue, points: NDArray[np.float64]) -> NDArray[np.float64]:
        self.asked.append((cue, points))
        return np.log(np.where(points[:, 0] > 0, self.odds, 1.0))


class Failing(Choosy):
    def believable(self, cue: Cue, points: NDArray[np.float64]) -> NDArray[np.float64]:
        raise RuntimeError("no critic today")


def cue_at(state: State) -> Cue:
    return Cue(state.point, bar=1)


def path(generator: FakeGenerator, state: State, bars: int) -> list[Point]:
    points = [state.point]
    for bar in range(1, bars):
        state = onwards(generator, state, bar, cue_at)
        points.append(state.point)
    return points


def test_a_model_without_a_critic_goes_the_first_way() -> None:
    state = DRIFTING
    for bar in range(1, 5):
        gone = onwards(FakeGenerator(), state, bar, cue_at)
        assert gone.point.tolist() == advance(state, bar).point.tolist()
        state = gone


@pytest.mark.parametrize("odds", [1.0, 3.0, 9.0])
def test_bars_are_played_as_often_as_the_odds_say(odds: float) -> None:
    """Half of all points lie on either side; a critic that knows that songs are `odds` times as often
    on one of them makes the music so."""
    points = path(Choosy(odds), FRESH, 1200)
    share = np.mean([point[0] > 0 for point in points[1:]])
    assert share == pytest.approx(odds / (1 + odds), abs=0.05)


@pytest.mark.parametrize(("critic", "share"), [(0.0, 0.5), (0.25, 0.6), (0.75, 0.96), (1.0, 1.0)])
def test_the_critic_is_heeded_more_or_less(critic: float, share: float) -> None:
    """Odds of 3 are 3 to the third of a power at a quarter, 27 at three quarters."""
    points = path(Choosy(3.0), replace(FRESH, critic=critic), 600)
    assert np.mean([point[0] > 0 for point in points[1:]]) == pytest.approx(share, abs=0.06)


def test_where_all_is_believable_every_way_is_taken_as_often() -> None:
    taken = Counter(choose(Choosy(), DRIFTING, bar, cue_at) for bar in range(1, 1600))
    assert set(taken) == set(range(WAYS))
    assert max(taken.values()) < 2 * min(taken.values())


def test_the_same_seed_goes_the_same_way() -> None:
    once, again = (np.stack(path(Choosy(3.0), DRIFTING, 30)) for _ in range(2))
    other = np.stack(path(Choosy(3.0), replace(DRIFTING, seed=2), 30))
    assert (once == again).all()
    assert not (once[1:] == other[1:]).any()


def test_a_chosen_drift_goes_as_far_as_any() -> None:
    near = replace(DRIFTING, drift=0.1)
    steps = np.diff(np.stack(path(Choosy(9.0), near, 20)), axis=0)
    usual = np.diff(np.stack(path(FakeGenerator(), near, 20)), axis=0)
    assert np.allclose(np.linalg.norm(steps, axis=1), np.linalg.norm(usual, axis=1), rtol=0.01)


@pytest.mark.parametrize(
    "still",
    [
        set_freeze(DRIFTING, True),
        replace(DRIFTING, drift=0.0),
        start_morph(DRIFTING, "3", 8),
    ],
    ids=["frozen", "no drift", "morphing"],
)
def test_where_the_hand_holds_the_latent_nothing_is_chosen(still: State) -> None:
    generator = Choosy(9.0)
    assert choose(generator, still, 1, cue_at) == 0
    assert not generator.asked


def test_the_critic_hears_what_the_bar_will_follow_and_what_the_knobs_ask() -> None:
    generator = Choosy()
    generator.info = replace(
        generator.info, context=True, controls=control_names(generator.info.tracks)
    )
    conductor = Conductor(generator, initial(1, *SIZE))
    conductor.start()
    conductor.move(parse_setting("/density=0.8"))
    list(conductor.render_again())
    conductor.bar_started(0)
    (cue, points), *_ = generator.asked
    take = conductor.take(0)
    assert take is not None
    assert cue.context is not None
    assert (cue.context == take.roll).all()
    assert cue.controls is not None
    assert cue.controls[KNOBS.index("density")] == pytest.approx(0.8)
    assert (np.delete(cue.controls, KNOBS.index("density")) == FREE).all()
    assert len(points) == WAYS


def test_a_bar_that_was_chosen_stays_whatever_knob_is_moved() -> None:
    generator = Choosy(9.0)
    conductor = Conductor(generator, initial(1, *SIZE))
    conductor.start()
    conductor.bar_started(0)
    first = conductor.take(1)
    conductor.move(parse_setting("/velocity=0.5"))
    list(conductor.render_again())
    again = conductor.take(1)
    assert first is not None
    assert again is not None
    assert (first.roll == again.roll).all()
    assert len(generator.asked) == 1, "once a bar"


def test_a_critic_that_fails_does_not_stop_the_music() -> None:
    failing, plain = (Conductor(g, initial(1, *SIZE)) for g in (Failing(), FakeGenerator()))
    for conductor in (failing, plain):
        conductor.start()
        conductor.bar_started(0)
    heard, usual = failing.take(1), plain.take(1)
    assert heard is not None
    assert usual is not None
    assert (heard.roll == usual.roll).all()
    assert failing.failure is None
