"""Banks of scenes, as files in the instrument's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from livegan.core.addressing import Move
from livegan.core.banks import read_bank, write_bank
from livegan.core.controls import PREFIX
from livegan.core.state import BadValue

from .files import write_whole
from .folder import file_in, names_in
from .osc import OscIn
from .part import Part

if TYPE_CHECKING:
    from .server import Server

KIND, ENDING = "banks", ".toml"
MAX_BYTES = 1 << 18
MAX_TOLD = 500
"""Names in one message."""
LOOK_AGAIN = (f"{PREFIX}/subscribe", f"{PREFIX}/sync")


class Banks(Part):
    """Loads and saves them, and tells which there are. A bank is read in some milliseconds, by the
    daemon, which is a bar ahead of the player."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._told = False

    def act(self, move: Move, item: OscIn) -> bool:
        match move.control.name:
            case "bank":
                self._load(str(move.values[0]))
            case "bank_save":
                self._save(str(move.values[0]))
            case _:
                return False
        return True

    def hear(self, item: Any) -> None:
        if isinstance(item, OscIn) and item.address in LOOK_AGAIN:
            self._tell()

    def tick(self) -> None:
        if not self._told:
            self._tell()

    def _load(self, name: str) -> None:
        path = self._path(name)
        size = len(self._server.conductor.state.point)
        try:
            scenes = read_bank(read_text(path), size)
        except FileNotFoundError:
            raise BadValue(f"there is no bank {name!r} in {path.parent}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise BadValue(
                f"{path}: can't be read ({getattr(error, 'strerror', 'no UTF-8')})"
            ) from None
        except BadValue as error:
            raise BadValue(f"{path}: {error}") from None
        self._server.conductor.load(path.stem, scenes)

    def _save(self, name: str) -> None:
        path = self._path(name)
        conductor = self._server.conductor
        text = write_bank(path.stem, conductor.generator.info.name, conductor.state.scenes)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, lambda beside: beside.write_text(text, encoding="utf-8"))
        except OSError as error:
            raise BadValue(f"{path}: can't be written ({error.strerror})") from None
        conductor.put(bank=path.stem)
        self._tell()

    def _path(self, name: str) -> Path:
        return file_in(self._server.folder, KIND, name, ENDING)

    def _tell(self) -> None:
        self._told = True
        names = names_in(self._server.folder, KIND, ENDING)
        self._server.feedback.stand("/banks", *names[:MAX_TOLD])


def read_text(path: Path) -> str:
    """Raises `OSError`, `UnicodeDecodeError`, and `BadValue` for what is too large for a bank."""
    if path.exists() and not path.is_file():
        raise BadValue("is no file")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise BadValue(f"is larger than {MAX_BYTES >> 10} KB, and no bank")
    return data.decode("utf-8")
