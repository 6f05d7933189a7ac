"""MuseGAN's ways of making several tracks and several bars (Dong et al., 2018, sections 4.1 and 4.2),
built of any bar network.

composer: one latent, one generator for all tracks, one critic. jamming: for each track a latent, a
generator and a critic of its own. hybrid: a shared latent beside each track's own, a generator for each
track, one critic (the paper's section 5 names it as future work). A phrase: a temporal generator makes
the latents of consecutive bars from one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ARRANGEMENTS = ("composer", "jamming", "hybrid")


def vectors_of(arrangement: str, tracks: int) -> int:
    """How many latent vectors one bar takes."""
    return {"composer": 1, "jamming": tracks, "hybrid": 1 + tracks}[arrangement]


class Jamming(nn.Module):
    """One generator a track, each hearing its own latent: `[batch, track * latent]` in."""

    def __init__(self, tracks: int, build: Callable[[int], nn.Module], latent: int) -> None:
        super().__init__()
        self.players = nn.ModuleList(build(latent) for _ in range(tracks))

    def forward(self, z: Tensor) -> Tensor:
        own = z.chunk(len(self.players), dim=1)
        return torch.cat([player(o) for player, o in zip(self.players, own, strict=True)], dim=1)


class Hybrid(nn.Module):
    """One generator a track, each hearing the shared latent, which comes first, and its own: `[batch,
    (1 + track) * latent]` in."""

    def __init__(self, tracks: int, build: Callable[[int], nn.Module], latent: int) -> None:
        super().__init__()
        self.players = nn.ModuleList(build(2 * latent) for _ in range(tracks))

    def forward(self, z: Tensor) -> Tensor:
        shared, *own = z.chunk(1 + len(self.players), dim=1)
        parts = [
            player(torch.cat([shared, o], dim=1)) for player, o in zip(self.players, own, strict=True)
        ]
        return torch.cat(parts, dim=1)


class Temporal(nn.Module):
    """From one latent of a phrase, `[batch, vector * latent]`, to the latents of its bars, `[batch,
    bar, vector * latent]`: half of each vector stays as it is through the phrase, half moves."""

    def __init__(self, vectors: int, latent: int, bars: int) -> None:
        super().__init__()
        self.shape = (vectors, latent)
        self.bars, self.steady = bars, latent // 2
        moving = vectors * (latent - self.steady)
        self.inner = nn.Linear(vectors * latent, 2 * moving)
        self.last = nn.Linear(2 * moving, bars * moving)

    def forward(self, z: Tensor) -> Tensor:
        vectors, latent = self.shape
        steady = z.reshape(-1, 1, vectors, latent)[..., : self.steady]
        moved = self.last(F.leaky_relu(self.inner(z), 0.2))
        moved = moved.reshape(-1, self.bars, vectors, latent - self.steady)
        steady = steady.expand(-1, self.bars, -1, -1)
        return torch.cat([steady, moved], dim=3).flatten(2)


class PhraseGenerator(nn.Module):
    """Bars of a phrase, one after another in the batch: `[phrase, latent]` in, logits `[phrase * bar,
    ...]` out; or, asked for one `place` of each phrase (int64 `[phrase]`), only those bars."""

    def __init__(self, temporal: Temporal, bar: nn.Module) -> None:
        super().__init__()
        self.temporal, self.bar = temporal, bar

    def forward(self, z: Tensor, place: Tensor | None = None) -> Tensor:
        codes = self.temporal(z)
        if place is None:
            codes = codes.flatten(0, 1)
        else:
            chosen = place.reshape(-1, 1, 1).expand(-1, 1, codes.shape[2])
            codes = codes.gather(1, chosen)[:, 0]
        out: Tensor = self.bar(codes)
        return out


@dataclass(frozen=True, slots=True)
class Plan:
    """How bar networks become a generator: `latent` is the size of one latent vector."""

    arrangement: str
    tracks: int
    latent: int
    phrase: int

    @property
    def vectors(self) -> int:
        return vectors_of(self.arrangement, self.tracks)

    @property
    def size(self) -> int:
        """Length of the whole latent."""
        return self.vectors * self.latent


def arrange(plan: Plan, build: Callable[[int, int], nn.Module]) -> nn.Module:
    """A generator of bars or phrases; `build` makes a bar network from (latent, tracks)."""
    match plan.arrangement:
        case "composer":
            bar = build(plan.latent, plan.tracks)
        case "jamming":
            bar = Jamming(plan.tracks, lambda latent: build(latent, 1), plan.latent)
        case _:
            bar = Hybrid(plan.tracks, lambda latent: build(latent, 1), plan.latent)
    if plan.phrase == 1:
        return bar
    return PhraseGenerator(Temporal(plan.vectors, plan.latent, plan.phrase), bar)
