"""Shaping on any notes: what each step does, and what it never breaks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.addressing import parse_setting
from livegan.core.conductor import Conductor
from livegan.core.knobs import scale_of
from livegan.core.model import Track
from livegan.core.music import STEPS_PER_BAR, Note, in_order
from livegan.core.player import Player
from livegan.core.scales import FITS, SCALES, key_of, nearest_degree
from livegan.core.shaping import folded, shape
from livegan.core.state import MAX_TRACKS, State, TrackSettings, initial
from livegan.core.swing import GRIDS, Swing
from livegan.core.voices import foremost, limited, untangled

from .fakes import QUANTILES, FakeGenerator
from .played import heard, most_at_once, turned
from .test_player import midi, play_until

TRACKS = (
    Track("drums", 0, True, QUANTILES),
    Track("piano", 0, False, QUANTILES),
    Track("bass", 33, False, QUANTILES),
)
CHANNELS = (9, 0, 1)
PLAIN = initial(1, 4, len(TRACKS))


def parts_on(*channels: int) -> st.SearchStrategy[tuple[list[Note], ...]]:
    """Bars of as many tracks, as they are struck: no pitch of a track twice at a step."""
    return st.tuples(
        *(
            st.lists(
                st.builds(
                    Note,
                    st.integers(0, STEPS_PER_BAR - 1),
                    st.integers(1, STEPS_PER_BAR),
                    st.integers(0, 127),
                    st.integers(1, 127),
                    st.just(channel),
                    st.floats(-2.5, 2.5).map(lambda offset: round(offset, 3)),
                ).map(lambda note: note._replace(length=min(note.length, STEPS_PER_BAR - note.start))),
                max_size=16,
                unique_by=lambda note: (note.start, note.pitch),
            )
            for channel in channels
        )
    ).map(lambda parts: tuple([n._replace(offset=max(n.offset, -n.start)) for n in p] for p in parts))


PARTS = parts_on(*CHANNELS)
SETTINGS = st.builds(
    TrackSettings,
    mute=st.booleans(),
    solo=st.booleans(),
    channel=st.integers(0, 16),
    octave=st.integers(-3, 3),
    velocity=st.floats(0, 2),
)
ENDS = st.tuples(st.integers(0, 127), st.integers(0, 127)).map(lambda ends: (min(ends), max(ends)))
STATES = st.builds(
    lambda tracks, **fields: replace(
        PLAIN, tracks=(*tracks, *[TrackSettings()] * (MAX_TRACKS - len(tracks))), **fields
    ),
    st.lists(SETTINGS, min_size=3, max_size=3),
    accent=st.floats(0, 2),
    velocity_range=ENDS.map(lambda ends: (max(1, ends[0]), max(1, ends[1]))),
    gate=st.floats(0.05, 4),
    pitch_range=ENDS,
    voices=st.integers(0, 32),
    chance=st.floats(0, 1),
    rhythm=st.tuples(*[st.booleans()] * 16),
    transpose=st.integers(-24, 24),
    keyed=st.integers(-60, 60),
    scale=st.sampled_from(tuple(SCALES)),
    root=st.integers(0, 11),
    fit=st.sampled_from(FITS),
)


def shaped(parts: tuple[list[Note], ...], state: State, number: int = 0) -> tuple[Note, ...]:
    return shape(parts, TRACKS, state, (1, number))


def melody(*notes: Note) -> tuple[list[Note], ...]:
    return [], list(notes), []


@settings(max_examples=300, deadline=None)
@given(PARTS, STATES)
def test_whatever_is_set_notes_stay_notes(parts: tuple[list[Note], ...], state: State) -> None:
    notes = shaped(parts, state)
    low, high = state.velocity_range
    assert notes == in_order(notes)
    for note in notes:
        assert 0 <= note.start < STEPS_PER_BAR
        assert 1 <= note.length <= STEPS_PER_BAR - note.start
        assert 0 <= note.pitch <= 127
        assert low <= note.velocity <= high
        assert 0 <= note.channel < 16
        assert isinstance(note.velocity, int)
        assert note.place >= 0
    assert notes == shaped(parts, state), "and the same again"
    assert len(notes) <= sum(map(len, parts))


@settings(max_examples=200, deadline=None)
@given(PARTS)
def test_with_nothing_set_notes_are_as_they_were(parts: tuple[list[Note], ...]) -> None:
    assert shaped(parts, PLAIN) == in_order(note for part in parts for note in part)


@settings(max_examples=200, deadline=None)
@given(PARTS, STATES)
def test_pitched_notes_are_in_the_transposed_scale_and_in_the_range(
    parts: tuple[list[Note], ...], state: State
) -> None:
    tracks = tuple(replace(track, channel=0, mute=False, solo=False) for track in state.tracks)
    state = replace(state, tracks=tracks)
    for note in shaped(parts, state):
        if note.channel != 9:
            degree = (note.pitch - state.transpose - state.keyed - state.root) % 12
            assert degree in SCALES[state.scale]
            assert state.pitch_range[0] <= note.pitch <= state.pitch_range[1]
    kit = {note.pitch for note in parts[0]}
    assert {note.pitch for note in shaped(parts, state) if note.channel == 9} <= kit


@settings(max_examples=200, deadline=None)
@given(PARTS, STATES, st.integers(1, 8), st.builds(Swing, st.floats(0, 1), st.sampled_from(GRIDS)))
def test_as_many_sound_at_once_as_may_however_they_are_struck(
    parts: tuple[list[Note], ...], state: State, most: int, swing: Swing
) -> None:
    state = replace(state, voices=most, tracks=PLAIN.tracks)
    bars = [shaped(parts, state, number) for number in (0, 1)]
    notes = [note for note in heard([*bars, ()], swing) if note.channel != 9]
    assert most_at_once(notes) <= most
    for bar in bars:
        for step in range(STEPS_PER_BAR):
            sounding = [n for n in bar if n.start <= step < n.start + n.length and n.channel != 9]
            assert len(sounding) <= most


@settings(max_examples=100, deadline=None)
@given(PARTS, st.lists(st.floats(0, 1), min_size=2, max_size=4).map(sorted))
def test_less_chance_leaves_fewer_of_the_same_notes(
    parts: tuple[list[Note], ...], levels: list[float]
) -> None:
    places = [
        {(n.start, n.channel, n.pitch) for n in shaped(parts, replace(PLAIN, chance=level))}
        for level in (0.0, *levels, 1.0)
    ]
    for fewer, more in pairwise(places):
        assert fewer <= more
    assert not places[0]


def test_chance_is_the_bars_own() -> None:
    parts = melody(*(Note(step, 6, 60 + step % 7) for step in range(0, 96, 6)))
    half = replace(PLAIN, chance=0.5)
    assert shaped(parts, half, 3) == shaped(parts, half, 3)
    assert len({shaped(parts, half, number) for number in range(8)}) == 8
    higher = turned(half, "/transpose=1")
    assert [n.start for n in shaped(parts, higher, 3)] == [n.start for n in shaped(parts, half, 3)]


@pytest.mark.parametrize(
    ("pitch", "low", "high", "wanted"),
    [
        (60, 0, 127, 60),
        (59, 60, 71, 71),
        (20, 60, 71, 68),
        (100, 60, 71, 64),
        (72, 60, 71, 60),
        (-20, 0, 127, 4),
        (190, 0, 127, 118),
        (61, 62, 66, None),
        (67, 62, 66, None),
    ],
)
def test_pitches_come_into_a_range_by_octaves(
    pitch: int, low: int, high: int, wanted: int | None
) -> None:
    assert folded(pitch, low, high) == wanted


@given(st.integers(0, 127), st.sampled_from(tuple(SCALES)), st.integers(0, 11))
def test_the_nearest_degree_is_the_nearest(pitch: int, scale: str, root: int) -> None:
    degree = nearest_degree(pitch, scale, root)
    allowed = {p for p in range(-12, 140) if (p - root) % 12 in SCALES[scale]}
    assert degree in allowed
    assert abs(degree - pitch) == min(abs(other - pitch) for other in allowed)


@pytest.mark.parametrize("root", range(12))
def test_a_scale_lies_in_the_key_that_is_asked_for_it(root: int) -> None:
    for scale, degrees in SCALES.items():
        key = key_of(scale, root)
        if key is None:
            assert scale in ("free", "whole tone")
            continue
        outside = [degree for degree in degrees if not scale_of(key)[(root + degree) % 12]]
        assert len(outside) <= (1 if scale in ("melodic minor", "blues") else 0), scale


def test_what_nudging_brings_together_becomes_one_note() -> None:
    parts = melody(Note(0, 12, 60, 70), Note(0, 24, 61, 90), Note(12, 6, 61, 50))
    notes = shaped(parts, turned(PLAIN, "/scale=major"))
    assert notes == (Note(0, 12, 60, 90), Note(12, 6, 60, 50))
    locked = shaped(parts, turned(PLAIN, "/scale=major", "/scale/fit=lock"))
    assert locked == (Note(0, 12, 60, 70),)


def test_a_gate_ends_with_the_bar_and_where_the_pitch_is_struck_again() -> None:
    parts = melody(Note(0, 12, 60), Note(24, 12, 60), Note(24, 12, 64), Note(90, 3, 67))
    lengths = [[n.length for n in shaped(parts, turned(PLAIN, f"/gate={g}"))] for g in (0.05, 0.5, 4)]
    assert lengths == [[1, 1, 1, 1], [6, 6, 6, 2], [24, 48, 48, 6]]


def test_the_outer_voices_and_the_loudest_stay() -> None:
    chord = [Note(0, 24, p, v) for p, v in ((48, 40), (55, 90), (60, 50), (64, 80), (67, 30))]
    for most, left in ((1, [67]), (2, [48, 67]), (3, [48, 55, 67]), (4, [48, 55, 64, 67])):
        assert sorted(note.pitch for note in limited(chord, most)) == left
    assert sorted(note.pitch for note in foremost(chord, 9)) == [48, 55, 60, 64, 67]


def test_a_note_that_gives_way_ends_as_the_others_begin() -> None:
    held, bass, melody_ = Note(0, 96, 60), Note(0, 96, 40), Note(36, 12, 72)
    assert limited([held, bass, melody_], 2) == [bass, held._replace(length=36), melody_]
    inner = Note(36, 12, 50)
    assert limited([held, bass, inner], 2) == [bass, held], "what begins between them is left out"


def test_legato_lines_go_through_a_limit_of_one() -> None:
    line = [Note(0, 24, 67, offset=0.4), Note(24, 24, 64, offset=-0.3), Note(48, 48, 60, offset=0.5)]
    kept = limited(line, 1)
    assert [note.pitch for note in kept] == [67, 64, 60]
    assert all(note.length >= was.length - 4 for note, was in zip(kept, line, strict=True))


def test_untangled_notes_of_a_pitch_are_struck_in_turn() -> None:
    late, early = Note(0, 12, 60, offset=2.4), Note(3, 12, 60, offset=-2.4)
    one, other = untangled([late, early])
    assert one.place < other.place
    assert (one.length, other.length) == (3, 12)


def test_accents_spread_around_the_mean_of_the_tracks_bar() -> None:
    parts = ([Note(0, 1, 36, 100, 9)], [Note(0, 6, 60, 60), Note(24, 6, 60, 80)], [])
    levels = {}
    for accent in (0, 0.5, 1, 2):
        notes = shaped(parts, turned(PLAIN, f"/velocity/accent={accent}"))
        levels[accent] = [note.velocity for note in notes]
    assert levels == {0: [70, 100, 70], 0.5: [65, 100, 75], 1: [60, 100, 80], 2: [50, 100, 90]}


def test_the_velocity_range_holds_all_of_midis() -> None:
    parts = melody(*(Note(6 * place, 6, 60, v) for place, v in enumerate((1, 64, 127))))
    notes = shaped(parts, turned(PLAIN, "/velocity/range=41,100"))
    assert [note.velocity for note in notes] == [41, 70, 100]
    soft = shaped(parts, turned(PLAIN, "/track/2/velocity=0"))
    assert {note.velocity for note in soft} == {1}, "as soft as can be, but no silence"


def test_a_muted_track_falls_silent_from_the_next_step_on_and_sounding_notes_end_as_written() -> None:
    generator = FakeGenerator()
    one, player = Conductor(generator, turned(initial(1, 8), "/humanise=0", "/drift=0")), Player()
    for command in [*one.start(), *one.move(parse_setting("/play"))]:
        player.obey(command, 0.0)
    before = midi(play_until(player, player.time_of(30)))
    one.move(parse_setting("/track/1/mute=on"))
    for command in one.render_again():
        player.obey(command, player.time_of(30))
    after = midi(play_until(player, player.time_of(95)))
    assert [(step, kind) for step, kind, _ in before] == [(0, "on"), (12, "off"), (24, "on")]
    assert [(step, kind) for step, kind, _ in after] == [(36, "off")]
