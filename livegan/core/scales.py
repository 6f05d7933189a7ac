"""Scales, as what a performer may hold the music to."""

from __future__ import annotations

from functools import cache

from .knobs import KEYS

SCALES = {
    "free": tuple(range(12)),
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
}
"""Degrees in semitones above the root."""
TONICS = {
    "major": (0, ""), "major pentatonic": (0, ""), "lydian": (7, ""), "mixolydian": (5, ""),
    "dorian": (10, ""), "phrygian": (8, ""), "minor": (0, "m"), "harmonic minor": (0, "m"),
    "melodic minor": (0, "m"), "minor pentatonic": (0, "m"), "blues": (0, "m"),
}  # fmt: skip
"""Semitones from the root to the tonic of the key that has a scale's notes, or most of them; and m
where that is a minor one."""
ROOTS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FITS = ("nudge", "lock")
"""What becomes of a note outside: moved to the nearest degree, or left out."""


def key_of(scale: str, root: int) -> int | None:
    """The key (0 to 23, as in `KEYS`) in which music fits a scale best; None for those that are as far
    from all."""
    if scale not in TONICS:
        return None
    apart, mode = TONICS[scale]
    return KEYS.index(ROOTS[(root + apart) % 12] + mode)


@cache
def nearest_degree(pitch: int, scale: str, root: int) -> int:
    """The pitch of the scale nearest to a pitch, the lower one of two; itself if it is one."""
    degrees = {(root + degree) % 12 for degree in SCALES[scale]}
    aside = next(
        a for distance in range(7) for a in (-distance, distance) if (pitch + a) % 12 in degrees
    )
    return pitch + aside
