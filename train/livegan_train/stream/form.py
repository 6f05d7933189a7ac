"""The form of songs: what neighbouring bars share, and how half phrases come back: from how many bars
before, how often, and in which tracks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.returning import FARTHEST, HALF, TOGETHER, Way

from ..data import BarSet
from .pace import harmony_of_songs, rhythm_of_songs

BACK = (1, 2, HALF, FARTHEST)
"""Bars from which half a phrase may come back: a bar that goes on, a figure of two, phrases."""
OPEN = 0.75
"""Share of half phrases that may come back in play: by default every fourth begins a section, which is
new."""
MOST_OFTEN = 4.0
"""Times as often as the track that goes a way most may half a phrase go it at the most, its tracks each
at other times."""
GRID = (np.arange(200) + 0.5) / 200
PART = 2_000
"""Bars that are unpacked at a time."""


def form_of_songs(train: BarSet, valid: BarSet) -> dict[str, Any]:
    """As a checkpoint keeps it."""
    return {
        "harmony": harmony_of_songs(valid),
        "rhythms": rhythm_of_songs(valid),
        "ways": list(map(list, ways_of_songs(train))),
    }


def ways_of_songs(bars: BarSet) -> tuple[Way, ...]:
    """`tracks` go a way as often as in the songs, all of them together too, as far as that can be.
    A bar goes the shortest way to one that is equal to it, a silent one goes none. What is equal to one
    in between comes with the others. Empty if nothing comes back."""
    number = numbered(bars)
    at = np.arange(FARTHEST, len(bars))
    one_song = bars.song_id[at] == bars.song_id[at - FARTHEST]
    at = at[one_song & (bars.bar_index[at] - bars.bar_index[at - FARTHEST] == FARTHEST)]
    each, whole = going(number, at), going(wholes(number), at)[:, 0]
    most = each.max(1)
    often = [
        m * times_as_often(row / m, w / m, OPEN / m) if m else 0.0
        for row, m, w in zip(each, most, whole, strict=True)
    ]
    return tuple(
        Way(back, min(1.0, round(float(share) / OPEN, 4)), tuple(map(float, (row / share).round(3))))
        for back, share, row in zip(BACK, often, each, strict=True)
        if share > 0
    )


def wholes(number: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each different bar of all tracks `[bar, track]`, -1 for silence, `[bar, 1]`."""
    found = np.unique(number, axis=0, return_inverse=True)[1].reshape(-1, 1).astype(np.int64)
    out: NDArray[np.int64] = np.where((number >= 0).any(1, keepdims=True), found, -1)
    return out


def going(number: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Which share of the bars `at` that sound goes each way, `[way, track]`."""
    sounds = number[at] >= 0
    found = np.zeros((len(BACK), number.shape[1]))
    known = np.zeros_like(sounds)
    for back in range(1, FARTHEST + 1):
        known |= number[at] == number[at - back]
    for place, back in enumerate(BACK):
        same = sounds & (number[at] == number[at - back])
        for nearer in BACK[:place]:
            same &= number[at] != number[at - nearer]
        found[place] = same.sum(0) / np.maximum(1, sounds.sum(0))
    some = (known & sounds).sum(0) / np.maximum(1, sounds.sum(0))
    out: NDArray[np.float64] = found * (some / np.maximum(1e-9, found.sum(0)))
    return out


def times_as_often(shares: NDArray[np.float64], together: float, most: float) -> float:
    """By how much tracks that go this way in such `shares` must go it at other times each, `most` at
    the most, for all to go at once in a share `together`; 1 if they don't so often anyhow."""
    low, high = 1.0, max(1.0, min(MOST_OFTEN, most))
    if at_once(shares, low) <= together:
        return low
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if at_once(shares, middle) > together else (low, middle)
    return high


def at_once(shares: NDArray[np.float64], times: float) -> float:
    """How often all tracks go a way (`returning.drawn`) that is gone so many times as often, each of
    its tracks as often as before."""
    each = shares[:, None] / times
    luck = TOGETHER * (each > GRID) + (1 - TOGETHER) * each
    return times * float(luck.prod(0).mean())


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
