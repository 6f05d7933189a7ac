"""Notes as they are struck: accents, chance that a seed repeats, knobs that do what they say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.feel import (
    MOST_OFFSET,
    OWN_LEVEL,
    FeelMaps,
    at_level,
    felt,
    heard,
    strokes_of,
)
from livegan.core.music import PITCHES, STEPS_PER_BAR, Note, in_order

CHORD = [Note(start, 20, pitch) for start in (0, 24, 48, 72) for pitch in (48, 60, 64, 67)]
BEAT = [
    *(Note(step, 1, 42, 90, 9) for step in range(0, 96, 12)),
    *(Note(step, 1, 36, 90, 9) for step in (0, 48)),
    *(Note(step, 1, 38, 90, 9) for step in (24, 72)),
]


def maps_of(velocity: float, spread: float, timing: float, late: float, tracks: int = 1) -> FeelMaps:
    shape = (tracks, STEPS_PER_BAR, PITCHES)
    return FeelMaps(*(np.full(shape, value, np.float32) for value in (velocity, spread, timing, late)))


def struck(
    part: list[Note],
    maps: FeelMaps | None = None,
    seed: int = 1,
    level: float = 0.7,
    humanise: float = 1,
) -> tuple[Note, ...]:
    drums = bool(part) and part[0].channel == 9
    return in_order(*felt([part], [drums], maps, np.random.default_rng([seed]), level, humanise))


PARTS = st.lists(
    st.builds(
        Note,
        st.integers(0, 95),
        st.integers(1, 24),
        st.integers(0, 127),
        st.just(90),
        st.integers(0, 3),
        st.just(0.0),
    ),
    max_size=24,
    unique_by=lambda note: (note.start, note.pitch),
)
UNIT = st.floats(0, 1)


@settings(max_examples=150, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=3), st.booleans(), UNIT, UNIT, st.integers(0, 99))
def test_only_velocity_and_offset_change_and_pitches_keep_their_order(
    parts: list[list[Note]], learned: bool, level: float, humanise: float, seed: int
) -> None:
    maps = maps_of(0.6, 0.3, -0.4, 2.0, len(parts)) if learned else None
    drums = [place == 1 for place in range(len(parts))]
    played = felt(parts, drums, maps, np.random.default_rng(seed), level, humanise)
    notes = [note for part in played for note in part]
    plain = [note._replace(velocity=0, offset=0.0) for note in notes]
    assert sorted(plain) == sorted(n._replace(velocity=0) for part in parts for n in part)
    assert all(1 <= note.velocity <= 127 and abs(note.offset) <= MOST_OFFSET for note in notes)
    for part in parts:
        (mine,) = felt([part], [False], maps, np.random.default_rng(seed), level, humanise)
        voices = sorted(mine, key=lambda note: (note.pitch, note.start))
        for one, other in pairwise(voices):
            if one.pitch == other.pitch:
                assert one.place < other.place


def test_the_same_seed_strikes_alike_and_another_does_not() -> None:
    assert struck(CHORD) == struck(CHORD)
    assert struck(CHORD) != struck(CHORD, seed=2)


def test_notes_that_stay_are_struck_as_before_when_others_come() -> None:
    few, many = struck(CHORD[:5]), struck([*CHORD[:5], Note(6, 6, 80), Note(90, 6, 30)])
    assert set(few) <= set(many)


@pytest.mark.parametrize("part", [CHORD, BEAT], ids=["chords", "drums"])
def test_by_rule_nothing_sounds_typed(part: list[Note]) -> None:
    notes = struck(part)
    assert len({note.velocity for note in notes}) > len(notes) / 2
    assert len({note.offset for note in notes}) > len(notes) / 2
    assert {note.offset for note in struck(part, humanise=0)} == {0.0}
    assert len({note.velocity for note in struck(part, humanise=0)}) > 1, "accents stay"
    assert struck(part, humanise=0) == struck(part, seed=9, humanise=0), "and are no chance"


def test_backbeats_and_the_tops_of_chords_come_out() -> None:
    drums = {(n.start, n.pitch): n.velocity for n in struck(BEAT, humanise=0)}
    assert drums[24, 38] > drums[24, 42] > drums[12, 42]
    chord = {n.pitch: n.velocity for n in struck(CHORD, humanise=0) if n.start == 0}
    assert chord[67] == max(chord.values())
    beats = [n.velocity for n in struck([Note(s, 6, 60) for s in (24, 36, 42, 43)], humanise=0)]
    assert beats == sorted(beats, reverse=True)


def test_maps_say_how_loud_and_how_late() -> None:
    notes = struck(CHORD, maps_of(0.5, 0.001, 0.75, 0.001), humanise=1)
    assert {note.velocity for note in notes} <= {63, 64}
    assert all(note.offset == pytest.approx(0.75, abs=0.01) for note in notes)
    half = struck(CHORD, maps_of(0.5, 0.001, 0.8, 0.001), humanise=0.5)
    assert all(note.offset == pytest.approx(0.4, abs=0.01) for note in half)


def test_where_nothing_was_learned_the_rules_go_on() -> None:
    by_rule = strokes_of(CHORD, False, None, 0)
    assert strokes_of(CHORD, False, maps_of(0.5, 0.0, 1.0, 0.0), 0) == by_rule
    loud_alone = strokes_of(CHORD, False, maps_of(0.5, 0.1, 1.0, 0.0), 0)
    assert [stroke[2:] for stroke in loud_alone] == [stroke[2:] for stroke in by_rule]
    assert {stroke.velocity for stroke in loud_alone} == {0.5}


def test_the_spread_is_as_wide_as_it_says_and_chords_stay_together() -> None:
    maps = maps_of(0.5, 0.1, 0.0, 0.4)
    bars = [struck(CHORD, maps, seed) for seed in range(400)]
    offsets = np.array([[note.offset for note in bar] for bar in bars])
    velocities = np.array([[note.velocity for note in bar] for bar in bars]) / 127
    assert offsets.std() == pytest.approx(0.4, rel=0.1)
    assert velocities.std() == pytest.approx(0.1, rel=0.1)
    together = np.corrcoef(offsets[:, 0], offsets[:, 1])[0, 1]
    apart = np.corrcoef(offsets[:, 0], offsets[:, 8])[0, 1]
    assert together > apart + 0.15
    assert apart > 0


@given(UNIT, UNIT, UNIT)
def test_the_level_is_louder_the_higher_and_keeps_accents(
    one: float, other: float, level: float
) -> None:
    assert at_level(one, OWN_LEVEL) == pytest.approx(one)
    low, high = sorted((one, other))
    assert at_level(low, level) <= at_level(high, level)
    assert at_level(level, low) <= at_level(level, high) + 1e-12
    assert 0 <= at_level(one, level) <= 1


def test_the_level_goes_from_next_to_nothing_to_loud() -> None:
    maps = maps_of(0.65, 0.05, 0.0, 0.1)
    means = [
        np.mean([note.velocity for note in struck(CHORD, maps, level=level)])
        for level in (0, 0.3, 0.7, 0.85, 1)
    ]
    assert means[0] == 1
    assert means == sorted(means)
    assert means[2] == pytest.approx(0.65 * 127, abs=8)
    assert means[4] > 105


def test_what_the_model_hears_is_the_notes() -> None:
    roll = heard([CHORD, [], BEAT])
    assert roll.shape == (1, 3, STEPS_PER_BAR, PITCHES)
    assert (roll[0, 0].sum(), roll[0, 1].sum(), roll[0, 2].sum()) == (16 * 20, 0, 12)
    assert felt([[], []], [False, True], None, np.random.default_rng(1), 0.7, 1.0) == [[], []]
