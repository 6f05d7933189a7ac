"""Maps of controllers as files: those that ship, and those in the instrument's folder."""

from __future__ import annotations

import tomllib
from pathlib import Path

from livegan.core.map_reading import read_map
from livegan.core.map_writing import write_map
from livegan.core.midi_map import MidiMap
from livegan.core.midi_scale import BadMap

from .files import write_whole
from .folder import file_in, names_in

SHIPPED = Path(__file__).resolve().parent.parent / "maps"
KIND, ENDING = "maps", ".toml"
LEARNED = "learned"
"""What was learned, of whatever controller."""
LARGEST = 256 * 1024
HEADER = """A map of MIDI controllers for livegan: a line binds a knob, key or button to a control.
docs/midi.md has the format, docs/osc.md the controls. /livegan/midi/map loads it by its name."""


def map_names(folder: Path) -> dict[str, Path]:
    """Every map by its name; one in the folder hides one that ships."""
    shipped = {path.stem: path for path in sorted(SHIPPED.glob(f"*{ENDING}"))}
    own = {name: folder / KIND / f"{name}{ENDING}" for name in names_in(folder, KIND, ENDING)}
    return shipped | own


def load_map(folder: Path, name: str) -> MidiMap:
    """By name. Raises `BadMap`, or `BadValue` for what is no name."""
    file_in(folder, KIND, name, ENDING)
    known = map_names(folder)
    if name not in known:
        raise BadMap(f"there is no map {name!r}; there are: {', '.join(known)}")
    return read_map_file(known[name])


def read_map_file(path: Path) -> MidiMap:
    """Raises `BadMap`, with the file's name."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadMap(f"a map has {LARGEST // 1024} KB at the most")
        return read_map(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
    except (BadMap, OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BadMap(f"{path.name}: {why}") from None


def save_map(folder: Path, name: str, whole: MidiMap) -> None:
    """Under this name, whole or not at all. Raises `BadMap` if it can't be written."""
    path = file_in(folder, KIND, name, ENDING)
    text = write_map(whole, HEADER)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda beside: beside.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise BadMap(f"{path.name} can't be written ({error.strerror})") from None


def load_learned(folder: Path) -> MidiMap:
    """What was learned before, nothing the first time. A file that can't be read is put aside, for the
    next one would overwrite it. Raises `BadMap`."""
    path = file_in(folder, KIND, LEARNED, ENDING)
    try:
        return read_map_file(path) if path.exists() else MidiMap(LEARNED)
    except BadMap as error:
        aside = path.with_suffix(".broken")
        path.replace(aside)
        raise BadMap(f"{error}; it is {aside.name} now") from None
