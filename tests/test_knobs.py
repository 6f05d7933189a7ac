"""What a knob asks is what the bar measures, whatever the model made of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.addressing import parse_setting
from livegan.core.decode import (
    IMPOSSIBLE,
    FloatArray,
    Logits,
    Struck,
    decode,
    likeliest,
    notes_for_density,
)
from livegan.core.feel import FeelMaps
from livegan.core.knobs import KNOBS, POP_PIANO, Measured, measured, scale_of, share_of, value_at
from livegan.core.model import ModelInfo, Track, control_names
from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, STEPS_PER_SIXTEENTH
from livegan.core.quota import in_quota, quota_for
from livegan.core.rendering import Cue, asked, render_bar, wish_for
from livegan.core.state import State, initial
from livegan.core.tilt import Wish, shaped

SEEDS = st.integers(0, 10_000)


def some_logits(seed: int) -> Logits:
    """A bar on sixteenths with the middle of the keyboard likelier, beats likelier, notes of all
    lengths."""
    random = np.random.default_rng(seed)
    onset = np.full((1, STEPS_PER_BAR, PITCHES), -1e4, np.float32)
    pitch = -(((np.arange(PITCHES) - 38) / 14.0) ** 2)
    onset[0, ::6] = random.normal(-2.5, 1.5, (16, PITCHES)) + pitch
    onset[0, ::24] += 0.7
    keep = random.normal(0.5, 1.5, (1, 16, PITCHES)).repeat(6, axis=1).astype(np.float32)
    return Logits(onset, keep)


def measured_as(seed: int, wish: Wish) -> Measured:
    """What such a bar measures as is wished."""
    logits = some_logits(seed)
    got = measured(*shaped(logits.onset[0], logits.keep[0], wish))
    assert got is not None
    return got


ROOM = {"register": 0.7, "syncopation": 0.05, "polyphony": 0.5, "length": 0.6}
"""The median bar is at most so far from what is asked; twice as far from what is not."""


@pytest.mark.parametrize("knob", KNOBS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_bar_measures_what_its_knob_asks_and_the_rest_stays(knob: str, share: float) -> None:
    apart: dict[str, list[float]] = {name: [] for name in ROOM}
    for seed in range(12):
        logits = some_logits(seed)
        was = measured(*decode(logits.onset[0], logits.keep[0]))
        if was is None:
            continue
        want = was._asdict() | {knob: value_at(share, POP_PIANO[knob])}
        want["length" if knob != "length" else "polyphony"] = None
        count = round(want.pop("density"))
        wish = Wish(count, asked=frozenset({knob}), **want)
        got = measured(*shaped(logits.onset[0], logits.keep[0], wish))
        assert got is not None
        assert got.density == count or (knob == "length" and got.density < count)
        for name in ROOM:
            if want[name] is not None:
                apart[name].append(abs(getattr(got, name) - want[name]))
    for name, errors in apart.items():
        if errors:
            assert np.median(errors) < ROOM[name] * (1 if name == knob else 2), name


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([{}, {"length": 2.0}, {"length": 5.0}, {"register": 30.0}]))
def test_what_is_added_clashes_with_nothing_that_the_model_is_surer_of(
    seed: int, more: dict[str, float]
) -> None:
    logits = some_logits(seed)
    notes = shaped(logits.onset[0], logits.keep[0], Wish(14, **more, asked=frozenset(more)))
    assert len(notes.rows) == 14
    sure = logits.onset[0][notes.starts, notes.rows]
    ends = notes.starts + notes.lengths
    for one, other in combinations(range(14), 2):
        together = max(notes.starts[one], notes.starts[other]) < min(ends[one], ends[other])
        if together and (notes.rows[one] - notes.rows[other]) % 12 in (1, 11):
            assert min(sure[one], sure[other]) > 0, "both are the model's own"


def test_nothing_on_drums_gives_way() -> None:
    logits = some_logits(3)
    notes = shaped(logits.onset[0], logits.keep[0], Wish(40, pitched=False))
    assert sorted(zip(notes.starts, notes.rows, strict=True)) == sorted(
        zip(*likeliest(logits.onset[0], 40), strict=True)
    )


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.floats(0.5, 3.0), st.integers(1, 40))
def test_no_note_is_made_shorter_than_a_sixteenth(seed: int, length: float, count: int) -> None:
    logits = some_logits(seed)
    asked = Wish(count, length=length, asked=frozenset({"length"}))
    notes = shaped(logits.onset[0], logits.keep[0], asked)
    free = Struck(notes.starts, notes.rows, logits.keep[0]).held()
    assert (notes.lengths >= np.minimum(free.lengths, STEPS_PER_SIXTEENTH)).all()


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.floats(1, 14), st.integers(1, 12))
def test_a_track_that_plays_alone_strikes_one_note_at_a_time(
    seed: int, length: float, count: int
) -> None:
    logits = some_logits(seed)
    asked = Wish(count, length=length, alone=True, asked=frozenset({"length"}))
    notes = shaped(logits.onset[0], logits.keep[0], asked)
    assert (notes.starts[1:] >= (notes.starts + notes.lengths)[:-1]).all()


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.floats(15, 65), st.integers(1, 4), st.booleans())
def test_a_note_or_two_are_as_high_as_is_asked(
    seed: int, pitch: float, count: int, alone: bool
) -> None:
    wish = Wish(count, register=pitch, alone=alone, asked=frozenset({"register"}))
    assert measured_as(seed, wish).register == pytest.approx(pitch, abs=1.5)


def test_where_the_network_struck_chords_a_track_alone_plays_as_many_times() -> None:
    onset = np.full((STEPS_PER_BAR, PITCHES), -9.0)
    onset[::24, [30, 37, 42]] = 5.0
    keep = np.full_like(onset, 3.0)
    asked = Wish(12, syncopation=0.0, alone=True, asked=frozenset({"syncopation"}))
    assert shaped(onset, keep, asked).starts.tolist() == [0, 24, 48, 72]


def test_a_melody_has_as_few_notes_as_its_lengths_leave_room_for() -> None:
    melody = Track("MELODY", 0, False, (1, 6, 12), ranges={"polyphony": (*[1.0] * 19, 1.1, 1.3)})
    was = Measured(9, 40, 1.0, 0.2, 1.5)
    assert melody.alone
    long = value_at(0.95, melody.quantiles("length"))
    assert wish_for(melody, {"length": 0.95}, None, was).density == round(16 / long)
    assert wish_for(melody, {"length": 0.95, "density": 0.5}, None, was).density == 6
    assert wish_for(melody, {"length": 0.05}, None, was).density == 9
    assert wish_for(melody, {"density": 0.0, "length": 0.5}, None, was).density == 0


def test_a_melody_plays_alone_unless_more_voices_are_asked_for() -> None:
    melody = Track("MELODY", 0, False, (1, 6, 12), ranges={"polyphony": (*[1.0] * 19, 1.1, 1.3)})
    was = Measured(9, 40, 1.0, 0.2, 1.5)
    assert melody.alone
    for share, alone in ((0.0, True), (0.5, True), (0.95, False), (1.0, False)):
        assert wish_for(melody, {"polyphony": share}, None, was).alone == alone
    full = dict.fromkeys(("density", "length"), 0.95)
    assert wish_for(melody, {"polyphony": 0.5, **full}, None, was).alone, "not for want of room"
    assert not Track("PIANO", 0, False, (1, 2)).alone
    assert not replace(melody, drums=True).alone


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.floats(0, 1), st.integers(1, 20))
def test_a_bar_is_as_syncopated_as_so_many_notes_can_be(seed: int, wanted: float, count: int) -> None:
    asked = Wish(count, syncopation=wanted, pitched=False, asked=frozenset({"density", "syncopation"}))
    got = measured_as(seed, asked)
    assert got.density == count
    assert abs(got.syncopation - wanted) <= 0.25 / count + 0.005


def test_of_as_syncopated_notes_those_come_that_are_struck_together_in_chords() -> None:
    off = np.array([0.0, 0.0, 0.5, 1.0])
    onset = np.array([[3.0, 2, 1], [3, 2, 1], [0, -1, -2], [5, -4, -5]])
    assert quota_for(onset, off, 6, 0.25, exactly=True) == (4, 1, 1), "the likeliest"
    assert quota_for(onset, off, 6, 0.25, exactly=True, chord=3) == (3, 3, 0), "two chords of three"


def test_of_as_syncopated_notes_the_likeliest_come() -> None:
    off = np.array([0.0, 1.0, 0.5, 1.0])
    onset = np.array([[3.0, 1.0], [2.0, -5.0], [4.0, -1.0], [1.0, -6.0]])
    assert quota_for(onset, off, 2, 0.5, exactly=True) == (1, 0, 1), (
        "3 + 2, where 4 - 1 would do as well"
    )
    steps, rows = in_quota(onset, off, (1, 1, 2))
    assert list(zip(steps, rows, strict=True)) == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assert quota_for(onset, off, 3, 0.0, exactly=True) == (2, 1, 0), "there are no more on the beat"
    assert quota_for(onset, off, 3, 0.0, exactly=False) == (2, 0, 0)
    assert quota_for(onset, off, 30, 0.0, exactly=True) == (2, 2, 4), "all that there are"
    assert quota_for(np.full_like(onset, IMPOSSIBLE), off, 3, 0.0, exactly=True) == (0, 0, 0)


@pytest.mark.parametrize("length", [6.0, 10.0, 14.0])
def test_where_there_is_no_room_for_the_length_fewer_notes_come_and_earlier(length: float) -> None:
    asked = Wish(12, length=length, pitched=False, asked=frozenset({"length"}))
    both = replace(asked, asked=frozenset({"length", "density"}))
    free = [measured_as(seed, asked) for seed in range(12)]
    kept = [measured_as(seed, both) for seed in range(12)]
    assert all(got.density <= 12 for got in free)
    assert all(got.density == 12 for got in kept), "so many were asked for"
    assert np.median([abs(got.length - length) for got in free]) < 0.15 * length


@pytest.mark.parametrize("count", [6, 9, 13])
def test_few_notes_come_in_chords_where_as_many_shall_sound_at_once(count: int) -> None:
    wish = Wish(count, polyphony=2.8, length=3.0, asked=frozenset(KNOBS))
    got = [measured_as(seed, wish) for seed in range(16)]
    assert {bar.density for bar in got} == {count}
    assert abs(float(np.median([bar.polyphony for bar in got])) - 2.8) < 0.1
    assert abs(float(np.median([bar.length for bar in got])) - 3.0) < 0.1


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.floats(1.2, 5.0))
def test_a_bar_is_as_long_as_asked_whatever_leaps_the_logits_make(seed: int, length: float) -> None:
    got = measured_as(seed, Wish(8, length=length, asked=frozenset({"length"})))
    assert abs(got.length - length) < 0.15


def test_where_knobs_contradict_each_other_the_farthest_from_usual_gives_way() -> None:
    ranges = {knob: values for knob, values in POP_PIANO.items() if knob != "density"}
    track = Track("PIANO", 0, drums=False, note_quantiles=POP_PIANO["density"], ranges=ranges)
    usual = {"density": 0.5, "polyphony": 0.5, "length": 0.5}
    for knob, stays in (("length", "polyphony"), ("polyphony", "length")):
        far = 0.95 if knob == "length" else 0.05
        wish = wish_for(track, {**usual, knob: far}, None, None)
        own, other = (getattr(wish, name) for name in (knob, stays))
        asked_own, asked_other = (
            value_at(share, POP_PIANO[name]) for name, share in ((knob, far), (stays, 0.5))
        )
        assert abs(other - asked_other) < 0.1 * abs(own - asked_own)
        assert None not in (wish.density, wish.length, wish.polyphony)
        assert (wish.density or 0) * (wish.length or 0) < 16 * (wish.polyphony or 0)
    free = wish_for(track, {"length": 0.95, "density": 0.95}, None, None)
    assert free.length == value_at(0.95, POP_PIANO["length"])


@pytest.mark.parametrize("voices", [1.1, 1.5, 2.0])
def test_chords_go_where_fewer_shall_sound_at_once(voices: float) -> None:
    asked = Wish(10, polyphony=voices, pitched=False, asked=frozenset({"polyphony"}))
    found = [measured_as(seed, asked) for seed in range(12)]
    assert all(got.density == 10 for got in found)
    assert np.median([abs(got.polyphony - voices) for got in found]) < 0.15


def test_a_track_that_is_asked_for_one_voice_plays_alone() -> None:
    track = Track("PIANO", 0, False, (1, 10, 20), ranges={"polyphony": (1.0, 1.5, 3.0)})
    was = Measured(9, 40, 2.0, 0.2, 1.5)
    assert wish_for(track, {"polyphony": 0.0}, None, was).alone
    assert not wish_for(track, {"polyphony": 0.2}, None, was).alone
    assert not wish_for(track, {"density": 0.0}, None, was).alone


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(0, 23))
def test_in_a_key_nothing_outside_it_is_struck(seed: int, key: int) -> None:
    logits = some_logits(seed)
    notes = shaped(logits.onset[0], logits.keep[0], Wish(12, key=key))
    assert len(notes.rows) == 12
    assert scale_of(key)[(notes.rows + LOWEST_PITCH) % 12].all()


@given(st.sampled_from(KNOBS), st.floats(0, 1))
def test_a_share_comes_back_from_the_value_it_asks_for(knob: str, share: float) -> None:
    table = tuple(value + 1e-3 * level for level, value in enumerate(POP_PIANO[knob]))
    assert share_of(value_at(share, table), table) == pytest.approx(share, abs=1e-6)


def test_a_value_that_many_bars_have_lies_in_the_middle_of_them() -> None:
    assert share_of(0.0, (0.0, 0.0, 0.0, 1.0, 2.0)) == 0.25


class Told:
    """A model with knobs of its own, that keeps what it was told."""

    def __init__(self, tracks: tuple[Track, ...]) -> None:
        self.info = ModelInfo("told", "onset", 4, tracks, controls=control_names(tracks))
        self.cues: list[Cue] = []

    def logits(self, cue: Cue) -> Logits:
        self.cues.append(cue)
        each = [some_logits(seed) for seed in range(len(self.info.tracks))]
        return Logits(*(np.concatenate(part) for part in zip(*each, strict=True)))

    def feel(self, roll: FloatArray) -> FeelMaps | None:
        return None


def track(name: str, drums: bool = False) -> Track:
    return Track(name, 0, drums, tuple(POP_PIANO["density"]))


def state_with(*settings_: str) -> State:
    state = initial(1, 4)
    for text in settings_:
        move = parse_setting(text)
        assert move.control.apply is not None
        state = move.control.apply(state, *move.values)
    return state


def test_without_knobs_a_model_is_left_free() -> None:
    model = Told((track("piano"),))
    render_bar(model, initial(1, 4), Cue(np.ones(4)))
    assert [cue.controls for cue in model.cues] == [None]


def test_a_model_with_knobs_is_asked_and_told_to_leave_the_rest() -> None:
    model = Told((track("piano"),))
    render_bar(model, state_with("/density=0.9", "/key=Am"), Cue(np.ones(4)))
    told = model.cues[-1].controls
    assert told is not None
    values = dict(zip(model.info.controls, told.tolist(), strict=True))
    assert values["density piano"] == pytest.approx(0.9)
    assert values["key"] == 21
    assert all(0 <= values[f"{knob} piano"] <= 1 for knob in KNOBS)


def test_a_thin_bar_gets_the_notes_that_its_polyphony_takes() -> None:
    three = Measured(3.0, 40.0, 1.5, 0.2, 2.0)
    asked = wish_for(track("piano"), {"polyphony": 0.95}, None, three)
    assert asked.polyphony == pytest.approx(5.4)
    assert asked.density == 11, "three notes can't sound five at once: two for each"
    assert wish_for(track("piano"), {"polyphony": 0.05}, None, three).density == 3, "enough as they are"
    both = wish_for(track("piano"), {"polyphony": 0.95, "density": 0.1}, None, three)
    assert both.density == notes_for_density(0.1, POP_PIANO["density"]), "the performer asked for that"


def test_drums_have_no_register_and_no_key() -> None:
    model = Told((track("drums", drums=True),))
    plain = render_bar(model, initial(1, 4), Cue(np.ones(4)))
    turned = render_bar(model, state_with("/register=1", "/length=0", "/key=C"), Cue(np.ones(4)))
    assert plain == turned


def test_knobs_without_a_value_are_the_models_own_again() -> None:
    for knob in KNOBS:
        assert asked(state_with(f"/{knob}=0.4")) == {knob: 0.4}
        assert not asked(state_with(f"/{knob}=0.4", f"/{knob}"))
    assert state_with("/key=F#m").key == 18
    assert state_with("/key=F#m", "/key=free").key is None


def test_a_track_that_rests_goes_on_resting_whatever_is_asked() -> None:
    class Resting(Told):
        def logits(self, cue: Cue) -> Logits:
            logits = super().logits(cue)
            logits.onset[1] = -5.0
            return logits

    model = Resting((track("melody"), track("piano")))
    notes = render_bar(model, state_with("/density=0.9"), Cue(np.ones(4)))
    assert {note.channel for note in notes} == {0}


def test_a_track_that_rests_comes_in_when_it_is_asked_itself_and_the_others_stay() -> None:
    class Resting(Told):
        def logits(self, cue: Cue) -> Logits:
            logits = super().logits(cue)
            logits.onset[1] = -5.0 - np.arange(PITCHES) / PITCHES
            logits.onset[0] += 0.0 if cue.controls is None else 1.0
            return logits

    model = Resting((track("melody"), track("piano")))
    free = render_bar(model, initial(1, 4, 2), Cue(np.ones(4)))
    notes = render_bar(model, state_with("/track/2/density=0.5"), Cue(np.ones(4)))
    assert len([note for note in notes if note.channel == 1]) == POP_PIANO["density"][10]
    assert [n[:3] for n in notes if n.channel == 0] == [n[:3] for n in free]
    told = model.cues[-1].controls
    assert told is not None
    values = dict(zip(model.info.controls, told.tolist(), strict=True))
    assert values["density piano"] == 0.5
    assert 0 <= values["density melody"] <= 1


def test_a_track_has_its_own_density_or_the_one_for_all() -> None:
    state = state_with("/density=0.9", "/track/2/density=0.2")
    assert [asked(state, number)["density"] for number in (0, 1)] == [0.9, 0.2]
    assert asked(state) == {"density": 0.9}
    assert asked(state_with("/density=0.9", "/track/1/density=0.2", "/track/1/density"), 0) == {
        "density": 0.9
    }


def test_a_direction_moves_the_latent_that_the_model_hears() -> None:
    from livegan.core.model import Direction
    from livegan.core.rendering import cue_for

    model = Told((track("piano"),))
    model.info = replace(model.info, directions=(Direction("higher", (0.0, 1.0, 0.0, 0.0)),))
    still, moved = (cue_for(model, s, 0) for s in (initial(1, 4), state_with("/direction/1=3")))
    assert moved.z[1] > still.z[1] + 0.5
    assert np.linalg.norm(moved.z) == pytest.approx(2.0)
