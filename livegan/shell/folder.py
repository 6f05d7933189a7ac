"""The instrument's own folder: banks, maps, recordings. Nothing outside it is read or written at the
wish of a controller."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from livegan.core.state import BadValue

NAME = re.compile(r"[\w][\w .+-]{0,39}")


def default_folder() -> Path:
    """Where each system keeps an application's data."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "livegan"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "livegan"


def file_in(folder: Path, kind: str, name: str, ending: str) -> Path:
    """A file of a kind (a folder in the folder), by a name that leads nowhere else. Raises
    `BadValue`."""
    if not NAME.fullmatch(name):
        raise BadValue(f"a name is up to 40 letters, digits, spaces, - and _, not {name[:60]!r}")
    return folder / kind / f"{name.strip()}{ending}"


def names_in(folder: Path, kind: str, ending: str) -> list[str]:
    """What there is of a kind."""
    found = (path.stem for path in (folder / kind).glob(f"*{ending}"))
    return sorted(name for name in found if NAME.fullmatch(name))
