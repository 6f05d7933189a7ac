"""The players that are compared, each in a process of its own:

    python -m benchmarks.players livegan OUT.json SOCKET_FD {real-time,ordinary}
    python -m benchmarks.players isobar OUT.json SCHEDULE.json
    python -m benchmarks.players mido OUT.json FILE.mid

Nobody has a port: what is timed is the call that would hand the event to one. OUT gets the time of
step 0 if the player knows it, else null, and [seconds, status, pitch] of every event.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from livegan.core.messages import Message, Play
from livegan.core.music import STEPS_PER_BEAT
from livegan.core.outputs import NOTE_OFF, NOTE_ON
from livegan.shell import player_process


class Ear:
    """A MIDI output, by livegan's terms, that notes when it was called."""

    name = "the benchmark"

    def __init__(self, out: Path) -> None:
        self.out = out
        self.anchor: float | None = None
        self.heard: list[tuple[float, int, int]] = []

    def send(self, data: tuple[int, int, int]) -> None:
        now = time.monotonic()
        if data[0] & 0xF0 in (NOTE_ON, NOTE_OFF):
            self.heard.append((now, data[0], data[1]))

    def close(self) -> None:
        self.out.write_text(json.dumps([self.anchor, self.heard]))


def play_livegan(out: Path, socket_fd: str, priority: str) -> None:
    """The real process from its entry on; only its port is ours, and the real-time priority can be
    held back."""
    ear = Ear(out)

    class Anchored(player_process.PlayerProcess):
        """Tells when step 0 is due."""

        def obey(self, message: Message) -> None:
            super().obey(message)
            if isinstance(message, Play):
                ear.anchor = self.player.time_of(0)

    replaced: dict[str, Any] = {"open_output": lambda wanted: ear, "PlayerProcess": Anchored}
    if priority == "ordinary":
        replaced["ask_for_realtime"] = lambda: False
    vars(player_process).update(replaced)
    player_process.main([socket_fd])


class IsobarEar:
    """The same as an isobar output device."""

    added_latency_seconds = 0.0
    ticks_per_beat = 24  # as isobar's own MIDI device has it

    def __init__(self, ear: Ear) -> None:
        self.ear = ear

    def note_on(self, note: int, velocity: int, channel: int) -> None:
        self.ear.send((NOTE_ON | channel, note, velocity))

    def note_off(self, note: int, channel: int) -> None:
        self.ear.send((NOTE_OFF | channel, note, 0))

    def tick(self) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


def play_isobar(out: Path, schedule_path: str) -> None:
    """Its Timeline with its own clock at the default 480 ticks a beat, of which every step is a whole
    number. A track as its MIDI file reader makes one: chords with a duration to the next."""
    import isobar

    from .schedule import read_schedule

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
    ear = Ear(out)
    timeline = isobar.Timeline(schedule.bpm, output_device=IsobarEar(ear))
    timeline.schedule({key: isobar.PSequence(values, 1) for key, values in music.items()})
    timeline.run(stop_when_done=True)
    ear.close()


def play_mido(out: Path, midi_path: str) -> None:
    """`MidiFile.play()`, which sleeps and then yields."""
    import mido

    ear = Ear(out)
    for message in mido.MidiFile(midi_path).play():
        if message.type in ("note_on", "note_off"):
            ear.send(tuple(message.bytes()))
    ear.close()


PLAYERS: dict[str, Callable[..., None]] = {
    "livegan": play_livegan,
    "isobar": play_isobar,
    "mido": play_mido,
}

if __name__ == "__main__":
    PLAYERS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
