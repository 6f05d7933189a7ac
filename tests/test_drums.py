"""`livegan drums`: songs with other drums."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from click.testing import CliRunner, Result

from livegan_train.data import load_bars
from livegan_train.prepare.drums import drums

from .bar_archives import one_track, three_tracks, write_bars


def played(path: Path) -> Path:
    """Drums on every off-beat, in every bar other than the last of a song."""
    rolls = np.zeros((20, 96, 84, 1), bool)
    rolls[:, 12::24, 14] = True
    rolls[4::5] = False
    return write_bars(path, rolls, ("Drums",))


def given(*words: object) -> Result:
    return CliRunner().invoke(drums, [str(word) for word in words])


def test_training_songs_come_again_with_other_drums(tmp_path: Path) -> None:
    songs, out = three_tracks(tmp_path / "songs.npz"), tmp_path / "out.npz"
    result = given(songs, played(tmp_path / "drums.npz"), out, "--share", "0.5")
    assert result.exit_code == 0, result.output
    old, new = load_bars(songs), load_bars(out)
    assert len(new) == len(old) + 3 * 5, "half of six training songs, five bars each"
    assert (new.packed[: len(old)] == old.packed).all()
    assert (new.song_split[8:] == 0).all()
    rolls = new.rolls(slice(len(old), None))
    assert rolls[:4, 2, 12::24, 14].all()
    assert not rolls[:4, 2, ::24, 12].any(), "its own are gone"
    assert not rolls[4, 2].any(), "in the order in which they were played"
    chosen = [
        song
        for song in range(6)
        if (old.rolls(np.flatnonzero(old.song_id == song))[:, :2] == rolls[:5, :2]).all()
    ]
    assert len(chosen) == 1, "the rest is one song's"
    assert new.bar_index[len(old) :].tolist() == [*range(5)] * 3


def test_archives_without_drums_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    songs, out = three_tracks(tmp_path / "songs.npz"), tmp_path / "out.npz"
    result = given(songs, one_track(tmp_path / "piano.npz"), out)
    assert result.exit_code == 2
    assert "no drums among the tracks PIANO" in result.output
    assert not out.exists()
    assert given(songs, songs, tmp_path / "out.txt").exit_code == 2
