"""Form to be seen: how alike any two bars of a model's stream are, and of a song, and bars by how far
apart they lie."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray
from PIL import Image

from livegan.core.music import is_drums
from livegan.shell.picture import png

from ...data import BarSet
from ...drawn import streamed_bars
from ...metrics import BoolArray, FloatArray
from ..example import fullest, name_of
from ..excerpts import SEED
from ..rows import Values, together
from ..sources import Model
from ..table import Picture
from .board import Scoreboard
from .form import KINDS, LAGS, alike, by_lag
from .part import PIECE, pieces_of

KIND_NAMES = {"chroma": ("harmony", "chroma cosine"), "onsets": ("rhythm", "common sixteenths")}
SILENT = "#9aa0aa"
STREAM, SONG = "C0", "C1"
DPI, COLOURS = 80, 128
SIDE = 4.0
"""Inches of a panel."""
TICK_BARS, TICK_LAGS = 16, 4


def form_seen(model: Model, held: BarSet, board: Scoreboard) -> Picture:
    """A piece of the model's stream, from its first bar, next to as much of a held-out song."""
    first, end = piece_of(held, model.tracks)
    song = held.rolls(slice(first, end))[:, [held.tracks.index(track) for track in model.tracks]]
    stream = streamed_bars(model.generator, len(song), SEED, model.tune)[:, list(model.places)]
    drums = np.array([is_drums(track) for track in model.tracks])
    content = drawn(stream, song, drums, wholes(model, board))
    kinds = "rhythm" if drums.all() else "harmony above, rhythm below"
    return Picture(
        f"{model.name}: form",
        f"How alike any two of {len(song)} bars are, {kinds}: its stream, seed {SEED}, and a held-out "
        f"song, {name_of(held, first)}. Light is alike, grey is silence; light lines beside the "
        "diagonal come back after so many bars, a light square is a section. On the right the means of "
        "bars so far apart: thin lines of these bars, thick ones of all streams and songs.",
        content,
        f"Self-similarity matrices of {together(model.tracks)}, stream and song, and how alike bars "
        "are by their distance",
    )


def piece_of(held: BarSet, tracks: tuple[str, ...]) -> tuple[int, int]:
    """Rows `(first, past the last)` of 64 bars of a song, or of the first longest run if none has so
    many."""
    first = fullest(held, tracks, PIECE)
    if first is not None:
        return first, first + PIECE
    follows = (np.diff(held.song_id) == 0) & (np.diff(held.bar_index) == 1)
    return max(pieces_of(follows), key=lambda piece: piece[1] - piece[0])


def wholes(model: Model, board: Scoreboard) -> dict[str, Values]:
    """By 'stream' and 'song', as far as the scoreboard has them: how alike bars are by their distance
    in the median of all seeds, and in all held-out songs."""
    about = together(model.tracks)
    rows = [row for row in board.players if row.name == model.name]
    keys = [f"{kind} {lag}" for kind in KINDS for lag in LAGS]
    found: dict[str, Values] = {
        "stream": {key: row.median(about, key) for row in rows for key in keys},
        "song": board.own.get(about, {}),
    }
    return {name: values for name, values in found.items() if keys[-1] in values}


def drawn(
    stream: BoolArray, song: BoolArray, drums: NDArray[np.bool_], all_of: Mapping[str, Values]
) -> bytes:
    """PNG of pieces `[bar, track, step, pitch]`: a row of harmony, unless all are `drums` `[track]`,
    and one of rhythm; in each the stream, the song, and both by distance, with `all_of` 'stream' and
    'song' beside them."""
    kinds = KINDS[1:] if drums.all() else KINDS
    figure = Figure(figsize=(3.2 * SIDE, len(kinds) * SIDE), dpi=DPI, layout="constrained")
    panels = figure.subplots(len(kinds), 3, squeeze=False)
    pieces = {"stream": stream, "song": song}
    matrices = {name: alike(rolls, drums) for name, rolls in pieces.items()}
    means = {name: by_lag([rolls], drums) for name, rolls in pieces.items()}
    for (left, middle, right), kind in zip(panels, kinds, strict=True):
        what, measure = KIND_NAMES[kind]
        show(left, matrices["stream"][kind], f"the stream: {what}")
        image = show(middle, matrices["song"][kind], f"a held-out song: {what}")
        figure.colorbar(image, ax=middle, fraction=0.046)
        for name, colour in (("stream", STREAM), ("song", SONG)):
            line(right, kind, means[name], colour, f"this {name}", 1.0)
            if name in all_of:
                whole = "all streams" if name == "stream" else "all held-out songs"
                line(right, kind, all_of[name], colour, whole, 3.0)
        right.set(title=f"{what}: {measure} by distance", xlabel="bars apart", ylim=(0, 1))
        right.set_xticks(range(0, len(LAGS) + 1, TICK_LAGS))
        right.yaxis.tick_right()
        right.grid(alpha=0.3)
    panels[0, 2].legend()
    held = io.BytesIO()
    figure.savefig(held)
    with Image.open(held) as picture:
        return png(picture.convert("RGB"), COLOURS)


def show(axes: Axes, matrix: FloatArray, title: str) -> AxesImage:
    """Bars are numbered from 1; a bar that is silent has no likeness."""
    colours = colormaps["magma"].with_extremes(bad=SILENT)
    image = axes.imshow(matrix, cmap=colours, vmin=0, vmax=1, interpolation="nearest")
    ticks = range(0, len(matrix), TICK_BARS)
    axes.set_xticks(ticks, [str(tick + 1) for tick in ticks])
    axes.set_yticks(ticks, [str(tick + 1) for tick in ticks])
    axes.set(title=title, xlabel="bar", ylabel="bar")
    return image


def line(axes: Axes, kind: str, values: Values, colour: str, label: str, width: float) -> None:
    """How alike bars are by their distance."""
    levels = [values[f"{kind} {lag}"] for lag in LAGS]
    axes.plot(LAGS, levels, color=colour, label=label, linewidth=width, alpha=0.6 if width > 1 else 1)
