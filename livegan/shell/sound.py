"""Notes as sound, each track played by a plain instrument, and sound as a file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from livegan.core.music import Note
from livegan.core.timeline import Tempi, seconds_at

from .files import write_whole
from .instruments import RATE, Sound, sound_of, voice_of

TAIL_SECONDS = 1.5
PEAK = 0.9
LOUDER = 1.5
"""Loudness goes with so much of the velocity's power."""
SMALLER = 0.95
"""How far Vorbis compresses, 0 to 1: a minute of music takes some 400 kB."""
WRITE_FRAMES = 65_536
"""libsndfile's Vorbis encoder overflows its stack on much more at once."""
SERIAL, SUM, SEGMENTS = slice(14, 18), slice(22, 26), 26
"""Where an Ogg page has its stream's number, its checksum and the count of its segments (RFC 3533)."""
POLYNOMIAL = 0x04C11DB7


def render(
    notes: Sequence[Note], tempi: Tempi, end_step: int, names: Mapping[int, str] | None = None
) -> Sound:
    """Stereo samples `[sample, 2]` of the whole performance, with a tail for the last strings. `names`
    are the tracks' by channel: they choose the instruments, the piano where there is none."""
    voices = {channel: voice_of(name) for channel, name in (names or {}).items()}
    length = seconds_at(end_step, tempi) + TAIL_SECONDS
    mix = np.zeros((int(length * RATE), 2), np.float32)
    for note in notes:
        start = int(max(0.0, seconds_at(note.place, tempi)) * RATE)
        seconds = seconds_at(note.place + note.length, tempi) - start / RATE
        played = sound_of(voices.get(note.channel, "piano"), note.pitch, seconds)[: len(mix) - start]
        mix[start : start + len(played)] += played * np.float32((note.velocity / 127) ** LOUDER)
    loudest = float(np.abs(mix).max(initial=0.0))
    return mix * np.float32(PEAK / loudest) if loudest > PEAK else mix


def write_sound(path: Path, sound: Sound) -> None:
    """By the ending: .ogg, or .wav of 16 bits; 44.1 kHz, stereo. Raises `OSError`."""

    def write(beside: Path) -> None:
        if path.suffix.lower() == ".ogg":
            beside.write_bytes(ogg(sound))
            return
        try:
            soundfile.write(beside, sound, RATE, "PCM_16", format="WAV")
        except soundfile.LibsndfileError as error:
            raise OSError(None, str(error)) from None

    write_whole(path, write)


def ogg(sound: Sound) -> bytes:
    """Ogg Vorbis, the same bytes for the same sound."""
    held = io.BytesIO()
    channels = sound.shape[1]
    with soundfile.SoundFile(
        held, "w", RATE, channels, format="OGG", subtype="VORBIS", compression_level=SMALLER
    ) as file:
        for start in range(0, len(sound), WRITE_FRAMES):
            file.write(sound[start : start + WRITE_FRAMES])
    return b"".join(map(numbered, pages(held.getvalue())))


def pages(stream: bytes) -> Iterator[bytes]:
    """Of an Ogg stream."""
    start = 0
    while start < len(stream):
        body = start + SEGMENTS + 1 + stream[start + SEGMENTS]
        end = body + sum(stream[start + SEGMENTS + 1 : body])
        yield stream[start:end]
        start = end


def numbered(page: bytes) -> bytes:
    """An Ogg page of stream 1, instead of the number by chance that libsndfile gives."""
    found = bytearray(page)
    found[SERIAL] = (1).to_bytes(4, "little")
    found[SUM] = bytes(4)
    found[SUM] = checksum(found).to_bytes(4, "little")
    return bytes(found)


def checksum(content: bytes | bytearray) -> int:
    """Ogg's CRC: 32 bits, from the highest on."""
    table, found = remainders(), 0
    for byte in content:
        found = (found << 8 & 0xFFFFFFFF) ^ table[found >> 24 ^ byte]
    return found


@lru_cache(maxsize=1)
def remainders() -> tuple[int, ...]:
    """Of each byte before 32 zeros, divided by the polynomial."""
    found = []
    for byte in range(256):
        rest = byte << 24
        for _ in range(8):
            rest = (rest << 1) ^ (POLYNOMIAL if rest & 0x80000000 else 0)
            rest &= 0xFFFFFFFF
        found.append(rest)
    return tuple(found)
