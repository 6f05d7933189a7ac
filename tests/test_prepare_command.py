"""`livegan prepare` and `livegan inspect`: whole runs, mistakes, damaged files, ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from livegan_train.data import load_bars
from livegan_train.inspect import inspect, measure_all
from livegan_train.metrics import measure_tracks
from livegan_train.prepare import crew
from livegan_train.prepare.cli import prepare
from livegan_train.prepare.reading import Drawn, Refused, read_source
from livegan_train.prepare.song import Settings
from livegan_train.prepare.sources import Source
from livegan_train.prepare.stored import open_archive
from livegan_train.prepare.tracks import plan_of

from .conftest import wait_for
from .music_files import part, tune, write_midi

SETTINGS = Settings(plan=plan_of(["Piano"]))


def run(*arguments: object, command: Any = prepare) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Six songs, one of them twice, one again a third higher, a damaged one and a text."""
    folder = tmp_path / "music"
    for seed in range(6):
        write_midi(folder / f"{seed}.mid", [part(tune(seed)), part([(0, 96, 40)], 33, 1)])
    (folder / "again.mid").write_bytes((folder / "0.mid").read_bytes())
    higher = [(start, length, pitch + 4) for start, length, pitch in tune(1)]
    write_midi(folder / "higher.mid", [part(higher, program=4)])
    (folder / "broken.mid").write_bytes((folder / "3.mid").read_bytes()[:100])
    (folder / "readme.txt").write_text("no music")
    return folder


def test_a_folder_becomes_an_archive_that_training_reads(music: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    done = run(music, out, "--jobs", 2, "--tracks", "Piano,Low=Bass", "--valid", 20, "--test", 20)
    assert done.exit_code == 0, done.output
    assert re.search(r"^broken\.mid: damaged .*$", done.output, re.M)
    assert "72 bars of 6 songs (4 train, 1 valid, 1 test); Piano, Low" in done.output
    for line in ("dropped 3 of 9 files", "1  can't be read", "1  same file", "1  nearly the same song"):
        assert line in done.output
    bars = load_bars(out)
    assert bars.tracks == ("Piano", "Low")
    assert len(bars.select("train")) == 48
    with np.load(out) as archive:
        assert archive["song_names"].tolist() == [f"{seed}.mid" for seed in range(6)]
        assert archive["bar_index"][:13].tolist() == [*range(12), 0]
        assert archive["shape"].tolist() == [96, 84, 2]
    roll = bars.rolls(slice(0, 1))[0]
    assert (roll[0].sum(), roll[1].sum()) == (80, 96)


def test_the_bytes_do_not_depend_on_the_number_of_jobs(music: Path, tmp_path: Path) -> None:
    one, many = tmp_path / "one.npz", tmp_path / "many.npz"
    assert run(music, one, "--jobs", 1).exit_code == 0
    assert run(music, many, "--jobs", 4).exit_code == 0
    assert one.read_bytes() == many.read_bytes()


def test_ids_samples_and_copies_are_chosen(music: Path, tmp_path: Path) -> None:
    out, ids = tmp_path / "out.npz", tmp_path / "rock.txt"
    ids.write_text("# a genre\n0 Rock\nagain\nhigher.mid\n\n")
    assert "36 bars of 3 songs" in run(music, out, "--ids", ids, "--keep-copies").output
    assert "of 2 songs" in run(music, out, "--ids", ids).output
    assert "4 files" in run(music, out, "--sample", "50%").output


def test_another_grid_is_written_as_it_is_and_training_says_so(music: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    assert run(music, out, "--steps-per-beat", 4, "--pitches", "36-95").exit_code == 0
    stored = open_archive(out)
    assert (stored.shape, stored.lowest_pitch) == ((16, 60, 5), 36)
    with pytest.raises(ValueError, match="16 steps of 60 pitches"):
        load_bars(out)
    assert "16 steps a bar, 60 pitches from 36 to 95" in run(out, command=inspect).output


MISTAKES: dict[str, tuple[Callable[[Path], list[object]], str]] = {
    "no folder": (lambda t: [t / "gone", t / "o.npz"], "no such file"),
    "empty folder": (lambda t: [t / "empty", t / "o.npz"], "no MIDI files"),
    "a text": (lambda t: [t / "music" / "readme.txt", t / "o.npz"], "not a MIDI file"),
    "no npz": (lambda t: [t / "music", t / "o.mid"], "must end in .npz"),
    "no place": (lambda t: [t / "music", t / "gone" / "o.npz"], "there is no folder"),
    "no bars": (lambda t: [t / "music" / "broken.mid", t / "o.npz"], "was not written"),
    "not ours": (lambda t: [t / "music", t / "theirs.npz"], "is no bar archive"),
    "no track": (lambda t: [t / "music", t / "o.npz", "--tracks", "Flute"], "no track 'flute'"),
    "no names": (lambda t: [t / "music", t / "o.npz", "--families", "names"], "needs --tracks"),
    "no ids": (lambda t: [t / "music", t / "o.npz", "--ids", t / "gone"], "not a list of ids"),
    "no song": (lambda t: [t / "music", t / "o.npz", "--ids", t / "ids"], "none of the 1 ids"),
    "no sample": (lambda t: [t / "music", t / "o.npz", "--sample", "0%"], "expected a number or 10%"),
    "metre": (lambda t: [t / "music", t / "o.npz", "--metre", "4/5"], "expected a metre"),
    "pitches": (lambda t: [t / "music", t / "o.npz", "--pitches", "9"], "expected MIDI pitches"),
    "grid": (
        lambda t: [t / "music", t / "o.npz", "--metre", "3/8", "--steps-per-beat", 1],
        "no whole number",
    ),
    "splits": (lambda t: [t / "music", t / "o.npz", "--valid", 60, "--test", 40], "less than a tenth"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_get_one_line_and_touch_nothing(music: Path, tmp_path: Path, case: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "ids").write_text("nobody\n")
    np.savez(tmp_path / "theirs.npz", other=np.zeros(1))
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    arguments, message = MISTAKES[case]
    done = run(*arguments(tmp_path))
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.output.split())
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def fragile(connection: Connection, settings: Settings) -> None:
    """A worker that dies of one file and hangs on another."""
    while True:
        source = connection.recv()
        if source.name == "deadly":
            os.kill(os.getpid(), signal.SIGSEGV)
        if source.name == "endless":
            time.sleep(60)
        connection.send(read_source(source, settings))


def test_a_file_that_ends_or_holds_its_reader_is_one_refusal(music: Path) -> None:
    names = ["0", "deadly", "1", "endless", "2"]
    sources = [Source(music / f"{n if n.isdigit() else 3}.mid", n, "midi", n) for n in names]
    results = list(crew.read_all(sources, SETTINGS, 2, fragile, most_seconds=5.0))
    assert [type(result) for result in results] == [Drawn, Refused, Drawn, Refused, Drawn]
    assert isinstance(results[1], Refused)
    assert "ended its reader" in results[1].reason
    assert isinstance(results[3], Refused)
    assert "took longer" in results[3].reason


def heed_interrupts() -> None:
    """Tests that a shell runs in its background ignore ctrl-C, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    for seed in range(50):
        write_midi(tmp_path / "music" / f"{seed:05}.mid", [part(tune(seed, 30))])
    for copy in range(50, 20_000):
        os.link(tmp_path / "music" / f"{copy % 50:05}.mid", tmp_path / "music" / f"{copy:05}.mid")
    code = "from livegan_train.prepare.cli import prepare; prepare()"
    out = tmp_path / "out.npz"
    command = [
        sys.executable,
        "-c",
        code,
        str(tmp_path / "music"),
        str(out),
        "--jobs",
        "1",
        "-v",
        "--keep-copies",
    ]
    (tmp_path / "music" / "00000a.mid").write_bytes(b"damaged: its line says that work has begun")
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    assert process.stderr is not None
    wait_for(lambda: "00000a.mid" in process.stderr.readline(), 20, "line of the damaged file")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to the workers too
    written, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "")
    assert re.search(r"stopped after [\d,]+ of 20,001 files", written), written
    stored = open_archive(out)
    assert 0 < len(np.unique(stored.song_id)) < 20_000
    assert load_bars(out).rolls(slice(None)).any(axis=(1, 2, 3)).all()
    assert not [path for path in tmp_path.iterdir() if path.name not in ("music", "out.npz")]


@pytest.fixture
def archive(music: Path, tmp_path: Path) -> Path:
    out = tmp_path / "bars.npz"
    assert run(music, out).exit_code == 0
    return out


def test_inspect_measures_in_blocks_what_metrics_measures_at_once(archive: Path) -> None:
    stored = open_archive(archive)
    everything = measure_all(stored, np.ones(len(stored.split), bool))
    for ours, whole in zip(
        everything, measure_tracks(load_bars(archive).rolls(slice(None))), strict=True
    ):
        for key, value in whole.as_dict().items():
            assert ours.as_dict()[key] == pytest.approx(value, abs=2e-3), key


def test_inspect_counts_and_draws(archive: Path, tmp_path: Path) -> None:
    done = run(archive, "--picture", tmp_path / "a.png", "--bars", 3, command=inspect)
    assert done.exit_code == 0, done.output
    assert "72 bars of 6 songs" in done.output
    assert "train: 48 bars of 4 songs" in done.output
    assert "120 to 120 bpm" in done.output
    assert re.search(r"^Piano: EB 0\.0  UPC ", done.output, re.M)
    with Image.open(tmp_path / "a.png") as picture:
        colours = {colour for _, colour in picture.getcolors(1 << 16)}
        assert picture.width > 3 * 96 * 2
    assert (255, 180, 84) in colours  # the second track's


def test_inspect_compares_the_songs_that_both_have(archive: Path, music: Path, tmp_path: Path) -> None:
    (music / "5.mid").unlink()
    other = tmp_path / "other.npz"
    assert run(music, other, "--tracks", "piano").exit_code == 0
    done = run(archive, "--against", other, command=inspect)
    assert f"only in {archive}: 5.mid" in done.output
    assert "5 songs in both: 60 bars against 60 (+0.00 %)" in done.output
    assert re.search(r"^Piano: EB .* UPC .*\(\+0\.00 %\)", done.output, re.M)


@pytest.mark.parametrize(
    ("content", "message"),
    [({}, "it has no bars"), ({"bars": np.zeros((3, 7), np.uint8)}, "have 7 bytes, expected 1008")],
)
def test_inspect_refuses_other_files(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    path = tmp_path / "a.npz"
    rest = {"song_id": np.zeros(3, int), "song_split": np.zeros(1, int), "tracks": np.array(["A"])}
    np.savez(path, **(content | rest if content else {"other": np.zeros(1)}))
    done = run(path, command=inspect)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
