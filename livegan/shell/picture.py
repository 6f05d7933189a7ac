"""Drawing notes as a piano roll picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR, STEPS_PER_BEAT, Note

from .files import write_whole

BARS_PER_ROW = 8
STEP_WIDTH, PITCH_HEIGHT = 2, 4
SEEN_STEPS = 4
"""Shorter notes, drums above all, are drawn so long."""
MARGIN = 34
BACKGROUND, BLACK_KEYS, BEAT_LINE, BAR_LINE, TEXT = (
    "#12141a",
    "#0c0e13",
    "#1e222c",
    "#414859",
    "#aab2c5",
)
TRACK_COLOURS = ("#6ad1ff", "#ffb454", "#9ee37d", "#ff7eb6", "#c7a6ff")
BLACK = (1, 3, 6, 8, 10)


def draw_roll(notes: Sequence[Note], bars: int) -> Image.Image:
    """Eight bars a row, octaves named at the left, bars numbered from 1; louder notes are brighter."""
    rows = -(-bars // BARS_PER_ROW)
    width = MARGIN + min(bars, BARS_PER_ROW) * STEPS_PER_BAR * STEP_WIDTH + 8
    row_height = PITCHES * PITCH_HEIGHT + MARGIN
    picture = Image.new("RGB", (width, rows * row_height + 8), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    for row in range(rows):
        shown = min(BARS_PER_ROW, bars - row * BARS_PER_ROW)
        draw_grid(pen, row * row_height + MARGIN // 2, row * BARS_PER_ROW, shown)
    colours = {c: TRACK_COLOURS[i % 5] for i, c in enumerate(sorted({n.channel for n in notes}))}
    for note in notes:
        row, start = divmod(note.start, BARS_PER_ROW * STEPS_PER_BAR)
        key = note.pitch - LOWEST_PITCH
        if 0 <= key < PITCHES and row < rows:
            left = MARGIN + start * STEP_WIDTH
            top = row * row_height + MARGIN // 2 + (PITCHES - 1 - key) * PITCH_HEIGHT
            right = min(left + max(note.length, SEEN_STEPS) * STEP_WIDTH - 2, width - 8)
            pen.rectangle((left, top, right, top + PITCH_HEIGHT - 2), fill=colours[note.channel])
    return picture


def draw_grid(pen: ImageDraw.ImageDraw, top: int, first_bar: int, bars: int) -> None:
    bottom = top + PITCHES * PITCH_HEIGHT
    right = MARGIN + bars * STEPS_PER_BAR * STEP_WIDTH
    for key in range(PITCHES):
        above = bottom - (key + 1) * PITCH_HEIGHT
        if key % 12 in BLACK:
            pen.rectangle((MARGIN, above, right, above + PITCH_HEIGHT - 1), fill=BLACK_KEYS)
        if key % 12 == 0:
            pen.text((6, above - 6), f"C{(key + LOWEST_PITCH) // 12 - 1}", fill=TEXT)
    for step in range(0, bars * STEPS_PER_BAR + 1, STEPS_PER_BEAT):
        left = MARGIN + step * STEP_WIDTH
        is_bar = step % STEPS_PER_BAR == 0
        pen.line((left, top, left, bottom), fill=BAR_LINE if is_bar else BEAT_LINE)
        if is_bar and step < bars * STEPS_PER_BAR:
            pen.text((left + 3, bottom + 2), str(first_bar + step // STEPS_PER_BAR + 1), fill=TEXT)


def write_picture(path: Path, notes: Sequence[Note], bars: int) -> None:
    content = png(draw_roll(notes, bars))

    def write(beside: Path) -> None:
        beside.write_bytes(content)

    write_whole(path, write)


def png(picture: Image.Image, colours: int = 32) -> bytes:
    """Small, by few colours: a roll has no more."""
    held = io.BytesIO()
    picture.quantize(colours).save(held, "PNG", optimize=True)
    return held.getvalue()
