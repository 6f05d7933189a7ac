"""What somebody plays, as bars: whole, on the grid, in the right bar."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.hearing import (
    EARLY,
    LONGEST,
    Hearing,
    Key,
    as_played,
    hears,
    on_grid,
    onsets_of,
    roll_heard,
    unit_of,
)
from livegan.core.model import Track
from livegan.core.music import STEPS_PER_BAR, STEPS_PER_SIXTEENTH, Note
from livegan.core.roll import notes_from_roll
from livegan.core.swing import GRIDS, Swing

from .fakes import QUANTILES

PIANO = (Track("piano", 0, False, QUANTILES),)
BAND = (
    Track("drums", 0, True, QUANTILES),
    Track("tune", 0, False, QUANTILES, given=True),
    Track("piano", 0, False, QUANTILES),
    Track("bass", 33, False, QUANTILES),
)


def hearing(*events: tuple[float, int, int, int]) -> Hearing:
    one = Hearing()
    for event in events:
        one.take(*event)
    return one


def test_keys_are_heard_with_where_they_began_and_ended() -> None:
    one = hearing(
        (0.4, 0x90, 60, 100),
        (24.0, 0x91, 64, 50),
        (30.2, 0x80, 60, 0),
        (47.0, 0x91, 64, 0),  # a press without velocity lets go
        (50.0, 0x90, 67, 9),
        (51.0, 0xE0, 0, 64),  # a wheel is no key
    )
    assert one.keys == (
        Key(0.4, 30.2, 0, 60, 100),
        Key(24.0, 47.0, 1, 64, 50),
        Key(50.0, inf, 0, 67, 9),
    )


def test_a_key_that_is_struck_again_was_let_go_and_one_that_was_not_pressed_is_passed_over() -> None:
    one = hearing((0, 0x90, 60, 1), (9, 0x90, 60, 2), (12, 0x80, 61, 0), (20, 0x80, 60, 0))
    assert [(key.place, key.end) for key in one.keys] == [(0, 9), (9, 20)]


def test_the_pedal_holds_what_is_let_go() -> None:
    one = hearing((0, 0x90, 60, 1), (5, 0xB0, 64, 127), (6, 0x80, 60, 0), (7, 0x90, 62, 1))
    assert all(key.is_down for key in one.keys)
    one.take(40, 0xB0, 64, 0)
    assert [key.end for key in one.keys] == [40, inf]
    one.take(50, 0xB0, 123, 0)
    assert [key.end for key in one.keys] == [40, 50]


def test_what_is_played_again_keeps_its_timing_and_velocities() -> None:
    keys = [
        Key(95.0, 110.5, 0, 60, 100),  # shortly before the line: meant for it
        Key(120.3, 131.0, 0, 64, 40),
        Key(150.0, inf, 0, 67, 77),
        Key(192.0 - EARLY - 0.6, 200, 0, 72, 5),
        Key(192.0 - EARLY, 200, 0, 74, 5),  # the next bar's
    ]
    assert as_played(keys, 1, PIANO) == {
        0: (
            Note(0, 16, 60, 100, 0, -1.0),
            Note(24, 11, 64, 40, 0, 0.3),
            Note(54, STEPS_PER_BAR, 67, 77, 0, 0.0),
            Note(92, 12, 72, 5, 0, 0.4),
        )
    }
    assert as_played(keys, 2, PIANO) == {0: (Note(0, 11, 74, 5, 0, -3.0),)}
    assert as_played(keys, 3, PIANO) == {}


def test_on_the_grid_bars_cut_what_lasts() -> None:
    keys = [Key(94.0, 110.0, 0, 60, 90), Key(160.0, 290.0, 0, 64, 80), Key(97.0, 99.0, 0, 60, 99)]
    grid = STEPS_PER_SIXTEENTH
    assert on_grid(keys, 0, PIANO, grid) == {}
    assert on_grid(keys, 1, PIANO, grid) == {0: (Note(0, 12, 60, 99), Note(66, 30, 64, 80))}
    assert on_grid(keys, 2, PIANO, grid) == {0: (Note(0, 96, 64, 80),)}
    assert on_grid(keys, 3, PIANO, grid) == {}
    assert on_grid(keys, 1, PIANO, 1)[0][-1] == Note(64, 32, 64, 80)


def test_a_key_that_is_never_let_go_is_forgotten() -> None:
    one = hearing((10.0, 0x90, 60, 90))
    sounds = [bool(on_grid(one.keys, bar, PIANO, 6)) for bar in range(4)]
    assert sounds == [True, True, True, False]
    one.forget_before(1 + int(LONGEST // STEPS_PER_BAR))
    assert one.keys == ()


PLACES = st.floats(0, 4 * STEPS_PER_BAR)
KEYS = st.lists(
    st.builds(
        lambda place, length, pitch, velocity: Key(place, place + length, 0, pitch, velocity),
        PLACES,
        st.floats(0, 150),
        st.integers(24, 107),
        st.integers(1, 127),
    ),
    max_size=20,
)


@given(KEYS, st.sampled_from([1, 2, 6]))
def test_every_key_is_in_one_bar_and_on_its_grid(keys: list[Key], unit: int) -> None:
    bars = [on_grid(keys, bar, PIANO, unit).get(0, ()) for bar in range(7)]
    for bar in bars:
        assert all(note.start % unit == 0 and note.length % unit == 0 for note in bar)
        assert all(0 <= note.start < note.start + note.length <= STEPS_PER_BAR for note in bar)
        assert len({(note.start, note.pitch) for note in bar}) == len(bar)
    for key in keys:
        mine = [note for note in bars[key.bar] if note.pitch == key.pitch]
        place = key.place - key.bar * STEPS_PER_BAR
        assert any(abs(note.start - place) <= max(unit / 2, EARLY) + unit / 2 for note in mine)
    played = [as_played(keys, bar, PIANO).get(0, ()) for bar in range(7)]
    assert sum(map(len, played)) == len(keys)
    places = sorted(n.place + b * STEPS_PER_BAR for b, part in enumerate(played) for n in part)
    assert places == pytest.approx(sorted(key.place for key in keys), abs=1e-3)


def test_a_keyboard_is_heard_by_the_track_of_its_channel_or_the_first_with_pitches() -> None:
    assert hears(0, PIANO) == 0
    assert hears(5, PIANO) == 0
    assert [hears(channel, BAND) for channel in (0, 1, 2, 3, 9)] == [2, 2, 3, 2, 0]
    assert hears(0, BAND[1:2]) is None
    keys = [Key(0, 6, 2, 60, 90)]
    assert as_played(keys, 0, BAND) == {3: (Note(0, 6, 60, 90, 2),)}


def test_other_tracks_are_what_is_around() -> None:
    around = np.ones((4, STEPS_PER_BAR, 84), bool)
    roll = roll_heard({3: (Note(0, 6, 60),)}, BAND, around)
    assert roll[:3].all()
    assert notes_from_roll(roll[3]) == [Note(0, 6, 60)]
    assert roll_heard({3: (Note(0, 6, 60),)}, BAND).sum() == 6
    assert onsets_of(roll).sum() == 3 * 84 + 1


def test_the_grid_of_a_model_is_where_it_may_strike() -> None:
    onset = np.full((1, STEPS_PER_BAR, 84), -2e4, np.float32)
    onset[0, ::6] = -5
    assert unit_of(onset) == 6
    onset[0, ::8] = -5
    assert unit_of(onset) == 2


@given(st.floats(0, 1), st.sampled_from(GRIDS), st.floats(0, 2 * STEPS_PER_BAR))
def test_who_swings_along_is_heard_straight(share: float, grid: int, step: float) -> None:
    swing = Swing(share, grid)
    assert swing.written(swing.place(step)) == pytest.approx(step, abs=1e-6)
