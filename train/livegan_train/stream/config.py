"""What decides how the training of a stream ends, in one validated record."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from livegan.core.knobs import KNOBS

from ..checks import LEAST_BATCH, BadConfig, check_number, one_of
from ..heads import ONSET_GRIDS
from .networks import Shape

MAY_BE_ZERO = (
    "seed", "transpose", "pretrain_steps", "critic_first", "section", "reconstruct", "spread",
    "asked", "matching", "noise", "context", "mismatched",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """Networks: the latent is `section` + `bar` numbers; phrases have `places` bars.
    `pretrain_steps` are steps as an autoencoder alone, `critic_first` steps of the critic alone
    after them. Weights of the losses beside the GAN's: `reconstruct`, on `reconstructed` of the
    batch; `spread` (of the codes over the latent's spheres); `asked` (knobs); `matching` (counts).
    A missing onset costs `missing` times a wrong one; `noise` is added to codes, in standard
    deviations. `context` is the share of bars that hear the one before, `mismatched` that of wrong
    pairs among them that the critic shall see through. The rest is as for others."""

    name: str
    generator: str = "stream"
    head: str = "onset"
    width: int = 128
    blocks: int = 3
    section: int = 32
    bar: int = 80
    places: int = 8
    pretrain_steps: int = 2_000
    critic_first: int = 0
    reconstruct: float = 0.05
    reconstructed: float = 0.25
    spread: float = 1.0
    asked: float = 0.15
    matching: float = 0.5
    missing: float = 2.0
    noise: float = 0.25
    context: float = 0.6
    mismatched: float = 0.15
    gamma: float = 0.1
    penalty_every: int = 4
    lr: float = 5e-4
    pretrain_lr: float = 1e-3
    ema: float = 0.999
    batch: int = 64
    steps: int = 20_000
    transpose: int = 5
    validate_every: int = 500
    seed: int = 1

    phrase = 1
    """Bars of a training example."""

    def __post_init__(self) -> None:
        one_of("generator", self.generator, ("stream",))
        one_of("head", self.head, ONSET_GRIDS)
        for field in fields(self):
            check_number(field.name, getattr(self, field.name), MAY_BE_ZERO)
        if not 0 < self.ema < 1 or self.context > 1 or self.mismatched > 1 or self.reconstructed > 1:
            raise BadConfig("ema, context, mismatched and reconstructed must lie between 0 and 1")
        if self.transpose > 11:
            raise BadConfig(f"transpose = {self.transpose}: at most 11 semitones")
        if self.batch < 4 * LEAST_BATCH or self.batch % 4:
            raise BadConfig(f"batch = {self.batch}: must be a multiple of 4, {4 * LEAST_BATCH} or more")

    def shape(self, tracks: int) -> Shape:
        cells = ONSET_GRIDS[self.head]
        return Shape(
            tracks, cells, self.section, self.bar, self.places, len(KNOBS), self.width, self.blocks
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
