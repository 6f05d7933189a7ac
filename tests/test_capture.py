"""Latents found for bars."""

from __future__ import annotations

import queue
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from livegan.core.capture import (
    Likeness,
    Sketches,
    each_track_apart,
    note_f1,
    recalled,
    search,
    sketch,
    struck,
)
from livegan.core.decode import BoolArray, Logits, rolls_of
from livegan.core.hearing import onsets_of
from livegan.core.latent import Point, random_point
from livegan.core.model import BadModel
from livegan.core.music import PITCHES, STEPS_PER_BAR, Note
from livegan.core.refining import refined
from livegan.core.rendering import Cue, make_bar, roll_of
from livegan.core.state import initial
from livegan.shell.captures import Capture, Captured, Captures, Sketched
from livegan.shell.generator import OnnxGenerator, load_model

from .fakes import FakeGenerator

NOTES = st.lists(
    st.builds(lambda start, pitch: Note(start, 1, pitch), st.integers(0, 95), st.integers(24, 107)),
    max_size=12,
)


@given(NOTES, NOTES)
def test_f1_is_one_for_the_same_notes_and_symmetric(one: list[Note], other: list[Note]) -> None:
    assert note_f1([one], [one]) == 1
    assert note_f1([one], [other]) == note_f1([other], [one])
    assert 0 <= note_f1([one], [other]) <= 1


def test_f1_counts_notes_of_one_track_start_and_pitch() -> None:
    bar = [[Note(0, 6, 60), Note(24, 6, 64)], [Note(0, 6, 36)]]
    assert note_f1(bar, [[Note(0, 90, 60, 1), Note(24, 6, 65)], [Note(0, 6, 36)]]) == pytest.approx(
        2 / 3
    )
    assert note_f1(bar, [[], bar[1]]) == pytest.approx(0.5)
    assert note_f1(bar, bar[::-1]) == 0


def test_likeness_rises_towards_the_bar_and_is_one_there() -> None:
    wanted = struck([[Note(0, 6, 60), Note(48, 6, 72)]])
    far = np.where(wanted, -3.0, -3.0).astype(np.float32)
    near = np.where(wanted, -0.1, -3.0).astype(np.float32)
    there = np.where(wanted, 3.0, -3.0).astype(np.float32)
    scores = Likeness(wanted)(np.stack([far, near, there]))
    assert scores[0] < scores[1] < scores[2]
    assert scores[2] == pytest.approx(1, abs=1e-6)


def test_a_sketch_knows_rhythm_and_pitch_classes() -> None:
    bar = struck([[Note(0, 6, 60), Note(24, 6, 64)]])
    octave = struck([[Note(0, 6, 72), Note(24, 6, 40)]])
    other = struck([[Note(12, 6, 61), Note(36, 6, 66)]])
    assert sketch(bar) @ sketch(octave) == pytest.approx(2)
    assert sketch(bar) @ sketch(other) == 0
    assert not sketch(np.zeros_like(bar)).any()


@pytest.fixture(scope="module")
def tune() -> OnnxGenerator:
    return load_model("musegan-composer-pop909")


def bar_of(generator: OnnxGenerator, seed: int) -> Sequence[Sequence[Note]]:
    point = random_point(np.random.default_rng(seed), generator.info.latent)
    return make_bar(generator, initial(1, *generator.info.size), Cue(point)).parts


def rounds(count: int) -> queue.SimpleQueue[float]:
    """A clock for so many batches."""
    times: queue.SimpleQueue[float] = queue.SimpleQueue()
    for number in range(1, count + 1):
        times.put(number / count)
    return times


def back(generator: OnnxGenerator, wanted: Sequence[Sequence[Note]], batches: int) -> float:
    times = rounds(batches)
    cue, random = Cue(np.ones(generator.info.latent)), np.random.default_rng(3)
    point = search(generator, cue, struck(wanted), random, times.get)
    assert np.linalg.norm(point) == pytest.approx(np.sqrt(len(point)))
    return note_f1(wanted, make_bar(generator, initial(1, *generator.info.size), Cue(point)).parts)


def test_a_search_finds_more_the_longer_it_takes(tune: OnnxGenerator) -> None:
    bars = [bar_of(tune, seed) for seed in range(3)]
    chance = np.mean([note_f1(bars[n], bars[n - 1]) for n in range(3)])
    short, long = (np.mean([back(tune, bar, batches) for bar in bars]) for batches in (1, 60))
    assert chance < short < long
    assert long > 0.5


class Shy(FakeGenerator):
    """How high it plays is said by the first number over the others, and it goes three fifths of the
    way; its encoder tells exactly how high a bar is."""

    def __init__(self) -> None:
        super().__init__(latent=4)

    def at(self, cue: Cue, points: NDArray[np.float64]) -> Logits:
        onset = np.full((len(points), 1, STEPS_PER_BAR, PITCHES), -1.0, np.float32)
        for bar, point in zip(onset, points, strict=True):
            bar[0, ::24, 40 + round(20 * 0.6 * point[0] / point[1])] = 1.0
        return Logits(onset, np.full_like(onset, -1.0))

    def encode(self, rolls: NDArray[np.bool_]) -> NDArray[np.float64]:
        high = (rolls[:, 0].any(axis=1) @ np.arange(PITCHES) - 40) / 20
        return np.stack([high, *np.ones((3, len(rolls)))], axis=1)


def test_an_encoder_is_mended_by_what_comes_back() -> None:
    """A decoder that always falls short of a bar is asked for more."""
    model = Shy()

    def played(point: Point) -> BoolArray:
        return rolls_of(model.at(Cue(point), point[None]))[0]

    roll = played(np.array([1.5, 1, 1, 1]))
    assert not np.array_equal(played(model.encode(roll[None])[0]), roll)
    found = recalled(model, roll)
    assert np.array_equal(played(found), roll)
    assert np.linalg.norm(found) == pytest.approx(2)


class Plain(FakeGenerator):
    """Each number of the latent is what one place of the bar's grid says."""

    def __init__(self) -> None:
        super().__init__(latent=64)

    def at(self, cue: Cue, points: NDArray[np.float64]) -> Logits:
        onset = np.full((len(points), 1, STEPS_PER_BAR, PITCHES), -2e3, np.float32)
        onset[:, 0, ::24] = -9.0
        onset[:, 0, ::24, 40:56] = points.reshape(-1, 4, 16)
        return Logits(onset, np.full_like(onset, -1.0))

    def encode(self, rolls: NDArray[np.bool_]) -> NDArray[np.float64]:
        raise BadModel("not needed")


def test_a_latent_is_refined_until_its_bar_is_the_one_that_was_wanted() -> None:
    model, random = Plain(), np.random.default_rng(2)
    wanted, start = random.standard_normal((2, 64))

    def played(point: Point) -> BoolArray:
        return rolls_of(model.at(Cue(point), point[None]))[0]

    assert not np.array_equal(played(start), played(wanted))
    done: list[int] = []
    found = refined(model, Cue(start), played(wanted), start, lambda so_far: not done.append(so_far))
    assert np.array_equal(played(found), played(wanted))
    assert np.linalg.norm(found) == pytest.approx(8)
    assert len(done) < 10, "and then it stops"
    unmoved = refined(model, Cue(start), played(wanted), start, lambda so_far: False)
    assert np.allclose(unmoved, start * 8 / np.linalg.norm(start))


def test_a_bar_that_no_latent_makes_comes_nearer_with_every_round() -> None:
    trio = load_model("trio", "cpu")
    rolls = [roll_of(bar_of(trio, seed)) for seed in (1, 2)]
    roll = np.concatenate([rolls[0][:1], rolls[1][1:]])
    start = recalled(trio, roll)

    def apart(rounds: int) -> float:
        point = refined(trio, Cue(start), roll, start, lambda so_far: so_far < rounds)
        return float(each_track_apart(rolls_of(trio.at(Cue(point), point[None])), roll)[0])

    assert apart(3) < apart(0)


def test_how_far_bars_are_apart_is_a_mean_over_tracks_that_sound() -> None:
    roll = np.zeros((3, STEPS_PER_BAR, PITCHES), bool)
    roll[0, :4, 40] = roll[1, 0, 40] = True
    other = roll.copy()
    other[0, 2:4, 40] = False
    apart = each_track_apart(np.stack([roll, other, np.zeros_like(roll)]), roll)
    assert apart.tolist() == [0.0, 0.25, 1.0]
    assert each_track_apart(np.zeros_like(roll)[None], np.zeros_like(roll)).tolist() == [0.0]


def test_many_bars_at_once_are_those_that_are_made_one_by_one(tune: OnnxGenerator) -> None:
    points = np.random.default_rng(1).standard_normal((3, tune.info.latent))
    together = tune.onsets(Cue(points[0]), points)
    for point, onset in zip(points, together, strict=True):
        assert np.allclose(tune.logits(Cue(point)).onset, onset, atol=1e-3)


def test_the_likest_of_many_is_more_like_than_others(tune: OnnxGenerator) -> None:
    found: queue.SimpleQueue[Sketched] = queue.SimpleQueue()
    captures = Captures(found.put)
    captures.sketch(tune)
    sketches = found.get(timeout=60).sketches
    captures.close()
    assert isinstance(sketches, Sketches)
    state = initial(1, *tune.info.size)
    likest, strange = [], []
    for seed in range(8):
        wanted = sketch(onsets_of(roll_of(bar_of(tune, seed))))
        point = sketches.likest(onsets_of(roll_of(bar_of(tune, seed))))
        likest.append(wanted @ sketch(struck(make_bar(tune, state, Cue(point)).parts)))
        strange.append(wanted @ sketch(struck(bar_of(tune, seed + 100))))
    assert np.mean(likest) > np.mean(strange) + 0.1


@pytest.mark.parametrize("model", ["piano", "paper-cnn-lstm"])
def test_a_capture_comes_back_with_what_it_is_worth(model: str) -> None:
    generator = load_model(model)
    found: queue.SimpleQueue[Captured] = queue.SimpleQueue()
    captures = Captures(found.put)
    parts = bar_of(generator, 5)
    captures.capture(Capture(4, generator, parts, Cue(np.ones(generator.info.latent)), 2.0))
    got = found.get(timeout=60)
    captures.close()
    assert got.point is not None
    again = make_bar(generator, initial(9, *generator.info.size), Cue(got.point))
    assert got.share == note_f1(parts, again.parts)
    strange = note_f1(parts, bar_of(generator, 6))
    assert got.share > strange + 0.1


def test_a_model_that_fails_is_told_of(tune: OnnxGenerator) -> None:
    found: queue.SimpleQueue[Captured] = queue.SimpleQueue()
    captures = Captures(found.put)
    captures.capture(Capture(5, tune, (), Cue(np.ones(tune.info.latent)), 0.1))
    got = found.get(timeout=60)
    captures.close()
    assert got.point is None
    assert tune.info.name in got.why
