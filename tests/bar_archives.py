"""Small bar archives for tests of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan_train.data import BarSet


def scales(bars: int = 40) -> NDArray[np.bool_]:
    """Rolls of broken chords, four notes each, `[bar, step, pitch]`."""
    rolls = np.zeros((bars, STEPS_PER_BAR, PITCHES), bool)
    for bar in range(bars):
        for place, interval in enumerate((0, 4, 7, 12)):
            start = place * 24
            rolls[bar, start : start + 18, 24 + bar % 12 + interval] = True
    return rolls


def write_bars(path: Path, rolls: NDArray[np.bool_], tracks: tuple[str, ...]) -> Path:
    """An archive of `[bar, step, pitch, track]`: songs of five bars, the last two for validation."""
    bars = len(rolls)
    songs = bars // 5
    np.savez(
        path,
        bars=np.packbits(rolls.reshape(bars, -1), axis=1),
        song_id=np.repeat(np.arange(songs), 5),
        bar_index=np.tile(np.arange(5), songs),
        song_split=np.array([0] * (songs - 2) + [1] * 2),
        tracks=np.array(tracks),
    )
    return path


def one_track(path: Path) -> Path:
    return write_bars(path, scales()[..., None], ("PIANO",))


def three_tracks(path: Path) -> Path:
    """Chords, their roots in the bass, and a drum on every beat."""
    chords = scales()
    bass = np.zeros_like(chords)
    bass[:, :90, 4:16] = chords[:, :1, 24:36]
    drums = np.zeros_like(chords)
    drums[:, ::24, 12] = True
    return write_bars(path, np.stack([chords, bass, drums], axis=3), ("Piano", "Bass", "Drums"))


def write_archive(path: Path, bars: BarSet) -> Path:
    np.savez(
        path,
        bars=bars.packed,
        song_id=bars.song_id,
        bar_index=bars.bar_index,
        song_split=bars.song_split,
        tracks=np.array(bars.tracks),
    )
    return path
