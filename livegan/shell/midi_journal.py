"""A MIDI file that grows as the music is played, and is whole at every moment: after a crash, a full
disk or a power cut it holds what was written until then.

Format 0, one track. What is added comes behind the end of the track, where no reader looks yet; then
the track's length is set to take it in, and the old end becomes an empty text. Each of these writes
leaves a file that any reader takes.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from .files import write_whole

END = b"\x00\xff\x2f\x00"
TEXT = b"\x01"
"""In the place of the end's 2f: an empty text."""
LENGTH_AT, TRACK_AT = 18, 22
SYNC_SECONDS = 5.0


def variable_length(number: int) -> bytes:
    """Seven bits a byte, the highest first, as MIDI files count time."""
    low = bytes([number & 0x7F])
    return low if number < 0x80 else bytes(b | 0x80 for b in variable_length(number >> 7)) + low


class MidiJournal:
    """Raises `OSError` if the file can't be made."""

    def __init__(self, path: Path, ticks_per_beat: int) -> None:
        header = b"MThd" + (6).to_bytes(4) + b"\0\0\0\1" + ticks_per_beat.to_bytes(2)
        track = b"MTrk" + len(END).to_bytes(4) + END
        write_whole(path, lambda beside: beside.write_bytes(header + track))
        self._file = os.open(path, os.O_RDWR)
        self._end = TRACK_AT
        """Where the end of the track is written."""
        self._tick = 0
        self._synced = time.monotonic()

    def append(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Ticks since the beginning, in order, and messages. Raises `OSError`; the file is as it was
        then, and they can be tried again."""
        data, tick = bytearray(), self._tick
        for at, message in messages:
            at = max(at, tick)
            data += variable_length(at - tick) + message
            tick = at
        behind = self._end + len(END)
        try:
            self._write(behind, bytes(data) + END)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, behind)
            raise
        end = behind + len(data)
        self._write(LENGTH_AT, (end + len(END) - TRACK_AT).to_bytes(4))
        self._write(self._end + 2, TEXT)
        self._end, self._tick = end, tick
        self._sync()

    def _write(self, at: int, data: bytes) -> None:
        while data:
            written = os.pwrite(self._file, data, at)
            at, data = at + written, data[written:]

    def _sync(self) -> None:
        """To the disk itself now and then, without waiting for it."""
        if time.monotonic() - self._synced > SYNC_SECONDS:
            self._synced = time.monotonic()
            file = os.dup(self._file)
            threading.Thread(target=sync_and_close, args=(file,), name="sync", daemon=True).start()

    def read(self) -> bytes:
        """The whole file, even if it was deleted meanwhile."""
        return os.pread(self._file, self._end + len(END), 0)

    def close(self) -> None:
        os.close(self._file)


def sync_and_close(file: int) -> None:
    with contextlib.suppress(OSError):
        os.fsync(file)
    os.close(file)
