"""The peers' players, each in a process of its own; to the receiver's port, or to none:

    python -m benchmarks.players {isobar,mido,python-rtmidi} OUT.json SCHEDULE.json FILE.mid [PORT]

What is timed is the call that hands the event to the port. OUT gets what `Stamps` has.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from livegan.core.clock_out import TICK
from livegan.core.music import STEPS_PER_BEAT
from livegan.core.outputs import NOTE_OFF, NOTE_ON
from livegan.shell.files import write_whole

DRAIN_SECONDS = 0.1
START_SECONDS = 0.05
Data = tuple[int, ...]
Stamp = tuple[float, int, int]


class Stamps:
    """What was sent when, [seconds, status, pitch]: notes, and ticks of MIDI clock; and, from players
    who know it, when step 0 was due, all notes that were, and whether priority is real-time."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.anchor: float | None = None
        self.realtime = False
        self.planned: list[Stamp] = []
        self.sent: list[Stamp] = []

    def take(self, data: Data) -> None:
        now = time.monotonic()
        if data[0] == TICK or data[0] & 0xF0 in (NOTE_ON, NOTE_OFF):
            self.sent.append((now, data[0], data[1] if len(data) > 1 else 0))

    def write(self) -> None:
        """The whole file at once: somebody may wait for it."""
        content = json.dumps([self.anchor, self.realtime, self.planned, self.sent])
        write_whole(self.out, lambda path: path.write_text(content))


def play_isobar(stamps: Stamps, schedule_path: str, _: str, port: str | None) -> None:
    """Its Timeline with its own clock at the default 480 ticks a beat, of which every step is a whole
    number, and its own MIDI device. A track as its MIDI file reader makes one: chords with a duration
    to the next."""
    import isobar
    from isobar.io.midi import MidiOutputDevice
    from isobar.io.output import OutputDevice

    from .schedule import read_schedule

    Device = MidiOutputDevice if port else OutputDevice  # noqa: N806

    class Stamped(Device):  # type: ignore[misc, valid-type]
        """Also without a port it has the ticks of a MIDI device."""

        ticks_per_beat = 24

        def note_on(self, note: int, velocity: int, channel: int) -> None:
            stamps.take((NOTE_ON | channel, note, velocity))
            if port:
                super().note_on(note, velocity, channel)

        def note_off(self, note: int, channel: int) -> None:
            stamps.take((NOTE_OFF | channel, note, 0))
            if port:
                super().note_off(note, channel)

    schedule = read_schedule(Path(schedule_path))
    chords = [(s, list(c)) for s, c in groupby(sorted(schedule.notes), key=lambda n: n.start)]
    end = chords[-1][0] + max(note.length for note in chords[-1][1])
    gaps = [b - a for a, b in pairwise([*(start for start, _ in chords), end])]
    music: dict[str, list[Any]] = {
        "note": [tuple(n.pitch for n in chord) for _, chord in chords],
        "amplitude": [tuple(n.velocity for n in chord) for _, chord in chords],
        "channel": [tuple(n.channel for n in chord) for _, chord in chords],
        "gate": [
            tuple(n.length / gap for n in chord) for gap, (_, chord) in zip(gaps, chords, strict=True)
        ],
        "duration": [gap / STEPS_PER_BEAT for gap in gaps],
    }
    timeline = isobar.Timeline(schedule.bpm, output_device=Stamped(port) if port else Stamped())
    timeline.schedule({key: isobar.PSequence(values, 1) for key, values in music.items()})
    timeline.run(stop_when_done=True)


def play_mido(stamps: Stamps, _: str, midi_path: str, port: str | None) -> None:
    """`MidiFile.play()`, which sleeps and then yields, to a port of mido's own."""
    import mido

    out = mido.open_output(port) if port else None
    for message in mido.MidiFile(midi_path).play():
        if message.type in ("note_on", "note_off"):
            stamps.take(tuple(message.bytes()))
            if out:
                out.send(message)


def play_rtmidi(stamps: Stamps, schedule_path: str, _: str, port: str | None) -> None:
    """As scripts do it, and as well as it can be done: sleep until the next event is due, reckoned from
    the start, so that nothing adds up."""
    import rtmidi

    from .schedule import read_schedule

    out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="sleeper") if port else None
    if out:
        out.open_port(out.get_ports().index(port))
    events = read_schedule(Path(schedule_path)).events()
    stamps.anchor = start = time.monotonic() + START_SECONDS
    for seconds, status, pitch in events:
        left = start + seconds - time.monotonic()
        if left > 0:
            time.sleep(left)
        data = (status, pitch, 90)
        stamps.take(data)
        if out:
            out.send_message(data)


PEERS: dict[str, Callable[[Stamps, str, str, str | None], None]] = {
    "isobar": play_isobar,
    "mido": play_mido,
    "python-rtmidi": play_rtmidi,
}


def main(name: str, out: str, *music: str) -> None:
    """Play, leave JACK the time to take the last events, and go without the libraries' own farewells,
    which nothing here depends on."""
    stamps = Stamps(Path(out))
    schedule, midi, port = (*music, None)[:3]
    assert schedule
    assert midi
    PEERS[name](stamps, schedule, midi, port)
    time.sleep(DRAIN_SECONDS)
    stamps.write()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
