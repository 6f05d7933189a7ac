"""Choices by seed that don't depend on the order of files: samples and splits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

TRAIN, VALID, TEST = 0, 1, 2


def lot(seed: int, purpose: str, name: str) -> bytes:
    """A random-looking key of a name, the same on every machine."""
    return hashlib.sha256(f"{seed}\0{purpose}\0{name}".encode("utf-8", "replace")).digest()


def sample_of(names: Sequence[str], amount: str, seed: int) -> list[int]:
    """Places of a sample, ascending: `amount` is a count or a percentage such as 10%. Raises
    `ValueError`."""
    if amount.endswith("%"):
        share = float(amount[:-1])
        if not 0 < share <= 100:
            raise ValueError(amount)
        count = max(1, round(len(names) * share / 100))
    else:
        count = int(amount)
        if count < 1:
            raise ValueError(amount)
    ordered = sorted(range(len(names)), key=lambda place: lot(seed, "sample", names[place]))
    return sorted(ordered[:count])


def splits_of(groups: Sequence[str], valid: float, test: float, seed: int) -> list[int]:
    """0 train, 1 valid or 2 test for each song; `valid` and `test` are shares of the groups. Songs of
    one group go together. The first group drawn always trains."""
    ordered = sorted(set(groups), key=lambda group: lot(seed, "split", group))
    tests, valids = round(len(ordered) * test), round(len(ordered) * valid)
    cut = max(1, len(ordered) - tests - valids)
    kinds = [TRAIN] * cut + [VALID] * valids + [TEST] * tests
    split = dict(zip(ordered, kinds, strict=False))
    return [split[group] for group in groups]


def splits_like(names: Sequence[str], others: Mapping[str, int]) -> dict[str, int]:
    """The splits that another archive gave (`others`, by song name) to those songs that it has: of two
    names of one song, one ends with the whole of the other, part by part."""
    whole = {tuple(parts_of(name)): split for name, split in others.items()}
    ends: dict[tuple[str, ...], list[int]] = {}
    for parts, split in whole.items():
        for cut in range(len(parts)):
            ends.setdefault(parts[cut:], []).append(split)
    found: dict[str, int] = {}
    for name in names:
        parts = tuple(parts_of(name))
        shorter = [parts[cut:] for cut in range(len(parts)) if parts[cut:] in whole]
        if shorter:
            found[name] = whole[shorter[0]]
        elif len(ends.get(parts, ())) == 1:
            found[name] = ends[parts][0]
    return found


def parts_of(name: str) -> list[str]:
    return [part for part in PurePosixPath(name).parts if part != ".."]
