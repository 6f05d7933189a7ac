"""Piano rolls of the Lakh Pianoroll Dataset, as pypianoroll saves them.

An `.npz` with `info.json` and, for each track, a sparse matrix `[step, 128]` in compressed columns.
Version 0.x calls the steps of a beat `beat_resolution`, 1.x `resolution`; 0.x may hold `None` where 1.x
leaves an array out. 1.x marks downbeats only up to the last change of metre, so from the last mark on
bars have the wanted length.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from .families import BY_NAME, FAMILIES, family_of
from .midi import DEFAULT_BPM
from .song import (
    MOST_BARS,
    BarLines,
    IntArray,
    Notes,
    Settings,
    Song,
    Unreadable,
    Unsuitable,
    bars_between,
    joined,
)


def read_lakh(data: bytes, settings: Settings) -> Song:
    """One piano roll file. Raises `Unreadable` or `Unsuitable`."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            if "info.json" not in archive:
                raise Unreadable("not a piano roll of pypianoroll (no info.json in it)")
            return song_of(archive, settings)
    except (Unreadable, Unsuitable):
        raise
    except Exception as error:  # zip, json, shape and type errors all mean the same to the user
        line = " ".join(str(error).split())[:100]
        raise Unreadable(f"not a piano roll of pypianoroll ({line or type(error).__name__})") from None


def song_of(archive: Any, settings: Settings) -> Song:
    info = json.loads(archive["info.json"])
    resolution = int(info.get("resolution") or info["beat_resolution"])
    count = next(place for place in range(len(info) + 1) if str(place) not in info)
    heads = [info[str(place)] for place in range(count)]
    named = settings.families == BY_NAME
    names = (
        tuple(str(head.get("name") or "").strip() for head in heads)
        if named
        else FAMILIES[settings.families]
    )
    parts = []
    for place, head in enumerate(heads):
        drum = bool(head.get("is_drum"))
        family = place if named else family_of(settings.families, int(head.get("program") or 0), drum)
        if family >= 0:
            parts.append(roll_notes(archive, place, settings.steps_per_beat / resolution, family, drum))
    notes = joined(parts)
    last = int(np.ceil(notes.end.max()))
    bars = bar_lines(archive, last, resolution, settings)
    if not len(bars):
        raise Unsuitable(f"no bars of {settings.metre[0]}/{settings.metre[1]}")
    return Song(notes, names, bars, bpm_of(archive), settings.snap or 0)


def roll_notes(archive: Any, place: int, scale: float, family: int, drum: bool) -> Notes:
    """The runs of one sparse matrix: every run of a pitch is a note."""
    matrix = f"pianoroll_{place}_csc_"
    data, step = archive[matrix + "data"], archive[matrix + "indices"].astype(np.int64)
    columns = archive[matrix + "indptr"].astype(np.int64)
    if len(columns) != 129:
        raise Unreadable(f"its rolls have {len(columns) - 1} pitches, not 128")
    pitch = np.repeat(np.arange(128), np.diff(columns))
    on = data != 0
    order = np.lexsort((step[on], pitch[on]))
    step, pitch = step[on][order], pitch[on][order]
    first = np.ones(len(step), bool)
    first[1:] = (np.diff(step) != 1) | (np.diff(pitch) != 0)
    starts = np.flatnonzero(first)
    lengths = np.diff(starts, append=len(step))
    return Notes(
        step[starts] * scale,
        (step[starts] + lengths) * scale,
        pitch[starts],
        np.full(len(starts), family),
        np.full(len(starts), drum),
        np.zeros(len(starts), np.int64),
    )


def optional(archive: Any, key: str) -> IntArray | None:
    """An array that may be missing, empty or a pickled None; flat."""
    try:
        values = np.asarray(archive[key]).ravel()
    except (KeyError, ValueError):
        return None
    return values if len(values) else None


def bar_lines(archive: Any, last: int, resolution: int, settings: Settings) -> BarLines:
    length = settings.steps_per_bar
    if last > MOST_BARS * length:
        raise Unsuitable(f"longer than {MOST_BARS:,} bars")
    marks = optional(archive, "downbeat")
    downbeats = np.zeros(1) if marks is None or not marks.any() else np.flatnonzero(marks).astype(float)
    downbeats *= settings.steps_per_beat / resolution
    tail = np.arange(downbeats[-1] + length, last, length)
    lines = np.concatenate([downbeats, tail])
    whole = np.abs(np.diff(lines, append=lines[-1] + length) - length) < 0.5
    return bars_between(lines, whole)


def bpm_of(archive: Any) -> float:
    """The median tempo; 120 where there is none."""
    tempi = optional(archive, "tempo")
    if tempi is None:
        return DEFAULT_BPM
    bpm = float(np.median(tempi.astype(np.float64)))
    return bpm if np.isfinite(bpm) and bpm > 0 else DEFAULT_BPM
