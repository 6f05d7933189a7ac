"""What the panel is made of, without a browser."""

from __future__ import annotations

import re

from .conftest import STATIC

MOST_BYTES = 300_000


def test_the_whole_panel_is_less_than_300_kb() -> None:
    assert sum(file.stat().st_size for file in STATIC.rglob("*") if file.is_file()) < MOST_BYTES


def test_nothing_is_fetched_from_elsewhere() -> None:
    """Vendored code may name its home, but the page's own files ask nobody else."""
    own = [
        file
        for file in STATIC.rglob("*")
        if file.suffix in (".js", ".css", ".html") and "vendor" not in file.parts
    ]
    assert len(own) > 20
    for file in own:
        links = set(re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}[^\s'\"]*", file.read_text()))
        assert links <= {"http://www.w3.org/2000/svg"}, file


def test_every_module_that_is_imported_is_there() -> None:
    for file in STATIC.rglob("*.js"):
        for name in re.findall(r"from '(\.[^']+)'", file.read_text()):
            assert (file.parent / name).resolve().is_file(), f"{file.name}: {name}"


def test_what_others_made_has_its_licence_beside_it() -> None:
    licences = (STATIC / "vendor" / "LICENSES.txt").read_text()
    assert "smplr" in licences
    assert "SIL OPEN FONT LICENSE" in licences.upper()
    assert {file.name for file in (STATIC / "vendor").iterdir()} == {
        "smplr.js",
        "inter.woff2",
        "LICENSES.txt",
    }
