"""Rendering notes with the sampled piano in `sounds/piano` (Salamander Grand Piano V3 by Alexander
Holm, CC BY 3.0): one recording every minor third, pitched to the notes between."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from livegan.core.music import Note
from livegan.core.timeline import Tempi, seconds_at

from .files import write_whole

RATE = 44_100
LONGEST_SECONDS = 12.0
RELEASE_SECONDS = 0.25
TAIL_SECONDS = 1.5
PEAK = 0.9
GAIN = 0.35
SEMITONES = {"C": 0, "D#": 3, "F#": 6, "A": 9}

Sound = NDArray[np.float32]


@lru_cache(maxsize=1)
def recordings() -> dict[int, Path]:
    """File of every recorded MIDI pitch."""
    folder = Path(str(resources.files("livegan") / "sounds" / "piano"))
    found = {}
    for file in folder.glob("*v10.ogg"):
        name = file.stem.removesuffix("v10")
        found[12 * (int(name[-1]) + 1) + SEMITONES[name[:-1]]] = file
    return found


@lru_cache(maxsize=128)
def struck(pitch: int) -> Sound:
    """One full stroke of a pitch, `[sample, 2]`, from the nearest recording."""
    nearest = min(recordings(), key=lambda recorded: (abs(recorded - pitch), recorded))
    sound, rate = soundfile.read(
        recordings()[nearest], frames=int(48_000 * LONGEST_SECONDS), dtype="float32", always_2d=True
    )
    ratio = rate / RATE * 2 ** ((pitch - nearest) / 12)
    places = np.arange(0, len(sound) - 1, ratio)
    index = places.astype(np.int64)
    share = (places - index)[:, None].astype(np.float32)
    pitched: Sound = sound[index] * (1 - share) + sound[index + 1] * share
    return np.broadcast_to(pitched, (len(pitched), 2))


def render(notes: Sequence[Note], tempi: Tempi, end_step: int) -> Sound:
    """Stereo samples `[sample, 2]` of the whole performance, with a tail for the last strings."""
    length = seconds_at(end_step, tempi) + TAIL_SECONDS
    mix = np.zeros((int(length * RATE), 2), np.float32)
    fade = np.linspace(1, 0, int(RELEASE_SECONDS * RATE), dtype=np.float32)[:, None] ** 2
    for note in notes:
        start = int(max(0.0, seconds_at(note.place, tempi)) * RATE)
        held = int(seconds_at(note.place + note.length, tempi) * RATE) - start
        stroke = struck(note.pitch)[: held + len(fade)] * (GAIN * (note.velocity / 127) ** 1.5)
        ending = stroke[held:]
        ending *= fade[: len(ending)]
        stroke = stroke[: len(mix) - start]
        mix[start : start + len(stroke)] += stroke
    loudest = float(np.abs(mix).max(initial=0.0))
    return mix * np.float32(PEAK / loudest) if loudest > PEAK else mix


def write_wav(path: Path, notes: Sequence[Note], tempi: Tempi, end_step: int) -> None:
    """16 bits, 44.1 kHz, stereo."""
    sound = render(notes, tempi, end_step)

    def write(beside: Path) -> None:
        try:
            soundfile.write(beside, sound, RATE, "PCM_16", format="WAV")
        except soundfile.LibsndfileError as error:
            raise OSError(None, str(error)) from None

    write_whole(path, write)
