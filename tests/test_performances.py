"""The performances in docs/models.md: moves that the instrument takes, in files that the page links."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from livegan.cli.render import parse_moves, render

ROOT = Path(__file__).parent.parent
MODELS = ("piano", "trio", "band")


def asked(folder: Path, *names: str) -> list[list[str]]:
    """What the script asks of a stand-in for livegan."""
    stand_in, said = folder / ".venv" / "bin" / "livegan", folder / "said"
    for path in (folder / "scripts", stand_in.parent):
        path.mkdir(parents=True, exist_ok=True)
    script = shutil.copy(ROOT / "scripts" / "performances", folder / "scripts")
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" end >> "{said}"\n')
    stand_in.chmod(0o755)
    subprocess.run([script, *names], check=True, env={"PATH": os.environ["PATH"]})
    return [command.splitlines() for command in said.read_text().split("end\n") if command]


@pytest.mark.parametrize("model", MODELS)
def test_a_performance_is_32_bars_of_moves_that_the_instrument_takes(
    model: str, tmp_path: Path
) -> None:
    heard, seen = asked(tmp_path, model)
    assert heard[:-1] == seen[:-1], "the same music"
    command, *arguments = heard
    assert command == "render"
    with render.make_context("render", arguments) as context:
        given = context.params
    assert (given["model"], given["bars"]) == (model, 32)
    moves = parse_moves(given["settings"], given["timed"], given["bars"])
    assert {bar // 8 for bar in moves if bar >= 0} == {0, 1, 2, 3}, "moves all along"


def test_every_performance_is_linked_where_its_model_is_described(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "models.md").read_text()
    outs = [command[-1] for command in asked(tmp_path)]
    assert len(outs) == 2 * len(MODELS)
    for out in outs:
        assert (ROOT / out).exists()
        assert f"({Path(out).relative_to('docs')})" in page
