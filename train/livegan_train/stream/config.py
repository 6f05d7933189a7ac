"""What decides how the training of a stream ends, in one validated record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from livegan.core.knobs import KNOBS

from ..checks import LEAST_BATCH, BadConfig, check_number, one_of
from ..heads import ONSET_GRIDS
from .networks import Shape

MAY_BE_ZERO = (
    "seed", "transpose", "critic_first", "asked", "matching", "ends", "harmony", "intervals",
    "outlines", "following", "codes", "doubt", "sure", "context", "mismatched", "even",
)  # fmt: skip
SHARES = ("context", "mismatched", "detail")
OF_AUTOENCODER = (
    "head", "width", "blocks", "code", "places", "autoencoder_steps", "autoencoder_lr", "divergence",
    "missing", "even", "batch", "transpose", "home",
)  # fmt: skip
"""What decides how the first part of the training ends."""
OF_GAN = (
    "lr", "critic_lr", "gamma", "penalty_every", "critic_first", "matching", "ends", "harmony",
    "intervals", "outlines", "following", "codes", "doubt", "detail", "sure", "asked", "context",
    "mismatched", "ema",
)  # fmt: skip
"""What the second part alone goes by; `ema` averages in both, but hardly matters in the first."""


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """Networks: a bar's code is `code` numbers, the latent `section` + `bar` + `code`; phrases have
    `places` bars.

    First the autoencoder, for `autoencoder_steps`: `divergence` weighs the codes' distance from normal
    ones against reconstruction, in nats a bar, and a missing onset costs `missing` times a wrong one;
    with `even` 1 each track's notes together cost the same, with 0 each note, between them in between.
    Then the GAN, its critic alone for `critic_first` steps. `detail` is the size of the latent's last
    part, in standard deviations of the codes' own noise. Weights beside the GAN's loss: `asked`
    (knobs), what of the batch is held to the data (`wishes`): `matching` (counts), `ends` (of
    phrases), `harmony`, `intervals`, `outlines`, `following` and `codes`; and `doubt`, how unsure the
    decoder is of a bar. `context` is the share of bars that hear the one before, `mismatched` that of
    wrong pairs among them that the critic shall see through. With `home` all bars are learned in one
    scale (`homes`), and none is transposed. The rest is as for others."""

    name: str
    generator: str = "stream"
    head: str = "onset"
    width: int = 128
    blocks: int = 3
    section: int = 24
    bar: int = 40
    code: int = 96
    places: int = 8
    autoencoder_steps: int = 10_000
    autoencoder_lr: float = 1e-3
    divergence: float = 0.3
    missing: float = 1.3
    even: float = 0.0
    critic_first: int = 200
    detail: float = 0.5
    sure: float = 0.0
    asked: float = 2.0
    matching: float = 4.0
    ends: float = 0.5
    harmony: float = 0.6
    doubt: float = 0.2
    intervals: float = 4.0
    outlines: float = 1.0
    following: float = 4.0
    codes: float = 0.8
    context: float = 0.6
    mismatched: float = 0.15
    gamma: float = 0.1
    penalty_every: int = 4
    lr: float = 2e-4
    critic_lr: float = 6e-4
    ema: float = 0.998
    batch: int = 64
    steps: int = 20_000
    transpose: int = 5
    home: bool = False
    validate_every: int = 500
    seed: int = 1

    phrase = 1
    """Bars of a training example."""

    def __post_init__(self) -> None:
        one_of("generator", self.generator, ("stream",))
        one_of("head", self.head, ONSET_GRIDS)
        for field in fields(self):
            check_number(field.name, getattr(self, field.name), MAY_BE_ZERO)
        if not 0 < self.ema < 1 or any(getattr(self, share) > 1 for share in SHARES):
            raise BadConfig(f"ema, {', '.join(SHARES[:-1])} and {SHARES[-1]} must lie between 0 and 1")
        if self.section + self.bar > self.code:
            raise BadConfig(
                f"section + bar = {self.section + self.bar}: no more than code = {self.code}"
            )
        if self.transpose > 11:
            raise BadConfig(f"transpose = {self.transpose}: at most 11 semitones")
        if self.batch < 4 * LEAST_BATCH or self.batch % 4:
            raise BadConfig(f"batch = {self.batch}: must be a multiple of 4, {4 * LEAST_BATCH} or more")

    def shape(self, pitched: Sequence[bool], alone: Sequence[bool] = ()) -> Shape:
        """For tracks of which these are no drums, and these strike one note at a time; by default
        none does."""
        cells = ONSET_GRIDS[self.head]
        return Shape(
            tuple(pitched), cells, self.section, self.bar, self.code, self.places, len(KNOBS),
            self.width, self.blocks, self.sure, tuple(alone) or (False,) * len(pitched),
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
