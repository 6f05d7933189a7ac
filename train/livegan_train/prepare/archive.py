"""Bar archives on disk, a part at a time: songs are spilled to a nameless file, then streamed into the
`.npz`; bars are read back in blocks."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .reading import Drawn
from .song import Settings

SPLIT_NAMES = ("train", "valid", "test")
BLOCK_BYTES = 1 << 20
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""A fixed date: the same bars make the same bytes."""


@dataclass(frozen=True, slots=True)
class SpilledSong:
    """What is kept of a song in memory. Its bars lie at `offset` in the spill, `size` bytes; behind
    them the velocities of all its notes, then their timings. `notes` int64 `[bar]`; `felt`: any
    velocity is known."""

    name: str
    group: str
    bpm: float
    bar_index: NDArray[np.int32]
    notes: NDArray[np.int64]
    felt: bool
    offset: int
    size: int


@dataclass(slots=True)
class Spill:
    """Deflated bars of songs in a file without a name, gone with the process. Use with `with`."""

    folder: Path
    songs: list[SpilledSong] = field(default_factory=list)
    _file: IO[bytes] | None = None

    def __enter__(self) -> Spill:
        self._file = tempfile.TemporaryFile(dir=self.folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, name: str, group: str, drawn: Drawn) -> None:
        assert self._file is not None
        offset = self._file.seek(0, 2)
        struck = drawn.struck
        for part in (drawn.packed, struck.velocity.tobytes(), struck.timing.tobytes()):
            self._file.write(part)
        felt = bool(struck.velocity.any())
        self.songs.append(
            SpilledSong(
                *(name, group, drawn.bpm, drawn.bar_index, struck.count, felt),
                *(offset, len(drawn.packed)),
            )
        )

    def rows(self) -> Iterator[bytes]:
        """All bars of all songs, in blocks of bytes."""
        assert self._file is not None
        for song in self.songs:
            self._file.seek(song.offset)
            inflate = zlib.decompressobj()
            data = self._file.read(song.size)
            while data:
                yield inflate.decompress(data, BLOCK_BYTES)
                data = inflate.unconsumed_tail
            yield inflate.flush()

    def struck(self, place: int) -> Iterator[bytes]:
        """Of all notes of all songs the velocities (`place` 0) or the timings (1), a song at a time."""
        assert self._file is not None
        for song in self.songs:
            count = int(song.notes.sum())
            self._file.seek(song.offset + song.size + place * count)
            yield self._file.read(count)


def write_archive(
    path: Path, spill: Spill, splits: Sequence[int], tracks: Sequence[str], settings: Settings
) -> None:
    """Write the spilled songs as a bar archive; `splits` has 0 train, 1 valid or 2 test for each. How
    notes were struck goes in where it is known of any song."""
    songs = spill.songs
    counts = np.array([len(song.bar_index) for song in songs], np.int64)
    shape = (settings.steps_per_bar, settings.pitches, len(tracks))
    width = -(-int(np.prod(shape)) // 8)
    small: dict[str, NDArray[Any]] = {
        "song_id": np.repeat(np.arange(len(songs), dtype=np.int32), counts),
        "bar_index": np.concatenate([song.bar_index for song in songs]).astype(np.int32),
        "song_names": np.array([song.name for song in songs]),
        "song_bpm": np.array([song.bpm for song in songs], np.float32),
        "song_split": np.array(splits, np.uint8),
        "split_names": np.array(SPLIT_NAMES),
        "tracks": np.array(list(tracks)),
        "shape": np.array(shape, np.int64),
        "lowest_pitch": np.array(settings.lowest_pitch, np.int64),
    }
    large: list[tuple[str, str, tuple[int, ...], Iterator[bytes]]] = [
        ("bars", "|u1", (int(counts.sum()), width), spill.rows())
    ]
    if any(song.felt for song in songs):
        notes = np.concatenate([song.notes for song in songs])
        small["note_start"] = np.concatenate([[0], np.cumsum(notes)]).astype(np.int64)
        total = (int(notes.sum()),)
        large += [
            ("note_velocity", "|u1", total, spill.struck(0)),
            ("note_timing", "|i1", total, spill.struck(1)),
        ]
    with zipfile.ZipFile(path, "w") as archive:
        for key, kind, size, blocks in large:
            with archive.open(member(key), "w", force_zip64=True) as file:
                head = {"descr": kind, "fortran_order": False, "shape": size}
                np.lib.format.write_array_header_1_0(file, head)
                for block in blocks:
                    file.write(block)
        for key, values in small.items():
            with archive.open(member(key), "w") as file:
                np.lib.format.write_array(file, values, allow_pickle=False)


def member(key: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{key}.npy", ZIP_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
