"""Writing what was played as a standard MIDI file that any DAW opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import mido

from livegan.core.messages import Sent, place_of
from livegan.core.model import Track
from livegan.core.music import BEATS_PER_BAR, STEPS_PER_BEAT
from livegan.core.outputs import NOTE_OFF, NOTE_ON
from livegan.core.rendering import channel_of
from livegan.core.state import TrackSettings
from livegan.core.tape import Marks
from livegan.core.timeline import Tempi

from .files import write_whole

TICKS_PER_STEP = 20
"""480 a quarter note: at 120 bpm a tick is a millisecond."""
Played = Sequence[Sent]
"""In order of time."""


def write_midi(
    path: Path,
    events: Played,
    tempi: Tempi,
    end_step: int,
    tracks: Sequence[Track],
    settings: Sequence[TrackSettings] = (),
    marks: Marks = (),
) -> None:
    """Format 1: a track of tempi and markers, then one for each channel that a track of the model has,
    by itself or by its settings, or that was played. Every track ends at `end_step`, so that the file
    is as long as the music."""
    file = mido.MidiFile(ticks_per_beat=STEPS_PER_BEAT * TICKS_PER_STEP, charset="utf-8")
    file.tracks.append(time_track(tempi, marks, end_step))
    voices = voices_of(tracks, settings)
    for channel in sorted({event[1] & 0x0F for event in events} | set(voices)):
        file.tracks.append(channel_track(events, channel, voices.get(channel), end_step))
    write_whole(path, file.save)


def time_track(tempi: Tempi, marks: Marks, end_step: int) -> mido.MidiTrack:
    """Time signature, tempi and markers."""
    track = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=BEATS_PER_BAR, denominator=4)])
    timed: list[tuple[float, mido.MetaMessage]] = [
        *((step, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))) for step, bpm in tempi),
        *((max(0, step), mido.MetaMessage("marker", text=text)) for step, text in marks),
    ]
    at = 0
    for step, message in sorted(timed, key=lambda one: one[0]):
        tick = round(step * TICKS_PER_STEP)
        track.append(message.copy(time=tick - at))
        at = tick
    close_track(track, end_step * TICKS_PER_STEP - at)
    return track


class Voice(NamedTuple):
    """What is known of a channel; no program is sent for None."""

    name: str
    program: int | None


def voices_of(tracks: Sequence[Track], settings: Sequence[TrackSettings]) -> dict[int, Voice]:
    """By channel. Tracks that share one are one voice."""
    voices: dict[int, Voice] = {}
    for place, track in enumerate(tracks):
        own = settings[place] if place < len(settings) else TrackSettings()
        channel = own.channel - 1 if own.channel else channel_of(place, tracks)
        program = own.program - 1 if own.program else None if track.drums else track.program
        before = voices.get(channel)
        name = f"{before.name} + {track.name}" if before else track.name
        voices[channel] = Voice(name, before.program if before and not own.program else program)
    return voices


def channel_track(events: Played, channel: int, voice: Voice | None, end_step: int) -> mido.MidiTrack:
    """Name, program and notes of one channel."""
    name = voice.name if voice else f"channel {channel + 1}"
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    if voice and voice.program is not None:
        track.append(mido.Message("program_change", channel=channel, program=voice.program))
    at = 0
    for event in events:
        status = event[1]
        if status & 0x0F != channel or status & 0xF0 not in (NOTE_ON, NOTE_OFF):
            continue
        tick = max(at, round(place_of(event) * TICKS_PER_STEP))
        track.append(mido.Message.from_bytes(event[1:4]).copy(time=tick - at))
        at = tick
    close_track(track, end_step * TICKS_PER_STEP - at)
    return track


def close_track(track: mido.MidiTrack, ticks: int) -> None:
    track.append(mido.MetaMessage("end_of_track", time=max(0, ticks)))
