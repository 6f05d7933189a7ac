"""How alike bars are: Jaccard distance of their cells, and the nearest real bar at any transposition.

Bars are packed pitch by pitch, so that transposing is shifting whole words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import PITCHES, STEPS_PER_BAR

from ..data import BarSet
from ..metrics import BoolArray

WORDS = STEPS_PER_BAR // 32
SHIFTS = range(-12, 13)
CANDIDATES, TRIALS = 4_000, 1_000
TIME_CELLS, LONGEST_ROWS = 32, 16
PAIRS = 4_000
CHUNK = 1_000

ONES = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)

Words = NDArray[np.uint32]


def pack(rolls: BoolArray) -> Words:
    """Words `[bar, track, pitch, 3]` of rolls `[bar, track, step, pitch]`."""
    packed = [
        np.packbits(rolls[i : i + CHUNK].swapaxes(2, 3), axis=3) for i in range(0, len(rolls), CHUNK)
    ]
    return np.ascontiguousarray(np.concatenate(packed)).view(np.uint32)


def pack_set(real: BarSet) -> Words:
    """Words of a whole bar set, without all its rolls in memory at once."""
    return np.concatenate([pack(real.rolls(slice(i, i + CHUNK))) for i in range(0, len(real), CHUNK)])


def cells(words: Words) -> NDArray[np.int64]:
    """Cells that are on in each bar, int `[...]` of words `[..., track, pitch, 3]`."""
    flat = words.reshape(*words.shape[:-3], -1)
    if hasattr(np, "bitwise_count"):
        counts: NDArray[np.int64] = np.bitwise_count(flat).sum(axis=-1, dtype=np.int64)
        return counts
    ones: NDArray[np.int64] = ONES[np.ascontiguousarray(flat).view(np.uint8)].sum(
        axis=-1, dtype=np.int64
    )
    return ones  # numpy 1


def jaccard(one: Words, other: Words) -> NDArray[np.float64]:
    """Distances `[bar]` of words `[bar, track, pitch, 3]`; 0 between two silent bars."""
    either = cells(one | other)
    found: NDArray[np.float64] = 1 - np.where(
        either > 0, cells(one & other) / np.maximum(either, 1), 1.0
    )
    return found


def mean_jaccard(rolls: BoolArray, random: np.random.Generator) -> float:
    """Mean Jaccard distance of random pairs of different bars, none of them empty; nan under two."""
    if len(rolls) < 2:
        return float("nan")
    words = pack(rolls)
    one = random.integers(len(rolls), size=PAIRS)
    other = (one + random.integers(1, len(rolls), size=PAIRS)) % len(rolls)
    distances = [
        1 - cells(words[a] & words[b]) / cells(words[a] | words[b])
        for a, b in zip(np.array_split(one, 8), np.array_split(other, 8), strict=True)
    ]
    return float(np.concatenate(distances).mean())


@dataclass(frozen=True, slots=True)
class Bounds:
    """What limits how many cells two bars can share: cells on in each thirty-second of a bar, the
    longest rows in order (both the same at any transposition), and the cells of every row. uint8,
    the bars last: `[32, bar]`, `[17, bar]`, `[track, pitch, bar]`."""

    in_time: NDArray[np.uint8]
    longest: NDArray[np.uint8]
    rows: NDArray[np.uint8]


def bounds(words: Words) -> Bounds:
    """Of words `[bar, track, pitch, 3]`."""
    bits = np.unpackbits(words.view(np.uint8), axis=3)
    in_time = bits.reshape(*bits.shape[:3], TIME_CELLS, -1).sum(axis=(1, 2, 4))
    rows = bits.sum(axis=3, dtype=np.uint8)
    order = np.sort(rows.reshape(len(rows), -1), axis=1)[:, ::-1]
    rest = order[:, LONGEST_ROWS:].sum(axis=1, keepdims=True)
    longest = np.concatenate([order[:, :LONGEST_ROWS], rest], axis=1)
    return Bounds(
        in_time.clip(0, 255).astype(np.uint8).T,
        longest.clip(0, 255).astype(np.uint8).T,
        np.moveaxis(rows, 0, 2),
    )


@dataclass(frozen=True, slots=True)
class Library:
    """Real bars to look for: words `[bar, track, pitch, 3]`, cells on and song of each, which tracks
    are drums."""

    words: Words
    sizes: NDArray[np.int64]
    song: NDArray[np.int32]
    drums: NDArray[np.bool_]
    bounds: Bounds


def library(words: Words, song: NDArray[np.int32], drums: Sequence[bool]) -> Library:
    """Of bars that are not empty; a bar that comes back in its song is kept once."""
    sizes = cells(words)
    keys = np.concatenate([song[:, None].view(np.uint32), words.reshape(len(words), -1)], axis=1)
    as_bytes = np.ascontiguousarray(keys).view(np.dtype((np.void, keys.shape[1] * 4)))[:, 0]
    first = np.unique(as_bytes, return_index=True)[1]
    kept = np.sort(first[sizes[first] > 0])
    parts = [bounds(words[kept[i : i + CHUNK]]) for i in range(0, len(kept), CHUNK)]
    joined = Bounds(
        np.concatenate([part.in_time for part in parts], axis=1),
        np.concatenate([part.longest for part in parts], axis=1),
        np.concatenate([part.rows for part in parts], axis=2),
    )
    return Library(words[kept], sizes[kept], song[kept], np.array(drums), joined)


def nearest(
    queries: Words, real: Library, without: NDArray[np.int32] | None = None
) -> NDArray[np.float64]:
    """Jaccard distance of each bar to the nearest one of the library, the best of all transpositions
    within an octave (drums stay), float `[bar]`; songs listed in `without` are passed over.

    Bounds on how many cells two bars can share pick 4,000 bars, a closer bound on those 1,000 pairs of
    bar and transposition, which are compared cell by cell.
    """
    allowed = np.ones(len(real.song)) if without is None else ~np.isin(real.song, without)
    asked, sizes = bounds(queries), cells(queries)
    found = np.ones(len(queries))
    for number, query in enumerate(queries):
        in_time = shared(real.bounds.in_time, asked.in_time[:, number])
        longest = shared(real.bounds.longest, asked.longest[:, number])
        possible = np.minimum(in_time, longest)
        alike = possible / (sizes[number] + real.sizes - possible) * allowed
        best = np.argpartition(-alike, min(CANDIDATES, len(alike) - 1))[:CANDIDATES]
        best = best[alike[best] > 0]
        by_shift = shared_rows(real, best, asked.rows[:, :, number])
        possible = np.minimum(by_shift, possible[best])
        pairs = (
            np.argpartition(
                -(possible / (sizes[number] + real.sizes[best] - possible)).ravel(),
                min(TRIALS, possible.size - 1),
            )[:TRIALS]
            if possible.size
            else np.zeros(0, np.int64)
        )
        found[number] = 1 - best_likeness(query, sizes[number], real, best, pairs)
    return found


def shared(bound: NDArray[np.uint8], one: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Sum of the smaller values, `[bar]` of bounds `[bound, bar]` and `[bound]`."""
    total = np.zeros(bound.shape[1], np.uint16)
    for row, value in zip(bound, one, strict=True):
        if value:
            total += np.minimum(row, value)
    return total.astype(np.int64)


def shared_rows(real: Library, best: NDArray[np.int64], rows: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The bound from each row's cells at each transposition, `[shift, candidate]`, of rows
    `[track, pitch]`."""
    track, pitch = np.nonzero(rows)
    own, moves = rows[track, pitch][:, None], ~real.drums[track]
    found = np.zeros((len(SHIFTS), len(best)), np.int64)
    there = real.bounds.rows[:, :, best]
    for number, shift in enumerate(SHIFTS):
        moved = pitch + shift * moves
        inside = (moved >= 0) & (moved < PITCHES)
        theirs = there[track[inside], moved[inside]]
        found[number] = np.minimum(theirs, own[inside]).sum(axis=0)
    return found


def best_likeness(
    query: Words, size: int, real: Library, best: NDArray[np.int64], pairs: NDArray[np.int64]
) -> float:
    """Highest Jaccard similarity of one bar, words `[track, pitch, 3]`, over pairs, each `shift *
    candidates + candidate`."""
    highest = 0.0
    shift_of, candidate = np.divmod(pairs, max(1, len(best)))
    for number in np.unique(shift_of):
        bars = best[candidate[shift_of == number]]
        moved = transposed(query, SHIFTS[number], real.drums)
        used = np.flatnonzero(moved.any(axis=(0, 2)))
        if len(used):
            low, high = used[0], used[-1] + 1
            common = cells(moved[:, low:high] & real.words[bars, :, low:high])
            highest = max(highest, float((common / (size + real.sizes[bars] - common)).max()))
    return highest


def transposed(bar: Words, shift: int, drums: NDArray[np.bool_]) -> Words:
    """Words `[track, pitch, 3]` moved up; what leaves the range is lost, drums stay."""
    moved = np.zeros_like(bar)
    low, high = max(0, -shift), min(PITCHES, PITCHES - shift)
    moved[:, low + shift : high + shift] = bar[:, low:high]
    moved[drums] = bar[drums]
    return moved
