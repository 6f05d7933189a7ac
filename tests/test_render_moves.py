"""`livegan render` holds and remembers as the stage does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from livegan.cli.render import render


def rendered(path: Path, *arguments: str) -> np.ndarray:
    """The bars of a rendering, `[bar, ...]`."""
    result = CliRunner().invoke(render, [str(path / "x.npz"), "--bars", "8", *arguments])
    assert result.exit_code == 0, result.output
    with np.load(path / "x.npz") as archive:
        return np.array(archive["bars"])


def test_loops_repeats_locks_and_defaults(tmp_path: Path) -> None:
    free = rendered(tmp_path)
    looped = rendered(tmp_path, "--at", "3:/loop=2", "--at", "7:/loop=0")
    assert np.array_equal(looped[:3], free[:3])
    assert np.array_equal(looped[3:7], np.concatenate([looped[1:3]] * 2))
    again = rendered(tmp_path, "--at", "5:/again=3")
    assert np.array_equal(again[5], free[1])
    locked = rendered(tmp_path, "--at", "2:/track/1/lock=on")
    assert all(np.array_equal(bar, locked[1]) for bar in locked[2:])
    first = rendered(tmp_path, "--set", "/loop=2")
    assert np.array_equal(first, np.concatenate([free[:2]] * 4))
    back = rendered(tmp_path, "--at", "3:/density=1", "--at", "5:/undo", "--at", "7:/default=/density")
    assert np.array_equal(back[:2], free[:2])
    assert not np.array_equal(back[2], free[2])


@pytest.mark.parametrize("move", ["/keep=4", "/like", "/record=on", "/bank=x", "/bank/save=x"])
def test_what_needs_a_stage_is_refused(tmp_path: Path, move: str) -> None:
    out = str(tmp_path / "x.mid")
    result = CliRunner().invoke(render, [out, "--at", f"2:{move}"])
    assert result.exit_code == 2
    assert "has no meaning in a rendering" in result.output


def test_a_move_that_can_not_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    for move, why in (
        ("2:/again=9", "this one: 1, so 9 is too far"),
        ("2:/undo", "no move to take back"),
    ):
        result = CliRunner().invoke(render, [str(tmp_path / "x.mid"), "--at", move])
        assert result.exit_code == 2
        assert why in result.output
