"""Banks of scenes as readable TOML, both ways; text in and out, no files."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Sequence
from typing import Any

import numpy as np

from .latent import Point, on_sphere
from .state import SCENES, BadValue, Scene

DIGITS = 5
"""Of a scene's numbers after the point: a thousandth of a degree."""
A_LINE = 10
LONGEST_NAME = 40


def write_bank(name: str, model: str, scenes: Sequence[Scene]) -> str:
    """The whole file."""
    size = len(scenes[0].point)
    head = [f"name = {text(name)}", f"model = {text(model)}", f"latent = {size}"]
    return "\n".join(
        ["# A bank of scenes for livegan.", *head, *map(scene_text, range(1, SCENES + 1), scenes)]
    )


def scene_text(number: int, scene: Scene) -> str:
    numbers = [f"{value:.{DIGITS}f}" for value in scene.point]
    lines = [", ".join(numbers[at : at + A_LINE]) for at in range(0, len(numbers), A_LINE)]
    point = "".join(f"    {line},\n" for line in lines)
    return f"\n[[scene]]\nnumber = {number}\nname = {text(scene.name)}\npoint = [\n{point}]\n"


def text(value: str) -> str:
    """As TOML writes it, which takes JSON's strings, but for one character."""
    value = value.encode("utf-8", "replace").decode()  # half a character can't be written
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def read_bank(source: str, size: int) -> tuple[Scene, ...]:
    """The sixteen scenes of a file, for a latent of this size. Raises `BadValue`, one line."""
    try:
        bank = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadValue(f"is not readable TOML ({error})") from None
    if bank.get("latent") != size:
        raise BadValue(
            f"is for a latent of {bank.get('latent')!s:.20} numbers, and the model has {size}"
        )
    entries = bank.get("scene")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadValue("has no [[scene]] tables")
    scenes: dict[int, Scene] = {}
    for entry in entries:
        number = entry.get("number")
        if type(number) is not int or not 1 <= number <= SCENES or number in scenes:
            raise BadValue(f"every scene needs a number of its own from 1 to {SCENES}")
        scenes[number] = read_scene(entry, number, size)
    missing = [number for number in range(1, SCENES + 1) if number not in scenes]
    if missing:
        raise BadValue(f"scene {missing[0]} is missing; a bank has {SCENES}")
    return tuple(scenes[number] for number in range(1, SCENES + 1))


def read_scene(entry: dict[str, Any], number: int, size: int) -> Scene:
    name = entry.get("name", "")
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise BadValue(f"scene {number}: the name must be a text of up to {LONGEST_NAME} characters")
    return Scene(read_point(entry.get("point"), number, size), name)


def read_point(values: Any, number: int, size: int) -> Point:
    """On the sphere, whatever rounding or a hand left of it."""
    numbers = [v for v in values if type(v) in (int, float)] if isinstance(values, list) else []
    if len(numbers) != size or len(values) != size or not all(map(is_finite, numbers)):
        raise BadValue(f"scene {number}: the point must be {size} numbers")
    try:
        return on_sphere(np.array(numbers, np.float64))
    except ValueError:
        raise BadValue(f"scene {number}: a point of all zeros has no direction") from None


def is_finite(value: float) -> bool:
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 1e300
