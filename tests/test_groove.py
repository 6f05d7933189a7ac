"""A rhythm that holds: what a bar begins goes to where the bar before began something."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegan.core.decode import IMPOSSIBLE, BoolArray, FloatArray, Logits, Notes, decode
from livegan.core.groove import AS_SONGS, in_groove, strength_of
from livegan.core.model import BadModel, ModelInfo, model_info
from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan.core.rendering import Cue, cue_for, make_bar
from livegan.core.state import State, initial
from livegan.core.wandering import advance

from .fakes import FakeGenerator

C, E, G = 36, 40, 43


def logits(begun: dict[tuple[int, int], float], length: int = 12) -> Logits:
    """On sixteenths, all else unlikely: onsets by (step, row), each kept for `length` steps."""
    onset = np.full((STEPS_PER_BAR, PITCHES), 2 * IMPOSSIBLE, np.float32)
    onset[::6] = -9
    keep = np.full_like(onset, -1)
    for (step, row), value in begun.items():
        onset[step, row] = value
        if value > 0:
            keep[step + 1 : step + length, row] = 1
    return Logits(onset, keep)


def bar(*begun: tuple[int, int]) -> BoolArray:
    roll = np.zeros((STEPS_PER_BAR, PITCHES), bool)
    for step, row in begun:
        roll[step : step + 3, row] = True
    return roll


def heard(
    given: Logits, before: BoolArray, strength: float, **kind: bool
) -> list[tuple[int, int, int]]:
    told = {"drums": False, "alone": False} | kind
    return listed(decode(*in_groove(*given, before, strength, **told)))


def listed(notes: Notes) -> list[tuple[int, int, int]]:
    return list(zip(notes.starts.tolist(), notes.lengths.tolist(), notes.rows.tolist(), strict=True))


def test_an_unsure_moment_goes_to_where_the_bar_before_had_one() -> None:
    given = logits({(0, C): 5, (48, E): 0.5, (36, E): -1})
    before = bar((0, G), (36, G))
    assert heard(given, before, 0) == [(0, 12, C), (48, 12, E)]
    assert heard(given, before, 1) == [(0, 12, C), (48, 12, E)], "1.5 logits are between the two"
    assert heard(given, before, 2) == [(0, 12, C), (36, 24, E)], "it ends where it did"


def test_a_chord_goes_as_a_whole_and_later_ones_keep_their_length() -> None:
    given = logits({(24, C): 1, (24, E): 2, (24, G): 3, (72, C): -1})
    assert heard(given, bar((72, C)), 9) == [(72, 12, C), (72, 12, E), (72, 12, G)]


def test_what_is_left_out_and_what_is_missing_pair_up_in_order() -> None:
    given = logits({(12, C): 1, (60, E): 1, (0, G): -2, (84, G): -2}, length=6)
    assert heard(given, bar((0, C), (84, C)), 9) == [(0, 18, C), (84, 6, E)]


def test_a_bar_after_silence_and_a_silent_bar_stay() -> None:
    given = logits({(12, C): 1})
    assert heard(given, bar(), 9) == [(12, 12, C)]
    assert heard(logits({}), bar((0, C)), 9) == []
    assert heard(logits({}), bar((0, C)), 99, drums=True) == []


def test_of_drums_each_keeps_its_own_moments() -> None:
    given = logits({(0, C): 5, (48, E): 0.5, (36, E): -1, (36, C): -1})
    found = [(start, row) for start, _, row in heard(given, bar((0, C), (36, C)), 2, drums=True)]
    assert found == [(0, C), (36, C)], "the snare's moment is not the kick's"


def test_a_melody_ends_each_note_where_the_next_one_begins() -> None:
    given = logits({(0, C): 5, (24, E): 1, (48, G): 5, (36, E): -1}, length=24)
    found = heard(given, bar((0, C), (36, C), (48, C)), 9, alone=True)
    assert found == [(0, 24, C), (36, 12, E), (48, 24, G)]


def test_people_may_have_played_off_the_grid() -> None:
    given = logits({(48, E): 0.5, (36, E): -1})
    assert [start for start, *_ in heard(given, bar((34, G)), 2)] == [36]


@st.composite
def bars(draw: st.DrawFn) -> tuple[Logits, BoolArray]:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    onset, keep = random.normal(-2, 1.5, (2, STEPS_PER_BAR, PITCHES)).astype(np.float32)
    onset[np.arange(STEPS_PER_BAR) % draw(st.sampled_from((2, 6))) > 0] = 2 * IMPOSSIBLE
    return Logits(onset, keep), random.random(onset.shape) < draw(st.sampled_from((0.0, 0.01, 0.3)))


@given(bars(), st.floats(0, 20), st.booleans(), st.booleans())
def test_it_adds_no_note_and_takes_none_away(
    found: tuple[Logits, BoolArray], strength: float, drums: bool, alone: bool
) -> None:
    given, before = found
    onset, _ = in_groove(*given, before, strength, drums, alone)
    assert (onset > 0).sum() == (given.onset > 0).sum()
    assert (onset[given.onset <= IMPOSSIBLE] <= 0).all()


@given(bars())
def test_altogether_held_the_moments_are_those_of_the_bar_before(
    found: tuple[Logits, BoolArray],
) -> None:
    given, before = found
    onset, _ = in_groove(*given, before, strength_of(1, 0.0), False, False)
    grid = np.flatnonzero((given.onset > IMPOSSIBLE).any(axis=1))
    begins = before.copy()
    begins[1:] &= ~before[:-1]
    nearest = np.abs(np.flatnonzero(begins.any(axis=1))[:, None] - grid).argmin(axis=1)
    had, has = set(grid[nearest].tolist()), set(np.flatnonzero((onset > 0).any(axis=1)).tolist())
    assert has <= had or had <= has


def test_groove_is_a_share_of_what_songs_do() -> None:
    assert [strength_of(groove, 4.0) for groove in (0, AS_SONGS, 0.75)] == [0, 4, 12]
    assert strength_of(1, 0.0) > 1_000


class Restless(FakeGenerator):
    """Each bar begins elsewhere, and has little against the place of the bar before."""

    def __init__(self, groove: tuple[float, ...] = (4.0,)) -> None:
        super().__init__()
        self.info = replace(self.info, context=True, section=2, groove=groove)

    def logits(self, cue: Cue) -> Logits:
        own = logits({(6 * place, C): -1.0 for place in range(16)})
        own.onset[6 * (cue.bar % 16), C] = 1
        return Logits(own.onset[None], own.keep[None])


def begins(state: State, number: int, generator: FakeGenerator) -> list[int]:
    cue = cue_for(generator, state, number, before=bar((90, G))[None])
    return [note.start for note in make_bar(generator, state, cue).parts[0]]


def test_a_rhythm_holds_where_the_latent_goes_by_itself_and_not_under_the_hand() -> None:
    generator = Restless()
    by_itself = advance(initial(1, 8), 3, generator.info.wandering)
    by_hand = replace(by_itself, point=by_itself.point.copy())
    assert begins(by_itself, 3, generator) == [90]
    assert begins(by_hand, 3, generator) == [18]
    assert begins(replace(by_itself, groove=0.0), 3, generator) == [18]
    assert begins(replace(by_itself, groove=0.2), 3, generator) == [18], "a logit for two"
    assert begins(replace(by_itself, groove=1.0), 3, generator) == [90]
    assert begins(by_itself, 3, Restless(())) == [18], "a model that knows nothing of it"


def test_density_acts_on_a_rhythm_that_holds() -> None:
    generator = Restless()
    state = replace(advance(initial(1, 8), 3, generator.info.wandering), density=1.0)
    found = begins(state, 3, generator)
    assert 90 in found
    assert len(found) > 1


def test_a_model_file_tells_its_grooves() -> None:
    info = Restless().info
    assert model_info(info.to_json()).groove == (4.0,)
    assert ModelInfo("old", "onset", 8, info.tracks).groove == ()
    with pytest.raises(BadModel, match="each track needs a number"):
        replace(info, groove=(1.0, 2.0))
    with pytest.raises(BadModel, match="each track needs a number"):
        replace(info, groove=(-1.0,))


def test_logits_that_come_in_are_left_alone() -> None:
    given = logits({(48, E): 0.5, (36, E): -1})
    was: list[FloatArray] = [part.copy() for part in given]
    in_groove(*given, bar((36, G)), 9, False, False)
    in_groove(*given, bar((36, G)), 9, True, False)
    assert all(np.array_equal(one, other) for one, other in zip(given, was, strict=True))
