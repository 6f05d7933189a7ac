"""What a worker does: one file in, one result out, whatever is wrong with the file."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .drawing import Struck, arrange, draw
from .lakh import read_lakh
from .likeness import Signature, signature
from .midi import read_midi
from .pop909 import BEATS, MELODY, read_pop909
from .song import IntArray, Settings, Song, Unreadable, Unsuitable
from .sources import Source

MOST_BYTES = 64 * 2**20
SPILL_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """A song's bars: `packed` is all rows of `width` bytes, deflated; `bar_index` int32 `[bar]`;
    `struck` is how its notes were struck; `digest` tells the same file again, `signature` nearly the
    same song."""

    packed: bytes
    struck: Struck
    bar_index: NDArray[np.int32]
    bpm: float
    tracks: tuple[str, ...]
    digest: bytes
    signature: Signature | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is nothing of a file; `readable` where it is only not wanted."""

    reason: str
    readable: bool


Result = Drawn | Refused


def read_source(source: Source, settings: Settings) -> Result:
    """Read one file and draw its bars. Nothing that a file holds raises."""
    try:
        data = read_bytes(source.path)
        return drawn(data, song_of(source, data, settings), settings)
    except Unsuitable as error:
        return Refused(str(error), True)
    except Unreadable as error:
        return Refused(str(error), False)
    except OSError as error:
        return Refused(error.strerror or str(error), False)
    except MemoryError:
        return Refused("too large for this machine's memory", False)
    except Exception as error:  # one odd file among thousands must not end the run
        return Refused(f"damaged ({type(error).__name__}: {' '.join(str(error).split())[:100]})", False)


def read_bytes(path: Path) -> bytes:
    if not path.is_file():
        raise Unreadable("not a file" if path.exists() else "a link to nothing")
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable(f"larger than {MOST_BYTES >> 20} MB")
    return path.read_bytes()


def song_of(source: Source, data: bytes, settings: Settings) -> Song:
    match source.kind:
        case "midi":
            return read_midi(data, settings)
        case "lakh":
            return read_lakh(data, settings)
        case "pop909":
            beats, melody = (
                path.read_bytes() if path.exists() else None
                for path in (source.path.with_name(BEATS), source.path.with_name(MELODY))
            )
            return read_pop909(data, beats, melody, source.duple, settings)


def drawn(data: bytes, song: Song, settings: Settings) -> Drawn:
    notes, bars, tracks = arrange(song, settings)
    deflate = zlib.compressobj(SPILL_LEVEL)
    parts, blocks = [], []
    for block, struck in draw(notes, bars, settings, tracks):
        parts.append(deflate.compress(block.tobytes()))
        blocks.append(struck)
    names = song.tracks if settings.plan is None else settings.plan.names
    start, pitch = melodic(song)
    return Drawn(
        b"".join([*parts, deflate.flush()]),
        Struck(
            np.concatenate([struck.velocity for struck in blocks]),
            np.concatenate([struck.timing for struck in blocks]),
            np.concatenate([struck.count for struck in blocks]),
        ),
        bars.index.astype(np.int32),
        song.bpm,
        names,
        hashlib.blake2b(data, digest_size=16).digest(),
        signature(start, pitch, settings.steps_per_beat),
    )


def melodic(song: Song) -> tuple[IntArray, IntArray]:
    """Onsets and pitches of what can be transposed; of the drums, where there is nothing else."""
    pitched = ~song.notes.drum
    chosen = pitched if pitched.any() else song.notes.drum
    return np.rint(song.notes.start[chosen]).astype(np.int64), song.notes.pitch[chosen]
