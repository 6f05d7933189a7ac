"""Reading bar archives of any grid, a block of bars at a time, so that memory stays bounded."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from livegan.core.music import LOWEST_PITCH, PITCHES, STEPS_PER_BAR

BLOCK = 512
NEEDED = ("bars", "song_id", "song_split", "tracks")
STRUCK = ("note_start", "note_velocity", "note_timing")
"""How notes were struck: optional."""


class NotAnArchive(ValueError):
    """The file is not a bar archive; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Stored:
    """All of an archive but its bars. `song_id` and `bar_index` are `[bar]`, `names`, `bpm` and `split`
    `[song]`; `shape` is (steps, pitches, tracks); `struck` is velocity (0: unknown) and timing
    (hundredths of a 16th) of every note, `[2, note]`, or None where the archive doesn't tell."""

    path: Path
    song_id: NDArray[np.int64]
    bar_index: NDArray[np.int64]
    names: tuple[str, ...]
    bpm: NDArray[np.float64]
    split: NDArray[np.int64]
    tracks: tuple[str, ...]
    shape: tuple[int, int, int]
    lowest_pitch: int
    struck: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.song_id)

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
        """Which rows, and their rolls `[bar, track, step, pitch]`. Raises `NotAnArchive`."""
        steps, pitches, tracks = self.shape
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open("bars.npy") as file:
                width = row_width(file)
                for start in range(0, len(self), BLOCK):
                    rows = slice(start, min(start + BLOCK, len(self)))
                    data = file.read((rows.stop - start) * width)
                    packed = np.frombuffer(data, np.uint8).reshape(-1, width)
                    bits = np.unpackbits(packed, axis=1, count=steps * pitches * tracks)
                    rolls = bits.reshape(-1, steps, pitches, tracks).astype(bool)
                    yield rows, np.ascontiguousarray(np.moveaxis(rolls, 3, 1))
        except (zipfile.BadZipFile, ValueError, KeyError, EOFError) as error:
            raise NotAnArchive(f"{self.path}: damaged ({error})") from None


def row_width(file: IO[bytes]) -> int:
    """Reads the head of `bars.npy`; bytes a row. Raises `ValueError`."""
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read(file)
    if fortran or dtype != np.uint8 or len(shape) != 2:
        raise ValueError(f"bars are {dtype} {shape}, not rows of bytes")
    return int(shape[1])


def open_archive(path: Path) -> Stored:
    """Read all but the bars. Raises `NotAnArchive` with one line."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = [key for key in NEEDED if key not in archive]
            if missing:
                raise NotAnArchive(f"{path}: not a bar archive, it has no {', '.join(missing)}")
            stored = stored_of(path, archive)
    except NotAnArchive:
        raise
    except FileNotFoundError:
        raise NotAnArchive(f"{path}: no such file") from None
    except Exception:  # zip, pickle, shape and type errors all mean the same to the user
        raise NotAnArchive(f"{path}: not a bar archive (.npz), or a damaged one") from None
    check(stored)
    return stored


def stored_of(path: Path, archive: Any) -> Stored:
    song_id = archive["song_id"].astype(np.int64)
    split = archive["song_split"].astype(np.int64)
    tracks = tuple(str(track) for track in archive["tracks"])
    steps, pitches = archive["shape"][:2].tolist() if "shape" in archive else (STEPS_PER_BAR, PITCHES)
    names = archive["song_names"].tolist() if "song_names" in archive else map(str, range(len(split)))
    unknown = np.full(len(split), np.nan)
    bpm = archive["song_bpm"].astype(np.float64) if "song_bpm" in archive else unknown
    return Stored(
        path,
        song_id,
        archive["bar_index"].astype(np.int64) if "bar_index" in archive else np.arange(len(song_id)),
        tuple(str(name) for name in names),
        bpm,
        split,
        tracks,
        (int(steps), int(pitches), len(tracks)),
        int(archive["lowest_pitch"]) if "lowest_pitch" in archive else LOWEST_PITCH,
        struck_of(archive),
    )


def struck_of(archive: Any) -> NDArray[np.int64] | None:
    if not all(key in archive for key in STRUCK):
        return None
    velocity, timing = archive["note_velocity"], archive["note_timing"]
    return np.stack([velocity.astype(np.int64), timing.astype(np.int64)])


def check(stored: Stored) -> None:
    """Raises `NotAnArchive` where the parts don't fit together."""
    songs = len(stored.split)
    with zipfile.ZipFile(stored.path) as archive, archive.open("bars.npy") as file:
        try:
            width = row_width(file)
        except ValueError as error:
            raise NotAnArchive(f"{stored.path}: {error}") from None
    wanted = -(-int(np.prod(stored.shape)) // 8)
    if width != wanted:
        raise NotAnArchive(
            f"{stored.path}: its rows have {width} bytes, expected {wanted} for "
            f"{stored.shape[0]} steps of {stored.shape[1]} pitches in {stored.shape[2]} tracks"
        )
    if not len(stored):
        raise NotAnArchive(f"{stored.path}: holds no bars")
    fits = len(stored.names) == len(stored.bpm) == songs and len(stored.bar_index) == len(stored)
    if not fits or stored.song_id.min() < 0 or stored.song_id.max() >= songs:
        raise NotAnArchive(f"{stored.path}: its songs and bars don't fit together")
