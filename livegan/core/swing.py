"""Swing: every second sixteenth or eighth comes late."""

from __future__ import annotations

from typing import NamedTuple

from .music import STEPS_PER_BAR

GRIDS = (8, 16)
"""What may swing: eighths or sixteenths."""


class Swing(NamedTuple):
    """`share` 0 is straight, 2/3 the triplet, 1 puts the second of a pair at three quarters of it."""

    share: float = 0.0
    grid: int = 16

    def place(self, step: float) -> float:
        """Where a written step is heard: the first of each pair is stretched, the second squeezed, the
        pair stays where it is. So whatever lies on a beat or a bar line stays there, what comes first
        stays first, and nothing leaves its bar."""
        if not self.share:
            return step
        half = STEPS_PER_BAR / self.grid
        late = self.share * half / 2
        inside = step % (2 * half)
        pair = step - inside
        if inside < half:
            return pair + inside * (half + late) / half
        return pair + half + late + (inside - half) * (half - late) / half

    def written(self, place: float) -> float:
        """The step that is heard here; turns `place` round."""
        if not self.share:
            return place
        half = STEPS_PER_BAR / self.grid
        late = self.share * half / 2
        inside = place % (2 * half)
        pair = place - inside
        if inside < half + late:
            return pair + inside * half / (half + late)
        return pair + half + (inside - half - late) * half / (half - late)
