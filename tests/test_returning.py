"""Half phrases come back: as often, from as far and in the tracks that they do in songs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livegan.core.addressing import parse_setting
from livegan.core.conductor import Conductor
from livegan.core.memory import LONGEST
from livegan.core.model import BadModel, ModelInfo, Track, model_info
from livegan.core.moves import set_point
from livegan.core.returning import PHRASES, Source, Way
from livegan.core.state import State, initial
from livegan.core.wandering import Wandering, advance
from livegan_train.data import BarSet
from livegan_train.drawn import played
from livegan_train.stream.form import form_of_songs, ways_of_songs

from .played import model

OFTEN = sum(way.often for way in PHRASES)
ONE = Wandering(split=2)
TWO = Wandering(split=2, tracks=2, ways=(Way(1, 0.2, (1.0, 0.0)), Way(4, 0.3, (0.5, 1.0))))
BARS = 4_000


def still(**settings: object) -> State:
    """Sections never turn."""
    return replace(initial(3, 8), section=0, **settings)  # type: ignore[arg-type]


def walked(state: State, bars: int, wandering: Wandering = ONE) -> list[State]:
    states = [state]
    for bar in range(1, bars):
        states.append(advance(states[-1], bar, wandering))
    return states


def came_back(states: list[State]) -> list[bool]:
    """Whether each bar is where one of the eight before was."""
    points = [state.point for state in states]
    return [any(p is before for before in points[max(0, n - 8) : n]) for n, p in enumerate(points)]


def halves(states: list[State], track: int) -> list[Source | None]:
    """Where a track comes back from as each half phrase begins."""
    return [state.sources[track] if state.sources else None for state in states[::4]]


def test_half_phrases_come_back_as_often_as_in_songs_and_as_was_asked() -> None:
    assert not any(came_back(walked(still(comeback=0.0), 200)))
    assert all(came_back(walked(still(comeback=1.0), 200))[8:])
    for comeback, share in ((0.5, OFTEN), (0.25, OFTEN**2), (0.75, OFTEN**0.415)):
        some = came_back(walked(still(comeback=comeback), BARS))
        assert np.mean(some) == pytest.approx(share, abs=0.05)
        assert all(len(set(some[bar : bar + 4])) == 1 for bar in range(8, BARS, 4)), "all of it or none"
    assert still().comeback == 0.5, "at the start, as in songs"


def test_music_comes_back_evenly_in_every_stretch_of_it() -> None:
    """By chance the share in so few half phrases would be off by .05 on average, and by twice that
    at the worst of sixteen seeds."""
    some = [came_back(walked(replace(still(), seed=seed), 200)) for seed in range(16)]
    assert max(abs(np.mean(one) - OFTEN) for one in some) < 0.05


def test_music_of_models_without_sections_never_comes_back() -> None:
    assert not any(came_back(walked(still(comeback=1.0), 200, Wandering())))


def test_each_track_comes_back_as_often_as_its_own_in_songs() -> None:
    first, second = (halves(walked(still(), BARS, TWO), track) for track in (0, 1))
    assert np.mean([found is not None for found in first]) == pytest.approx(0.2 + 0.15, abs=0.05)
    assert np.mean([found is not None for found in second]) == pytest.approx(0.3, abs=0.05)
    both = np.mean(
        [one is not None and two is not None for one, two in zip(first, second, strict=True)]
    )
    assert both == pytest.approx(0.15, abs=0.04)


def test_a_bar_that_goes_on_is_the_one_before_four_times_over() -> None:
    goes_on = Wandering(split=2, ways=(Way(1, 1.0),))
    states = walked(still(), 8, goes_on)
    assert [state.sources[0] for state in states[4:]] == [
        Source(states[3].point, back) for back in (1, 2, 3, 4)
    ]
    assert all(state.point is states[3].point for state in states[4:])


def test_tracks_that_are_new_are_near_where_the_others_come_back_from() -> None:
    half = Wandering(split=2, tracks=2, ways=(Way(4, 1.0, (1.0, 0.0)),))
    states = walked(still(drift=1.0), 8, half)
    for then, now in zip(states[:4], states[4:], strict=True):
        kept, new = now.sources
        assert kept == Source(then.point, 4)
        assert new is None
        assert now.point is not then.point
        apart = np.arccos(now.point @ then.point / 8)
        assert 0 < apart < np.pi / 2


def test_nothing_comes_back_from_before_the_hand_moved_the_latent() -> None:
    """Nor while it morphs, or somebody else plays."""
    state = walked(still(comeback=1.0), 12)[-1]
    assert state.sources
    assert advance(state, 12, ONE).sources
    moved = set_point(state, *[1.0] * 8)
    assert not moved.sources, "it is heard at once"
    for hand in (moved, replace(state, listen="answer")):
        assert not advance(hand, 12, ONE).sources
    later = [advance(moved, 12, ONE)]
    for bar in range(13, 30):
        later.append(advance(later[-1], bar, ONE))
    places = [moved.point, *(state.point for state in later)]
    back = [state for state in later if state.sources]
    assert back
    assert all(any(state.point is place for place in places) for state in back)


def test_what_came_back_stays_while_the_latent_is_frozen() -> None:
    state = walked(still(comeback=1.0), 13)[-1]
    frozen = replace(state, held=state.point)
    for bar in range(13, 40):
        frozen = advance(frozen, bar, ONE)
        (now,), (then,) = frozen.sources, state.sources
        assert now
        assert then
        assert now.point is then.point
        assert bar - now.back == 12 - then.back


# as it sounds


def conducted(one: Conductor, bars: int) -> list[np.ndarray]:
    one.start()
    rolls = []
    for bar in range(bars):
        one.bar_started(bar)
        take = one.take(bar)
        assert take is not None
        rolls.append(take.roll)
    return rolls


def test_a_half_phrase_that_comes_back_is_the_same_and_knobs_act_on_it() -> None:
    generator = model("piano")
    state = replace(initial(5, *generator.info.size), comeback=1.0, section=0, drift=0.5)
    one = Conductor(generator, state)
    rolls = conducted(one, 20)
    assert len({roll.tobytes() for roll in rolls[:4]}) == 4
    for bar in range(8, 20):
        assert any(np.array_equal(rolls[bar], rolls[bar - back]) for back in (1, 2, 4, 8))
    assert all(np.array_equal(*pair) for pair in zip(rolls, played(generator, state, 20), strict=True))
    one.move(parse_setting("/density=0.05"))
    list(one.render_again())
    one.bar_started(20)
    take = one.take(20)
    assert take is not None
    assert take.roll.any()
    assert not any(np.array_equal(take.roll, roll) for roll in rolls)


def test_tracks_of_a_band_come_back_by_themselves_for_as_long_as_they_do() -> None:
    """Longer than what was played is remembered."""
    generator = model("band")
    state = replace(initial(5, *generator.info.size), comeback=0.9, section=0)
    bars = LONGEST + 40
    rolls = conducted(Conductor(generator, state), bars)
    assert all(
        np.array_equal(*pair) for pair in zip(rolls, played(generator, state, bars), strict=True)
    )
    states = walked(state, bars, generator.info.wandering)
    apart, longest = 0, 0
    for bar in range(bars):
        for track, source in enumerate(states[bar].sources):
            if source:
                assert np.array_equal(rolls[bar][track], rolls[bar - source.back][track])
                longest = max(longest, source.back)
        apart += len({source and source.back for source in states[bar].sources}) > 1
    assert longest > LONGEST
    assert apart > 10


# in songs and files


def songs(number: list[list[int]]) -> BarSet:
    """One song: for each track a number a bar, -1 for silence; equal numbers are equal bars."""
    rolls = np.zeros((len(number[0]), 96, 84, len(number)), bool)
    for track, kinds in enumerate(number):
        for bar, kind in enumerate(kinds):
            if kind >= 0:
                rolls[bar, :24, kind, track] = True
    packed = np.packbits(rolls.reshape(len(rolls), -1), axis=1)
    song = np.zeros(len(rolls), np.int32)
    split, at = np.zeros(1, np.int32), np.arange(len(rolls), dtype=np.int32)
    return BarSet(packed, song, split, tuple(f"track {n}" for n in range(len(number))), at)


def test_the_ways_of_songs_are_the_shortest_of_each_track() -> None:
    """After eight bars, which have too little before them: track 0 has 2 of 8 that go on, 3 that are of
    two bars before and 2 of four; track 1 sounds in 4, of which 2 are of eight bars before."""
    one = [0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 6, 7, 8, 7, 6, 7]
    two = [0, 1, 2, 3, 4, 5, 6, 7, -1, -1, -1, -1, 4, 8, 9, 7]
    found = ways_of_songs(songs([one, two]))
    assert found == (
        Way(1, round(2 / 8 / 0.75, 4), (1.0, 0.0)),
        Way(2, round(3 / 8 / 0.75, 4), (1.0, 0.0)),
        Way(4, round(2 / 8 / 0.75, 4), (1.0, 0.0)),
        Way(8, round(2 / 4 / 0.75, 4), (0.0, 1.0)),
    )
    assert not ways_of_songs(songs([list(range(20))]))


def test_tracks_that_come_back_each_in_its_time_do_so_in_play() -> None:
    """One bar of six goes on in each track, never in both."""
    one = [bar - bar // 6 for bar in range(82)]
    (way,) = ways_of_songs(songs([one[:80], one[2:]]))
    assert way.bars == 1
    assert way.often == pytest.approx(4 / 6 / 0.75, abs=0.05), "no more often than four times"
    for share in way.tracks:
        assert way.often * 0.75 * share == pytest.approx(1 / 6, abs=0.02)


def test_a_checkpoint_keeps_the_form_of_songs_as_plain_lists() -> None:
    bars = songs([[0, 1, 2, 3] * 8])
    form = form_of_songs(bars, bars)
    assert form["ways"] == [[4, 1.0, (1.0,)]], "more than always is always"
    assert set(form["harmony"]) == {"harmony", "harmony_lift"}
    assert [set(shares) for shares in form["rhythms"]] == [{"rhythm", "rhythm_lift"}]


TRACKS = (Track("Drums", 0, True, (1.0, 2.0)), Track("Bass", 32, False, (1.0, 2.0)))


def test_a_model_file_tells_its_ways_and_older_files_have_those_of_pop_songs() -> None:
    info = ModelInfo("m", "onset", 8, TRACKS, section=2, ways=TWO.ways)
    assert model_info(info.to_json()) == info
    assert info.wandering == TWO
    older = info.to_json().replace('"ways"', '"unknown"')
    with pytest.raises(BadModel, match="unknown"):
        model_info(older)
    assert ModelInfo("m", "onset", 8, TRACKS).ways == PHRASES


@pytest.mark.parametrize(
    "way", [Way(0, 0.1), Way(9, 0.1), Way(4, -0.1), Way(4, 0.1, (1.0,)), Way(4, 0.1, (1.0, 1.5))]
)
def test_ways_that_no_music_can_go_are_refused(way: Way) -> None:
    with pytest.raises(BadModel, match="comes back"):
        ModelInfo("m", "onset", 8, TRACKS, section=2, ways=(way,))
