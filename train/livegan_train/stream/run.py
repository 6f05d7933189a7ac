"""One training run of a stream: first an autoencoder that says every bar again (`autoencoder`), then a
GAN whose generator finds the codes of bars that could follow (`gan`)."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from ..bars import Bars
from ..checkpoint import Checkpoint
from ..heads import OnsetHead
from .attributes import Ranks, scales
from .cells import STRUCK
from .config import StreamConfig
from .data import StreamData
from .networks import (
    BarEncoder,
    Inverse,
    Shape,
    StreamCritic,
    StreamGenerator,
    free_controls,
    on_spheres,
    silence,
)

CALIBRATION = 4_096
RAREST = 1e-5
INVERSE_FASTER = 5.0


@dataclass(frozen=True, slots=True)
class StreamMaker:
    """What validation draws with: fresh latents, nothing before them, every knob free."""

    generator: StreamGenerator
    head: OnsetHead
    given: int | None = None

    @property
    def latent(self) -> int:
        return self.generator.shape.latent

    def draw(self, z: Tensor, real: Bars) -> Bars:
        shape = self.generator.shape
        place = torch.arange(len(z), device=z.device) % shape.places
        free = free_controls(len(z), shape, z.device)
        return self.head.draw(self.generator(z, silence(len(z), shape, z.device), place, free))


@dataclass(slots=True)
class StreamRun:
    """All that changes while training. `ema` are the averaged networks but for the critic."""

    config: StreamConfig
    fabric: Fabric
    shape: Shape
    head: OnsetHead
    networks: nn.ModuleDict
    critic: StreamCritic
    ema: nn.ModuleDict
    autoencoder_optimiser: torch.optim.Optimizer
    generator_optimiser: torch.optim.Optimizer
    critic_optimiser: torch.optim.Optimizer
    random: torch.Generator
    ranks: Ranks
    pitched: Tensor
    scale: Tensor
    resting: Tensor
    shift: Tensor
    """What the averaged networks' codes are moved by, `[code]` (`settling`)."""
    least: Tensor
    """Of how many expected notes on their tracks play, after silence and after a bar, `[2, track]`
    (`settling`)."""
    step: int = 0
    pretrained: int = 0
    best: float = math.inf

    @property
    def generator(self) -> StreamGenerator:
        return self.networks["generator"]  # type: ignore[return-value]

    @property
    def encoder(self) -> BarEncoder:
        return self.networks["encoder"]  # type: ignore[return-value]

    @property
    def inverse(self) -> Inverse:
        return self.networks["inverse"]  # type: ignore[return-value]

    @property
    def averaged(self) -> StreamMaker:
        generator = copy.deepcopy(self.ema["generator"])
        assert isinstance(generator, StreamGenerator)
        generator.mapping.move(self.shift)
        generator.rest.copy_(self.least)
        return StreamMaker(generator, self.head)

    @property
    def pretraining(self) -> bool:
        return self.pretrained < self.config.autoencoder_steps

    def state(self) -> dict[str, Any]:
        parts = {name: getattr(self, name).state_dict() for name in STATEFUL}
        counts = {
            "pretrained": self.pretrained, "quantiles": self.ranks.quantiles, "shift": self.shift,
            "least": self.least,
        }  # fmt: skip
        return {**parts, **counts, "rng": self.random.get_state()}

    def restore(self, saved: Checkpoint) -> None:
        for name in STATEFUL:
            getattr(self, name).load_state_dict(saved.state[name])
        try:
            self.random.set_state(saved.state["rng"])
        except (RuntimeError, TypeError):  # a GPU's random numbers are not a CPU's
            self.random.manual_seed(self.config.seed + saved.step)
        self.shift.copy_(saved.state["shift"])
        self.least.copy_(saved.state["least"])
        self.step, self.best, self.pretrained = saved.step, saved.best, saved.state["pretrained"]

    def rand(self, *size: int) -> Tensor:
        return torch.rand(*size, generator=self.random, device=self.fabric.device)

    def noise(self, *size: int) -> Tensor:
        return torch.randn(*size, generator=self.random, device=self.fabric.device)

    def latents(self, count: int) -> Tensor:
        return on_spheres(self.noise(count, self.shape.latent), self.shape.sizes)


STATEFUL = (
    "networks", "critic", "ema", "autoencoder_optimiser", "generator_optimiser", "critic_optimiser",
)  # fmt: skip


def setup(config: StreamConfig, data: StreamData, fabric: Fabric) -> StreamRun:
    """Build everything from the config and its seed."""
    torch.manual_seed(config.seed)
    shape = config.shape(data.pitched.tolist(), data.alone)
    head = OnsetHead(shape.cells).to(fabric.device)
    generator, encoder, inverse = StreamGenerator(shape), BarEncoder(shape), Inverse(shape)
    networks = nn.ModuleDict({"generator": generator, "encoder": encoder, "inverse": inverse})
    networks.to(fabric.device)
    critic = StreamCritic(shape).to(fabric.device)
    said = [*encoder.parameters(), *generator.decoder.parameters()]
    learned = [
        {"params": list(generator.mapping.parameters()), "lr": config.lr, "share": 1.0},
        {"params": list(inverse.parameters()), "lr": config.lr, "share": INVERSE_FASTER},
    ]
    betas = (0.0, 0.99)
    return StreamRun(
        config,
        fabric,
        shape,
        head,
        networks,
        critic,
        copy.deepcopy(networks).requires_grad_(False),
        torch.optim.Adam(said, config.autoencoder_lr, (0.9, 0.99)),
        torch.optim.Adam(learned, config.lr, betas),
        torch.optim.Adam(critic.parameters(), config.critic_lr, betas),
        torch.Generator(fabric.device).manual_seed(config.seed),
        Ranks(data.quantiles),
        data.pitched,
        scales().to(fabric.device),
        data.resting,
        torch.zeros(shape.code, device=fabric.device),
        torch.zeros(2, shape.tracks, device=fabric.device),
    )


@torch.no_grad()
def begin(run: StreamRun, data: StreamData) -> None:
    """Bias the decoder towards how often the data strikes each track's pitches."""
    rows = torch.randint(len(data), (CALIBRATION,), generator=run.random, device=run.fabric.device)
    rate = (data.codes[rows] >= STRUCK).float().mean((0, 2)).clamp_min(RAREST)
    bias = run.generator.decoder.last.bias
    assert bias is not None
    bias.view(run.shape.tracks, 3, -1, rate.shape[1])[:, 0] += torch.logit(rate)[:, None]
    run.ema.load_state_dict(run.networks.state_dict())
