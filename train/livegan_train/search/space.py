"""What is searched, from a TOML table: a row for each key, a range or choices."""

from __future__ import annotations

import math
import tomllib
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from ..checks import BadConfig
from ..config import config_from
from ..stream.config import OF_GAN, StreamConfig

Space = dict[str, BaseDistribution]
WORDS = {"low", "high", "log", "choices"}


def load_space(source: Path | None, config: StreamConfig) -> Space:
    """The table in a file, or the shipped one: a distribution for each key, whose every value the
    config can have. Raises `BadConfig`, one line that names the file and the row."""
    name = "space.toml" if source is None else str(source)
    try:
        file = resources.files(__package__) / name if source is None else source
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        if not table:
            raise BadConfig("a space needs a row at least, such as lr = { low = 1e-4, high = 1e-3 }")
        return {key: distribution(key, row, config) for key, row in table.items()}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise BadConfig(f"{name}: can't read a space there: {reason}") from None
    except (tomllib.TOMLDecodeError, BadConfig) as error:
        raise BadConfig(f"{name}: {error}") from None


def distribution(key: str, row: object, config: StreamConfig) -> BaseDistribution:
    """One row. Raises `BadConfig`."""
    if key not in OF_GAN:
        raise BadConfig(f"unknown key {key!r}: choose from {', '.join(OF_GAN)}")
    if not isinstance(row, dict) or set(row) - WORDS:
        raise BadConfig(f"{key}: a row is {{ low, high, log }} or {{ choices }}")
    if "choices" in row:
        return choices(key, row, config)
    if not {"low", "high"} <= set(row):
        raise BadConfig(f"{key}: give low and high, or choices")
    low, high = (possible(key, row[end], config) for end in ("low", "high"))
    log = row.get("log", False)
    if not isinstance(log, bool):
        raise BadConfig(f"{key}: log is true or false")
    if low >= high:
        raise BadConfig(f"{key}: low = {low} must lie below high = {high}")
    if log and low <= 0:
        raise BadConfig(f"{key}: log needs a low above 0")
    if is_whole(key):
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(low, high, log=log)


def choices(key: str, row: dict[str, Any], config: StreamConfig) -> CategoricalDistribution:
    found = row["choices"]
    if len(row) > 1 or not isinstance(found, list):
        raise BadConfig(f"{key}: choices are a list, without low, high and log")
    values = [possible(key, value, config) for value in found]
    if len(set(values)) < max(2, len(values)):
        raise BadConfig(f"{key}: choices must be two or more, none of them twice")
    return CategoricalDistribution(values)


def possible(key: str, value: object, config: StreamConfig) -> float:
    """A number that the config can have there. Raises `BadConfig`."""
    config_from(config.as_dict() | {key: value})
    assert isinstance(value, (int, float))
    if not math.isfinite(value):
        raise BadConfig(f"{key} = {value}: must be finite")
    return value if is_whole(key) else float(value)


def is_whole(key: str) -> bool:
    return any(field.name == key and field.type == "int" for field in fields(StreamConfig))


def holds(within: BaseDistribution, value: float) -> bool:
    """Is a value in a distribution's range, or among its choices?"""
    if isinstance(within, CategoricalDistribution):
        return value in within.choices
    assert isinstance(within, (FloatDistribution, IntDistribution))
    return within.low <= value <= within.high


def highest(space: Space, key: str, otherwise: float) -> float:
    """The highest value that a key can have; `otherwise` if it is not searched."""
    within = space.get(key)
    if within is None:
        return otherwise
    if isinstance(within, CategoricalDistribution):
        return max(float(str(choice)) for choice in within.choices)
    assert isinstance(within, (FloatDistribution, IntDistribution))
    return within.high
