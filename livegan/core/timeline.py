"""Steps to seconds under changing tempi."""

from __future__ import annotations

from collections.abc import Sequence

from .music import seconds_per_step

Tempi = Sequence[tuple[int, float]]
"""(step, bpm) of every change, ordered, the first at step 0."""


def seconds_at(step: float, tempi: Tempi) -> float:
    """When a step falls, counted from step 0."""
    seconds = 0.0
    for (start, bpm), following in zip(tempi, [*tempi[1:], None], strict=True):
        end = step if following is None else min(step, following[0])
        if end <= start:
            break
        seconds += (end - start) * seconds_per_step(bpm)
    return seconds
