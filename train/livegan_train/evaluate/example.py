"""Thirty-two bars to see and to hear: of a model's stream, and of a held-out song."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from livegan.core.performance import perform
from livegan.core.rendering import channel_of
from livegan.core.state import initial

from ..data import BarSet
from .excerpts import BPM, SEED, Excerpt, flowing
from .sources import Model

BARS = 32
PLACES = 20


def of_stream(model: Model, bars: int = BARS, seed: int = SEED) -> Excerpt:
    """What `livegan render --bars 32 --seed 1 --bpm 110` plays, struck as the model strikes."""
    info = model.generator.info
    state = replace(initial(seed, info.latent), playing=True, tempo=BPM)
    notes = perform(model.generator, state, bars, {}, model.tune).notes()
    parts = {
        track.name: [
            note._replace(channel=place)
            for note in notes
            if note.channel == channel_of(place, info.tracks)
        ]
        for place, track in enumerate(info.tracks)
        if not track.given
    }
    return Excerpt(model.name, f"Its stream, seed {seed}, no control moved.", bars, parts)


def of_song(held: BarSet, tracks: Sequence[str], bars: int = BARS) -> Excerpt | None:
    """The fullest of twenty random places in the held-out songs, so that every track is likely to be
    there; None if no song is long enough."""
    first = fullest(held, tracks, bars)
    if first is None:
        return None
    rolls = held.rolls(slice(first, first + bars))[:, [held.tracks.index(track) for track in tracks]]
    return Excerpt("Held-out song", name_of(held, first), bars, flowing(rolls, tracks))


def fullest(held: BarSet, tracks: Sequence[str], bars: int) -> int | None:
    """The row from which tracks rest least for so many bars of one song, of twenty random ones."""
    starts = np.random.default_rng(SEED).permutation(held.phrase_starts(bars))[:PLACES]
    if not len(starts):
        return None
    columns = [held.tracks.index(track) for track in tracks]
    pieces = [held.rolls(slice(start, start + bars))[:, columns] for start in starts]
    return int(starts[np.argmax([piece.any(axis=(2, 3)).mean() for piece in pieces])])


def name_of(held: BarSet, row: int) -> str:
    """Of the song of a row, as its archive calls it."""
    song = int(held.song_id[row])
    return held.song_names[song].lstrip("./") if held.song_names else f"song {song}"
