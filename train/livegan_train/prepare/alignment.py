"""Where the bars of a recorded song begin, from a melody that people aligned to bars.

The aligned melody counts 16ths from a bar line; the recording counts beats. How many 16ths lie between
the two is constant but where a song has an odd bar. A Viterbi match over the melody's notes finds that
distance, note by note: keeping it costs nothing, changing it costs as much as several wrong notes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .song import FloatArray, IntArray

PER_BAR = 16
BEAT = 4
CANDIDATES = 64
CHANGE, CHANGE_PER_BAR, CHANGE_MOST = 4.0, 2.0, 16.0
NEIGHBOUR = 0.5
"""What a note one 16th beside its place is worth."""
PITCHES = 128


@dataclass(frozen=True, slots=True)
class Alignment:
    """`distance` in 16ths from the aligned melody to the recording, for each aligned note, and the
    share of notes found in the recording at that distance."""

    position: IntArray
    distance: IntArray
    found: float


def align(position: IntArray, pitch: IntArray, onset: IntArray, onset_pitch: IntArray) -> Alignment:
    """Match aligned notes (`position` in 16ths, `pitch`) with recorded ones (`onset` in 16ths,
    `onset_pitch`). Distances are whole beats, since the recording's beats are right."""
    low, high = min(0, int(onset.min())) - 1, int(onset.max()) + 2
    heard = np.zeros((PITCHES, high - low), bool)
    heard[onset_pitch, onset - low] = True
    distances = likely_distances(position, pitch, onset, onset_pitch)
    if not len(distances):
        return Alignment(position, np.zeros(len(position), np.int64), 0.0)
    place = position[:, None] + distances - low
    exact = found_at(heard, pitch, place)
    beside = found_at(heard, pitch, place - 1) | found_at(heard, pitch, place + 1)
    scores = np.where(exact, 1.0, np.where(beside, NEIGHBOUR, 0.0))
    path = best_path(scores, distances)
    return Alignment(position, distances[path], float((scores[np.arange(len(path)), path] > 0).mean()))


def found_at(heard: np.ndarray, pitch: IntArray, place: IntArray) -> np.ndarray:
    inside = (place >= 0) & (place < heard.shape[1])
    found: np.ndarray = heard[pitch[:, None], np.where(inside, place, 0)] & inside
    return found


def likely_distances(
    position: IntArray, pitch: IntArray, onset: IntArray, onset_pitch: IntArray
) -> IntArray:
    """The whole-beat distances that most pairs of equal pitch have, ascending."""
    apart = (onset[None, :] - position[:, None])[pitch[:, None] == onset_pitch[None, :]]
    beats = np.concatenate([apart, apart - 1, apart + 1])
    weights = np.repeat([2, 1, 1], len(apart))
    whole = beats % BEAT == 0
    values, where = np.unique(beats[whole], return_inverse=True)
    if not len(values):
        return values
    counts = np.bincount(where.ravel(), weights[whole])
    return np.sort(values[np.argsort(-counts, kind="stable")[:CANDIDATES]])


def best_path(scores: FloatArray, distances: IntArray) -> IntArray:
    """The columns of `scores` `[note, distance]` with the largest sum, changes paid for."""
    bars = np.abs(distances[:, None] - distances) / PER_BAR
    price = np.minimum(CHANGE + CHANGE_PER_BAR * bars, CHANGE_MOST)
    np.fill_diagonal(price, 0.0)
    best = scores[0].copy()
    back = np.zeros(scores.shape, np.int64)
    for note in range(1, len(scores)):
        offers = best[:, None] - price
        back[note] = offers.argmax(axis=0)
        best = offers[back[note], np.arange(len(distances))] + scores[note]
    path = np.zeros(len(scores), np.int64)
    path[-1] = best.argmax()
    for note in range(len(scores) - 1, 0, -1):
        path[note - 1] = back[note, path[note]]
    return path


def downbeats(alignment: Alignment, first: float, last: float) -> IntArray:
    """Bar lines of the recording in 16ths, ascending, from before `first` to after `last`. Where their
    phase changes nobody knows where the odd bar lies, so that everything from the bar of the last note
    before to the first note after becomes one odd bar."""
    place = alignment.position + alignment.distance
    changes = np.flatnonzero(np.diff(alignment.distance % PER_BAR))
    lows = [int(np.floor(first)) - PER_BAR, *place[changes + 1].tolist()]
    highs = [*(place[changes] + 1).tolist(), int(np.ceil(last)) + PER_BAR]
    lines: list[IntArray] = []
    for part, low, high in zip([0, *(changes + 1).tolist()], lows, highs, strict=True):
        phase = int(alignment.distance[part]) % PER_BAR
        lines.append(np.arange(low + (phase - low) % PER_BAR, high, PER_BAR))
    return np.unique(np.concatenate(lines))
