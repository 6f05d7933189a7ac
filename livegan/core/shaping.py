"""Shaping: what the performer makes of a bar's notes, whatever the model; pure, on notes as they are
struck.

The steps in their order, each of which leaves notes alone while its controls are at their defaults:
loudness, which notes are struck at all (mute and solo, rhythm mask, chance), pitch (scale,
transposition, octave, range), length, channel; then every pitch for itself, and at last how many
sound at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .feel import MAX_VELOCITY, NOTE_DRAWS
from .model import Track
from .music import STEPS_PER_BAR, STEPS_PER_SIXTEENTH, Note, in_order
from .scales import nearest_degree
from .state import State, TrackSettings
from .voices import limited, untangled

CHANCE = 23
"""Among the seeds, that of which onsets are struck."""
OCTAVE = 12


def shape(
    parts: Sequence[Sequence[Note]], tracks: Sequence[Track], state: State, place: tuple[int, int]
) -> tuple[Note, ...]:
    """The notes of a bar, each track's, as they are to sound, ordered by start. `place` is the bar's
    seed and number, which decide chance."""
    draws = draws_for(place, len(parts)) if state.chance < 1 else None
    heard = audible(state.tracks[: len(parts)])
    pitched: list[Note] = []
    drums: list[Note] = []
    plain: list[Note] = []
    for number, (part, track) in enumerate(zip(parts, tracks, strict=True)):
        settings = state.tracks[number]
        shaped = loudened(part, state, settings.velocity)
        shaped = chosen(shaped, state, None if draws is None else draws[number])
        shaped = shaped if heard[number] else []
        shaped = shaped if track.drums else pitched_anew(shaped, state, settings.octave)
        shaped = on_channel(lengthened(shaped, state.gate), settings.channel)
        (drums if track.drums else pitched).extend(shaped)
        plain += part
    notes = in_order([*pitched, *drums])
    if state.voices:
        notes = in_order([*limited(untangled(pitched), state.voices), *untangled(drums)])
    elif notes != in_order(plain):
        notes = in_order([*untangled(pitched), *untangled(drums)])
    return notes


def draws_for(place: tuple[int, int], tracks: int) -> NDArray[np.float64]:
    """`[track, step, draw]`, each from 0 up to 1: the same for a place in the bar, whatever notes are
    there."""
    random = np.random.default_rng([*place, CHANCE])
    return random.random((tracks, STEPS_PER_BAR, NOTE_DRAWS))


def audible(tracks: Sequence[TrackSettings]) -> list[bool]:
    """Which tracks sound: those that are soloed, or all if none is, but for the muted ones."""
    soloed = any(track.solo for track in tracks)
    return [not track.mute and (track.solo or not soloed) for track in tracks]


def loudened(part: Sequence[Note], state: State, factor: float) -> list[Note]:
    """Accents spread around the mean of the track's bar, then the track's factor; then all of MIDI's
    range is fitted into the one that was set."""
    low, high = state.velocity_range
    if not part or (state.accent, factor, low, high) == (1, 1, 1, MAX_VELOCITY):
        return list(part)
    mean = sum(note.velocity for note in part) / len(part)
    shaped = []
    for note in part:
        velocity = factor * (mean + state.accent * (note.velocity - mean))
        share = (min(MAX_VELOCITY, max(1, velocity)) - 1) / (MAX_VELOCITY - 1)
        shaped.append(note._replace(velocity=round(low + share * (high - low))))
    return shaped


def chosen(part: list[Note], state: State, draws: NDArray[np.float64] | None) -> list[Note]:
    """Those whose sixteenth is on in the rhythm mask, and which chance, `[step, draw]`, lets be."""
    if not all(state.rhythm):
        part = [note for note in part if state.rhythm[note.start // STEPS_PER_SIXTEENTH]]
    if draws is not None:
        part = [n for n in part if draws[n.start, n.pitch % NOTE_DRAWS] < state.chance]
    return part


def pitched_anew(part: list[Note], state: State, octave: int) -> list[Note]:
    """By scale, transposition, the track's octave and range."""
    aside = state.transpose + state.keyed + octave * OCTAVE
    if state.scale == "free" and not aside and state.pitch_range == (0, 127):
        return part
    found = ((note, pitch_of(note.pitch, state, aside)) for note in part)
    return [note._replace(pitch=pitch) for note, pitch in found if pitch is not None]


def pitch_of(pitch: int, state: State, aside: int) -> int | None:
    """What becomes of a pitch, None if it is left out: the scale's nearest or none, so far aside, and
    into the range."""
    degree = nearest_degree(pitch, state.scale, state.root)
    if state.fit == "lock" and degree != pitch:
        return None
    return folded(degree + aside, *state.pitch_range)


def folded(pitch: int, low: int, high: int) -> int | None:
    """By as few octaves as it takes into a range; None where the range has no such pitch."""
    if pitch < low:
        pitch += -((pitch - low) // OCTAVE) * OCTAVE
    elif pitch > high:
        pitch += (high - pitch) // OCTAVE * OCTAVE
    return pitch if low <= pitch <= high else None


def lengthened(part: list[Note], gate: float) -> list[Note]:
    """By a factor; at the latest a note ends with its bar."""
    if gate == 1:
        return part
    return [
        note._replace(length=min(max(1, round(note.length * gate)), STEPS_PER_BAR - note.start))
        for note in part
    ]


def on_channel(part: list[Note], channel: int) -> list[Note]:
    """Of 1 to 16; 0 is the model's own."""
    return [note._replace(channel=channel - 1) for note in part] if channel else part
