"""A small corpus with what judges listen for: songs in a key, with chords, a rhythm and a tune."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan_train.data import BarSet

SCALE = (0, 2, 4, 5, 7, 9, 11)
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 4, 3), (0, 2, 3, 4), (1, 4, 0, 5))
CHORD_RHYTHMS = ((0, 48), (0, 24, 48, 72), (0, 36, 48, 84), (0, 12, 36, 60, 72), (24, 72), (0,))
TUNE_RHYTHMS = (
    (0, 12, 24, 48, 60, 72), (0, 36, 48, 84), (12, 24, 36, 60, 72, 84), (0, 24, 48, 60, 66, 72),
    (0, 18, 36, 48, 66, 84), (0, 48, 72),
)  # fmt: skip


def lay(roll: NDArray[np.bool_], start: int, length: int, pitch: int) -> None:
    """One note, a step short, as the archives have it."""
    roll[start : start + max(1, length - 1), pitch] = True


def bar_of(
    degree: int, key: int, chords: tuple[int, ...], tune: tuple[int, ...], random: np.random.Generator
) -> NDArray[np.bool_]:
    """Chords of three notes below, a tune in the scale above; `[step, pitch]`."""
    roll = np.zeros((STEPS_PER_BAR, PITCHES), bool)
    for start, end in zip(chords, (*chords[1:], STEPS_PER_BAR), strict=True):
        for third in (0, 2, 4):
            octave, place = divmod(degree + third, 7)
            lay(roll, start, end - start, 12 + key + 12 * octave + SCALE[place])
    place = int(random.integers(7, 12))
    for start, end in zip(tune, (*tune[1:], STEPS_PER_BAR), strict=True):
        place = int(np.clip(place + random.integers(-2, 3), 4, 16))
        length = min(end - start, int(random.choice([6, 12, 12, 24, 36])))
        lay(roll, start, length, 24 + key + 12 * (place // 7) + SCALE[place % 7])
    return roll


def song(bars: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """`[bar, step, pitch]`: four chords round and round, one rhythm with an odd bar here and there, a
    bar of silence now and then."""
    key = int(random.integers(12))
    progression = PROGRESSIONS[random.integers(len(PROGRESSIONS))]
    chords = CHORD_RHYTHMS[random.integers(len(CHORD_RHYTHMS))]
    own = TUNE_RHYTHMS[random.integers(len(TUNE_RHYTHMS))]
    made = []
    for bar in range(bars):
        odd = random.random() < 0.2
        tune = TUNE_RHYTHMS[random.integers(len(TUNE_RHYTHMS))] if odd else own
        made.append(bar_of(progression[bar % 4], key, chords, tune, random))
        if random.random() < 0.05:
            made[-1][:] = False
    return np.stack(made)


def corpus(
    songs: int, bars: int, seed: int = 0, drums: bool = False, splits: tuple[float, float] = (0.6, 0.7)
) -> BarSet:
    """A bar set of one piano, or of drums and piano. Songs are for training up to the first share of
    them, for validation to the second, then for testing."""
    random = np.random.default_rng(seed)
    rolls = np.concatenate([song(bars, random) for _ in range(songs)])[..., None]
    if drums:
        beat = np.zeros_like(rolls)
        beat[:, ::24, 12] = beat[:, 12::24, 18] = True
        beat[:, 66, 14] = random.random((len(rolls), 1)) < 0.5
        rolls = np.concatenate([beat, rolls], axis=3)
    place = np.arange(songs) / songs
    return BarSet(
        packed=np.packbits(rolls.reshape(len(rolls), -1), axis=1),
        song_id=np.repeat(np.arange(songs, dtype=np.int32), bars),
        song_split=np.searchsorted(splits, place, "right").astype(np.int32),
        tracks=("Drums", "Piano") if drums else ("Piano",),
        bar_index=np.tile(np.arange(bars, dtype=np.int32), songs),
    )
