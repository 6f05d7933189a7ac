"""Families of General MIDI programs, as the Lakh Pianoroll Dataset merges tracks.

LPD-5 puts what is not drums, piano, guitar or bass into Strings, and leaves out sound effects. (The
published LPD-5 also leaves out the synth effects 96-103 and the percussive 112-119, which carry notes.)
LPD-17 has drums and the sixteen families of General MIDI.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FAMILIES: dict[str, tuple[str, ...]] = {
    "lpd5": ("Drums", "Piano", "Guitar", "Bass", "Strings"),
    "lpd17": (
        "Drums",
        "Piano",
        "Chromatic Percussion",
        "Organ",
        "Guitar",
        "Bass",
        "Strings",
        "Ensemble",
        "Brass",
        "Reed",
        "Pipe",
        "Synth Lead",
        "Synth Pad",
        "Synth Effects",
        "Ethnic",
        "Percussive",
        "Sound Effects",
    ),
}
BY_NAME = "names"
SOUND_EFFECTS = range(120, 128)


def lpd5_table() -> NDArray[np.int64]:
    """Track of each program 0-127, -1 for those left out; int `[128]`."""
    table = np.full(128, 4, np.int64)
    table[0:8], table[24:32], table[32:40] = 1, 2, 3
    table[SOUND_EFFECTS.start : SOUND_EFFECTS.stop] = -1
    return table


TABLES = {"lpd5": lpd5_table(), "lpd17": np.arange(128, dtype=np.int64) // 8 + 1}


def family_of(families: str, program: int, drum: bool) -> int:
    """The index of a program's family in `FAMILIES[families]`, or -1."""
    return 0 if drum else int(TABLES[families][program & 127])
