"""Measures of any number of bars in bounded memory: sums over blocks, divided at the end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..metrics import Measures, clashes, notes_per_bar, qualified_share, used_pitch_classes

BoolArray = NDArray[np.bool_]


@dataclass(slots=True)
class Tally:
    """One track's sums so far; 8 bytes a bar, to count distinct ones, are all that grows."""

    bars: int = 0
    full: int = 0
    classes: float = 0.0
    qualified: float = 0.0
    polyphonic: float = 0.0
    notes: int = 0
    clashing: float = 0.0
    paired: int = 0
    digests: list[NDArray[np.uint64]] = field(default_factory=list)

    def add(self, roll: BoolArray) -> None:
        """Count more bars of this track, bool `[bar, step, pitch]`."""
        full = roll[roll.any(axis=(1, 2))]
        self.bars += len(roll)
        self.full += len(full)
        self.digests.append(digests(roll))
        if not len(full):
            return
        self.classes += float(used_pitch_classes(full).sum())
        self.qualified += float(qualified_share(full).sum())
        self.polyphonic += float((full.sum(axis=2) >= 2).mean(axis=1).sum())
        self.notes += int(notes_per_bar(full).sum())
        paired = full[pitch_class_pairs(full)]
        self.paired += len(paired)
        self.clashing += clashes(paired) * len(paired)

    def measures(self) -> Measures:
        """As `metrics.measure` would have it of all bars at once."""
        bars, full, paired = max(self.bars, 1), max(self.full, 1), max(self.paired, 1)
        distinct = len(np.unique(np.concatenate(self.digests))) if self.digests else 0
        return Measures(
            bars=self.bars,
            eb=100.0 * (1 - self.full / bars),
            upc=self.classes / full,
            qn=100.0 * self.qualified / full,
            pr=100.0 * self.polyphonic / full,
            notes=self.notes / bars,
            dis=100.0 * self.clashing / paired,
            distinct=100.0 * distinct / bars,
        )


def pitch_class_pairs(roll: BoolArray) -> BoolArray:
    """Whether two pitch classes ever sound together, bool `[bar]`."""
    octaves = np.pad(roll, ((0, 0), (0, 0), (0, -roll.shape[2] % 12)))
    chroma = octaves.reshape(*roll.shape[:2], -1, 12).any(axis=2)
    paired: BoolArray = (chroma.sum(axis=2) >= 2).any(axis=1)
    return paired


def digests(roll: BoolArray) -> NDArray[np.uint64]:
    """Eight bytes that tell bars apart, uint64 `[bar]`."""
    packed = np.packbits(roll.reshape(len(roll), -1), axis=1)
    every = b"".join(hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in packed)
    return np.frombuffer(every, np.uint64)
