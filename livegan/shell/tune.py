"""A tune from a MIDI file, for models that accompany."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import PITCHES, STEPS_PER_BAR, STEPS_PER_BEAT, Note
from livegan.core.roll import roll_from_notes

if TYPE_CHECKING:
    import mido

DRUM_CHANNEL = 9
MAX_BARS = 10_000


class BadTune(ValueError):
    """The file can't be given; one line says why."""


def read_tune(path: Path | None) -> list[NDArray[np.bool_]]:
    """The 4/4 bars of a MIDI file, bool `[step, pitch]` each: every note but drums, at the nearest step
    of its beats, whatever the tempo. None is no tune. Raises `BadTune`."""
    if path is None:
        return []
    import mido

    try:
        file = mido.MidiFile(path)
        notes = notes_of_file(file)
    except FileNotFoundError:
        raise BadTune(f"{path}: no such file") from None
    except Exception as error:  # mido raises whatever it stumbled on
        raise BadTune(f"{path}: not a readable MIDI file ({error or type(error).__name__})") from None
    if not notes:
        raise BadTune(f"{path}: no notes in it (drums, on channel 10, don't count)")
    bars = -(-max(note.start + note.length for note in notes) // STEPS_PER_BAR)
    if bars > MAX_BARS:
        raise BadTune(f"{path}: {bars:,} bars long; at most {MAX_BARS:,} can be given")
    roll = roll_from_notes(notes, bars * STEPS_PER_BAR)
    return list(roll.reshape(bars, STEPS_PER_BAR, PITCHES))


def notes_of_file(file: mido.MidiFile) -> list[Note]:
    """Notes of all tracks but drums, in steps."""
    import mido

    notes: list[Note] = []
    sounding: dict[tuple[int, int], tuple[int, int]] = {}
    tick = 0
    for message in mido.merge_tracks(file.tracks):
        tick += message.time
        if message.type not in ("note_on", "note_off") or message.channel == DRUM_CHANNEL:
            continue
        key = (message.channel, message.note)
        begun = sounding.pop(key, None)
        step = round(tick * STEPS_PER_BEAT / file.ticks_per_beat)
        if begun is not None:
            start, velocity = begun
            notes.append(Note(start, max(1, step - start), message.note, velocity, 0))
        if message.type == "note_on" and message.velocity:
            sounding[key] = (step, message.velocity)
    return notes
