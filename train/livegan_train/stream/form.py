"""The form of songs: what neighbouring bars share, and how half phrases come back: from how many bars
before, how often, and in which tracks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.returning import FARTHEST, HALF, Way

from ..data import BarSet
from .pace import shared_by_songs

BACK = (1, 2, HALF, FARTHEST)
"""Bars from which half a phrase may come back: a bar that goes on, a figure of two, phrases."""
OPEN = 0.75
"""Share of half phrases that may come back in play: by default every fourth begins a section, which is
new."""
PART = 2_000
"""Bars that are unpacked at a time."""


def form_of_songs(train: BarSet, valid: BarSet) -> dict[str, Any]:
    """As a checkpoint keeps it."""
    return {"shared": shared_by_songs(valid), "ways": list(map(list, ways_of_songs(train)))}


def ways_of_songs(bars: BarSet) -> tuple[Way, ...]:
    """`often` is that of the track that goes this way most, `tracks` how often each does beside that
    one. A bar goes the shortest way to one that is equal to it, a silent one goes none. Empty if
    nothing comes back."""
    number = numbered(bars)
    at = np.arange(FARTHEST, len(bars))
    one_song = bars.song_id[at] == bars.song_id[at - FARTHEST]
    at = at[one_song & (bars.bar_index[at] - bars.bar_index[at - FARTHEST] == FARTHEST)]
    sounds = number[at] >= 0
    going = np.zeros((len(BACK), len(bars.tracks)))
    for place, back in enumerate(BACK):
        same = sounds & (number[at] == number[at - back])
        for nearer in BACK[:place]:
            same &= number[at] != number[at - nearer]
        going[place] = same.sum(0) / np.maximum(1, sounds.sum(0))
    often = going.max(1)
    return tuple(
        Way(back, min(1.0, round(float(most) / OPEN, 4)), tuple(map(float, (row / most).round(3))))
        for back, most, row in zip(BACK, often, going, strict=True)
        if most > 0
    )


def numbered(bars: BarSet) -> NDArray[np.int64]:
    """A number for each different bar of a track, -1 for silence, `[bar, track]`."""
    known: dict[bytes, int] = {}
    numbers = np.empty((len(bars), len(bars.tracks)), np.int64)
    for first in range(0, len(bars), PART):
        rolls = bars.rolls(slice(first, first + PART))
        packed = np.packbits(rolls.reshape(*rolls.shape[:2], -1), axis=2)
        for row, tracks in enumerate(packed, first):
            for track, bits in enumerate(tracks):
                key = bits.tobytes()
                numbers[row, track] = known.setdefault(key, len(known)) if bits.any() else -1
    return numbers
