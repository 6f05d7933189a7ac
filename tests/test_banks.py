"""Banks of scenes: whatever was stored is read back, whatever is no bank is refused in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livegan.core.addressing import parse_setting
from livegan.core.banks import read_bank, write_bank
from livegan.core.conductor import Conductor
from livegan.core.latent import angle_between
from livegan.core.state import SCENES, BadValue, Scene, initial
from livegan.shell.folder import file_in, names_in

from .fakes import FakeGenerator

NAMES = st.text(max_size=40)


def scenes_of(seed: int, size: int, names: list[str] | None = None) -> tuple[Scene, ...]:
    scenes = initial(seed, size).scenes
    return tuple(
        replace(scene, name=name) for scene, name in zip(scenes, names or [""] * 16, strict=True)
    )


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 9999), st.integers(1, 40), st.lists(NAMES, min_size=16, max_size=16), NAMES)
def test_a_bank_is_read_as_it_was_written(seed: int, size: int, names: list[str], name: str) -> None:
    scenes = scenes_of(seed, size, names)
    source = write_bank(name, name, scenes)
    found = read_bank(source, size)
    for scene, again in zip(scenes, found, strict=True):
        assert again.name == scene.name.encode("utf-8", "replace").decode()
        assert angle_between(scene.point, again.point) < 1e-3
        assert float(np.linalg.norm(again.point)) == pytest.approx(size**0.5)
        np.testing.assert_allclose(again.point, scene.point, atol=2e-5)


def test_it_is_readable() -> None:
    scenes = scenes_of(1, 12, ["chorus", *["x"] * 15])
    lines = write_bank("my set", "piano", scenes).splitlines()
    assert lines[1:4] == ['name = "my set"', 'model = "piano"', "latent = 12"]
    assert lines[4:9] == ["", "[[scene]]", "number = 1", 'name = "chorus"', "point = ["]
    assert max(map(len, lines)) < 104
    assert len(lines[9].split(",")) == 11


GOOD = write_bank("x", "m", scenes_of(1, 4))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("", "is for a latent of None numbers, and the model has 4"),
        ("name = ", "not readable TOML"),
        ("latent = 4", "no \\[\\[scene\\]\\] tables"),
        ("latent = 4\nscene = [1]", "no \\[\\[scene\\]\\] tables"),
        (GOOD.replace("latent = 4", "latent = 8"), "is for a latent of 8 numbers"),
        (GOOD.replace("number = 16", "number = 17"), "a number of its own from 1 to 16"),
        (GOOD.replace("number = 16", "number = 15"), "a number of its own from 1 to 16"),
        (GOOD.replace("number = 16", "number = true"), "a number of its own"),
        (GOOD.rpartition("\n[[scene]]")[0], "scene 16 is missing"),
        (GOOD.replace('name = ""', "name = 3"), "the name must be a text"),
        (GOOD.replace('name = ""', f'name = "{"x" * 41}"'), "up to 40 characters"),
        (GOOD.replace("point = [", "point = [1,"), "scene 1: the point must be 4 numbers"),
        (GOOD.replace("point = [", 'point = [1]\nq = ["x",'), "the point must be 4 numbers"),
        (GOOD.replace("point = [", "point = [nan, 0, 0, 0]\nq = ["), "the point must be 4 numbers"),
        (GOOD.replace("point = [", "point = [0, 0, 0, 0]\nq = ["), "all zeros"),
        (GOOD.replace("point = [", f"point = [{10**400}, 0, 0, 0]\nq = ["), "must be 4 numbers"),
        ("a = " + "[" * 100_000, "not readable TOML"),
    ],
)
def test_what_is_no_bank_is_refused_with_what_is_wrong(source: str, why: str) -> None:
    with pytest.raises(BadValue, match=why) as refused:
        read_bank(source, 4)
    assert "\n" not in str(refused.value)


def test_a_bank_is_loaded_at_the_bar_line_and_can_be_taken_back() -> None:
    generator = FakeGenerator()
    one = Conductor(generator, replace(initial(1, 8), playing=True))
    one.start()
    one.bar_started(0)
    old, new = one.state.scenes, scenes_of(5, 8)
    one.load("five", new)
    assert one.state.scenes is old
    one.bar_started(1)
    assert one.state.scenes == new
    assert one.state.bank == "five"
    assert one.gone_to() == ["bank five"]
    one.move(parse_setting("/undo"))
    assert (one.state.scenes, one.state.bank) == (old, "")
    one.move(parse_setting("/stop"))
    one.load("five", new)
    assert one.state.bank == "five", "at once while nothing plays"


def test_a_bank_that_waits_while_the_model_changes_is_not_loaded() -> None:
    one = Conductor(FakeGenerator(), replace(initial(1, 8), playing=True))
    one.start()
    one.bar_started(0)
    one.load("five", scenes_of(5, 8))
    one.use(FakeGenerator(latent=5))
    one.bar_started(1)
    assert len(one.state.scenes) == SCENES
    assert {len(scene.point) for scene in one.state.scenes} == {5}
    assert one.state.bank == ""


@given(st.text(max_size=60))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    folder = Path("/instrument")
    try:
        path = file_in(folder, "banks", name, ".toml")
    except BadValue:
        return
    assert path.resolve().parent == folder / "banks"
    assert path.suffix == ".toml"
    assert not path.name.startswith(".")


def test_only_banks_are_listed(tmp_path: Path) -> None:
    (tmp_path / "banks").mkdir()
    for name in ("b.toml", "a b.toml", ".b.77.toml", "notes.txt"):
        (tmp_path / "banks" / name).write_text("")
    assert names_in(tmp_path, "banks", ".toml") == ["a b", "b"]
