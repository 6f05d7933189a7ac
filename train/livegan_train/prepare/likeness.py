"""Songs that are nearly the same, whatever their key, tempo and instruments.

A song is the set of its windows: four beats from every beat, each as the 16ths and intervals above its
lowest pitch at which notes start. 64 minimum hashes of that set (Broder, 1997) say how much of it two
songs share; four hashes at a time are the key by which songs that may be alike are found.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .song import IntArray

HASHES, ROWS = 64, 4
SAME = 0.6
"""Songs that share at least this part of all their windows are one song. Different songs of POP909,
Groove and free games share less than 0.3; the two copies among them 0.77 and 0.83."""
WINDOW_BEATS = 4
FEWEST_WINDOWS = 8

Signature = NDArray[np.uint64]

_random = np.random.default_rng(20190817)
_CELLS = _random.integers(1, 2**63, (16, 128), np.uint64) | np.uint64(1)
_FACTORS = _random.integers(1, 2**63, HASHES, np.uint64) | np.uint64(1)


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: every input bit moves every output bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def windows(sixteenth: IntArray, pitch: IntArray) -> Iterator[NDArray[np.uint64]]:
    """A hash of each window with notes, for windows from every beat."""
    for shift in range(WINDOW_BEATS):
        place = sixteenth + 16 - 4 * shift
        window = place >> 4
        starts = np.flatnonzero(np.diff(window, prepend=window[0] - 1))
        lowest = np.repeat(np.minimum.reduceat(pitch, starts), np.diff(starts, append=len(window)))
        cells = _CELLS[place & 15, np.minimum(pitch - lowest, 127)]
        yield np.add.reduceat(mixed(cells), starts)


def signature(start: IntArray, pitch: IntArray, steps_per_beat: int) -> Signature | None:
    """Minimum hashes of a song's onsets, uint64 `[64]`; None where it is too short to tell."""
    if not len(start):
        return None
    sixteenth = np.rint(start * 4 / steps_per_beat).astype(np.int64)
    onsets = np.unique((sixteenth - sixteenth.min()) * 128 + pitch)
    found = np.unique(np.concatenate(list(windows(onsets >> 7, onsets & 127))))
    if len(found) < FEWEST_WINDOWS:
        return None
    least = np.full(HASHES, np.iinfo(np.uint64).max, np.uint64)
    for part in np.array_split(found, -(-len(found) // 4096)):
        least = np.minimum(least, mixed(part[:, None] * _FACTORS).min(axis=0))
    return least


class Likenesses:
    """The songs so far, found by their signatures: about 2 kB for each."""

    def __init__(self) -> None:
        self._signatures: list[NDArray[np.uint32]] = []
        self._names: list[str] = []
        self._first_with: dict[int, int] = {}

    def like(self, signature: Signature) -> str | None:
        """The name of the first song that is nearly the same, or None."""
        short = signature.astype(np.uint32)
        candidates = {self._first_with[key] for key in keys(signature) if key in self._first_with}
        for candidate in sorted(candidates):
            if float((self._signatures[candidate] == short).mean()) >= SAME:
                return self._names[candidate]
        return None

    def add(self, name: str, signature: Signature) -> None:
        place = len(self._signatures)
        self._signatures.append(signature.astype(np.uint32))
        self._names.append(name)
        for key in keys(signature):
            self._first_with.setdefault(key, place)


def keys(signature: Signature) -> list[int]:
    """Sixteen keys; songs that share SAME of their windows have one in common in 9 cases of 10."""
    bands = signature.reshape(-1, ROWS)
    grouped = mixed(bands * _FACTORS[:ROWS]).sum(axis=1) ^ _FACTORS[: len(bands)]
    keyed: list[int] = grouped.tolist()
    return keyed
