"""A training run in one validated record, read from TOML.

The shipped ones lie in `configs/`; a name without `.toml` means one of those.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from .checks import LEAST_BATCH, BadConfig, check_number, one_of
from .critics import CRITICS
from .generators import GENERATORS
from .heads import HEADS
from .losses import LOSSES, PENALTIES
from .musegan import ARRANGEMENTS, Plan
from .stream.config import StreamConfig

OPTIMISERS = ("adam", "sgd")
MAY_BE_ZERO = (
    "gamma", "beta1", "transpose", "seed", "dropout", "pretrain_steps", "momentum", "matching",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that decides how a run ends.

    Networks: `latent` is the size of one latent vector (a jamming or hybrid generator takes one a
    track and more); `phrase` is how many bars the generator makes of one latent; `given` names the
    track that it accompanies. Ratio: '1:10' is `generator_steps = 10` (ten of the generator for each
    step of the critic) or `critic_steps = 10`. Penalty: weighed by `gamma`, every `penalty_every`
    critic steps. `matching` weighs the term that keeps the counts of bars at the data's. Pretraining:
    so many steps as the decoder of an autoencoder. `lr_decay` multiplies the rate after every epoch;
    `ema` is the share of the averaged weights kept each step; `steps` are generator steps; `batch` in
    phrases; `transpose` in semitones; `validate_every` in steps.
    """

    name: str
    head: str
    generator: str
    generator_width: int
    critic: str
    critic_width: int
    loss: str
    arrangement: str = "composer"
    phrase: int = 1
    given: str = ""
    latent: int = 64
    dropout: float = 0.0
    pretrain_steps: int = 0
    penalty: str = "r1r2"
    gamma: float = 0.0
    penalty_every: int = 4
    matching: float = 0.0
    optimiser: str = "adam"
    lr: float = 1e-3
    lr_decay: float = 1.0
    beta1: float = 0.0
    beta2: float = 0.99
    momentum: float = 0.0
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
        one_of("penalty", self.penalty, PENALTIES)
        one_of("arrangement", self.arrangement, ARRANGEMENTS)
        one_of("optimiser", self.optimiser, OPTIMISERS)
        for field in fields(self):
            check_number(field.name, getattr(self, field.name), MAY_BE_ZERO)
        self.check_ranges()
        self.check_networks()

    def check_ranges(self) -> None:
        if not 0 < self.ema < 1 or not 0 <= self.beta1 < 1 or not 0 < self.beta2 < 1:
            raise BadConfig("ema, beta1 and beta2 must lie between 0 and 1")
        if self.dropout >= 1 or self.momentum >= 1 or self.lr_decay > 1:
            raise BadConfig("dropout and momentum must lie below 1, lr_decay at 1 or below")
        if self.transpose > 11:
            raise BadConfig(f"transpose = {self.transpose}: at most 11 semitones")
        if self.batch < LEAST_BATCH or self.batch % 2:
            raise BadConfig(
                f"batch = {self.batch}: critics compare the bars of half a batch, it must be even and "
                f"{LEAST_BATCH} or more"
            )

    def check_networks(self) -> None:
        """Say what does not go together, before anything is built."""
        if self.phrase > 1 and self.critic != "conv":
            raise BadConfig(f"phrase = {self.phrase} needs critic = 'conv', the one that hears phrases")
        if self.given and (self.generator != "conv16" or self.arrangement != "composer"):
            raise BadConfig("given needs generator = 'conv16' and arrangement = 'composer'")
        if self.given and self.phrase > 1:
            raise BadConfig("given goes with phrase = 1: the given track leads from bar to bar")

    def plan(self, tracks: int) -> Plan:
        return Plan(self.arrangement, tracks, self.latent, self.phrase)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


AnyConfig = Config | StreamConfig

KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,), "float": (int, float), "str": (str,), "bool": (bool,),
}  # fmt: skip
"""What TOML may give for a field."""


def config_from(values: dict[str, Any]) -> AnyConfig:
    """Check names and types and build the record: a stream's if that is its generator. Raises
    `BadConfig`."""
    kind = StreamConfig if values.get("generator") == "stream" else Config
    known = {field.name: field for field in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise BadConfig(f"unknown key {key!r}: choose from {', '.join(known)}")
        if type(value) not in KINDS[str(known[key].type)]:
            raise BadConfig(f"{key} = {value!r}: must be a {known[key].type}")
    try:
        return kind(**values)
    except TypeError as error:
        message = str(error).replace("StreamConfig.", "").replace("Config.", "")
        raise BadConfig(message.replace("__init__() ", "")) from None


def shipped() -> list[str]:
    """Names of the configurations in the package."""
    folder = resources.files("livegan_train") / "configs"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def load_config(source: str, steps: int | None = None) -> AnyConfig:
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
