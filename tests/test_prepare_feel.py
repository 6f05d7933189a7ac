"""How notes were struck goes with them into the archive, and changes nothing else in it."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan_train.data import load_bars
from livegan_train.inspect import inspect
from livegan_train.metrics import note_table
from livegan_train.prepare.choosing import splits_like
from livegan_train.prepare.cli import prepare

from .music_files import STEP, track_of, tune, write_midi, write_old_pianoroll

Struck = tuple[float, int, int, int]
"""Start in steps, length in steps, pitch, velocity."""


def part(notes: list[Struck], channel: int = 0, program: int = 0) -> mido.MidiTrack:
    events: list[tuple[int, mido.Message]] = []
    for start, length, pitch, velocity in notes:
        on = mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)
        off = mido.Message("note_off", note=pitch, velocity=0, channel=channel)
        events += [(round(start * STEP), on), (round((start + length) * STEP), off)]
    events.sort(key=lambda event: (event[0], event[1].type == "note_on"))
    change = mido.Message("program_change", program=program, channel=channel)
    return track_of([(0, change), *events])


def run(*arguments: object) -> Result:
    return CliRunner().invoke(prepare, [str(argument) for argument in arguments])


def prepared(folder: Path, *arguments: object) -> dict[str, np.ndarray]:
    out = folder / "out.npz"
    done = run(folder / "music", out, "--jobs", 1, *arguments)
    assert done.exit_code == 0, done.output
    with np.load(out) as archive:
        return dict(archive)


def struck(folder: Path, archive: dict[str, np.ndarray]) -> list[tuple[int, int, int, int, int, int]]:
    """(bar, track, pitch, start, velocity, timing) of every note, found as the documentation says."""
    rolls = load_bars(folder / "out.npz").rolls(slice(None))
    found = []
    for bar, roll in enumerate(rolls):
        place = int(archive["note_start"][bar])
        for track in range(len(roll)):
            for _, row, start, _ in note_table(roll[track : track + 1]).tolist():
                felt = int(archive["note_velocity"][place]), int(archive["note_timing"][place])
                found.append((bar, track, row + 24, start, *felt))
                place += 1
        assert place == archive["note_start"][bar + 1]
    return found


def test_every_note_of_every_track_brings_its_velocity(tmp_path: Path) -> None:
    piano = part([(0, 24, 60, 90), (0, 24, 64, 50), (48, 12, 60, 33), (96, 6, 72, 1)])
    drums = part([(0, 1, 36, 127), (24, 1, 38, 20)], channel=9)
    write_midi(tmp_path / "music" / "a.mid", [piano, drums])
    archive = prepared(tmp_path, "--tracks", "Drums,Piano")
    assert struck(tmp_path, archive) == [
        (0, 0, 36, 0, 127, 0),
        (0, 0, 38, 24, 20, 0),
        (0, 1, 60, 0, 90, 0),
        (0, 1, 60, 48, 33, 0),
        (0, 1, 64, 0, 50, 0),
        (1, 1, 72, 0, 1, 0),
    ]


def test_timing_is_what_the_grid_took_away_in_hundredths_of_a_sixteenth(tmp_path: Path) -> None:
    notes: list[Struck] = [(0, 6, 60, 80), (7.5, 4, 62, 80), (11.1, 4, 64, 80), (20.3, 3, 65, 80)]
    write_midi(tmp_path / "music" / "a.mid", [part(notes)])
    as_written = struck(tmp_path, prepared(tmp_path, "--tracks", "Piano"))
    assert [(start, late) for _, _, _, start, _, late in as_written] == [
        *((0, 0), (8, -8)),
        *((11, 2), (20, 5)),
    ]
    snapped = struck(tmp_path, prepared(tmp_path, "--tracks", "Piano", "--snap", 2))
    assert [(start, late) for _, _, _, start, _, late in snapped] == [
        *((0, 0), (6, 25)),
        *((12, -15), (20, 5)),
    ]


def test_the_rest_of_a_note_after_the_bar_line_has_its_velocity_and_is_not_late(tmp_path: Path) -> None:
    write_midi(tmp_path / "music" / "a.mid", [part([(90.4, 30, 60, 77)])])
    assert struck(tmp_path, prepared(tmp_path, "--tracks", "Piano")) == [
        (0, 0, 60, 90, 77, 7),
        (1, 0, 60, 0, 77, 0),
    ]


VOICES = st.lists(
    st.tuples(st.integers(0, 380), st.integers(1, 40), st.integers(55, 62), st.integers(1, 127)),
    min_size=1,
    max_size=30,
    unique_by=lambda note: (note[0], note[2]),
)


@settings(max_examples=40, deadline=None)
@given(VOICES)
def test_a_run_of_cells_has_the_velocity_of_the_note_that_begins_it(
    tmp_path_factory: pytest.TempPathFactory, notes: list[tuple[int, int, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("felt")
    alone = [
        (s, min([n, *(o - s for o, _, q, _ in notes if q == p and o > s)]), p, v)
        for s, n, p, v in notes
    ]
    write_midi(folder / "music" / "a.mid", [part([(0, 1, 24, 1), *alone])])
    found = struck(folder, prepared(folder, "--tracks", "Piano"))
    velocity = {(s, p): v for s, _, p, v in [(0, 1, 24, 1), *alone]}
    for bar, _, pitch, start, felt, late in found:
        assert late == 0
        if (96 * bar + start, pitch) in velocity:
            assert felt == velocity[96 * bar + start, pitch]
        else:
            assert start == 0, "only a bar line begins a note that nobody struck"


def test_piano_rolls_leave_the_arrays_out(tmp_path: Path) -> None:
    roll = np.zeros((96, 128), bool)
    roll[:20, 60] = True
    (tmp_path / "music").mkdir()
    write_old_pianoroll(tmp_path / "music" / "a.npz", {"Piano": (0, False, roll)}, 24)
    archive = prepared(tmp_path)
    assert not [key for key in archive if key.startswith("note_")]
    shown = CliRunner().invoke(inspect, [str(tmp_path / "out.npz")]).output
    assert "no velocity or timing of its notes" in shown


def test_inspect_tells_of_velocities(tmp_path: Path) -> None:
    write_midi(tmp_path / "music" / "a.mid", [part([(0, 6, 60, 80), (6.6, 6, 62, 100)])])
    prepared(tmp_path, "--snap", 2)
    shown = CliRunner().invoke(inspect, [str(tmp_path / "out.npz")]).output
    assert "velocity and timing of 2 notes: 90 +- 10; +0.05 +- 0.05 of a 16th" in shown


def test_songs_keep_the_split_of_another_archive(tmp_path: Path) -> None:
    for seed in range(5):
        notes: list[Struck] = [(s, n, p, 64) for s, n, p in tune(seed)]
        write_midi(tmp_path / "music" / "x" / f"{seed}.mid", [part(notes)])
    first = prepared(tmp_path, "--valid", 40, "--test", 20)
    (tmp_path / "out.npz").rename(tmp_path / "other.npz")
    write_midi(tmp_path / "music" / "x" / "9.mid", [part([(0, 6, 60, 64)])])
    again = prepared(tmp_path, "--split-as", tmp_path / "other.npz", "--seed", 7)
    assert again["song_names"].tolist() == first["song_names"].tolist()
    assert again["song_split"].tolist() == first["song_split"].tolist()
    assert sorted(again["song_split"].tolist()) == [0, 0, 1, 1, 2]
    np.savez(tmp_path / "other.npz", **{**first, "song_names": np.array(list("abcde"))})
    done = run(tmp_path / "music", tmp_path / "out.npz", "--split-as", tmp_path / "other.npz")
    assert done.exit_code == 2
    assert "has no song of these" in " ".join(done.output.split())


def test_songs_are_the_same_where_one_name_ends_with_the_other() -> None:
    others = {"../a/x.mid": 1, "b/x.mid": 2, "y.mid": 0}
    assert splits_like(["a/x.mid", "deep/b/x.mid", "any/y.mid", "c/x.mid"], others) == {
        "a/x.mid": 1,
        "deep/b/x.mid": 2,
        "any/y.mid": 0,
    }
    assert splits_like(["x.mid"], others) == {}
