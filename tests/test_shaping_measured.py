"""Each control of Shape, measured over 200 bars of the shipped piano and band: it does what it says.

The figures behind the bounds are in docs/shaping.md; `-s` prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import spearmanr

from livegan.core.knobs import KEYS, KNOBS, scale_of, value_at
from livegan.core.music import STEPS_PER_BAR, STEPS_PER_SIXTEENTH, Note, in_order
from livegan.core.rendering import Bar, strike, struck
from livegan.core.scales import ROOTS, SCALES
from livegan.core.shaping import shape
from livegan.core.state import State
from livegan.core.swing import GRIDS, Swing

from .played import BARS, heard, measure, model, most_at_once, start, stream, turned, unturned

MODELS = ("piano", "band")
each_model = pytest.mark.parametrize("name", MODELS)
SHARES = np.random.default_rng(5).permutation(np.linspace(0.02, 0.98, BARS))


@cache
def played(name: str) -> tuple[list[list[Note]], ...]:
    """Each bar's parts before shaping."""
    return tuple(struck(bar, start(name)) for bar in unturned(name))


def shaped_by(name: str, state: State) -> list[tuple[Note, ...]]:
    return [
        shape(parts, bar.tracks, state, (bar.seed, bar.number))
        for parts, bar in zip(played(name), unturned(name), strict=True)
    ]


def shaped(name: str, *settings: str) -> list[tuple[Note, ...]]:
    """The bars with these controls of shaping."""
    return shaped_by(name, start(name, *settings))


def is_drum(note: Note) -> bool:
    return note.channel == 9


def pitched(bars: Iterable[Iterable[Note]]) -> list[Note]:
    return [note for bar in bars for note in bar if not is_drum(note)]


def drums(bars: Iterable[Iterable[Note]]) -> list[list[Note]]:
    return [[note for note in bar if is_drum(note)] for bar in bars]


def say(*figures: object) -> None:
    print("  ", *(f"{f:.3f}" if isinstance(f, float) else f for f in figures))


@each_model
def test_at_its_defaults_shaping_leaves_the_struck_notes_as_they_are(name: str) -> None:
    state = start(name)
    for bar, parts in zip(unturned(name), played(name), strict=True):
        assert strike(bar, state) == in_order(note for part in parts for note in part)


# the model is asked


def turning(knob: str) -> Callable[[State, int], State]:
    return lambda state, bar: turned(state, f"/{knob}={SHARES[bar]}")


def rank(bars: list[Bar], place: int, knob: str) -> float:
    """Rank correlation of what was asked and what a track's bars measure, where it plays."""
    found = [(share, measure(bar.parts[place])) for share, bar in zip(SHARES, bars, strict=True)]
    pairs = [(share, getattr(got, knob)) for share, got in found if got]
    return float(spearmanr(*zip(*pairs, strict=True)).statistic)


@pytest.mark.parametrize(
    ("knob", "least"),
    [
        ("density", 0.99),
        ("register", 0.98),
        ("polyphony", 0.98),
        ("syncopation", 0.95),
        ("length", 0.98),
    ],
)
def test_the_pianos_bars_measure_what_each_knob_asks(knob: str, least: float) -> None:
    found = rank(stream("piano", turning(knob)), 0, knob)
    say("piano", knob, found)
    assert found > least


def test_all_five_knobs_are_met_at_once_where_they_leave_room_for_each_other() -> None:
    others = [f"/{knob}=0.5" for knob in KNOBS if knob != "length"]
    lengths = SHARES[:60] / 2
    bars = stream("piano", lambda s, b: turned(s, *others, f"/length={lengths[b]}"), 60)
    track = model("piano").info.tracks[0]
    wanted = np.array([[value_at(0.5, track.quantiles(knob)) for knob in KNOBS]] * 60)
    wanted[:, KNOBS.index("length")] = [value_at(share, track.quantiles("length")) for share in lengths]
    got = np.array([measure(bar.parts[0]) for bar in bars])
    off = np.quantile(np.abs(got - wanted), 0.9, axis=0)
    say("piano, nine of ten bars are off by at most", *zip(KNOBS, off.round(3), strict=True))
    assert (off <= [0.0, 1.1, 0.55, 0.02, 0.1]).all()


def test_the_bands_tracks_have_as_many_notes_as_density_asks_where_they_play() -> None:
    bars = stream("band", turning("density"))
    tracks = model("band").info.tracks
    found = {track.name: rank(bars, place, "density") for place, track in enumerate(tracks)}
    say("band", *found.items())
    assert min(found.values()) > 0.95
    notes = [sum(map(len, bar.parts)) for bar in bars]
    tens = np.argsort(SHARES).reshape(20, 10)
    means = [np.mean([notes[bar] for bar in ten]) for ten in tens]
    together = float(spearmanr(SHARES, notes).statistic), float(spearmanr(range(20), means).statistic)
    say("band together", *together)
    assert together[0] > 0.85, "tracks that rest go on resting"
    assert together[1] > 0.95


@pytest.mark.slow
@pytest.mark.parametrize(
    ("knob", "least"), [("register", 0.97), ("syncopation", 0.96), ("length", 0.98)]
)
def test_the_bands_tracks_measure_what_each_knob_asks_where_they_play(knob: str, least: float) -> None:
    bars = stream("band", turning(knob))
    tracks = list(enumerate(model("band").info.tracks))
    found = {
        track.name: rank(bars, place, knob)
        for place, track in tracks
        if knob == "syncopation" or not track.drums
    }
    say("band", knob, *found.items())
    assert min(found.values()) > least


def test_the_bass_strikes_two_at_once_only_if_it_is_asked_for_that() -> None:
    track = next(t for t in model("band").info.tracks if t.name == "Bass")
    place = model("band").info.tracks.index(track)
    for share in (0.5, 0.95):
        wanted = value_at(share, track.quantiles("polyphony"))
        bars = stream("band", lambda s, _, share=share: turned(s, f"/polyphony={share}"), 40)
        got = [found.polyphony for bar in bars if (found := measure(bar.parts[place]))]
        say("band bass", wanted, float(np.mean(got)))
        assert abs(np.mean(got) - wanted) < 0.1


@pytest.mark.parametrize("key", ["C", "F#m"])
def test_a_key_is_met_but_for_a_note_here_and_there(key: str) -> None:
    inside = scale_of(KEYS.index(key))
    bars = stream("piano", lambda state, bar: turned(state, f"/key={key}"))
    share = np.mean([inside[note.pitch % 12] for bar in bars for note in bar.parts[0]])
    say("piano", key, float(share))
    assert share > 0.99


def test_a_tracks_own_density_moves_it_alone() -> None:
    def turn(state: State, bar: int) -> State:
        return turned(state, f"/track/4/density={SHARES[bar]}")

    bars = stream("band", turn)
    notes = [len(bar.parts[3]) for bar in bars]
    found = float(spearmanr(SHARES, notes).statistic)
    say("band bass", found)
    assert found > 0.95, "and a bass that rests comes in"
    free = stream("band", bars=9)
    for number in (0, 3, 8):
        once = stream("band", lambda s, b, n=number: turn(s, b) if b == n else s, number + 1)[number]
        others = [part for place, part in enumerate(once.parts) if place != 3]
        assert others == [part for place, part in enumerate(free[number].parts) if place != 3]


def test_a_tracks_own_density_goes_before_the_one_for_all() -> None:
    bars = stream("piano", lambda s, b: turned(s, "/density=1", f"/track/1/density={SHARES[b]}"))
    assert rank(bars, 0, "density") > 0.99


# pitch


@each_model
@pytest.mark.parametrize("fit", ["nudge", "lock"])
def test_no_note_is_outside_the_scale(name: str, fit: str) -> None:
    free = shaped(name)
    kept = []
    for scale, degrees in SCALES.items():
        for root in (0, 5, 10) if name == "piano" else (7,):
            bars = shaped(name, f"/scale={scale}", f"/scale/root={ROOTS[root]}", f"/scale/fit={fit}")
            assert all((note.pitch - root) % 12 in degrees for note in pitched(bars))
            assert drums(bars) == drums(free)
            kept.append(len(pitched(bars)) / len(pitched(free)))
    say(name, fit, "kept at the least", min(kept), "on the whole", float(np.mean(kept)))
    if fit == "nudge":
        assert min(kept) > 0.85, "nudging only joins what meets"
    else:
        assert np.mean(kept) > 0.3, "of music that is in one scale a far one keeps little"


@pytest.mark.parametrize(
    ("scale", "least"), [("minor", 0.97), ("dorian", 0.97), ("minor pentatonic", 0.7), ("blues", 0.7)]
)
def test_a_model_that_has_keys_plays_in_the_scale(scale: str, least: float) -> None:
    """Held to a scale by leaving out what is outside, most of the music stays."""
    settings = (f"/scale={scale}", "/scale/root=F#", "/scale/fit=lock")
    bars = stream("piano", lambda state, bar: turned(state, *settings))
    made = sum(len(part) for bar in bars for part in bar.parts)
    kept = sum(len(strike(bar, start("piano", *settings))) for bar in bars)
    say("piano", scale, "kept", kept / made)
    assert kept / made > least


@each_model
def test_nudging_goes_to_the_nearest_degree(name: str) -> None:
    far = []
    for bar, free in zip(shaped(name, "/scale=major"), shaped(name), strict=True):
        places = {(note.start, note.channel, note.pitch) for note in bar if not is_drum(note)}
        for note in free:
            if not is_drum(note):
                asides = [a for a in (0, -1, 1) if (note.start, note.channel, note.pitch + a) in places]
                assert asides
                far.append(abs(asides[0]))
    say(name, "moved", float(np.mean(far)))


@each_model
def test_transposed_c_major_is_d_major(name: str) -> None:
    plain = shaped(name, "/scale=major")
    bars = shaped(name, "/scale=major", "/transpose=2")
    assert {(note.pitch - 2) % 12 for note in pitched(bars)} <= set(SCALES["major"])
    assert [n.pitch for n in pitched(bars)] == [n.pitch + 2 for n in pitched(plain)]
    assert drums(bars) == drums(plain)


@each_model
def test_transposition_octave_and_keyboard_add_up(name: str) -> None:
    track = 2 if name == "band" else 1
    free = shaped(name)
    state = replace(start(name, "/transpose=-5", f"/track/{track}/octave=1"), keyed=3)
    for moved, plain in zip(shaped_by(name, state), free, strict=True):
        for channel in range(5):
            aside = -2 + (12 if channel == 0 else 0)
            mine = [n for n in plain if n.channel == channel]
            assert [n.pitch for n in moved if n.channel == channel] == [n.pitch + aside for n in mine]
        assert drums([moved]) == drums([plain])


@each_model
@pytest.mark.parametrize(("low", "high"), [(48, 72), (60, 71), (0, 40)])
def test_a_range_is_kept_by_octaves(name: str, low: int, high: int) -> None:
    free, bars = shaped(name), shaped(name, f"/range={low},{high}")
    assert all(low <= note.pitch <= high for note in pitched(bars))
    assert drums(bars) == drums(free)
    for bar, plain in zip(bars, free, strict=True):
        for start_ in {note.start for note in plain}:
            classes = [
                {(n.channel, n.pitch % 12) for n in notes if n.start == start_ and not is_drum(n)}
                for notes in (bar, plain)
            ]
            assert classes[0] == classes[1], "an octave has room for every pitch class"


# how many, how long


@each_model
@pytest.mark.parametrize("most", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("swing", [Swing(), Swing(0.6, 16), Swing(1.0, 8)])
def test_the_polyphony_limit_is_never_exceeded(name: str, most: int, swing: Swing) -> None:
    bars = shaped(name, f"/polyphony/limit={most}", "/gate=1.5")
    notes = [note for note in heard(bars, swing) if note.channel != 9]
    assert most_at_once(notes) == most, "reached, and never exceeded, micro-timing and all"
    written = np.zeros((len(bars), STEPS_PER_BAR + 1), int)
    for number, bar in enumerate(bars):
        for note in bar:
            if not is_drum(note):
                written[number, note.start] += 1
                written[number, note.start + note.length] -= 1
    assert written.cumsum(axis=1).max() <= most
    share = len(pitched(bars)) / len(pitched(shaped(name)))
    say(name, "limit", most, "notes kept", share)


@each_model
def test_the_outer_voices_stay(name: str) -> None:
    free, bars = shaped(name), shaped(name, "/polyphony/limit=2")
    stay = []
    for bar, plain in zip(bars, free, strict=True):
        first = min((note.start for note in plain if not is_drum(note)), default=0)
        chord = [note.pitch for note in plain if note.start == first and not is_drum(note)]
        left = [note.pitch for note in bar if note.start == first and not is_drum(note)]
        if chord:
            stay.append(left != [] and (min(left), max(left)) == (min(chord), max(chord)))
    say(name, "both ends of the first chord stay", float(np.mean(stay)))
    assert np.mean(stay) > 0.9
    assert drums(free) == drums(bars)


@each_model
@pytest.mark.parametrize("gate", [0.05, 0.5, 1.5, 4.0])
def test_the_gate_is_a_factor_of_lengths(name: str, gate: float) -> None:
    free, bars = shaped(name), shaped(name, f"/gate={gate}")
    as_asked = []
    for bar, plain in zip(bars, free, strict=True):
        assert [(n.start, n.pitch, n.channel) for n in bar] == [
            (n.start, n.pitch, n.channel) for n in plain
        ]
        for note, was in zip(bar, plain, strict=True):
            again = [n.start for n in bar if n[2::2] == note[2::2] and n.start > note.start]
            wanted = max(1, round(was.length * gate))
            assert note.length == min(
                [wanted, STEPS_PER_BAR - note.start, *(s - note.start for s in again)]
            )
            as_asked.append(note.length == wanted)
    say(name, "gate", gate, "as long as asked", float(np.mean(as_asked)))


# which onsets


@each_model
@pytest.mark.parametrize("chance", [0.1, 0.5, 0.9])
def test_of_the_onsets_as_many_are_struck_as_chance_says(name: str, chance: float) -> None:
    free, bars = shaped(name), shaped(name, f"/chance={chance}")
    total = sum(map(len, free))
    share = sum(map(len, bars)) / total
    say(name, "chance", chance, share)
    assert share == pytest.approx(chance, abs=4 * (chance * (1 - chance) / total) ** 0.5)
    assert bars == shaped(name, f"/chance={chance}"), "the same bar made again has the same notes"
    assert len({len(bar) / (len(plain) or 1) for bar, plain in zip(bars, free, strict=True)}) > 20


@each_model
def test_turning_chance_down_takes_notes_away_one_by_one(name: str) -> None:
    levels = [shaped(name, f"/chance={level}") for level in np.linspace(1, 0, 11)]
    for more, fewer in pairwise(levels):
        assert all(set(few) <= set(many) for few, many in zip(fewer, more, strict=True))
    assert not any(levels[-1])


@each_model
@pytest.mark.parametrize("pattern", ["x..x..x.x..x..x.", "x...x...x...x...", "................"])
def test_no_note_begins_where_the_rhythm_has_a_point(name: str, pattern: str) -> None:
    free, bars = shaped(name), shaped(name, f"/rhythm={pattern}")
    for bar, plain in zip(bars, free, strict=True):
        assert list(bar) == [n for n in plain if pattern[n.start // STEPS_PER_SIXTEENTH] == "x"]


# loudness and timing


@each_model
def test_bars_are_as_loud_as_the_level_says(name: str) -> None:
    bars = [
        strike(bar, start(name, f"/velocity={share}"))
        for bar, share in zip(unturned(name), SHARES, strict=True)
    ]
    pairs = [
        (share, np.mean([note.velocity for note in bar]))
        for share, bar in zip(SHARES, bars, strict=True)
        if bar
    ]
    found = float(spearmanr(*zip(*pairs, strict=True)).statistic)
    say(name, "velocity", found)
    assert found > 0.98


@each_model
def test_timing_is_as_loose_as_humanise_says(name: str) -> None:
    free = np.array([note.offset for bar in shaped(name) for note in bar])
    for share in (0, 0.25, 0.5):
        bars = [strike(bar, start(name, f"/humanise={share}")) for bar in unturned(name)]
        offsets = np.array([note.offset for bar in bars for note in bar])
        say(name, "humanise", share, float(offsets.std() / free.std()))
        assert offsets.std() == pytest.approx(share * free.std(), rel=0.05)


def spread(bars: list[tuple[Note, ...]]) -> float:
    """Of velocities within a track's bar."""
    parts = [
        [n.velocity for n in bar if n.channel == c] for bar in bars for c in {n.channel for n in bar}
    ]
    return float(np.mean([np.std(part) for part in parts if len(part) > 1]))


@each_model
def test_accents_are_as_far_from_the_mean_as_asked(name: str) -> None:
    own = spread(shaped(name))
    found = {
        times: spread(shaped(name, f"/velocity/accent={times}")) / own for times in (0, 0.5, 1.5, 2)
    }
    say(name, "accent", *found.items())
    assert found[0] == 0
    for times in (0.5, 1.5, 2):  # the band's drums are as loud as can be already
        assert found[times] == pytest.approx(times, rel=0.05 if name == "piano" else 0.15)


@each_model
def test_velocities_are_fitted_into_their_range_in_their_order(name: str) -> None:
    free, bars = shaped(name), shaped(name, "/velocity/range=60,80")
    played = [
        (n.velocity, was.velocity)
        for b, f in zip(bars, free, strict=True)
        for n, was in zip(b, f, strict=True)
    ]
    assert {velocity for velocity, _ in played} <= set(range(60, 81))
    assert all(velocity == round(60 + (was - 1) / 126 * 20) for velocity, was in played)


@each_model
def test_a_tracks_velocity_is_a_factor_of_its_own_alone(name: str) -> None:
    free, bars = shaped(name), shaped(name, "/track/1/velocity=0.5")
    channel = 9 if name == "band" else 0
    for bar, plain in zip(bars, free, strict=True):
        for note, was in zip(bar, plain, strict=True):
            factor = 0.5 if note.channel == channel else 1
            assert abs(note.velocity - max(1, was.velocity * factor)) <= 0.5


# tracks


def test_mute_and_solo() -> None:
    free = shaped("band")

    def channels(*settings: str) -> set[int]:
        bars = shaped("band", *settings)
        for bar, plain in zip(bars, free, strict=True):
            assert list(bar) == [n for n in plain if n in set(bar)]
        return {note.channel for bar in bars for note in bar}

    assert channels() == {0, 1, 2, 3, 9}
    assert channels("/track/1/mute=on", "/track/3/mute=on") == {0, 2, 3}
    assert channels("/track/2/solo=on") == {0}
    assert channels("/track/2/solo=on", "/track/1/solo=on") == {0, 9}
    assert channels("/track/2/solo=on", "/track/2/mute=on") == set()


def test_a_track_on_another_channel_and_two_on_one() -> None:
    free = shaped("band")
    bars = shaped("band", "/track/1/channel=16")
    assert [len(bar) for bar in bars] == [len(bar) for bar in free]
    assert {n.channel for bar in bars for n in bar} == {0, 1, 2, 3, 15}
    together = shaped("band", "/track/2/channel=7", "/track/5/channel=7")
    assert {n.channel for bar in together for n in bar} == {1, 2, 6, 9}
    for bar in together:
        mine = sorted((n for n in bar if n.channel == 6), key=lambda n: (n.pitch, n.start))
        for one, other in pairwise(mine):
            assert one.pitch != other.pitch or one.start + one.length <= other.start


# swing


@cache
def off_the_beat(name: str) -> tuple[Bar, ...]:
    """Bars with much to swing."""
    return tuple(stream(name, lambda state, bar: turned(state, "/syncopation=0.8")))


@each_model
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("share", [0.3, 2 / 3, 1.0])
def test_swing_is_where_its_formula_says(name: str, grid: int, share: float) -> None:
    state = start(name, "/humanise=0")
    bars = [strike(bar, state) for bar in off_the_beat(name)]
    notes = heard(bars, Swing(share, grid))
    half = STEPS_PER_BAR / grid
    off = [note for note in notes if note.step % (2 * half) == half]
    assert len(off) > 100
    apart = [abs(note.start - note.step - share * half / 2) for note in off]
    on = [abs(note.start - note.step) for note in notes if note.step % (2 * half) == 0]
    say(name, "swing", grid, share, "apart at most", float(max(apart)), len(off))
    assert max(apart) < 1
    assert max(on) < 1e-6, "the first of each pair stays"


def test_every_knob_is_measured() -> None:
    marks = test_the_pianos_bars_measure_what_each_knob_asks.pytestmark  # type: ignore[attr-defined]
    assert [case[0] for case in marks[0].args[1]] == list(KNOBS)
