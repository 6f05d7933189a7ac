"""From a config to its networks: head, generator and critic, arranged for the data's tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from .bars import Bars, insert_track
from .checks import BadConfig
from .config import Config
from .critics import CRITICS, Conv, EachTrack
from .generators import GENERATORS, Conv16
from .heads import HEADS, CellsHead, OnsetHead
from .musegan import arrange


@dataclass(frozen=True, slots=True)
class Maker:
    """Everything between a latent and bars. `given` is the place of the track that is accompanied."""

    generator: nn.Module
    head: CellsHead | OnsetHead
    latent: int
    given: int | None

    def draw(self, z: Tensor, real: Bars) -> Bars:
        """Bars of latents `[phrase, latent]`; what is given comes from the real bars beside them."""
        if self.given is None:
            return self.head.draw(self.generator(z))
        drawn = self.head.draw(self.generator(z, real.roll[:, self.given]))
        return insert_track(drawn, real, self.given)


def given_track(config: Config, tracks: Sequence[str]) -> int | None:
    """The place of the config's given track. Raises `BadConfig`."""
    if not config.given:
        return None
    if config.given not in tracks or len(tracks) < 2:
        raise BadConfig(f"given = {config.given!r}: the data has the tracks {', '.join(tracks)}")
    return tracks.index(config.given)


def build_maker(config: Config, tracks: Sequence[str]) -> Maker:
    """The untrained generator with its head. Raises `BadConfig`."""
    head = HEADS[config.head]()
    given = given_track(config, tracks)
    plan = config.plan(len(tracks) - (given is not None))
    network = GENERATORS[config.generator] if given is None else partial(Conv16, listens=True)

    def bar_network(latent: int, count: int) -> nn.Module:
        return network(latent, count, head, config.generator_width, config.dropout)

    return Maker(arrange(plan, bar_network), head, plan.size, given)


def build_critic(config: Config, tracks: int) -> nn.Module:
    """One critic for all tracks; jamming has one for each."""

    def critic(count: int) -> nn.Module:
        if config.phrase > 1:
            return Conv(count, config.critic_width, config.dropout, config.phrase)
        return CRITICS[config.critic](count, config.critic_width, config.dropout)

    if config.arrangement == "jamming":
        return EachTrack([critic(1) for _ in range(tracks)])
    return critic(tracks)
