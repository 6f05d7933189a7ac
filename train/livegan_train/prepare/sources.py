"""Finding songs in what the user names: files and folders, in one order whatever the file system's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from .pop909 import INDEX, Entry, is_song_folder, read_index
from .song import Unreadable

Kind = Literal["midi", "lakh", "pop909"]
MIDI_ENDINGS = (".mid", ".midi", ".rmi", ".kar")
LAKH_ENDING = ".npz"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read. `name` is its path in the archive, `group` what shares its split, `duple` what
    POP909's index says of its metre."""

    path: Path
    name: str
    kind: Kind
    group: str
    duple: bool = True


class BadSource(ValueError):
    """What the user named can't be used; the message says why."""


def find_sources(roots: Iterable[Path], leave_out: Path, tell: Callable[[str], None]) -> list[Source]:
    """Every song under the roots, sorted by name within each. Raises `BadSource` for a root without
    any; `leave_out` is the archive to be written, which may lie there already."""
    found: list[Source] = []
    for root in roots:
        if not root.exists():
            raise BadSource(f"{root}: no such file or folder")
        here = [s for s in walk(root, tell) if not same_file(s.path, leave_out)]
        if not here:
            raise BadSource(f"{root}: no MIDI files (.mid, .midi), piano rolls (.npz) or POP909 in it")
        found += sorted(here, key=lambda source: source.name)
    return with_own_names(found)


def walk(root: Path, tell: Callable[[str], None]) -> Iterator[Source]:
    if root.is_file():
        kind = kind_of(root)
        if kind is None:
            raise BadSource(f"{root}: not a MIDI file (.mid, .midi) or a piano roll (.npz)")
        yield Source(root, shown(root.name), kind, shown(root.name))
        return
    entries = index_near(root, tell)
    seen: set[str] = set()
    failed: list[OSError] = []
    for folder, below, files in os.walk(root, followlinks=True, onerror=failed.append):
        real = os.path.realpath(folder)
        if real in seen:  # a link to a folder above
            below.clear()
            continue
        seen.add(real)
        place = Path(folder)
        if is_song_folder(place.resolve(), files):
            below.clear()  # its earlier versions
            yield pop909_song(place, entries)
            continue
        if INDEX in files and place != root:
            entries |= index_of(place / INDEX, tell)
        for file in files:
            kind = kind_of(place / file)
            if kind is not None:
                name = shown((place / file).relative_to(root).as_posix())
                yield Source(place / file, name, kind, name)
    for error in failed:
        tell(f"{shown(str(error.filename))}: {error.strerror}")


def kind_of(path: Path) -> Kind | None:
    ending = path.suffix.lower()
    if ending in MIDI_ENDINGS and not path.name.startswith("._"):  # resource forks of macOS
        return "midi"
    return "lakh" if ending == LAKH_ENDING else None


def pop909_song(folder: Path, entries: dict[str, Entry]) -> Source:
    name = folder.resolve().name
    entry = entries.get(name, Entry(name, True))
    return Source(folder / f"{name}.mid", name, "pop909", entry.title or name, entry.duple)


def index_near(root: Path, tell: Callable[[str], None]) -> dict[str, Entry]:
    """POP909's index in the folder or, where the folder is one song, beside it."""
    for place in (root / INDEX, root.resolve().parent / INDEX):
        if place.exists():
            return index_of(place, tell)
    return {}


def index_of(path: Path, tell: Callable[[str], None]) -> dict[str, Entry]:
    try:
        return read_index(path)
    except Unreadable as error:
        tell(f"{path}: {error}; every song counts as duple")
        return {}


def shown(name: str) -> str:
    """A file's name as text, whatever its bytes."""
    return os.fsencode(name).decode("utf-8", "replace")


def same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def with_own_names(sources: list[Source]) -> list[Source]:
    """Names made unique: the second of two gets ` (2)`."""
    count: dict[str, int] = {}
    named = []
    for source in sources:
        number = count[source.name] = count.get(source.name, 0) + 1
        named.append(replace(source, name=f"{source.name} ({number})") if number > 1 else source)
    return named


def only_listed(sources: list[Source], ids: set[str]) -> list[Source]:
    """The songs of which an id is the name, the stem, or a folder on the way (as the Lakh Pianoroll
    Dataset has its Million Song ids)."""
    return [
        source
        for source in sources
        if ids.intersection([*Path(source.name).parts, Path(source.name).stem, *source.path.parts[-7:]])
    ]


def read_ids(paths: Iterable[Path]) -> set[str]:
    """The first word of each line; lines that begin with # are comments. Raises `BadSource`."""
    ids: set[str] = set()
    for path in paths:
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSource(f"{path}: not a list of ids ({error})") from None
        ids.update(line.split()[0] for line in lines if line.strip() and line.strip()[0] != "#")
    return ids
