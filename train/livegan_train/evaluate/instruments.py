"""Plain instruments for the page: the sampled piano, and drums, bass, guitar, strings and a lead made
of sines and noise."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from livegan.core.music import STEPS_PER_BAR, Note, seconds_per_step
from livegan.shell.sound import PEAK, RATE, struck

Sound = NDArray[np.float32]

TAIL_SECONDS = 1.0
WRITE_FRAMES = 65_536
"""libsndfile's Vorbis encoder overflows its stack on much more at once."""


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
    "bass": Voice((1.0, 0.5, 0.3, 0.15, 0.1), 0.006, 0.06, 1.2, 0.8, 0.5),
    "guitar": Voice((1.0, 0.7, 0.5, 0.35, 0.25, 0.2, 0.15, 0.1), 0.003, 0.12, 1.5, 1.3, 0.22),
    "string": Voice((1.0, 0.55, 0.4, 0.25, 0.18, 0.12, 0.08), 0.09, 0.18, 0.0, 0.0, 0.12),
    "melody": Voice((1.0, 0.35, 0.12, 0.05), 0.03, 0.1, 0.3, 0.2, 0.3),
}

KICKS, SNARES, HATS = {35, 36}, {38, 39, 40}, {42, 44, 46, 54, 69, 70, 82}
CYMBALS = {49, 51, 52, 53, 55, 57, 59}
PIANO_LOUDNESS, DRUM_LOUDNESS = 0.3, 0.45
PLAIN_VELOCITY, LOUDER = 90, 1.5
"""Loudness goes with so much of the velocity's power; a roll's notes all have the plain one."""


def voice_of(track: str) -> str:
    """'drum', one of the voices, or 'piano', by the track's name."""
    return next((name for name in ("drum", *VOICES) if name in track.lower()), "piano")


def hertz(pitch: int) -> float:
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def sung(voice: Voice, pitch: int, seconds: float) -> Sound:
    """One note."""
    time = np.arange(int((seconds + voice.release) * RATE)) / RATE
    found = np.zeros(len(time))
    for number, weight in enumerate(voice.harmonics, start=1):
        if hertz(pitch) * number < RATE / 2:
            fading = np.exp(-time * (voice.decay + voice.damping * (number - 1)))
            found += weight * fading * np.sin(2 * np.pi * hertz(pitch) * number * time)
    rise = np.minimum(1.0, time / voice.attack)
    fall = np.clip((seconds + voice.release - time) / voice.release, 0.0, 1.0)
    sound: Sound = (voice.loudness * found * rise * fall).astype(np.float32)
    return sound


def drummed(pitch: int) -> Sound:
    """One stroke of a General MIDI drum."""
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
    return sound


def sound_of(kind: str, note: Note, seconds: float) -> Sound:
    if kind == "drum":
        return drummed(note.pitch)
    if kind in VOICES:
        return sung(VOICES[kind], note.pitch, seconds)
    release = int(0.2 * RATE)
    stroke: Sound = struck(note.pitch)[: int(seconds * RATE) + release, 0] * np.float32(PIANO_LOUDNESS)
    ending = stroke[int(seconds * RATE) :]
    ending *= np.linspace(1, 0, release, dtype=np.float32)[: len(ending)]
    return stroke


def loudness(velocity: int) -> float:
    """As a factor."""
    return float((velocity / PLAIN_VELOCITY) ** LOUDER)


def mixed(parts: Mapping[str, Sequence[Note]], bars: int, bpm: float) -> Sound:
    """Samples of tracks by name, one channel, 44.1 kHz."""
    step = seconds_per_step(bpm)
    mix = np.zeros(int((bars * STEPS_PER_BAR * step + TAIL_SECONDS) * RATE), np.float32)
    for track, notes in parts.items():
        for note in notes:
            start = max(0, int(note.place * step * RATE))
            sound = sound_of(voice_of(track), note, note.length * step)[: len(mix) - start]
            mix[start : start + len(sound)] += sound * np.float32(loudness(note.velocity))
    loudest = float(np.abs(mix).max(initial=0.0))
    return mix * np.float32(PEAK / loudest) if loudest > PEAK else mix


def ogg(sound: Sound) -> bytes:
    """Ogg Vorbis of one channel."""
    held = io.BytesIO()
    with soundfile.SoundFile(held, "w", RATE, 1, format="OGG", subtype="VORBIS") as file:
        for start in range(0, len(sound), WRITE_FRAMES):
            file.write(sound[start : start + WRITE_FRAMES])
    return held.getvalue()
