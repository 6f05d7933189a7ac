"""Songs of POP909: a MIDI file, the beats found in it, and a melody aligned to bars.

The MIDI ticks are a regular grid beside the beats, and many songs change tempo, so time goes from ticks
to seconds to `beat_midi.txt`. Its time signatures mean nothing: the metre is in `index.xlsx`. Its
downbeats are right for three songs in four, so the bars come from `human_aligned_melody.txt` (of
Dsqvival/hierarchical-structure-analysis) where that is there.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from .alignment import PER_BAR, align, downbeats
from .midi import MidiFile, parse
from .song import (
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

TRACKS = ("MELODY", "BRIDGE", "PIANO")
BEATS, MELODY, INDEX = "beat_midi.txt", "human_aligned_melody.txt", "index.xlsx"
SNAP = 2 / 24
"""Of a beat: how far an onset may lie from the 16th that it moves to."""
ON_GRID = 0.75
"""Songs whose onsets agree less with a grid of 16ths swing, or have wrong beats."""
ALIGNED = 0.75
"""Songs of whose aligned melody less is found in the recording have another melody, or wrong beats."""
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A song's line of `index.xlsx`."""

    title: str
    duple: bool


def is_song_folder(folder: Path, files: list[str]) -> bool:
    """Whether a folder is a song of POP909: `NNN/NNN.mid` beside its beats."""
    return BEATS in files and f"{folder.name}.mid" in files


def read_index(path: Path) -> dict[str, Entry]:
    """Title and metre of each song, by its number. Raises `Unreadable`."""
    try:
        heads, *rows = sheet_rows(path)
        number, title, beats, quavers = (
            heads.index(name)
            for name in ("song_id", "name", "num_beats_per_measure", "num_quavers_per_beat")
        )
        return {
            f"{int(float(row[number])):03d}": Entry(
                row[title], float(row[beats]) == 2 and float(row[quavers]) == 2
            )
            for row in rows
            if row[number]
        }
    except Exception as error:  # zip, xml and table errors all mean the same to the user
        raise Unreadable(f"not POP909's index ({type(error).__name__}: {error})") from None


def sheet_rows(path: Path) -> list[list[str]]:
    """The first sheet of a workbook as text."""
    with zipfile.ZipFile(path) as book:
        shared: list[str] = []
        if "xl/sharedStrings.xml" in book.namelist():
            strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
            shared = ["".join(t.text or "" for t in s.iter(f"{SHEET}t")) for s in strings]
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iter(f"{SHEET}row"):
        cells: dict[str, str] = {}
        for cell in row.iter(f"{SHEET}c"):
            value = cell.findtext(f"{SHEET}v") or ""
            text = "".join(t.text or "" for t in cell.iter(f"{SHEET}t"))
            column = re.sub(r"\d", "", cell.get("r", ""))
            cells[column] = shared[int(value)] if cell.get("t") == "s" else text or value
        rows.append([cells.get(letter, "") for letter in "ABCDEFGH"])
    return rows


def table(text: bytes | None, what: str) -> FloatArray:
    """A text file of numbers, `[line, column]`. Raises `Unreadable`."""
    if text is None:
        raise Unreadable(f"no {what} beside it")
    try:
        numbers: FloatArray = np.loadtxt(io.BytesIO(text), ndmin=2)
    except ValueError as error:
        raise Unreadable(f"{what}: {error}") from None
    return numbers


def seconds_of(midi: MidiFile, ticks: FloatArray) -> FloatArray:
    """Ticks to seconds through the tempo map (120 bpm before its first tempo)."""
    tempi = midi.tempi
    if not len(tempi) or tempi[0, 0] > 0:
        tempi = np.vstack([[0.0, 500_000.0], tempi])
    per_tick = tempi[:, 1] / 1e6 / midi.ticks_per_beat
    since = np.concatenate([[0.0], np.cumsum(np.diff(tempi[:, 0]) * per_tick[:-1])])
    place = np.searchsorted(tempi[:, 0], ticks, "right") - 1
    seconds: FloatArray = since[place] + (ticks - tempi[place, 0]) * per_tick[place]
    return seconds


def beats_of(beats: FloatArray, seconds: FloatArray) -> FloatArray:
    """Seconds to beats, counted from the first; beyond both ends at the tempo there."""
    place = np.clip(np.searchsorted(beats, seconds, "right") - 1, 0, len(beats) - 2)
    counted: FloatArray = place + (seconds - beats[place]) / (beats[place + 1] - beats[place])
    return counted


def read_pop909(
    data: bytes, beat_text: bytes | None, melody_text: bytes | None, duple: bool, settings: Settings
) -> Song:
    """One song. Raises `Unreadable` or `Unsuitable`."""
    if not duple:
        raise Unsuitable("its index says triple or compound metre")
    midi = parse(data)
    found = table(beat_text, BEATS)
    beats = found[:, 0]
    if len(beats) < 2 or (np.diff(beats) <= 0).any():
        raise Unreadable(f"{BEATS}: fewer than two beats, or not in order")
    steps = settings.steps_per_beat
    parts = [
        Notes(
            beats_of(beats, seconds_of(midi, track.start)) * steps,
            beats_of(beats, seconds_of(midi, track.end)) * steps,
            track.pitch,
            np.full(len(track.start), TRACKS.index(track.name.strip().upper())),
            np.zeros(len(track.start), bool),
            track.velocity,
        )
        for track in midi.tracks
        if track.name.strip().upper() in TRACKS
    ]
    notes = joined(parts)
    check_grid(notes, steps)
    lines = bar_lines(notes, steps, found, melody_text)
    whole = np.diff(lines, append=lines[-1]) == settings.steps_per_bar
    snap = round(SNAP * steps) if settings.snap is None else settings.snap
    bpm = float(60 / np.median(np.diff(beats)))
    return Song(notes, TRACKS, bars_between(lines, whole), bpm, snap)


def check_grid(notes: Notes, steps_per_beat: int) -> None:
    """Raises `Unsuitable` unless onsets lie on 16ths: the length of their mean direction when a 16th is
    a full turn."""
    turns = np.exp(8j * np.pi * notes.start / steps_per_beat)
    if abs(turns.mean()) < ON_GRID:
        raise Unsuitable("its onsets lie on no grid of 16ths (swing, or wrong beats)")


def bar_lines(
    notes: Notes, steps_per_beat: int, beats: FloatArray, melody_text: bytes | None
) -> FloatArray:
    """Bar lines in steps. Raises `Unsuitable` where the aligned melody isn't the recording's."""
    sixteenth = steps_per_beat / 4
    first, last = float(notes.start.min()) / sixteenth, float(notes.end.max()) / sixteenth
    if melody_text is None:
        marks = np.flatnonzero(beats[:, -1]) if beats.shape[1] > 2 else np.arange(0, len(beats), 4)
        lines: IntArray = marks * (PER_BAR // 4)
        if not len(lines):
            raise Unsuitable("its beats have no downbeats")
        return lines.astype(np.float64) * sixteenth
    melody = table(melody_text, MELODY).astype(np.int64)
    position = np.cumsum(melody[:, 1]) - melody[:, 1]
    struck = melody[:, 0] > 0
    sung = notes.track == TRACKS.index("MELODY")
    if not struck.any() or not sung.any():
        raise Unsuitable("no melody to align")
    alignment = align(
        position[struck],
        np.clip(melody[struck, 0], 0, 127),
        np.rint(notes.start[sung] / sixteenth).astype(np.int64),
        notes.pitch[sung],
    )
    if alignment.found < ALIGNED:
        raise Unsuitable("its aligned melody is not the one it plays")
    return downbeats(alignment, first, last).astype(np.float64) * sixteenth
