"""Which notes of a bar sound at once: no pitch of a channel twice, and no more of them than wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import floor

from .feel import in_turn
from .music import STEPS_PER_BAR, Note, in_order

STRETCH = 3.0
"""Swing stretches time by 1/2 to 3/2: a note that is late by one step may be late by as much of what
three written steps took."""


def untangled(notes: Iterable[Note]) -> list[Note]:
    """Every pitch of a channel for itself: of two notes that begin together the louder stays, as long
    as the longer; a note ends where the next one begins, and none is struck before the one before."""
    voices: dict[tuple[int, int], list[Note]] = {}
    for note in in_order(notes):
        voice = voices.setdefault((note.channel, note.pitch), [])
        last = voice[-1] if voice else None
        if last is None or last.start + last.length <= note.start:
            voice.append(note)
        elif last.start < note.start:
            voice[-1:] = [last._replace(length=note.start - last.start), note]
        else:
            louder = max(last, note, key=lambda one: one.velocity)
            voice[-1] = louder._replace(length=max(last.length, note.length))
    untied = []
    for voice in voices.values():
        offsets = in_turn(voice, [note.offset for note in voice]) if len(voice) > 1 else None
        for place, note in enumerate(voice):
            untied.append(note._replace(offset=offsets[place]) if offsets else note)
    return untied


def limited(notes: Iterable[Note], most: int) -> list[Note]:
    """So many notes at once at the most, whatever their micro-timing and the swing. Where there are
    more, those that stay are the highest, the lowest, then the loudest; what gives way ends as the
    others begin, or is left out if it is one of them. Each (start, channel, pitch) only once."""
    kept: list[Note] = []
    for start, together in groupby(in_order(notes), key=lambda note: note.start):
        struck = [within_bar(note) for note in together]
        begin = min(begin_of(note) for note in struck)
        sounding = [note for note in kept if end_of(note) > begin]
        if len(sounding) + len(struck) > most:
            held = [note for note in sounding if note.start + note.length > start]
            stay = set(foremost([*held, *struck], most))
            struck = [note for note in struck if note in stay]
            ended = (note if note in stay else ended_by(note, begin) for note in sounding)
            kept = [note for note in kept if end_of(note) <= begin]
            kept += [note for note in ended if note]
        kept += struck
    return kept


def within_bar(note: Note) -> Note:
    """Neither struck nor ending behind its bar line."""
    longest, latest = STEPS_PER_BAR - note.start, STEPS_PER_BAR - 1 - note.start
    return note._replace(length=min(note.length, longest), offset=min(note.offset, latest))


def begin_of(note: Note) -> float:
    """Where it has not begun yet, in written steps, however early it is and whatever the swing."""
    return note.start - STRETCH * max(0.0, -note.offset)


def end_of(note: Note) -> float:
    """Where it has ended, in written steps, however late it is and whatever the swing."""
    return note.start + note.length + STRETCH * max(0.0, note.offset)


def ended_by(note: Note, place: float) -> Note | None:
    """Shortened, so that it has ended there; its lateness gives way before it does. None if nothing
    is left."""
    for offset in (note.offset, min(note.offset, 0.0)):
        length = min(note.length, floor(place - STRETCH * max(0.0, offset)) - note.start)
        if length >= 1:
            return note._replace(length=length, offset=offset)
    return None


def foremost(notes: Sequence[Note], count: int) -> list[Note]:
    """The highest, the lowest, then the loudest; among equals those that were struck last, and last
    longest."""
    if len(notes) <= count:
        return list(notes)
    low, *inner, high = sorted(notes, key=lambda note: (note.pitch, note.start, note.length))
    inner.sort(key=lambda note: (note.velocity, note.start, note.length), reverse=True)
    return [high, low, *inner][:count]
