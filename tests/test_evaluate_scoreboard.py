"""The scoreboard's figures on hand-made music, and generators that can't be played."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from livegan.core.decode import Logits, Notes, decode, rolls_of
from livegan.core.knobs import value_at
from livegan.core.latent import Point, random_point
from livegan.core.model import Track
from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, Note
from livegan.core.rendering import Cue
from livegan.core.roll import roll_from_notes
from livegan.core.state import initial
from livegan.shell.generator import find_model, open_session
from livegan_train.drawn import drawn_bars
from livegan_train.evaluate.rows import Row
from livegan_train.evaluate.scoreboard import (
    areas,
    band,
    capture,
    centre,
    chords,
    drift,
    following,
    form,
    goals,
    interpolation,
    knobs,
    phrases,
    seen,
    shaped,
    trees,
    walks,
)
from livegan_train.evaluate.scoreboard.board import Scoreboard
from livegan_train.evaluate.scoreboard.folds import accuracy, fold_of
from livegan_train.evaluate.scoreboard.part import Held, Part, Real, part_of, pieces_of
from livegan_train.evaluate.scoreboard.playing import bars_at, cues, points
from livegan_train.evaluate.scoreboard.ranks import rank_correlation
from livegan_train.evaluate.scoreboard.scalars import DRUMS, PITCHED, names, scalars
from livegan_train.evaluate.scoreboard.unseen import unseen
from livegan_train.evaluate.sources import Draw, Model
from livegan_train.evaluate.verdicts import Line

from .composed import corpus
from .fakes import FakeGenerator

Roll = NDArray[np.bool_]
C, E, G = 24, 28, 31
"""Rows of one octave; row 0 is a C."""


def bar(*notes: tuple[int, int, int]) -> Roll:
    """One bar `[1, step, pitch]` of (start, length, row)."""
    roll = np.zeros((1, STEPS_PER_BAR, PITCHES), bool)
    for start, length, row in notes:
        roll[0, start : start + length, row] = True
    return roll


def stream(*bars: Roll, follows: list[bool] | None = None, drums: bool = False) -> Part:
    """A part whose bars and stream are these."""
    rolls = np.concatenate(bars)[:, None]
    joined = np.ones(len(rolls) - 1, bool) if follows is None else np.array(follows)
    return part_of(Draw(rolls, rolls, joined), ("Drums" if drums else "Piano",))


def triad(root: int, third: int = 4, start: int = 0, length: int = 90) -> Roll:
    return bar(*((start, length, C + root + step) for step in (0, third, 7)))


# what a bar is like


def of_bar(roll: Roll, drums: bool = False) -> dict[str, float]:
    return dict(zip(names(drums), scalars(roll, drums)[0].tolist(), strict=True))


def test_there_are_twenty_five_numbers_of_each_kind() -> None:
    assert len(set(PITCHED)) == len(set(DRUMS)) == 25
    assert scalars(triad(0), False).shape == scalars(triad(0), True).shape == (1, 25)
    assert scalars(np.zeros((0, STEPS_PER_BAR, PITCHES), bool), False).shape == (0, 25)


def test_numbers_of_a_pitched_bar() -> None:
    found = of_bar(bar((0, 24, C), (0, 24, E), (12, 5, G), (30, 24, G + 2)))
    expected = {
        "notes": 4, "pitch classes": 4, "mean pitch": (C + E + G + G + 2) / 4, "lowest pitch": C,
        "highest pitch": G + 2, "range": 9, "pitches at once": 77 / 48, "mean length": 77 / 4,
        "short notes": 0.25, "onsets on beats": 0.5, "onsets on eighths": 0.25,
        "onsets on odd sixteenths": 0.25, "first onset": 0, "last onset": 30, "onset times": 3,
        "notes an onset": 4 / 3, "pitch-class entropy": 2, "in the best scale": 1,
        "semitone clashes": 0, "in the best triad": 72 / 77, "steps sounding": 0.5,
        "leaps of the top": (3 + 2) / 2, "leaps of the bottom": (7 + 2) / 2,
    }  # fmt: skip
    assert {key: found[key] for key in expected} == pytest.approx(expected)


def test_numbers_of_a_drum_bar() -> None:
    kick, snare, hat = 36 - LOWEST_PITCH, 38 - LOWEST_PITCH, 42 - LOWEST_PITCH
    hits = [
        (0, kick),
        (24, snare),
        (48, kick),
        (72, snare),
        (60, snare),
        *((s, hat) for s in range(0, 96, 12)),
    ]
    found = of_bar(bar(*((step, 1, row) for step, row in hits)), drums=True)
    expected = {
        "notes": 13, "drums": 3, "kicks": 2, "snares": 3, "closed hats": 8, "cymbals": 0,
        "onset times": 8,
        "snares on the back beat": 2 / 3, "kick on one": 1, "longest gap": 1, "halves alike": 1,
        "onsets on beats": 8 / 13, "drum pattern": 1,
    }  # fmt: skip
    assert {key: found[key] for key in expected} == pytest.approx(expected)


# judges that learn


def test_a_song_stays_on_one_side_and_folds_are_even() -> None:
    songs = np.repeat(np.arange(40), np.arange(1, 41))
    fold = fold_of(songs, 5, np.random.default_rng(0))
    assert all(len(set(fold[songs == song])) == 1 for song in range(40))
    sizes = np.bincount(fold)
    assert sizes.max() - sizes.min() <= 40
    assert accuracy(np.array([True, True, True, False]), np.array([True, True, False, False])) == 75.0


def test_trees_tell_what_differs_and_nothing_else() -> None:
    random = np.random.default_rng(0)
    real, same = random.normal(size=(2, 300, 25))
    bars = np.arange(300)
    assert trees.told_apart(same, real, bars, bars, 1) == pytest.approx(50, abs=8)
    moved = same + 2 * (np.arange(25) == 7)
    assert trees.told_apart(moved, real, bars, bars, 1) > 75
    found = areas.areas(moved, real)
    assert found.argmin() == 7
    assert found[7] < 0.8 < 0.95 < np.delete(found, 7).min()


def test_trees_do_not_tell_songs_that_they_have_not_heard() -> None:
    """Every song has features of its own: by bars they would be remembered, by songs they can't."""
    random = np.random.default_rng(0)
    songs = np.repeat(np.arange(20), 20)
    real, made = (
        random.normal(size=(20, 25))[songs] + 0.01 * random.normal(size=(400, 25)) for _ in "ab"
    )
    assert trees.told_apart(made, real, np.arange(400), np.arange(400), 1) > 90
    assert trees.told_apart(made, real, songs, songs, 1) < 70


# streams


def test_pieces_end_where_music_ends_and_after_64_bars() -> None:
    follows = np.ones(149, bool)
    follows[9] = False
    assert pieces_of(follows) == ((0, 10), (10, 74), (74, 138), (138, 150))


def test_chords_by_template() -> None:
    part = stream(triad(0), triad(9, 3), bar((0, 20, C)), np.zeros_like(triad(0)))
    found = chords.triads(chords.half_bar_chroma(part.stream, part.drums))
    assert found[:4].tolist() == [0, 0, 12 + 9, 12 + 9]
    assert found[5:].tolist() == [chords.SILENT] * 3
    assert chords.change_rate(np.array([0, 1, 2, -1]), np.array([0, 2, -1, -1])) == 0.5
    assert math.isnan(chords.change_rate(np.array([-1]), np.array([0])))


def test_what_follows_what() -> None:
    """Two bars of C, two of G, then C again, which does not follow."""
    one, other = triad(0), triad(7)
    found = following.levels(stream(one, one, other, other, one, follows=[True, True, True, False]))
    assert found["same"] == pytest.approx(100 * 2 / 3)
    assert found["chords"] == pytest.approx(1 / 8), "one change, of five inside bars and three between"
    assert found["harmony"] == pytest.approx((1 + 1 + 1 / 3) / 3)
    assert found["rhythm"] == 1
    assert found["harmony_gap"] == pytest.approx(found["harmony"] - (0.4 * 1 + 0.6 / 3), abs=0.02)


def test_bars_that_come_back_within_eight() -> None:
    bars = [triad(root) for root in range(9)]
    assert following.levels(stream(*bars, bars[1]))["again"] == 50.0
    assert following.levels(stream(*bars, bars[0]))["again"] == 0.0
    silent = np.zeros_like(bars[0])
    assert following.levels(stream(*[silent] * 8, bars[0], silent, bars[0]))["again"] == 50.0


def test_a_period_shows_in_the_form() -> None:
    part = stream(*[triad(root) for root in (0, 1, 2, 6)] * 16)
    found = form.levels(part)
    assert found["chroma 4"] == found["chroma 32"] == pytest.approx(1)
    assert found["chroma 2"] < 0.5
    assert found["onsets 1"] == 1


def test_form_is_seen_as_harmony_and_rhythm_of_drums_as_rhythm() -> None:
    song = stream(*[triad(root) for root in (0, 1, 2, 6)] * 16)
    silent = np.zeros_like(song.stream[:8])
    both = size_of(seen.drawn(song.stream, np.concatenate([silent, song.stream[8:]]), song.drums, {}))
    beat = stream(*[bar((0, 4, C), (48, 4, E))] * 8, drums=True)
    alone = size_of(seen.drawn(beat.stream, beat.stream, beat.drums, {}))
    assert both[0] == alone[0] > 900
    assert both[1] == 2 * alone[1]


def size_of(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return picture.size


def board_of(*rows: Row, own: dict[str, float]) -> Scoreboard:
    return Scoreboard("bars.npz", "test", 100, 1, (), {"Piano": own}, rows)


def test_form_is_seen_beside_a_whole_held_out_song_that_is_long_enough() -> None:
    data = corpus(20, 70)
    long, short = data.select("test"), corpus(20, 40).select("test")
    first, end = seen.piece_of(long, ("Piano",))
    assert end - first == 64
    assert len(np.unique(long.song_id[first:end])) == 1
    first, end = seen.piece_of(short, ("Piano",))
    assert end - first == 40, "as much as there is"
    model = Model("fake", FakeGenerator(), ("Piano",), (0,))
    board = board_of(Row("floor", "floor", ("Piano",), ()), own={})
    found = seen.form_seen(model, long, board)
    assert "any two of 64 bars" in found.says
    assert "song 1" in found.says
    assert size_of(found.png) == size_of(seen.form_seen(model, short, board).png)
    assert seen.form_seen(model, long, board).png == found.png, "the same bytes each time"


def test_the_curves_of_form_are_those_of_the_scoreboard() -> None:
    levels = form.levels(stream(*[triad(root) for root in (0, 1, 2, 6)] * 16))
    seeds = tuple({"Piano": {key: value + off for key, value in levels.items()}} for off in (0, 1, 5))
    floor = Row("floor", "floor", ("Piano",), ())
    board = board_of(floor, Row("fake", "model", ("Piano",), seeds), own=levels)
    found = seen.wholes(Model("fake", FakeGenerator(), ("Piano",), (0,)), board)
    assert found["song"] == levels
    assert found["stream"] == pytest.approx({key: value + 1 for key, value in levels.items()})
    unmeasured = seen.wholes(Model("fake", FakeGenerator(), ("Piano",), (0,)), board_of(floor, own={}))
    assert unmeasured == {}


def test_phrases_that_end_every_fourth_bar() -> None:
    full = bar((0, 20, C), (84, 6, C))
    part = stream(*[full, full, full, bar((0, 40, C), (48, 6, C))] * 4, np.zeros_like(full))
    found = phrases.levels(part)
    assert (found["end_half"], found["end_three_quarters"], found["end_gap"]) == (0, 25, 4)
    assert (found["gap 4"], found["gap 3"]) == (1, 0)


@pytest.fixture(scope="module")
def real() -> Real:
    data = corpus(songs=60, bars=16, drums=True)
    return Real(data.select("train"), data.select("test"), 200)


def held(real: Real, *tracks: str) -> Held:
    return real.held(tracks)


def test_a_stream_that_grows_drifts_and_songs_do_not(real: Real) -> None:
    piano = held(real, "Piano")
    usual = drift.own(piano)
    still = replace(piano.all, stream=piano.all.bars)
    assert drift.measure(still, piano, 1)["drift"] <= usual["drift"]
    rising = piano.all.bars.copy()
    rising[-30:] = np.roll(rising[-30:], 24, axis=3)
    moved = drift.measure(replace(piano.all, stream=rising), piano, 1)
    assert moved["drift_worst"] > usual["drift_worst"]


# bands


def test_tracks_that_listen_lose_by_being_shuffled() -> None:
    random = np.random.default_rng(0)
    roots = random.integers(12, size=60)
    chord, bass = (np.concatenate([bar((0, 90, C + root + up)) for root in roots]) for up in (0, -12))
    rolls = np.stack([chord, bass], axis=1)
    part = part_of(Draw(rolls, rolls, np.ones(59, bool)), ("Piano", "Bass"))
    alone = replace(part, bars=np.stack([chord, random.permutation(bass)], axis=1))
    assert band.tonal_gap(part)["td_gap"] > 1
    assert abs(band.tonal_gap(alone)["td_gap"]) < 0.4


def test_dead_and_stuck_tracks_are_seen(real: Real) -> None:
    piano = held(real, "Piano")
    bars = piano.some.bars
    for made, expected in (
        (bars, 0),
        (np.zeros_like(bars), 1),
        (bars[:1].repeat(len(bars), axis=0), 1),
    ):
        part = Part(("Piano",), np.array([False]), made, made, (), np.arange(len(made)))
        assert band.lifeless(part, piano, 1) == {"lifeless": expected}


# goals


def test_goals_come_from_the_data_and_the_floor() -> None:
    own, floor = {"a": 2.0, "gap": -1.0}, [{"a": 1.9}, {"a": 2.2}]
    asked = {
        goals.near(0.5): Line(1.5, 2.5),
        goals.near(3): Line(0, 5),
        goals.near_share(0.25): Line(1.5, 2.5),
        goals.near_share(0.25, "gap"): Line(1.75, 2.25),
        goals.near_share(0.25, least=1): Line(1, 3),
        goals.at_most_times(1.25): Line(high=2.5),
        goals.at_least_times(0.5): Line(low=1),
        goals.at_least_times(0.5, least=3): None,
        goals.no_less_than_real: Line(low=1.9),
        goals.no_more_than_real: Line(high=2.2),
    }
    for goal, line in asked.items():
        assert goal("a", own, floor) == line
        assert goal("a", {}, []) is None
    assert goals.near(0.5)("gap", own, floor) == Line(-1.5, -0.5)


def test_rank_correlation_shares_ties() -> None:
    rising = np.arange(5.0)
    assert rank_correlation(rising, np.exp(rising)) == pytest.approx(1)
    assert rank_correlation(rising, -rising) == pytest.approx(-1)
    assert rank_correlation(rising, np.array([0, 0, 1, 1, 1.0])) == pytest.approx(0.8660254)
    assert math.isnan(rank_correlation(rising, np.zeros(5)))


# playing by hand


@pytest.mark.parametrize("model", ["piano", "paper-cnn-lstm", "musegan-composer-games"])
def test_many_bars_at_once_are_those_that_the_instrument_plays(model: str) -> None:
    generator = open_session(find_model(model), "cpu")
    generator.forget_critic()  # it would choose other latents
    random = [np.random.default_rng([4, bar]) for bar in range(1, 40)]
    latents = [initial(4, generator.info.latent).point]
    latents += [np.asarray(one.standard_normal(generator.info.latent)) for one in random]
    latents = [z * (len(z) ** 0.5 / float(np.linalg.norm(z))) for z in latents]
    asked = [Cue(z, bar % generator.info.phrase) for bar, z in enumerate(latents)]
    assert (bars_at(generator, asked) == drawn_bars(generator, 40, 4)).all()


def listed(notes: Notes) -> list[tuple[int, int, int]]:
    """Start, length and pitch of each."""
    return list(
        zip(
            notes.starts.tolist(),
            notes.lengths.tolist(),
            (notes.rows + LOWEST_PITCH).tolist(),
            strict=True,
        )
    )


def test_logits_are_read_as_decode_reads_them() -> None:
    """Far denser than music, so that notes are struck again, and again."""
    random = np.random.default_rng(0)
    onset, keep = random.normal(-0.3, 1, (2, 6, STEPS_PER_BAR, PITCHES)).astype(np.float32)
    expected = [
        roll_from_notes(Note(*note) for note in listed(decode(one, other)))
        for one, other in zip(onset, keep, strict=True)
    ]
    assert (rolls_of(Logits(onset, keep)) == np.stack(expected)).all()


def test_a_walk_changes_one_note_a_step() -> None:
    one, other = bar((0, 10, C), (20, 10, E)), bar((0, 20, C), (50, 10, G))
    turns = walks.changes(walks.notes_of(one), walks.notes_of(other))
    assert sorted(turns) == [((C, 0), 20), ((E, 20), 0), ((G, 50), 10)]
    found = walks.walk(one, other, 32)
    # 20 cells, 30 with the longer note, 40 with the new one, 30 without the old one
    assert found.length == pytest.approx(1 / 3 + 1 / 4 + 1 / 4)
    assert found.largest == pytest.approx(1 / 3)
    assert walks.walk(one, other, 1).length == pytest.approx(1 - 10 / 40), "all changes in one step"
    assert walks.walk(one, one, 32) == (0, 0)


class Steady(FakeGenerator):
    """Plays one bar, whatever the latent."""

    def logits(self, cue: Cue) -> Logits:
        return super().logits(replace(cue, z=np.arange(float(len(cue.z)))))


class Jumpy(FakeGenerator):
    """Bars of neighbouring latents have nothing to do with each other."""

    def logits(self, cue: Cue) -> Logits:
        random = np.random.default_rng(cue.z.view(np.uint64))
        return super().logits(replace(cue, z=random.standard_normal(len(cue.z))))


class Deaf(FakeGenerator):
    """Has one note, so that no knob can ask for more."""

    def logits(self, cue: Cue) -> Logits:
        found = super().logits(cue)
        found.onset[found.onset < 5] = -2e4
        found.onset[:, 1:] = -2e4
        return found


def played(generator: FakeGenerator) -> Model:
    return Model("fake", generator, ("Piano",), (0,))


@pytest.mark.parametrize(("make", "fails"), [(Steady, {"ends"}), (Jumpy, {"step", "path", "onwards"})])
def test_generators_without_ways_fail_the_interpolation(
    real: Real, make: Callable[[], FakeGenerator], fails: set[str]
) -> None:
    found = interpolation.measure(played(make()), real, {}, 16, 1)["Piano"]
    lines = {
        one.figure.key: one.goal("", {}, []) for one in interpolation.INTERPOLATION.aims if one.goal
    }
    missed = {key for key, line in lines.items() if line is not None and not line.holds(found[key])}
    assert missed >= fails


def said_again(roll: Roll) -> Logits:
    """What makes just these notes of a bar `[track, step, pitch]`."""
    onset = capture.struck(roll[None])[0]
    return Logits(np.where(onset, 5, -5).astype(np.float32), np.where(roll, 5, -5).astype(np.float32))


class Echo(FakeGenerator):
    """Hears the bar before and plays it again, whatever the latent."""

    def __init__(self) -> None:
        super().__init__()
        self.info = replace(self.info, context=True)

    def logits(self, cue: Cue) -> Logits:
        return super().logits(cue) if cue.context is None else said_again(cue.context)


def test_ways_and_knobs_are_tried_after_held_out_bars(real: Real) -> None:
    bars = unseen(played(Echo()), real, 3, 1)
    assert (bars_at(Echo(), cues(Echo(), 4, 1, bars)) == bars[[0, 1, 2, 0]]).all()
    assert interpolation.measure_after(played(Echo()), real, {}, 16, 1) == {
        "Piano": {f"{key}_after": pytest.approx(0 if key == "ends" else math.nan, nan_ok=True)
                  for key in ("step", "path", "way", "onwards", "ends")}
    }  # fmt: skip
    own = knobs.own(real, ("Piano",))
    free = knobs.measure(played(Echo()), real, own, 64, 1)["Piano"]
    after = knobs.measure_after(played(Echo()), real, own, 64, 1)["Piano"]
    assert set(after) == {f"{key}_after" for key in free}
    assert after["density_leak_free_after"] != free["density_leak_free"]


def test_models_that_hear_no_bar_are_not_asked_after_one(real: Real) -> None:
    own = knobs.own(real, ("Piano",))
    for section in (interpolation, knobs):
        assert section.measure_after(played(FakeGenerator()), real, own, 64, 1) == {}


# capture


class Parrot(FakeGenerator):
    """Knows the bar of every latent that it has given away."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: list[Roll] = []
        self.latents: list[Point] = []

    def encode(self, rolls: Roll) -> NDArray[np.float64]:
        return np.stack([self.known(roll) for roll in rolls])

    def known(self, roll: Roll) -> Point:
        for bar, latent in zip(self.bars, self.latents, strict=True):
            if np.array_equal(bar, roll):
                return latent
        self.bars.append(roll)
        self.latents.append(self.latent_of(len(self.bars)))
        return self.latents[-1]

    def at(self, cue: Cue, points: NDArray[np.float64]) -> Logits:
        onsets, keeps = zip(*(self.logits(replace(cue, z=point)) for point in points), strict=True)
        return Logits(np.stack(onsets), np.stack(keeps))

    def latent_of(self, number: int) -> Point:
        return random_point(np.random.default_rng(number), self.info.latent)

    def logits(self, cue: Cue) -> Logits:
        apart = [float(np.abs(cue.z - z).max()) for z in self.latents]
        return said_again(self.bars[int(np.argmin(apart))])


class OneLatent(Parrot):
    """Gives the same latent for every bar."""

    def latent_of(self, number: int) -> Point:
        return super().latent_of(1)


@pytest.mark.parametrize(("make", "passes"), [(Parrot, True), (OneLatent, False)])
def test_a_bar_comes_back_or_it_does_not(
    real: Real, make: Callable[[], FakeGenerator], passes: bool
) -> None:
    found = capture.measure(played(make()), real, {}, 200, 1)["Piano"]
    (line,) = [one.goal("", {}, []) for one in capture.CAPTURE.aims if one.goal is not None]
    assert line is not None
    assert line.holds(found["capture_share"]) == passes
    assert found["capture_share"] == pytest.approx(found["capture"] / found["capture_nearest"])
    assert (found["capture"] == found["capture_onsets"] == 0) == passes


def test_tracks_are_captured_together_and_each_by_itself(real: Real) -> None:
    generator = Parrot()
    lead = Track("lead", 0, False, (1.0, 2.0))
    drums = replace(lead, name="drums", drums=True)
    generator.info = replace(generator.info, tracks=(*generator.info.tracks, lead, drums))
    model = Model("fake", generator, ("Drums", "Piano"), (2, 0))
    bars = unseen(model, real, 5, 1)
    assert bars.any(axis=(0, 2, 3)).tolist() == [True, False, True]
    found = capture.measure(model, real, {}, 200, 1)
    assert {about: values["capture"] for about, values in found.items()} == {
        "Drums": 0, "Piano": 0, "Drums + Piano": 0
    }  # fmt: skip


@pytest.mark.parametrize(
    "make", [FakeGenerator, lambda: open_session(find_model("paper-naive"), "cpu")]
)
def test_without_an_encoder_there_is_no_capture(real: Real, make: Callable[[], FakeGenerator]) -> None:
    assert capture.measure(played(make()), real, {}, 200, 1) == {}


def test_what_the_data_itself_repeats_must_come_back_whole() -> None:
    assert capture.share(0.1, 0.4) == pytest.approx(0.25)
    assert capture.share(0.0, 0.0) == 0
    assert math.isnan(capture.share(0.1, 0.0))


# shaping


def test_mixed_bars_are_as_dense_as_was_asked(real: Real) -> None:
    notes = knobs.measured(shaped.at_random(played(FakeGenerator()), 60, 1)[:, 0])[:, 0]
    assert notes.min() < 5
    assert notes.max() > 16
    assert np.mean(notes) == pytest.approx(11, abs=2), "1 to 21, each as often"


def test_shaped_bars_are_asked_for_what_songs_have(real: Real) -> None:
    songs = knobs.measured(real.training_bars("Piano", 1_000)).mean(axis=0)
    model = played(FakeGenerator())
    own = model.generator.info.tracks[0]
    asked = shaped.shares_of_songs(real, own, "Piano", 200, 1)
    for place, knob in enumerate(knobs.NAMES):
        values = [value_at(shares[knob], own.quantiles(knob)) for shares in asked]
        low, high = value_at(0, own.quantiles(knob)), value_at(1, own.quantiles(knob))
        wanted = songs[place] - (LOWEST_PITCH if knob == "register" else 0)
        assert np.mean(values) == pytest.approx(wanted, abs=0.1 * (high - low)), knob
    notes = knobs.measured(shaped.like_songs(model, real, "Piano", 60, 1))[:, 0]
    assert notes.mean() == pytest.approx(songs[0], abs=1.5)


def test_real_bars_are_their_own_measure_after_shaping_and_one_note_is_not(real: Real) -> None:
    own = shaped.own(real, ("Piano",))
    found = shaped.levels(held(real, "Piano").all)
    assert {**shaped.named(found), **shaped.named(found, shaped.MIXED)} == own["Piano"]
    assert "shaped_eb" not in own["Piano"]
    deaf = shaped.measure(played(Deaf()), real, own, 200, 1)["Piano"]
    for kind in (shaped.SHAPED, shaped.MIXED):
        assert deaf[kind + "all_at_once"] > 1
        assert deaf[kind + "trees"] > 90


def test_what_the_knobs_make_of_the_shares_that_songs_have_has_goals() -> None:
    aims = {aim.figure.key: aim.goal for aim in shaped.SHAPING.aims}
    assert aims["shaped_trees"] is not None
    assert [key for key, goal in aims.items() if goal and key.startswith("mixed")] == ["mixed_dis"]


def test_a_knob_that_is_met_and_one_that_is_not(real: Real) -> None:
    own = knobs.own(real, ("Piano",))
    heard = knobs.measure(played(FakeGenerator()), real, own, 64, 1)["Piano"]
    deaf = knobs.measure(played(Deaf()), real, own, 64, 1)["Piano"]
    assert heard["density_bars"] > 0.95
    assert heard["density_settings"] > 0.98
    assert not deaf["density_bars"] > 0.9
    assert set(knobs.missing()) == set(knobs.NAMES) - knobs.KNOBS


def test_knobs_are_measured_on_notes() -> None:
    found = knobs.measured(np.concatenate([bar((0, 24, C), (12, 12, E), (30, 12, G)), bar()]))
    expected = [3, LOWEST_PITCH + (C + E + G) / 3, 48 / 36, 0.5, 16 / 6]
    assert found[0].tolist() == pytest.approx(expected)
    assert np.isnan(found[1]).all()


def test_slope_and_leak_of_what_was_got() -> None:
    """Twice as steep as asked, and every step moves the pitch by half a standard deviation for one."""
    random = np.random.default_rng(0)
    own = dict(knobs.own_of(random.normal(20, 1, (2_000, 5))))
    asked = knobs.asked("density", own)
    got = np.full((21, 3, 5), 20.0)
    got[:, :, 0] = 20 + 2 * (asked - 20)[:, None]
    got[:, :, 1] = 20 + (asked - 20)[:, None]
    found = knobs.judged("density", "Piano", got, own)
    assert found["density_slope"] == pytest.approx(2)
    assert found["density_leak_free"] == pytest.approx(0.5, rel=0.05)
    assert found["density_bars"] == found["density_settings"] == pytest.approx(1)


def test_notes_in_their_songs_key() -> None:
    counts = np.zeros((2, 12))
    counts[0, [0, 4, 7]] = 10
    counts[1, [0, 1, 2, 3]] = 1
    assert centre.in_key(counts).tolist() == [1, 0.75]
    assert centre.scales()[0].sum() == 7
    a_minor = "C D E F G G# A B"
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    found = [name for name, on in zip(names, centre.scales()[12 + 9], strict=True) if on]
    assert " ".join(found) == a_minor


def test_points_are_of_the_sphere() -> None:
    assert all(np.linalg.norm(z) == pytest.approx(8**0.5) for z in points(FakeGenerator(), 5, 1))
