"""Music that is learned in one scale and played in all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from livegan.core.knobs import KEYS, KNOBS
from livegan.core.latent import slerp
from livegan.core.model import HOMES, BadModel
from livegan.core.moves import mutate
from livegan.core.rendering import Cue
from livegan.core.state import initial
from livegan.core.wandering import SONG, Wandering, advance
from livegan.shell.generator import OnnxGenerator, open_session
from livegan_train.data import BarSet
from livegan_train.loop import fit
from livegan_train.run import sample_latents
from livegan_train.stream.cells import STRUCK, Cells
from livegan_train.stream.data import StreamData
from livegan_train.stream.homes import HIGHEST, LOWEST, homes_of, to_home
from livegan_train.stream.keyed import KeyedCapture, KeyedStream, pull_home
from livegan_train.stream.networks import (
    BarEncoder,
    Capture,
    Inverse,
    StreamGenerator,
    free_controls,
    silence,
)

from .composed import corpus
from .tiny_stream import TINY, exported, quickly, quiet

C_MAJOR = (36, 38, 40, 41, 43, 45, 47)
CHORDS = ((36, 40, 43), (41, 45, 48), (43, 47, 50), (36, 40, 43))
SHAPE = replace(TINY, home=True).shape([False, True])
FREE = free_controls(1, SHAPE, torch.device("cpu"))
PLACE = torch.zeros(1, dtype=torch.int64)


def bar(*pitches: int, track: int = 1) -> Cells:
    """A bar in which these pitches begin, one a sixteenth, and are held for it."""
    onset = torch.zeros(1, 2, 16, 84)
    for cell, pitch in enumerate(pitches):
        onset[0, track, cell, pitch] = 1.0
    return Cells(onset, onset.clone())


def song(tonics: list[int]) -> NDArray[np.uint8]:
    """A bar of chords for every tonic, `[bar, 1, cell, pitch]`."""
    codes = np.zeros((len(tonics), 1, 16, 84), np.uint8)
    for number, tonic in enumerate(tonics):
        for beat, chord in enumerate(CHORDS):
            for pitch in chord:
                codes[number, 0, 4 * beat, pitch + tonic] = STRUCK + 1
    return codes


@pytest.fixture(scope="module")
def bars() -> BarSet:
    return corpus(12, 16, drums=True)


@pytest.fixture(scope="module")
def keyed() -> KeyedStream:
    """With random weights, and bars that do have notes."""
    torch.manual_seed(3)
    generator = StreamGenerator(SHAPE)
    for parameter in generator.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.2)
    quantiles = torch.linspace(0, 40, 21).expand(2, len(KNOBS), 21)
    return KeyedStream(generator.eval().requires_grad_(False), quantiles)


def latents(home: int, count: int = 1) -> torch.Tensor:
    z = sample_latents(count, HOMES + SHAPE.latent, torch.Generator().manual_seed(5))
    z[:, :HOMES] = 0
    z[:, home] = 3
    return z


def moved(logits: torch.Tensor, by: int) -> torch.Tensor:
    """Pitches that stay within the range either way, of the track that has pitches."""
    return logits[:, 1, :, :, 12 + by : 72 + by]


@pytest.mark.parametrize("tonic", range(12))
def test_a_song_is_in_the_scale_of_its_chords(tonic: int) -> None:
    assert homes_of(song([tonic] * 4)).tolist() == [tonic] * 4


def test_one_odd_bar_is_no_modulation_and_many_are() -> None:
    """A chord outside the scale costs less than leaving it twice."""
    odd = song([0] * 9)
    odd[4, 0, 4] = np.roll(odd[4, 0, 4], 1, axis=-1)
    assert homes_of(odd).tolist() == [0] * 9
    assert homes_of(song([0] * 8 + [6] * 8)).tolist() == [0] * 8 + [6] * 8


@given(st.integers(0, 11))
def test_each_scale_goes_to_the_nearer_c(tonic: int) -> None:
    by = int(to_home(np.array([tonic]))[0])
    assert (tonic + by) % 12 == 0
    assert LOWEST <= by <= HIGHEST
    assert int(to_home(torch.tensor([tonic]))[0]) == by


def test_bars_are_learned_at_home_drums_where_they_are(bars: BarSet) -> None:
    data = StreamData(bars, replace(TINY, home=True), torch.device("cpu"))
    random = torch.Generator().manual_seed(1)
    rows = torch.arange(len(data))
    now = data.take(rows, data.shifts(rows, random))
    assert torch.equal(now.onset[:, 0], (data.codes[:, 0] >= STRUCK).float())
    at_home = (now.onset[:, 1].numpy() * STRUCK).astype(np.uint8)[:, None]
    for song_id in np.unique(data.song.numpy()):
        homes = homes_of(at_home[data.song.numpy() == song_id])
        assert set(homes.tolist()) == {0}


@pytest.mark.parametrize("home", range(12))
def test_after_silence_the_latent_says_the_scale(keyed: KeyedStream, home: int) -> None:
    nothing = silence(1, SHAPE, torch.device("cpu"))
    here, in_c = (keyed(latents(tonic), nothing, PLACE, FREE) for tonic in (home, 0))
    by = -int(to_home(torch.tensor([home]))[0])
    torch.testing.assert_close(moved(here, by), moved(in_c, 0))
    torch.testing.assert_close(here[:, 0], in_c[:, 0])


@pytest.mark.parametrize("by", [-6, -1, 2, 5])
def test_what_is_heard_is_answered_in_its_scale(keyed: KeyedStream, by: int) -> None:
    """Wherever the latent's home is."""
    heard = keyed(latents(3), bar(*C_MAJOR, *C_MAJOR), PLACE, FREE)
    higher = bar(*(pitch + by for pitch in C_MAJOR * 2))
    torch.testing.assert_close(moved(keyed(latents(8), higher, PLACE, FREE), by), moved(heard, 0))


def test_a_bar_that_fits_many_scales_is_in_the_one_nearest_home(keyed: KeyedStream) -> None:
    """C and E are in five major scales, of which G's lies nearest to B's by fifths, and F's to A#'s."""
    fits = keyed.moving.fits(bar(*(36, 40) * 4)) + keyed.moving.pull[torch.tensor([11, 0, 10])]
    assert fits.argmax(1).tolist() == [7, 0, 5]


def test_a_stray_note_is_no_reason_to_leave_home_and_a_chord_is(keyed: KeyedStream) -> None:
    home = keyed.moving.pull[torch.tensor([6])]
    stray, chord = (keyed.moving.fits(bar(*heard)) + home for heard in ((36, 42, 46), (36, 40, 43, 48)))
    assert int(stray.argmax()) == 6
    assert int(chord.argmax()) in (0, 5, 7)


def test_home_pulls_by_fifths() -> None:
    pull = pull_home()
    assert torch.equal(pull.argmax(1), torch.arange(12))
    assert pull[0, 7] == pull[0, 5] > pull[0, 2] > pull[0, 6]


@pytest.mark.parametrize(("key", "major"), [("E", "E"), ("C#m", "E"), ("Am", "C")])
def test_a_key_that_is_asked_is_the_one_that_is_played(
    keyed: KeyedStream, key: str, major: str
) -> None:
    """Whatever is heard, and a minor key as the major one of its notes, but told as minor."""
    nothing = silence(1, SHAPE, torch.device("cpu"))
    asked = FREE.clone()
    asked[:, -1] = KEYS.index(key)
    tonic = KEYS.index(major)
    by = to_home(torch.tensor([tonic]))
    told = keyed.key(asked[:, -1].long(), by, torch.tensor([True]))
    assert KEYS[int(told)] == ("Am" if key.endswith("m") else "C")
    at_home = FREE.clone()
    at_home[:, -1] = told
    plain = keyed(latents(5), nothing, PLACE, at_home)
    torch.testing.assert_close(
        moved(keyed(latents(9), nothing, PLACE, asked), -int(by)), moved(plain, 0)
    )


def test_the_register_is_asked_where_the_music_is_played(keyed: KeyedStream) -> None:
    """A semitone is a fortieth of this data's range; drums have none, and free knobs stay so."""
    shares = torch.full((1, 2, len(KNOBS)), 0.5)
    shares[:, 0] = -1.0
    told = keyed.knobs(shares.flatten(1), torch.tensor([4])).reshape(2, len(KNOBS))
    assert torch.equal(told[0], shares[0, 0])
    assert told[1].tolist() == pytest.approx([0.5, 0.6, 0.5, 0.5, 0.5])


def test_a_captured_bar_says_its_home() -> None:
    torch.manual_seed(4)
    capture = Capture(StreamGenerator(SHAPE), BarEncoder(SHAPE), Inverse(SHAPE))
    whole = KeyedCapture(capture.requires_grad_(False))
    z, higher = (whole(bar(*(p + by for p in C_MAJOR))) for by in (0, 5))
    assert int(z[0, :HOMES].argmax()) == 0
    assert int(higher[0, :HOMES].argmax()) == 5
    torch.testing.assert_close(z[:, HOMES:], higher[:, HOMES:])
    assert float(z[:, :HOMES].norm()) == pytest.approx(HOMES**0.5)


# as it wanders


def test_drift_stays_in_a_scale_for_a_song_and_goes_near_by() -> None:
    state, model = initial(7, 40), Wandering(split=16, homes=12)
    homes = []
    for number in range(1, 3 * SONG):
        state = advance(state, number, model)
        homes.append(int(state.point[:12].argmax()))
        assert np.linalg.norm(state.point[:12]) <= np.linalg.norm(state.point)
    one, two, three = (homes[: SONG - 1], homes[SONG - 1 : 2 * SONG - 1], homes[2 * SONG - 1 :])
    assert [len(set(song)) for song in (one, two, three)] == [1, 1, 1]
    assert {(two[0] - one[0]) % 12, (three[0] - two[0]) % 12} <= {2, 5, 7, 10}


def test_another_section_keeps_the_scale() -> None:
    state, model = replace(initial(7, 40), section=4), Wandering(split=16, homes=12)
    later = state
    for number in range(1, 5):
        later = advance(later, number, model)
    assert np.array_equal(later.point[:12], state.point[:12])
    assert not np.allclose(later.point[12:], state.point[12:])


def test_the_scenes_of_a_fresh_instrument_are_in_one_scale() -> None:
    state = initial(7, 40, homes=12)
    homes = {int(scene.point[:12].argmax()) for scene in state.scenes}
    assert homes == {int(state.point[:12].argmax())}
    ways = [slerp(state.scenes[0].point, scene.point, 0.5) for scene in state.scenes[1:]]
    assert {int(point[:12].argmax()) for point in ways} == homes
    assert len({int(initial(seed, 40, homes=12).point[:12].argmax()) for seed in range(60)}) > 8


def test_a_mutation_stays_in_its_scale() -> None:
    state = initial(7, 40, homes=12)
    for _ in range(20):
        moved = mutate(state, 1.0)
        assert np.array_equal(moved.point[:12], state.point[:12])
        assert not np.allclose(moved.point[12:], state.point[12:])
        state = moved


# the file


@pytest.fixture(scope="module")
def model(bars: BarSet, tmp_path_factory: pytest.TempPathFactory) -> OnnxGenerator:
    folder = tmp_path_factory.mktemp("model")
    with quickly():
        path = exported(fit(replace(TINY, home=True), bars, folder, quiet), folder)
    assert "12 numbers for the scale, 4 for the section, 24 for the bar" in card_of(path)
    return open_session(path, "cpu")


def card_of(path: Path) -> str:
    return path.with_suffix(".md").read_text(encoding="utf-8")


def test_the_file_says_how_many_numbers_are_the_home(model: OnnxGenerator) -> None:
    info = model.info
    assert (info.latent, info.section, info.homes) == (40, 16, 12)
    assert all(direction.vector[:12] == (0.0,) * 12 for direction in info.directions)
    assert info.wandering.homes == 12


def test_the_file_plays_in_every_key(model: OnnxGenerator) -> None:
    point = np.ones(40)
    found = []
    for home in range(12):
        point[:12] = np.arange(12) == home
        found.append(model.logits(Cue(point.copy())).onset[1])
    assert all(not np.array_equal(found[0], other) for other in found[1:])
    rows = [int(part.max(0).argmax()) for part in found]
    assert {(row - home) % 12 for home, row in enumerate(rows)} == {rows[0] % 12}


def test_a_file_with_other_homes_is_refused(model: OnnxGenerator) -> None:
    with pytest.raises(BadModel, match="its latent says the scale by 7 numbers; 0 or 12 can be read"):
        replace(model.info, homes=7)
