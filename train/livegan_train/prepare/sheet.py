"""A picture of bars: a row for each track, the same bars below each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from livegan.core.music import STEPS_PER_BEAT
from livegan.shell.picture import (
    BACKGROUND,
    BAR_LINE,
    BEAT_LINE,
    BLACK,
    BLACK_KEYS,
    MARGIN,
    PITCH_HEIGHT,
    STEP_WIDTH,
    TEXT,
    TRACK_COLOURS,
)


def draw_sheet(
    rolls: NDArray[np.bool_], tracks: Sequence[str], labels: Sequence[str], lowest_pitch: int
) -> Image.Image:
    """Draw bars `[bar, track, step, pitch]`; `labels` go above the bars, track names above the
    rows."""
    bars, count, steps, pitches = rolls.shape
    height = pitches * PITCH_HEIGHT + MARGIN
    width = MARGIN + bars * steps * STEP_WIDTH + 8
    picture = Image.new("RGB", (width, count * height + MARGIN), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    for bar, label in enumerate(labels):
        pen.text((MARGIN + bar * steps * STEP_WIDTH + 4, 6), clipped(label, steps), fill=TEXT)
    for track, name in enumerate(tracks):
        top = track * height + MARGIN
        pen.text((MARGIN, top - 14), name, fill=TRACK_COLOURS[track % len(TRACK_COLOURS)])
        strip = strip_of(rolls[:, track], lowest_pitch, TRACK_COLOURS[track % len(TRACK_COLOURS)])
        picture.paste(strip, (MARGIN, top))
        for row in range((-lowest_pitch) % 12, pitches, 12):
            middle = top + (pitches - 1 - row) * PITCH_HEIGHT - 4
            pen.text((6, middle), f"C{(row + lowest_pitch) // 12 - 1}", fill=TEXT)
    return picture


def clipped(label: str, steps: int) -> str:
    """The end of a label that has room above a bar (pillow's small font has 6 pixels a letter)."""
    room = steps * STEP_WIDTH // 6 - 2
    return label if len(label) <= room else "..." + label[3 - room :]


def strip_of(roll: NDArray[np.bool_], lowest_pitch: int, colour: str) -> Image.Image:
    """One track's bars side by side, from bool `[bar, step, pitch]`."""
    bars, steps, pitches = roll.shape
    cells = np.empty((pitches, bars * steps, 3), np.uint8)
    black = np.isin((np.arange(pitches) + lowest_pitch) % 12, BLACK)
    cells[:] = np.where(black[:, None, None], rgb(BLACK_KEYS), rgb(BACKGROUND))
    cells[:, ::STEPS_PER_BEAT] = rgb(BEAT_LINE)
    cells[:, ::steps] = rgb(BAR_LINE)
    cells[roll.reshape(bars * steps, pitches).T] = rgb(colour)
    large = cells[::-1].repeat(PITCH_HEIGHT, axis=0).repeat(STEP_WIDTH, axis=1)
    return Image.fromarray(large)


def rgb(colour: str) -> NDArray[np.uint8]:
    return np.array(ImageColor.getrgb(colour), np.uint8)
