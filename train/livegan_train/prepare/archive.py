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

from .song import Settings

SPLIT_NAMES = ("train", "valid", "test")
BLOCK_BYTES = 1 << 20
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""A fixed date: the same bars make the same bytes."""


@dataclass(frozen=True, slots=True)
class SpilledSong:
    """What is kept of a song in memory; its bars lie at `offset` in the spill, `size` bytes."""

    name: str
    group: str
    bpm: float
    bar_index: NDArray[np.int32]
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

    def add(
        self, name: str, group: str, bpm: float, bar_index: NDArray[np.int32], packed: bytes
    ) -> None:
        assert self._file is not None
        offset = self._file.seek(0, 2)
        self._file.write(packed)
        self.songs.append(SpilledSong(name, group, bpm, bar_index, offset, len(packed)))

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


def write_archive(
    path: Path, spill: Spill, splits: Sequence[int], tracks: Sequence[str], settings: Settings
) -> None:
    """Write the spilled songs as a bar archive; `splits` has 0 train, 1 valid or 2 test for each."""
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
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open(member("bars"), "w", force_zip64=True) as file:
            head = {"descr": "|u1", "fortran_order": False, "shape": (int(counts.sum()), width)}
            np.lib.format.write_array_header_1_0(file, head)
            for block in spill.rows():
                file.write(block)
        for key, values in small.items():
            with archive.open(member(key), "w") as file:
                np.lib.format.write_array(file, values, allow_pickle=False)


def member(key: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{key}.npy", ZIP_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
