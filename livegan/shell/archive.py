"""Writing bars as a bar archive (`.npz`): packed rolls, one song, the layout that training reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.model import Track
from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, Note
from livegan.core.rendering import parts_of, roll_of

from .files import write_whole

TEST_SPLIT = 2


def rolls_of(notes: Sequence[Note], bars: int, tracks: Sequence[Track]) -> NDArray[np.bool_]:
    """Rolls `[bar, step, pitch, track]` of notes whose starts count from the beginning."""
    rolls = roll_of(parts_of(notes, tracks), bars * STEPS_PER_BAR)
    return np.moveaxis(rolls, 0, 2).reshape(bars, STEPS_PER_BAR, PITCHES, len(tracks))


def write_archive(
    path: Path, notes: Sequence[Note], bars: int, tracks: Sequence[Track], name: str, bpm: float
) -> None:
    """All bars as one song of the test split."""
    packed = np.packbits(rolls_of(notes, bars, tracks).reshape(bars, -1), axis=1)
    content: dict[str, Any] = {
        "bars": packed,
        "song_id": np.zeros(bars, np.int32),
        "bar_index": np.arange(bars, dtype=np.int32),
        "song_names": np.array([name]),
        "song_bpm": np.array([bpm], np.float32),
        "song_split": np.array([TEST_SPLIT], np.int32),
        "tracks": np.array([track.name for track in tracks]),
        "shape": np.array([STEPS_PER_BAR, PITCHES, len(tracks)], np.int32),
        "lowest_pitch": np.array(LOWEST_PITCH, np.int32),
    }
    write_whole(path, lambda beside: np.savez_compressed(beside, **content))
