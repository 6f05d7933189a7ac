"""A training run in one validated record, read from TOML.

The shipped ones lie in `configs/`; a name without `.toml` means one of those.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from .critics import CRITICS
from .generators import GENERATORS
from .heads import HEADS
from .losses import LOSSES


class BadConfig(ValueError):
    """The configuration can't be used; the message says which line and what would be right."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that decides how a run ends. `steps` are generator steps; `gamma` weighs R1 and R2,
    taken every `penalty_every` critic steps; `transpose` in semitones; `ema` is the share of the
    averaged weights kept each step; `validate_every` in steps."""

    name: str
    head: str
    generator: str
    generator_width: int
    critic: str
    critic_width: int
    loss: str
    latent: int = 64
    gamma: float = 0.0
    penalty_every: int = 4
    lr: float = 1e-3
    beta1: float = 0.0
    beta2: float = 0.99
    batch: int = 64
    steps: int = 20_000
    generator_steps: int = 1
    critic_steps: int = 1
    ema: float = 0.999
    transpose: int = 5
    validate_every: int = 500
    seed: int = 1

    def __post_init__(self) -> None:
        one_of("head", self.head, HEADS)
        one_of("generator", self.generator, GENERATORS)
        one_of("critic", self.critic, CRITICS)
        one_of("loss", self.loss, LOSSES)
        for field in fields(self):
            value = getattr(self, field.name)
            low = 0 if field.name in ("gamma", "beta1", "transpose", "seed") else 1e-9
            if isinstance(value, (int, float)) and value < low:
                raise BadConfig(
                    f"{field.name} = {value}: must be {'0 or more' if low == 0 else 'above 0'}"
                )
        if not 0 < self.ema < 1 or not 0 <= self.beta1 < 1 or not 0 < self.beta2 < 1:
            raise BadConfig("ema, beta1 and beta2 must lie between 0 and 1")
        if self.transpose > 11:
            raise BadConfig(f"transpose = {self.transpose}: at most 11 semitones")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def one_of(key: str, value: str, known: dict[str, Any]) -> None:
    if value not in known:
        raise BadConfig(f"{key} = {value!r}: choose one of {', '.join(sorted(known))}")


def config_from(values: dict[str, Any]) -> Config:
    """Check names and types and build the record. Raises `BadConfig`."""
    known = {field.name: field for field in fields(Config)}
    for key, value in values.items():
        if key not in known:
            raise BadConfig(f"unknown key {key!r}: choose from {', '.join(known)}")
        kinds: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,)}
        wanted = kinds[str(known[key].type)]
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise BadConfig(f"{key} = {value!r}: must be a {known[key].type}")
    try:
        return Config(**values)
    except TypeError as error:
        raise BadConfig(str(error).replace("Config.__init__() ", "")) from None


def shipped() -> list[str]:
    """Names of the configurations in the package."""
    folder = resources.files("livegan_train") / "configs"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def load_config(source: str, steps: int | None = None) -> Config:
    """Read a shipped configuration by name, or a TOML file by path; `steps` overrides its own. Raises
    `BadConfig`."""
    if source in shipped():
        text = (resources.files("livegan_train") / "configs" / f"{source}.toml").read_text()
    else:
        try:
            text = Path(source).read_text()
        except (OSError, UnicodeDecodeError):
            raise BadConfig(
                f"{source}: no such configuration; shipped are {', '.join(shipped())}, "
                "or give the path of a .toml file"
            ) from None
    try:
        return config_from(tomllib.loads(text) | ({} if steps is None else {"steps": steps}))
    except (tomllib.TOMLDecodeError, BadConfig) as error:
        raise BadConfig(f"{source}: {error}") from None
