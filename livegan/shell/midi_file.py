"""Writing what was played as a standard MIDI file that any DAW opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import mido

from livegan.core.messages import Sent, place_of
from livegan.core.model import Track
from livegan.core.music import BEATS_PER_BAR, STEPS_PER_BEAT
from livegan.core.outputs import NOTE_OFF, NOTE_ON
from livegan.core.rendering import channel_of
from livegan.core.timeline import Tempi

from .files import write_whole

TICKS_PER_STEP = 20
"""480 a quarter note: at 120 bpm a tick is a millisecond."""
Played = Sequence[Sent]
"""In order of time."""


def write_midi(
    path: Path, events: Played, tempi: Tempi, end_step: int, tracks: Sequence[Track]
) -> None:
    """Format 1: a tempo track, then one for each channel that a track of the model has or that was
    played. Every track ends at `end_step`, so that the file is as long as the music."""
    file = mido.MidiFile(ticks_per_beat=STEPS_PER_BEAT * TICKS_PER_STEP)
    tempo_track = [mido.MetaMessage("time_signature", numerator=BEATS_PER_BAR, denominator=4)]
    file.tracks.append(mido.MidiTrack(tempo_track))
    at = 0
    for step, bpm in tempi:
        delta = (step - at) * TICKS_PER_STEP
        file.tracks[0].append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm), time=delta))
        at = step
    close_track(file.tracks[0], (end_step - at) * TICKS_PER_STEP)
    described = {channel_of(place, tracks): track for place, track in enumerate(tracks)}
    for channel in sorted({event[1] & 0x0F for event in events} | set(described)):
        file.tracks.append(channel_track(events, channel, described.get(channel), end_step))
    write_whole(path, file.save)


def channel_track(
    events: Played, channel: int, described: Track | None, end_step: int
) -> mido.MidiTrack:
    """Name, program and notes of one channel."""
    name = described.name if described else f"channel {channel + 1}"
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    if described and not described.drums:
        track.append(mido.Message("program_change", channel=channel, program=described.program))
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
