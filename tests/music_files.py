"""Music files for the tests of `livegan prepare`, made as others make them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np
from scipy.sparse import csc_matrix

TICKS = 480
STEP = TICKS // 24

MidiNote = tuple[int, int, int]
"""Start and length in steps, pitch."""


def track_of(
    events: Sequence[tuple[int, mido.Message | mido.MetaMessage]], name: str = ""
) -> mido.MidiTrack:
    """A track of events at absolute ticks; at one tick in the order given."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)] if name else [])
    now = 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def note_events(notes: Sequence[MidiNote], channel: int = 0) -> list[tuple[int, mido.Message]]:
    """Note-offs come before the note-ons of the same tick."""
    events = []
    for start, length, pitch in notes:
        on = mido.Message("note_on", note=pitch, velocity=80, channel=channel)
        off = mido.Message("note_off", note=pitch, velocity=0, channel=channel)
        events += [(start * STEP, 1, on), ((start + length) * STEP, 0 if length else 2, off)]
    return [(tick, message) for tick, _, message in sorted(events, key=lambda event: event[:2])]


def part(
    notes: Sequence[MidiNote], program: int = 0, channel: int = 0, name: str = ""
) -> mido.MidiTrack:
    change = mido.Message("program_change", program=program, channel=channel)
    return track_of([(0, change), *note_events(notes, channel)], name)


def signature(step: int, numerator: int, denominator: int) -> tuple[int, mido.MetaMessage]:
    message = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
    return step * STEP, message


def tempo(step: int, bpm: float) -> tuple[int, mido.MetaMessage]:
    return step * STEP, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))


def write_midi(
    path: Path,
    parts: Sequence[mido.MidiTrack],
    heads: Sequence[tuple[int, mido.MetaMessage]] = (),
    kind: int = 1,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    song = mido.MidiFile(type=kind, ticks_per_beat=TICKS)
    song.tracks += [track_of(heads), *parts] if heads else list(parts)
    song.save(path)
    return path


def tune(seed: int, bars: int = 12) -> list[MidiNote]:
    """Random eighths, four bars of which no two tunes share."""
    random = np.random.default_rng(seed)
    return [(12 * place, 10, int(random.integers(48, 84))) for place in range(8 * bars)]


def write_old_pianoroll(path: Path, rolls: dict[str, tuple[int, bool, np.ndarray]], steps: int) -> Path:
    """As pypianoroll 0.x laid it out: `beat_resolution`, `downbeat` and `tempo` for every step."""
    length = len(next(iter(rolls.values()))[2])
    arrays = {"tempo": np.full(length, 100.0), "downbeat": np.arange(length) % (4 * steps) == 0}
    info: dict[str, object] = {"beat_resolution": steps, "name": "old"}
    for place, (name, (program, drum, roll)) in enumerate(rolls.items()):
        matrix = csc_matrix(roll.astype(np.uint8) * 90)
        head = f"pianoroll_{place}_csc_"
        arrays |= {head + key: getattr(matrix, key) for key in ("data", "indices", "indptr")}
        arrays[head + "shape"] = np.array(matrix.shape)
        info[str(place)] = {"name": name, "program": program, "is_drum": drum}
    np.savez_compressed(path, **arrays)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("info.json", json.dumps(info))
    return path


def write_index(path: Path, songs: dict[str, tuple[str, int, int]]) -> Path:
    """POP909's workbook: for each song its title, beats a measure and quavers a beat."""
    heads = (
        "song_id",
        "name",
        "artist",
        "modify_times",
        "num_beats_per_measure",
        "num_quavers_per_beat",
    )
    rows = [heads, *((n, title, "?", "1", b, q) for n, (title, b, q) in songs.items())]
    text = "".join(
        f'<row r="{r}">'
        + "".join(
            f'<c r="{letter}{r}" t="inlineStr"><is><t>{value}</t></is></c>'
            for letter, value in zip("ABCDEF", row, strict=True)
        )
        + "</row>"
        for r, row in enumerate(rows, start=1)
    )
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(path, "w") as book:
        sheet = f'<worksheet xmlns="{space}"><sheetData>{text}</sheetData></worksheet>'
        book.writestr("xl/worksheets/sheet1.xml", sheet)
    return path
