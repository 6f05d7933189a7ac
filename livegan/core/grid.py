"""What a player tells of its transport, so that another can go on where it was."""

from __future__ import annotations

from .messages import Grid
from .transport import TempoCurve, Transport


def grid_of(transport: Transport, step: float, first_bar: int) -> Grid:
    """From this step on, or from where the tempo was set after it. What a nudge still owes is left
    out: a beat later it is worked off."""
    curve = transport.curve
    step = max(step, curve.step)
    end = max(curve.end_step, step)
    return Grid(transport.time_at(step), step, curve.bpm_at(step), end, curve.end_bpm, first_bar)


def transport_of(grid: Grid) -> Transport:
    """Turns `grid_of` round."""
    return Transport(TempoCurve(*grid[:5]))
