"""The command line: files as promised, mistakes answered with one line and status 2."""

from __future__ import annotations

import subprocess
import sys
import time
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
from PIL import Image

from livegan.core.music import PITCHES, STEPS_PER_BAR

from .conftest import LIVEGAN

Run = Callable[..., subprocess.CompletedProcess[str]]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*LIVEGAN, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def render(out: Path, *arguments: object) -> Path:
    done = run("render", "--bars", 4, *arguments, out)
    assert done.returncode == 0, done.stderr
    assert out.exists()
    return out


@pytest.mark.parametrize("ending", [".mid", ".npz", ".ogg", ".png", ".wav"])
def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(
    ending: str, tmp_path: Path
) -> None:
    one = render(tmp_path / f"one{ending}", "--seed", 3).read_bytes()
    time.sleep(2.1 if ending == ".npz" else 0)  # a zip file's clock ticks every two seconds
    assert render(tmp_path / f"two{ending}", "--seed", 3).read_bytes() == one
    assert render(tmp_path / f"other{ending}", "--seed", 4).read_bytes() != one
    assert len(list(tmp_path.iterdir())) == 3, "nothing is left beside"


def test_a_midi_file_has_the_tempo_and_the_length(tmp_path: Path) -> None:
    file = mido.MidiFile(render(tmp_path / "a.mid", "--bpm", 90, "--at", "3:/tempo=180"))
    tempi = [m.tempo for m in file.tracks[0] if m.type == "set_tempo"]
    assert tempi == [mido.bpm2tempo(90), mido.bpm2tempo(180)]
    assert file.length == pytest.approx(2 * 4 * 60 / 90 + 2 * 4 * 60 / 180, abs=1e-3)
    kinds = [m.type for m in file.tracks[1]]
    assert kinds.count("note_on") == kinds.count("note_off") > 0


def test_a_bar_archive_is_laid_out_as_training_reads_it(tmp_path: Path) -> None:
    path = render(tmp_path / "a.npz")
    with np.load(path) as archive:
        assert archive["bars"].shape == (4, STEPS_PER_BAR * PITCHES // 8)
        assert archive["tracks"].tolist() == ["PIANO"]
        assert archive["bar_index"].tolist() == [0, 1, 2, 3]
        roll = np.unpackbits(archive["bars"], axis=1).reshape(4, STEPS_PER_BAR, PITCHES, 1)
    assert roll.any(axis=(1, 2, 3)).all()
    assert all(i.date_time[0] == 1980 for i in zipfile.ZipFile(path).infolist())


def test_pictures_and_sound_are_what_they_say(tmp_path: Path) -> None:
    with Image.open(render(tmp_path / "a.png")) as picture:
        assert picture.format == "PNG"
        assert picture.width > 4 * STEPS_PER_BAR
    with wave.open(str(render(tmp_path / "a.wav"))) as sound:
        assert sound.getnchannels() == 2
        seconds = sound.getnframes() / sound.getframerate()
        loudest = np.abs(np.frombuffer(sound.readframes(-1), np.int16).astype(int)).max()
    assert 8 < seconds < 10
    assert 1_000 < loudest < 32_767
    samples, rate = soundfile.read(render(tmp_path / "a.ogg"))
    assert samples.shape[1] == 2
    assert len(samples) / rate == pytest.approx(seconds, abs=0.01)
    assert 0.03 < np.abs(samples).max() < 1


@pytest.mark.parametrize("asked", [0.1, 0.5, 0.9])
def test_density_is_met_exactly_in_every_bar(asked: float, tmp_path: Path) -> None:
    file = mido.MidiFile(render(tmp_path / "a.mid", "--set", f"/density={asked}", "--bars", 20))
    at, counts = 0, [0] * 20
    for message in file.tracks[1]:
        at += message.time
        if message.type == "note_on":
            counts[at // (STEPS_PER_BAR * 20)] += 1
    assert len(set(counts)) == 1
    assert counts[0] > 0


def test_settings_and_timed_moves_take_effect(tmp_path: Path) -> None:
    moves = (
        "--set",
        "/velocity=1",
        "--set",
        "/humanise=0",
        "--at",
        "3:/livegan/velocity=0.5",
        "--at",
        "4:density=0",
    )
    file = mido.MidiFile(render(tmp_path / "a.mid", *moves))
    at, heard = 0, {}
    for message in file.tracks[1]:
        at += message.time
        if message.type == "note_on":
            heard.setdefault(at // (STEPS_PER_BAR * 20), []).append(message.velocity)
    loudness = {bar: sum(velocities) / len(velocities) for bar, velocities in heard.items()}
    assert set(heard) == {0, 1, 2}
    assert min(loudness[0], loudness[1]) > 100 > 70 > loudness[2]


def test_timing_beside_the_grid_reaches_the_file_and_none_at_humanise_0(tmp_path: Path) -> None:
    played, stiff = (
        mido.MidiFile(render(tmp_path / f"{share}.mid", "--set", f"/humanise={share}"))
        for share in (1, 0)
    )
    ticks = stiff.ticks_per_beat // 24
    beside = [start % ticks for start in starts_of(played)]
    assert sum(map(bool, beside)) > len(beside) / 4
    assert not any(start % ticks for start in starts_of(stiff))


def starts_of(file: mido.MidiFile) -> list[int]:
    """Ticks at which notes of the first track of notes begin."""
    at, found = 0, []
    for message in file.tracks[1]:
        at += message.time
        if message.type == "note_on" and message.velocity:
            found.append(at)
    return found


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["serve", "--port", "99999"], "99999"),
        (["serve", "--bpm", "fast"], "'fast' is not a valid number"),
        (["serve", "--colour", "red"], "--colour"),
        (["serve", "--port", "0", "--model", "nothing"], "no model 'nothing'"),
        (["serve", "--port", "0", "--model", "README.md"], "not an ONNX model"),
        (["serve", "--port", "0", "--device", "cuda"], "CUDA"),
        (["serve", "--config", "nowhere.toml"], "nowhere.toml: not a readable TOML file"),
        (["serve", "--config", "pyproject.toml"], "unknown key 'build_system'"),
        (["serve", "--record", "no/such/folder/x.mid"], "does not exist"),
        (["serve", "--record", "x.wav"], "must end in .mid"),
        (["serve", "--record", "/proc/x.mid"], "can't be written"),
        (["serve", "--bpm", "nan"], "nan is not in the range"),
        (["serve", "--host", "nosuch.invalid"], "give an address of this machine"),
        (["render", "--bpm", "nan", "out.mid"], "nan is not in the range"),
        (["render", "--at", "²:/tempo=60", "out.mid"], "must be BAR:ADDRESS=VALUE"),
        (["render", "/proc/out.wav"], "can't be written"),
        (["render", "out.txt"], "OUT must end in .mid, .npz, .ogg, .png, .wav"),
        (["render", "--bars", "0", "out.mid"], "0 is not in the range"),
        (["render", "--set", "/nope=1", "out.mid"], "no such address"),
        (["render", "--set", "/tempo=fast", "out.mid"], "bpm must be a number"),
        (["render", "--at", "x:/tempo=9", "out.mid"], "must be BAR:ADDRESS=VALUE"),
        (["render", "--set", "/subscribe", "out.mid"], "no meaning in a rendering"),
        (["render", "--set", "/morph=verse,3", "out.mid"], "no scene 'verse'"),
        (["send", "/tempo"], "takes bpm"),
        (["train", "nope", "--data", "x.npz", "--out", "y"], "no such configuration"),
        (["train", "piano", "--data", "x.npz", "--out", "y"], "x.npz: no such file"),
        (["export", "x.pt", "y.onnx"], "x.pt: no such file"),
        (["export", "x.pt", "y.txt"], "must end in .onnx"),
        (["inspect", "README.md"], "not a bar archive"),
        (["doctor", "--port", "0"], "0 is not in the range"),
        (["dance"], "No such command 'dance'"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(arguments: list[str], why: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("bpm = [1, 2]", "bpm must be a number"),
        ("bpm = true", "bpm must be a number"),
        ("play = 1", "play must be true or false"),
        ("port = 9.5", "port must be a whole number"),
        ("record = 5", "record must be a text"),
        ('host = ["a"]', "host must be a text"),
        ('feedback = "10.0.0.5:9001"', "feedback must be a list of texts"),
        ("allow = [9]", "allow must be a list of texts"),
    ],
)
def test_a_value_of_the_wrong_type_in_the_file_is_named(line: str, why: str, tmp_path: Path) -> None:
    config = tmp_path / "livegan.toml"
    config.write_text(line)
    done = run("serve", "--config", config)
    assert done.returncode == 2
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1


COMMANDS = [
    "serve", "render", "send", "doctor", "ports", "models", "service", "bench", "completion",
    "prepare", "train", "export", "evaluate", "inspect",
]  # fmt: skip


def test_no_command_at_all_is_answered_with_the_help() -> None:
    assert run().stdout == run("-h").stdout


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_is_everywhere(command: list[str]) -> None:
    done = run(*command, "-h")
    assert done.returncode == 0
    assert "Usage: livegan" in done.stdout


def test_the_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGAN_MIDI_API", "none")
    assert "piano (default)" in run("models").stdout
    assert "no MIDI system found" in run("ports").stdout
    assert "_livegan_completion" in run("completion", "bash").stdout


def test_tab_completes_commands_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_LIVEGAN_COMPLETE", "bash_complete")
    for words, found in (("livegan re", "render"), ("livegan serve --mi", "--midi-out")):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
        assert run().stdout.split(",")[-1].strip() == found


def test_training_commands_say_what_they_miss_when_torch_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('no torch', name='torch')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['livegan', 'train', 'piano']\n"
        "from livegan.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "livegan: livegan train needs the train extra, which is not installed (no torch): "
        "pip install 'livegan[train]'\n"
    )
