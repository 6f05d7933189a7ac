"""The README's three lines on real MIDI files: from a folder of songs to a model that plays."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from livegan.core.rendering import channel_of
from livegan.shell.generator import load_model
from livegan_train.checkpoint import load
from livegan_train.data import load_bars

from .conftest import LIVEGAN

README = Path(__file__).parent.parent / "README.md"
GAMES = ("/usr/share/games/openttd/baseset/openmsx", "/usr/share/games/simutrans/music")
FILES = 40


@pytest.fixture(scope="module")
def midi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 40 real MIDI files."""
    folder = tmp_path_factory.mktemp("songs") / "midi"
    folder.mkdir()
    sources = [os.environ["LIVEGAN_TEST_MIDI"]] if "LIVEGAN_TEST_MIDI" in os.environ else GAMES
    found = [file for source in sources for file in sorted(Path(source).rglob("*.mid"))]
    if len(found) < FILES:
        pytest.fail(
            f"{len(found)} MIDI files in {', '.join(sources)}: run scripts/test, which brings them"
        )
    for file in found[:FILES]:
        shutil.copy(file, folder)
    return folder


def three_lines() -> list[list[str]]:
    """The commands of the README's block that begins with prepare, without their comments."""
    block = re.search(r"```sh\n(livegan prepare.*?)```", README.read_text(), re.DOTALL)
    assert block is not None
    return [shlex.split(line, comments=True)[1:] for line in block[1].strip().splitlines()]


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*LIVEGAN, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
def test_three_lines_take_a_folder_of_midi_files_to_a_model_that_plays(midi: Path) -> None:
    prepare, train, export, *rest = three_lines()
    assert (prepare[0], train[0], export[0]) == ("prepare", "train", "export")
    assert len(rest) == 1, "and one more to hear it"
    folder = midi.parent
    run(prepare, folder)
    bars = load_bars(folder / "bars.npz")
    assert len(np.unique(bars.song_id)) >= 30
    assert len(bars) > 1_000
    run([*train, "--steps", "8", "--threads", "1"], folder)
    run(export, folder)
    model = folder / export[2]
    assert load(folder / export[1]).step == 8
    generator = load_model(str(model))
    assert [track.name for track in generator.info.tracks] == list(bars.tracks)
    assert len({channel_of(place, generator.info.tracks) for place in range(5)}) == 5
    assert rest[0][:3] == ["serve", "--model", export[2]]
    run(["render", "--model", export[2], "--bars", "4", "out.mid"], folder)
