"""The piano roll as a picture."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageColor

from livegan.core.music import Note
from livegan.shell.picture import MARGIN, TRACK_COLOURS, draw_roll, png


def test_a_stroke_of_a_drum_is_wide_enough_to_be_seen() -> None:
    blank, drawn = (np.asarray(draw_roll(notes, 1)) for notes in ([], [Note(24, 1, 38, 90, 9)]))
    columns = np.flatnonzero((blank != drawn).any(axis=(0, 2)))
    assert columns[0] == MARGIN + 24 * 2
    assert len(columns) >= 6


def test_a_picture_of_many_tracks_keeps_their_colours() -> None:
    notes = [Note(0, 24, 40 + channel, 90, channel) for channel in range(5)]
    with Image.open(BytesIO(png(draw_roll(notes, 1)))) as picture:
        seen = {colour for _, colour in picture.convert("RGB").getcolors() or ()}
    assert seen >= {ImageColor.getrgb(colour) for colour in TRACK_COLOURS}
