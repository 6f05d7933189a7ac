"""A tune read from a MIDI file."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from livegan.core.music import Note
from livegan.core.roll import notes_from_roll
from livegan.shell.tune import BadTune, read_tune


def write(path: Path, *tracks: list[mido.Message]) -> Path:
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    file.save(path)
    return path


def note(pitch: int, wait: int, length: int, channel: int = 0) -> list[mido.Message]:
    return [
        mido.Message("note_on", note=pitch, velocity=80, time=wait, channel=channel),
        mido.Message("note_off", note=pitch, time=length, channel=channel),
    ]


def test_notes_lie_on_the_steps_of_their_beats(tmp_path: Path) -> None:
    tempo = mido.MetaMessage("set_tempo", tempo=300_000)
    path = write(
        tmp_path / "a.mid", [tempo, *note(60, 0, 480), *note(62, 480, 240)], note(36, 0, 99, 9)
    )
    (bar,) = read_tune(path)
    found = [(n.start, n.length, n.pitch) for n in notes_from_roll(bar)]
    assert found == [(0, 24, 60), (48, 12, 62)]


def test_a_long_tune_is_cut_into_bars(tmp_path: Path) -> None:
    bars = read_tune(write(tmp_path / "a.mid", note(60, 4 * 480 - 120, 240)))
    assert [bar.any() for bar in bars] == [True, True]
    whole = notes_from_roll(np.concatenate(bars))
    assert whole == [Note(90, 12, 60, 90, 0)]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"MThd", "not a readable MIDI file"), (b"", "not a readable MIDI file"), (None, "no such file")],
)
def test_what_is_no_tune_is_one_line(content: bytes | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.mid"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadTune, match=why):
        read_tune(path)


def test_a_file_of_drums_is_no_tune(tmp_path: Path) -> None:
    with pytest.raises(BadTune, match="no notes in it"):
        read_tune(write(tmp_path / "drums.mid", note(36, 0, 10, channel=9)))
    assert read_tune(None) == []
