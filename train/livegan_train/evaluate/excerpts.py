"""A few bars of each row, to see and to hear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from livegan.core.music import STEPS_PER_BAR, Note
from livegan.core.roll import notes_from_roll
from livegan.shell.picture import TRACK_COLOURS, draw_roll, png
from livegan.shell.sound import ogg, render

from ..data import BarSet
from ..drawn import drawn_bars, streamed_bars
from ..metrics import BoolArray
from .sources import Model, some_songs

BARS = 8
BPM = 110.0
SEED = 1


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`parts` are the notes of each track by name, each on its own channel, starts counted from the
    beginning."""

    title: str
    says: str
    bars: int
    parts: Mapping[str, Sequence[Note]]

    def picture(self) -> bytes:
        """A piano roll as PNG, one colour a track."""
        return png(draw_roll(self.notes(), self.bars))

    def sound(self) -> bytes:
        """Ogg Vorbis."""
        names = {note.channel: track for track, part in self.parts.items() for note in part}
        return ogg(render(self.notes(), ((0, BPM),), self.bars * STEPS_PER_BAR, names))

    def notes(self) -> list[Note]:
        """Of all tracks."""
        return [note for part in self.parts.values() for note in part]

    def colours(self) -> dict[str, str]:
        """Of each track that sounds, as the picture has them."""
        sounding = [track for track, notes in self.parts.items() if notes]
        return {track: TRACK_COLOURS[i % len(TRACK_COLOURS)] for i, track in enumerate(sounding)}

    def described(self) -> str:
        """The picture in words."""
        counts = ", ".join(f"{len(notes)} notes of {track}" for track, notes in self.parts.items())
        return f"Piano roll of {self.bars} bars: {counts}"


def separate(rolls: BoolArray, tracks: Sequence[str]) -> dict[str, list[Note]]:
    """Notes of bars `[bar, track, step, pitch]` that each begin anew, as a model's do."""
    parts: dict[str, list[Note]] = {}
    for place, track in enumerate(tracks):
        parts[track] = [
            note._replace(start=note.start + bar * STEPS_PER_BAR)
            for bar in range(len(rolls))
            for note in notes_from_roll(rolls[bar, place], channel=place)
        ]
    return parts


def flowing(rolls: BoolArray, tracks: Sequence[str]) -> dict[str, list[Note]]:
    """Notes of music whose notes go on over bar lines."""
    return {
        track: notes_from_roll(rolls[:, place].reshape(-1, rolls.shape[3]), channel=place)
        for place, track in enumerate(tracks)
    }


def of_songs(held: BarSet, tracks: Sequence[str]) -> Excerpt:
    """The middle of a held-out song."""
    random = np.random.default_rng(SEED)
    song = some_songs(held, 1, 1, random)[0]
    rows = np.flatnonzero(held.song_id == song)
    first = max(0, len(rows) // 2 - BARS // 2)
    rolls = held.rolls(rows[first : first + BARS])[:, [held.tracks.index(track) for track in tracks]]
    return Excerpt("Held-out song", "Real music, from its middle.", len(rolls), flowing(rolls, tracks))


def of_model(model: Model) -> list[Excerpt]:
    """The beginning of its stream, and independent bars."""
    places = list(model.places)
    stream = streamed_bars(model.generator, BARS, SEED, model.tune)[:, places]
    fresh = drawn_bars(model.generator, BARS, SEED, model.tune)[:, places]
    return [
        Excerpt(
            f"{model.name}, its stream",
            "What livegan render plays with seed 1.",
            BARS,
            separate(stream, model.tracks),
        ),
        Excerpt(
            f"{model.name}, fresh bars",
            "Each bar from a latent of its own; they are not meant to follow each other.",
            BARS,
            separate(fresh, model.tracks),
        ),
    ]


def excerpts(data: BarSet, split: str, tracks: Sequence[str], models: Sequence[Model]) -> list[Excerpt]:
    """A held-out song, then two of each model."""
    return [of_songs(data.select(split), tracks), *(one for model in models for one in of_model(model))]
