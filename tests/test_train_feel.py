"""`livegan feel` learns from played songs what a player does, and says where there was none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from click.testing import CliRunner, Result

from livegan.core.feel import FeelMaps, felt
from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, Note
from livegan_train.data import BadArchive
from livegan_train.feel.cli import feel
from livegan_train.feel.data import load_all, load_felt
from livegan_train.feel.figures import measure, read, shares
from livegan_train.feel.graph import graph_of
from livegan_train.feel.network import OUTPUTS, Feel
from livegan_train.feel.training import train

SONGS, BARS = 12, 8
PLACES = range(0, STEPS_PER_BAR, 12)


def accent(step: int, row: int) -> float:
    """What the player of these tests does: beats are loud, high notes louder."""
    return 60 + 30 * (step % 24 == 0) + (row - 36)


def lateness(step: int) -> float:
    """Off-beats are late, by steps."""
    return 1.2 * (step % 24 == 12)


def write_played(path: Path, tracks: tuple[str, ...], typed: bool = False, seed: int = 0) -> Path:
    """Songs of eighths on random rows, each song at its own level, the last third held out."""
    random = np.random.default_rng(seed)
    rolls = np.zeros((SONGS * BARS, STEPS_PER_BAR, PITCHES, len(tracks)), bool)
    velocity, timing, starts = [], [], [0]
    level = random.normal(0, 8, (SONGS, len(tracks)))
    for bar in range(SONGS * BARS):
        for track in range(len(tracks)):
            notes = sorted((int(random.integers(24, 48)), step) for step in PLACES)
            for row, step in notes:
                rolls[bar, step : step + 6, row, track] = True
                loud = accent(step, row) + level[bar // BARS, track] + random.normal(0, 3)
                velocity.append(80 if typed else round(loud))
                late = lateness(step) + random.normal(0, 0.3)
                timing.append(0 if typed else round(late * 100 / 6))
        starts.append(len(velocity))
    split = np.arange(SONGS) // 4
    np.savez(
        path,
        bars=np.packbits(rolls.reshape(len(rolls), -1), axis=1),
        song_id=np.repeat(np.arange(SONGS), BARS),
        bar_index=np.tile(np.arange(BARS), SONGS),
        song_split=np.where(split == 2, 2, np.where(np.arange(SONGS) == 7, 1, 0)),
        tracks=np.array(tracks),
        note_start=np.array(starts),
        note_velocity=np.clip(velocity, 1, 127).astype(np.uint8),
        note_timing=np.array(timing, np.int8),
    )
    return path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_played(tmp_path_factory.mktemp("played") / "a.npz", ("Piano",))


@pytest.fixture(scope="module")
def learned(played: Path) -> Feel:
    return train(load_felt(played), [], seed=1, steps=150)


def test_accents_of_songs_that_were_not_heard_are_explained(played: Path, learned: Feel) -> None:
    loud, late = measure(learned, load_felt(played), "test", ("Piano",))
    assert (loud.what, late.what) == ("velocity", "timing")
    assert loud.explained > 0.7
    assert late.explained > 0.7
    for figures in (loud, late):
        assert figures.nats < min(figures.nats_constant, figures.nats_accents) - 0.3
    assert "explained" in str(loud)


def test_a_song_is_heard_without_its_own_level(played: Path) -> None:
    notes = load_felt(played)
    song = notes.bars.song_id[notes.bar]
    means = np.bincount(song, notes.velocity) / np.bincount(song)
    raw = np.bincount(song, notes.raw) / np.bincount(song)
    assert np.ptp(means) < 1e-3 < np.ptp(raw)
    assert means[0] == pytest.approx(notes.raw.mean(), abs=1e-3)


def test_the_same_seed_gives_the_same_weights(played: Path) -> None:
    notes = load_felt(played)
    one, same, other = (train(notes, [], seed, steps=3).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not all(torch.equal(one[key], other[key]) for key in one)


def test_the_graph_says_what_the_network_says_for_any_number_of_bars(learned: Feel) -> None:
    graph = graph_of(learned)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    rolls = (torch.rand(3, 1, STEPS_PER_BAR, PITCHES) < 0.03).float()
    expected = learned(rolls)
    got = session.run(list(OUTPUTS), {"roll": rolls.numpy()})
    for one, two in zip(expected, got, strict=True):
        assert two.shape == rolls.shape
        assert np.allclose(one.detach().numpy(), two, atol=1e-4)
    assert len(graph) < 300_000


@pytest.mark.parametrize("tracks", [1, 3, 5])
def test_a_graph_is_small_and_has_few_weights(tracks: int) -> None:
    model = Feel(tracks)
    assert sum(parameter.numel() for parameter in model.parameters()) <= 100_000
    assert len(graph_of(model)) < 300_000


def test_notes_alone_get_what_the_maps_have(learned: Feel) -> None:
    rolls = (torch.rand(2, 1, STEPS_PER_BAR, PITCHES) < 0.02).float()
    rolls[:, :, 1:] *= 1 - rolls[:, :, :-1]
    bar, track, step, pitch = torch.nonzero(rolls).T
    onset = rolls[bar, track, (step - 1).clamp(0), pitch] * (step > 0) == 0
    notes = (bar[onset], track[onset], step[onset], pitch[onset])
    for alone, whole in zip(learned.at(rolls, notes), learned(rolls), strict=True):
        assert torch.allclose(alone, whole[notes], atol=1e-5)


def test_the_runtime_strikes_as_the_player_of_the_data(learned: Feel) -> None:
    part = [Note(step, 6, LOWEST_PITCH + 36) for step in PLACES]
    roll = torch.zeros(1, 1, STEPS_PER_BAR, PITCHES)
    for note in part:
        roll[0, 0, note.start : note.start + note.length, note.pitch - LOWEST_PITCH] = 1
    maps = FeelMaps(*(each[0].detach().numpy() for each in learned(roll)))
    bars = [felt([part], [False], maps, np.random.default_rng([n]), 0.7, 1.0)[0] for n in range(50)]
    velocity = np.array([[note.velocity for note in bar] for bar in bars]).mean(axis=0)
    offset = np.array([[note.offset for note in bar] for bar in bars]).mean(axis=0)
    assert (velocity[::2] - velocity[1::2]).mean() == pytest.approx(30, abs=8)
    assert (offset[1::2] - offset[::2]).mean() == pytest.approx(1.2, abs=0.4)


def test_typed_tracks_are_left_to_the_rules_or_to_another_archive(tmp_path: Path) -> None:
    typed = write_played(tmp_path / "typed.npz", ("Drums", "Bass"), typed=True)
    drums = write_played(tmp_path / "drums.npz", ("Drums",), seed=3)
    own, others = load_all(typed, [drums])
    model = train(own, others, seed=1, steps=60)
    assert model.loud.tolist() == model.late.tolist() == [1.0, 0.0]
    maps = FeelMaps(*(each[0].numpy() for each in model(torch.zeros(1, 2, STEPS_PER_BAR, PITCHES))))
    assert not maps.velocity_spread[1].any()
    assert not maps.timing_spread[1].any()
    assert maps.velocity_spread[0].all()
    assert [f.track for f in measure(model, others[0], "test", own.bars.tracks)] == ["Drums"] * 2
    assert measure(model, own, "test", own.bars.tracks) == []
    with pytest.raises(BadArchive, match="nothing to learn"):
        train(load_felt(typed), [], seed=1, steps=1)


def test_what_is_left_over_is_shared_out(played: Path, learned: Feel) -> None:
    notes = load_felt(played)
    seen = read(learned, notes, notes.rows("test"), ("Piano",))
    bar, chord, own = shares(seen, "velocity")
    assert bar + chord + own == pytest.approx(1)
    assert bar < 0.3 < own, "songs here have no arcs of loudness"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(feel, [str(argument) for argument in arguments])


def test_the_command_writes_a_graph_and_says_what_it_is_worth(played: Path, tmp_path: Path) -> None:
    out = tmp_path / "feel.onnx"
    done = run("--data", played, "--out", out, "--steps", 5)
    assert done.exit_code == 0, done.output
    assert "Piano velocity:" in done.output
    assert "kB, for Piano" in done.output
    again = tmp_path / "again.onnx"
    assert run("--data", played, "--out", again, "--steps", 5).exit_code == 0
    assert out.read_bytes() == again.read_bytes()


def test_mistakes_get_one_line(played: Path, tmp_path: Path) -> None:
    out = tmp_path / "feel.onnx"
    with np.load(played) as archive:
        content = dict(archive)
    other = write_played(tmp_path / "other.npz", ("Drums",))
    bare = {key: value for key, value in content.items() if not key.startswith("note_")}
    np.savez(tmp_path / "bare.npz", **bare)
    np.savez(tmp_path / "torn.npz", **(content | {"note_velocity": content["note_velocity"][1:]}))
    for arguments, message in (
        (("--data", tmp_path / "gone.npz"), "no such file"),
        (("--data", tmp_path / "bare.npz"), "has no velocities"),
        (("--data", tmp_path / "torn.npz"), "are not those of its notes"),
        (("--data", played, "--also", other), "its track Drums is not one of"),
        (("--data", played, "--also", played, "--also", played), "is in another one, too"),
    ):
        done = run(*arguments, "--out", out)
        assert done.exit_code == 2, done.output
        assert message in " ".join(done.output.split())
    assert not out.exists()
