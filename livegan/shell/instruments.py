"""Plain instruments: the sampled piano in `sounds/piano` (Salamander Grand Piano V3 by Alexander Holm,
CC BY 3.0), one recording every minor third, pitched to the notes between; and drums, bass, guitar,
strings and a lead made of sines and noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44_100
LONGEST_SECONDS = 12.0
RELEASE_SECONDS = 0.25
SEMITONES = {"C": 0, "D#": 3, "F#": 6, "A": 9}

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Voice:
    """Sines: weights of the harmonics, seconds of attack and release, how fast the sound and, with
    `damping`, its higher harmonics die away (per second), loudness."""

    harmonics: tuple[float, ...]
    attack: float
    release: float
    decay: float
    damping: float
    loudness: float


VOICES = {
    "bass": Voice((1.0, 0.5, 0.3, 0.15, 0.1), 0.006, 0.06, 1.2, 0.8, 0.58),
    "guitar": Voice((1.0, 0.7, 0.5, 0.35, 0.25, 0.2, 0.15, 0.1), 0.003, 0.12, 1.5, 1.3, 0.26),
    "string": Voice((1.0, 0.55, 0.4, 0.25, 0.18, 0.12, 0.08), 0.09, 0.18, 0.0, 0.0, 0.14),
    "melody": Voice((1.0, 0.35, 0.12, 0.05), 0.03, 0.1, 0.3, 0.2, 0.35),
}

KICKS, SNARES, HATS = {35, 36}, {38, 39, 40}, {42, 44, 46, 54, 69, 70, 82}
CYMBALS = {49, 51, 52, 53, 55, 57, 59}
PIANO_LOUDNESS, DRUM_LOUDNESS = 0.9, 0.525


def voice_of(track: str) -> str:
    """'drum', one of the voices, or 'piano', by the track's name."""
    return next((name for name in ("drum", *VOICES) if name in track.lower()), "piano")


def sound_of(voice: str, pitch: int, seconds: float) -> Sound:
    """One note at full velocity, `[sample, 2]`, or `[sample, 1]` where both sides are the same."""
    if voice == "drum":
        return drummed(pitch)
    if voice in VOICES:
        return sung(VOICES[voice], pitch, seconds)
    return held(pitch, seconds)


def held(pitch: int, seconds: float) -> Sound:
    """A piano's key, pressed for so long, `[sample, 2]`."""
    length = int(seconds * RATE)
    fade = np.linspace(1, 0, int(RELEASE_SECONDS * RATE), dtype=np.float32)[:, None] ** 2
    stroke: Sound = struck(pitch)[: length + len(fade)] * np.float32(PIANO_LOUDNESS)
    ending = stroke[length:]
    ending *= fade[: len(ending)]
    return stroke


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


def hertz(pitch: int) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def sung(voice: Voice, pitch: int, seconds: float) -> Sound:
    """One note of a voice, `[sample, 1]`."""
    time = np.arange(int((seconds + voice.release) * RATE)) / RATE
    found = np.zeros(len(time))
    for number, weight in enumerate(voice.harmonics, start=1):
        if hertz(pitch) * number < RATE / 2:
            fading = np.exp(-time * (voice.decay + voice.damping * (number - 1)))
            found += weight * fading * np.sin(2 * np.pi * hertz(pitch) * number * time)
    rise = np.minimum(1.0, time / voice.attack)
    fall = np.clip((seconds + voice.release - time) / voice.release, 0.0, 1.0)
    sound: Sound = (voice.loudness * found * rise * fall).astype(np.float32)
    return sound[:, None]


@lru_cache(maxsize=128)
def drummed(pitch: int) -> Sound:
    """One stroke of a General MIDI drum, `[sample, 1]`."""
    noise = np.random.default_rng(pitch).standard_normal(RATE)
    bright = np.diff(noise, prepend=0.0)
    time = np.arange(RATE) / RATE
    if pitch in KICKS:
        found = np.sin(2 * np.pi * (50 * time + 6 * (1 - np.exp(-time * 25)))) * np.exp(-time * 9)
    elif pitch in SNARES:
        found = (0.35 * noise + 0.5 * np.sin(2 * np.pi * 185 * time)) * np.exp(-time * 18)
    elif pitch in HATS:
        found = 0.18 * bright * np.exp(-time * (12 if pitch == 46 else 45))
    elif pitch in CYMBALS:
        found = 0.14 * bright * np.exp(-time * 4)
    else:
        found = np.sin(2 * np.pi * hertz(pitch) * time) * np.exp(-time * 12)
    sound: Sound = (DRUM_LOUDNESS * found).astype(np.float32)
    return sound[:, None]
