"""What is set right in the averaged networks whenever they are judged: how dense bars are, and how
often tracks rest. Averaged weights make thinner bars than those they are the average of, and bars after
silence are thinner than those that follow."""

from __future__ import annotations

import torch
from torch import Tensor

from livegan.core.knobs import KNOBS

from .attributes import attributes
from .cells import Cells
from .data import StreamData
from .networks import free_controls, on_spheres, silence
from .run import StreamRun

BARS, ROUNDS = 512, 20
DENSITY = KNOBS.index("density")
GO = 0.7
"""Share of the way in each round: what is written to a code is not read exactly."""
CLOSE = 0.005
"""Of the data's range."""


@torch.no_grad()
def settle(run: StreamRun, data: StreamData) -> None:
    """Find how far to move the averaged networks' codes along what makes each track denser, so that
    bars with every knob free, half of them after silence and half after made ones, are as dense as the
    data's; and from how many expected notes on tracks play, so that they rest as often. Its random
    numbers are its own: a run that is judged more often goes no other way."""
    run.shift.zero_()
    random = torch.Generator(run.fabric.device).manual_seed(run.config.seed)
    wanted = density(run, data.bars(4 * BARS, random))
    along = run.averaged.generator.mapping.steering.write.weight[:, DENSITY :: len(KNOBS)]
    for _ in range(ROUNDS):
        missing = wanted - mean_density(run)
        if bool((missing.abs() < CLOSE).all()):
            return
        run.shift += GO * (along @ missing)


def mean_density(run: StreamRun) -> Tensor:
    """Of the same bars each time, `[track]`, once tracks rest as often as they should."""
    random = torch.Generator(run.fabric.device).manual_seed(run.config.seed + 1)
    first, second = settled_pair(run, random)
    return (density(run, first) + density(run, second)) / 2


def settled_pair(run: StreamRun, random: torch.Generator) -> tuple[Cells, Cells]:
    """Bars after silence, and bars that follow them in their sections, after each of which tracks have
    been made to rest as often as in the data."""
    shape, device = run.shape, run.fabric.device
    places = torch.arange(BARS, device=device) % shape.places
    first, second = (
        on_spheres(torch.randn(BARS, shape.latent, generator=random, device=device), shape.sizes)
        for _ in range(2)
    )
    second[:, : shape.section] = first[:, : shape.section]
    begun = rested(run, first, silence(BARS, shape, device), places, 0)
    return begun, rested(run, second, begun, (places + 1) % shape.places, 1)


def rested(run: StreamRun, z: Tensor, context: Cells, place: Tensor, after: int) -> Cells:
    """Bars of which as many rest as in the data, `after` a bar (1) or not (0)."""
    generator, free = run.averaged.generator, free_controls(len(z), run.shape, z.device)
    code = generator.mapping(z, context, place, free)
    follows = torch.full((len(z),), after, device=z.device)
    expected = generator.said(code, follows)[1]
    shares = zip(expected.T, run.resting.tolist(), strict=True)
    run.least[after] = torch.stack([track.quantile(share) for track, share in shares])
    generator.rest.copy_(run.least)
    return run.head.draw_cells(generator.said(code, follows)[0])


def density(run: StreamRun, bars: Cells) -> Tensor:
    """Mean share of the data's range, of bars in which the track sounds, `[track]`; in the middle where
    none does."""
    values, sounding = attributes(bars)
    found = torch.where(sounding, run.ranks.of(values)[:, :, DENSITY], torch.nan).nanmean(0)
    return found.nan_to_num(0.5)
