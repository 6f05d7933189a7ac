"""Sound: notes where the player struck them, each track by its own instrument, in a small file."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from livegan.core.music import Note, seconds_per_step
from livegan.shell.instruments import RATE, VOICES, voice_of
from livegan.shell.sound import ogg, render, write_sound

TEMPI = ((0, 120.0),)


def first_sample(note: Note) -> int:
    sound = render([note], TEMPI, 96)
    return int(np.flatnonzero(np.abs(sound).sum(axis=1) > 0)[0])


@pytest.mark.parametrize("offset", [0.5, -0.5, 1.25])
def test_a_note_sounds_as_late_as_it_was_played(offset: float) -> None:
    late = first_sample(Note(24, 24, 60, 100, 0, offset)) - first_sample(Note(24, 24, 60, 100))
    assert late == pytest.approx(offset * seconds_per_step(120) * RATE, abs=2)


def test_nothing_sounds_before_the_music() -> None:
    assert first_sample(Note(0, 24, 60, 100, 0, -1.0)) == first_sample(Note(0, 24, 60, 100))


def test_louder_notes_sound_louder() -> None:
    soft, plain = (render([Note(0, 24, 60, v)], TEMPI, 96) for v in (45, 90))
    assert np.abs(soft).max() < 0.5 * np.abs(plain).max()


@pytest.mark.parametrize("track", ["Drums", *VOICES, "PIANO", "Kazoo"])
@pytest.mark.parametrize("pitch", [24, 36, 38, 42, 49, 60, 107])
def test_every_instrument_sounds_at_every_height(track: str, pitch: int) -> None:
    sound = render([Note(0, 24, pitch)], TEMPI, 96, {0: track})
    assert np.isfinite(sound).all()
    assert 0.01 < np.abs(sound).max() <= 1.0


def test_each_channel_has_the_instrument_of_its_track() -> None:
    notes = [Note(0, 24, 42, 100, channel) for channel in (0, 9)]
    piano, hat = (render([note], TEMPI, 96, {0: "Piano", 9: "Drums"}) for note in notes)
    assert voice_of("Kazoo") == "piano"
    assert np.array_equal(piano, render([Note(0, 24, 42, 100, 9)], TEMPI, 96)), "a piano, if unnamed"
    late = RATE // 2
    assert np.abs(hat[late:]).max() < 0.01 * np.abs(hat).max(), "a closed hat is short"
    assert np.abs(piano[late:]).max() > 0.01 * np.abs(piano).max()


def test_vorbis_is_small_whole_and_the_same_each_time(tmp_path: Path) -> None:
    sound = render([Note(start, 24, 60) for start in range(0, 960, 24)], TEMPI, 960)
    content = ogg(sound)
    assert ogg(sound) == content, "no serial number by chance"
    samples, rate = soundfile.read(io.BytesIO(content))
    assert (len(samples), rate) == (len(sound), RATE), "no page was refused for its checksum"
    assert np.abs(samples - sound).max() < 0.2 * np.abs(sound).max()
    for name in ("a.ogg", "a.wav"):
        write_sound(tmp_path / name, sound)
    assert (tmp_path / "a.ogg").read_bytes() == content
    assert (tmp_path / "a.wav").stat().st_size > 10 * len(content)
