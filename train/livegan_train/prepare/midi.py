"""MIDI files, with symusic: ticks to steps, time signatures to bar lines, programs to families."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import symusic

from .families import BY_NAME, FAMILIES, family_of
from .song import (
    COMMON_TIME,
    MOST_BARS,
    BarLines,
    FloatArray,
    IntArray,
    Notes,
    Settings,
    Song,
    Unreadable,
    Unsuitable,
    bars_between,
    joined,
)

DEFAULT_BPM = 120.0
SIGNATURES_MOST = 10_000


@dataclass(frozen=True, slots=True)
class MidiTrack:
    """One channel and program of one track; `start` and `end` in ticks, all `[note]`."""

    name: str
    program: int
    drum: bool
    start: FloatArray
    end: FloatArray
    pitch: IntArray
    velocity: IntArray


@dataclass(frozen=True, slots=True)
class MidiFile:
    """What counts in a MIDI file. `tempi`: tick and microseconds a quarter, `[change, 2]`;
    `signatures`: tick, numerator, denominator, `[change, 3]`; both sorted by tick."""

    ticks_per_beat: int
    tracks: tuple[MidiTrack, ...]
    tempi: FloatArray
    signatures: IntArray


def parse(data: bytes) -> MidiFile:
    """Read a MIDI file. Raises `Unreadable`."""
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[max(data.find(b"MThd"), 0) :]
    check_header(data)
    try:
        score: Any = symusic.Score.from_midi(data, "tick", sanitize_data=True)
    except (RuntimeError, ValueError, MemoryError, UnicodeError) as error:
        raise Unreadable(reason_of(error)) from None
    tracks = []
    for track in score.tracks:
        if track.notes:
            columns = track.notes.numpy()
            start = columns["time"].astype(np.float64)
            end = start + columns["duration"]
            if start.min() < 0 or (end < start).any():
                raise Unreadable("its times pass 2,147,483,647 ticks")
            pitch = columns["pitch"].astype(np.int64)
            velocity = columns["velocity"].astype(np.int64)
            tracks.append(
                MidiTrack(track.name, track.program, track.is_drum, start, end, pitch, velocity)
            )
    tempi = [(t.time, t.mspq) for t in score.tempos if t.mspq > 0 and t.time >= 0]
    signatures = [
        (s.time, s.numerator, s.denominator)
        for s in score.time_signatures
        if s.numerator > 0 and s.denominator > 0 and s.time >= 0
    ]
    return MidiFile(
        score.tpq,
        tuple(tracks),
        np.array(sorted(tempi, key=lambda tempo: tempo[0]), np.float64).reshape(-1, 2),
        np.array(sorted(signatures, key=lambda signature: signature[0]), np.int64).reshape(-1, 3),
    )


def check_header(data: bytes) -> None:
    if not data:
        raise Unreadable("empty")
    if data[:4] != b"MThd" or len(data) < 14:
        raise Unreadable("not a MIDI file")
    kind, _, division = struct.unpack(">HHH", data[8:14])
    if kind == 2:
        raise Unreadable("type 2 (several pieces in one file)")
    if division & 0x8000:
        raise Unreadable("timed in SMPTE frames, so it has no beats")
    if not division:
        raise Unreadable("no ticks in a quarter note")


def reason_of(error: Exception) -> str:
    """symusic's message as one short line, without what stands around it."""
    line = " ".join(str(error).split()).removeprefix("MiniMidi: ").removesuffix(": iostream error")
    return f"damaged ({line[:100] or type(error).__name__})"


def main_bpm(midi: MidiFile, last: float) -> float:
    """The tempo that most beats have, in quarters a minute; 120 where there is none."""
    tempi = midi.tempi[midi.tempi[:, 0] < last] if last > 0 else midi.tempi[:1]
    if not len(tempi):
        return DEFAULT_BPM
    beats = np.diff(tempi[:, 0], append=max(last, tempi[-1, 0]))
    values, place = np.unique(tempi[:, 1], return_inverse=True)
    return float(60e6 / values[np.bincount(place.ravel(), beats).argmax()])


def bar_lines(midi: MidiFile, last: float, settings: Settings) -> BarLines:
    """The bars up to tick `last`. A time signature in mid-bar ends that bar: it is left out, and the
    next begins with the signature. Before the first signature the metre is 4/4."""
    changes: list[tuple[float, int, int]] = [(0.0, *COMMON_TIME)]
    for tick, numerator, denominator in midi.signatures[:SIGNATURES_MOST].tolist():
        if changes[-1][0] == tick:
            changes.pop()
        changes.append((float(tick), numerator, denominator))
    ends = [*(change[0] for change in changes[1:]), max(last, changes[-1][0])]
    starts, whole, count = [], [], 0
    for (tick, numerator, denominator), end in zip(changes, ends, strict=True):
        length = numerator * 4 * midi.ticks_per_beat / denominator
        bars = int(np.ceil((min(end, last) - tick) / length - 1e-9))
        if bars <= 0:
            continue
        count += bars
        if count > MOST_BARS:
            raise Unsuitable(f"longer than {MOST_BARS:,} bars")
        starts.append(tick + length * np.arange(bars))
        kept = np.full(bars, settings.is_metre(numerator, denominator))
        if end < last:
            kept[-1] &= tick + bars * length <= end + 1e-6
        whole.append(kept)
    if not count:
        return BarLines(np.zeros(0, np.int64), np.zeros(0, np.int64))
    steps = np.concatenate(starts) * settings.steps_per_beat / midi.ticks_per_beat
    return bars_between(steps, np.concatenate(whole))


def notes_of(midi: MidiFile, settings: Settings) -> tuple[Notes, tuple[str, ...]]:
    """All notes of the kept families, and the names of the tracks they are in."""
    named = settings.families == BY_NAME
    names = tuple(track.name.strip() for track in midi.tracks) if named else FAMILIES[settings.families]
    scale = settings.steps_per_beat / midi.ticks_per_beat
    parts = []
    for place, track in enumerate(midi.tracks):
        family = place if named else family_of(settings.families, track.program, track.drum)
        if family >= 0:
            count = len(track.start)
            parts.append(
                Notes(
                    track.start * scale,
                    track.end * scale,
                    track.pitch,
                    np.full(count, family),
                    np.full(count, track.drum),
                    track.velocity,
                )
            )
    return joined(parts), names


def read_midi(data: bytes, settings: Settings) -> Song:
    """One MIDI file. Raises `Unreadable` or `Unsuitable`."""
    midi = parse(data)
    notes, names = notes_of(midi, settings)
    last = float(notes.end.max()) * midi.ticks_per_beat / settings.steps_per_beat
    bars = bar_lines(midi, last + midi.ticks_per_beat, settings)
    if not len(bars):
        raise Unsuitable(f"no bars of {settings.metre[0]}/{settings.metre[1]}")
    return Song(notes, names, bars, main_bpm(midi, last), settings.snap or 0)
