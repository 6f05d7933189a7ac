"""Figures of hand-made bars by the published formulas, and agreement with MusPy."""

from __future__ import annotations

import math

import muspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan.core.roll import notes_from_roll
from livegan_train import metrics
from livegan_train.evaluate import likeness
from livegan_train.evaluate.features import features
from livegan_train.evaluate.flow import flow
from livegan_train.evaluate.judging import figures
from livegan_train.evaluate.overlap import intra_set, overlap
from livegan_train.evaluate.prdc import prdc

from .composed import song

Roll = NDArray[np.bool_]
C, E, G = 24, 28, 31
"""Rows of one octave; row 0 is a C."""


def bar(*notes: tuple[int, int, int]) -> Roll:
    """One bar `[1, step, pitch]` of (start, length, row)."""
    roll = np.zeros((1, STEPS_PER_BAR, PITCHES), bool)
    for start, length, row in notes:
        roll[0, start : start + length, row] = True
    return roll


@pytest.mark.parametrize(
    ("rows", "true", "as_published"),
    [((C, E, G), 3, 2), ((C, C + 12, C + 24), 1, 3), ((0, 6), 2, 1), ((6, 7), 2, 2)],
)
def test_pitch_classes_and_the_groups_of_seven_that_were_published(
    rows: tuple[int, ...], true: int, as_published: int
) -> None:
    roll = bar(*((0, 24, row) for row in rows))
    values = figures(roll, drums=False)
    assert (values["upc"], values["upc_as_published"]) == (true, as_published)


def test_qualified_notes_by_the_text_and_by_the_code() -> None:
    values = figures(bar((0, 1, C), (10, 2, C), (20, 3, C), (30, 48, E)), drums=False)
    assert values["qn"] == 50.0
    assert values["qn_as_published"] == 75.0


def test_polyphonic_steps_have_two_pitches_or_more() -> None:
    roll = bar((0, 36, C), (0, 24, E), (12, 12, G))
    assert figures(roll, drums=False)["pr"] == pytest.approx(100 * 24 / 96)


@pytest.mark.parametrize(
    ("onsets", "share"),
    [
        ((0, 24, 48, 72), 1.0),
        ((2, 26, 50, 74), 1.0),  # the same, at another of the six places
        ((0, 1), (1 + 0.3) / 2),
        ((0, 3), 0.5),
        ((0, 6, 12, 15), 0.75),
        ((0, 5, 7), (1 + 0.3 + 0.3) / 3),
    ],
)
def test_drum_pattern(onsets: tuple[int, ...], share: float) -> None:
    roll = bar(*((step, 1, 12 + row) for row, step in enumerate(onsets)))
    assert metrics.drum_pattern(roll) == pytest.approx([share])
    assert figures(roll, drums=True)["dp"] == pytest.approx(100 * share)


def test_drum_pattern_counts_onsets_and_not_cells() -> None:
    assert metrics.drum_pattern(bar((0, 4, 12), (3, 6, 14))) == pytest.approx([0.5])


def test_tonal_distance_of_a_fifth() -> None:
    """C to G turns the circle of fifths by pi/6, the minor thirds' by pi/2, the major thirds' by
    2 pi/3; a chord of a circle is 2 r sin(angle / 2)."""
    fifth = math.sqrt((2 * math.sin(math.pi / 12)) ** 2 + 2 + 0.75)
    one, other = bar((0, 96, C)), bar((0, 96, G))
    assert fifth == pytest.approx(1.737225, abs=1e-6)
    assert metrics.tonal_distance(one, other) == pytest.approx(fifth)
    assert metrics.tonal_distance(one, one) == 0
    assert metrics.tonal_distance(one, bar((0, 96, C + 12))) == 0


def test_tonal_distance_as_published_folds_seven_semitones_into_one() -> None:
    """C and G lie in neighbouring groups: the distance of a semitone, 7 pi/6, 3 pi/2 and 2 pi/3."""
    semitone = math.sqrt((2 * math.sin(7 * math.pi / 12)) ** 2 + 2 + 0.75)
    one, other = bar((0, 96, C)), bar((0, 96, G))
    assert semitone == pytest.approx(2.545987, abs=1e-6)
    assert metrics.tonal_distance_as_published(one, other) == pytest.approx(semitone)


def test_tonal_distance_passes_over_silent_beats_and_the_published_code_over_their_bars() -> None:
    one = np.concatenate([bar((0, 96, C)), bar((0, 96, C))])
    other = np.concatenate([bar((0, 72, G)), bar((0, 96, C))])
    fifth = metrics.tonal_distance(one[:1], bar((0, 96, G)))
    assert metrics.tonal_distance(one, other) == pytest.approx(3 * fifth / 7)
    assert metrics.tonal_distance_as_published(one, other) == 0
    assert math.isnan(metrics.tonal_distance(one, np.zeros_like(one)))
    assert math.isnan(metrics.tonal_distance_as_published(one, np.zeros_like(one)))


def test_measures_of_hand_made_bars() -> None:
    chord = bar((0, 48, C), (0, 48, E), (0, 48, G))
    fragments = bar((0, 2, C), (0, 2, C + 12), (0, 2, C + 24))
    rolls = np.concatenate([chord, fragments, fragments, np.zeros_like(chord)])
    measured = metrics.measure(rolls)
    assert (measured.eb, measured.distinct, measured.dis) == (25.0, 75.0, 0.0)
    assert measured.upc == pytest.approx(5 / 3)
    assert measured.qn == pytest.approx(100 / 3)
    assert measured.pr == pytest.approx(100 * (48 + 2 + 2) / (3 * 96))
    assert measured.notes == 9 / 4
    clashing = metrics.measure(bar((0, 10, 50), (0, 10, 51), (0, 10, 55)))
    assert clashing.dis == pytest.approx(100 / 3), "a semitone, a major third, a fourth"
    assert metrics.distance(measured, measured) == 0
    assert metrics.distance(clashing, measured) > 10


def music_of(rolls: Roll) -> muspy.Music:
    """Bars `[bar, step, pitch]` as MusPy has them."""
    notes = [
        muspy.Note(time=n.start, pitch=n.pitch, duration=n.length)
        for n in notes_from_roll(rolls.reshape(-1, PITCHES))
    ]
    return muspy.Music(resolution=24, tracks=[muspy.Track(notes=notes)])


@pytest.fixture(scope="module")
def bars() -> Roll:
    """Bars that sound to their last step but one."""
    made = np.concatenate([song(12, np.random.default_rng(seed)) for seed in range(6)])
    made[:, 90:95, 12] = True
    return made


def test_bars_agree_with_muspy(bars: Roll) -> None:
    found = features(bars)
    for number in range(len(bars)):
        music = music_of(bars[number : number + 1])
        of_bar = {name: value[number, 0] for name, value in found.items()}
        assert of_bar["pitches"] == muspy.n_pitches_used(music)
        assert of_bar["classes"] == muspy.n_pitch_classes_used(music)
        assert of_bar["range"] == muspy.pitch_range(music)
        assert of_bar["polyphony"] == pytest.approx(muspy.polyphony(music))
        assert of_bar["entropy"] == pytest.approx(muspy.pitch_class_entropy(music))
        assert of_bar["scale"] == pytest.approx(muspy.scale_consistency(music))


def test_figures_agree_with_muspy(bars: Roll) -> None:
    for number in range(len(bars)):
        one = bars[number : number + 1]
        music, values = music_of(one), figures(one, drums=False)
        assert values["upc"] == muspy.n_pitch_classes_used(music)
        more_than_one = muspy.polyphony_rate(music, threshold=1) * music.get_end_time() / STEPS_PER_BAR
        assert values["pr"] == pytest.approx(100 * more_than_one)
        assert values["notes"] == len(music.tracks[0].notes)


def test_empty_bars_and_groove_agree_with_muspy(bars: Roll) -> None:
    rolls = bars[:30].copy()
    rolls[[3, 4, 17]] = False
    music = music_of(rolls)
    assert figures(rolls, drums=False)["eb"] == pytest.approx(
        100 * muspy.empty_measure_rate(music, STEPS_PER_BAR)
    )
    follows = np.ones(len(rolls) - 1, bool)
    found = flow(rolls[:, None], follows, np.array([False]), np.random.default_rng(0))
    assert found["groove"] == pytest.approx(muspy.groove_consistency(music, STEPS_PER_BAR))


def test_a_silent_track_has_no_figures_but_its_silence() -> None:
    values = figures(np.zeros((4, STEPS_PER_BAR, PITCHES), bool), drums=False)
    assert values["eb"] == 100
    assert values["notes"] == 0
    assert all(math.isnan(values[key]) for key in ("upc", "qn", "pr", "dp", "distinct"))


def test_what_follows_from_what_in_a_stream() -> None:
    """Two bars of C in quarters, then two of F sharp off the beat; the cut between them is no step."""
    quarters = bar(*((step, 6, C) for step in (0, 24, 48, 72)))
    off_beat = bar(*((step, 6, C + 6) for step in (12, 36, 60, 84)))
    rolls = np.concatenate([quarters, quarters, off_beat, off_beat])[:, None]
    random = np.random.default_rng(0)
    found = flow(rolls, np.array([True, False, True]), np.array([False]), random)
    assert (found["harmony"], found["rhythm"], found["groove"]) == (1, 1, 1)
    assert found["harmony_lift"] == pytest.approx(0.5, abs=0.03), "half of the pairs are alike"
    through = flow(rolls, np.array([True, True, True]), np.array([False]), random)
    assert (through["harmony"], through["rhythm"]) == (pytest.approx(2 / 3), pytest.approx(2 / 3))


def test_overlap_stands_on_one_grid() -> None:
    """Two narrow densities far apart look the same if each has a grid of its own."""
    random = np.random.default_rng(0)
    one = random.normal(10, 0.1, 5_000)
    far = overlap(one, one + 5)
    assert far.area < 1e-6
    assert far.divergence > 5
    near = overlap(one, random.normal(10, 0.1, 5_000))
    assert near.area > 0.95
    assert near.divergence < 0.01
    half = overlap(random.uniform(0, 1, 50_000), random.uniform(0.5, 1.5, 50_000))
    assert half.area == pytest.approx(0.5, abs=0.03)


def test_intra_set_distances_are_between_different_bars() -> None:
    assert sorted(intra_set(np.array([[0.0], [1.0], [3.0]]))) == pytest.approx([1, 1, 2, 2, 3, 3])


def test_precision_to_coverage_of_points_on_a_line() -> None:
    real = np.arange(20.0)[:, None]
    same = prdc(real, real + 0.01)
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
    one_place = prdc(real, np.full((20, 1), 10.2))
    assert (one_place.precision, one_place.recall) == (1, 0)
    # the fifth neighbour of 6 to 14 is 3 away, as of all but the ends: 8 to 13 reach 10.2
    assert one_place.coverage == pytest.approx(6 / 20)
    assert one_place.density == pytest.approx(6 / 5)
    assert prdc(real, real + 1_000) == prdc(real, real + 2_000)
    assert prdc(real, real + 1_000).precision == 0


def library(rolls: Roll, drums: list[bool]) -> likeness.Library:
    songs = np.arange(len(rolls), dtype=np.int32)
    return likeness.library(likeness.pack(rolls), songs, drums)


@settings(max_examples=25, deadline=None)
@given(st.integers(-12, 12), st.integers(0, 11))
def test_a_transposed_copy_is_found_wherever_it_lies(shift: int, which: int) -> None:
    rolls = song(12, np.random.default_rng(5))[:, None]
    rolls = rolls[rolls.any(axis=(1, 2, 3))]
    moved = np.roll(rolls[which % len(rolls)][None], shift, axis=3)
    assert likeness.nearest(likeness.pack(moved), library(rolls, [False])) == pytest.approx([0.0])


def test_drums_are_not_transposed() -> None:
    roll = np.concatenate([bar((0, 1, 12), (24, 1, 14))])[:, None]
    moved = likeness.pack(np.roll(roll, 2, axis=3))
    assert likeness.nearest(moved, library(roll, [False])) == pytest.approx([0.0])
    # the hit at 0 on row 14 and the one at 24 on row 16: none in common
    assert likeness.nearest(moved, library(roll, [True])) == pytest.approx([1.0])


def test_the_nearest_bar_is_the_nearest_by_brute_force() -> None:
    random = np.random.default_rng(8)
    rolls = np.concatenate([song(10, random) for _ in range(8)])[:, None]
    rolls = rolls[rolls.any(axis=(1, 2, 3))]
    asked, real = rolls[:10], rolls[10:]
    expected = []
    for one in asked:
        best = 0.0
        for shift in range(-12, 13):
            moved = np.zeros_like(one)
            low, high = max(0, -shift), min(PITCHES, PITCHES - shift)
            moved[..., low + shift : high + shift] = one[..., low:high]
            both = (real & moved).sum(axis=(1, 2, 3))
            best = max(best, float((both / (one.sum() + real.sum(axis=(1, 2, 3)) - both)).max()))
        expected.append(1 - best)
    found = likeness.nearest(likeness.pack(asked), library(real, [False]))
    assert found == pytest.approx(expected)


def test_songs_can_be_left_out_of_the_search() -> None:
    rolls = np.concatenate([bar((0, 96, C)), bar((0, 48, C), (48, 48, E))])[:, None]
    real, asked = library(rolls, [False]), likeness.pack(rolls[:1])
    assert likeness.nearest(asked, real) == pytest.approx([0.0])
    assert likeness.nearest(asked, real, np.array([0], np.int32)) == pytest.approx([2 / 3], abs=1e-9)


def test_mean_jaccard_of_equal_and_of_disjoint_bars() -> None:
    random = np.random.default_rng(0)
    same = np.repeat(bar((0, 96, C)), 5, axis=0)[:, None]
    assert likeness.mean_jaccard(same, random) == 0
    apart = np.concatenate([bar((0, 96, row)) for row in range(5)])[:, None]
    assert likeness.mean_jaccard(apart, random) == 1
    assert math.isnan(likeness.mean_jaccard(same[:1], random))


def test_ones_are_counted_alike_without_numpys_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    words = likeness.pack(song(6, np.random.default_rng(1))[:, None])
    expected = likeness.cells(words)
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert (likeness.cells(words) == expected).all()
