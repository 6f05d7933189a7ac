"""What of a whole batch is held to the real batch's: counts, intervals, what neighbours share, where
bars end, and where their codes lie. They know tensors and nothing else.

A critic tells well which note is wrong and badly what is missing or too much on the whole (feature
matching, Salimans et al., 2016, section 3.1). In one dimension two batches are matched by sorting both.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..matching import chi_squared
from .cells import Cells

PROJECTIONS, FEW = 32, 4
"""Random views of so many dimensions each."""


def sorted_apart(got: Tensor, wanted: Tensor, room: float) -> Tensor:
    """How far two batches of values, `[bar, ...]` and of any size, lie apart, in units of the real
    ones' spread (and `room` more); `[...]`."""
    got, wanted = got.sort(dim=0).values, wanted.sort(dim=0).values
    places = torch.linspace(0, len(wanted) - 1, len(got), device=wanted.device)
    wanted = wanted[places.round().long()]
    return ((got - wanted) / (wanted.std(dim=0) + room)).pow(2).mean(0)


def matching(drawn: Cells, real: Cells) -> Tensor:
    """The sorted counts of a batch against the real batch's, and how often each pitch and each cell is
    struck; tracks add up."""
    apart = sorted_apart(counts(drawn), counts(real), 0.2).mean(1).sum()
    return apart + rates_apart(drawn, real, 2) + rates_apart(drawn, real, 3)


def counts(cells: Cells) -> Tensor:
    """`[batch, track, 6]`: notes, sounding cells, pitch classes, cells not silent, cells with two or
    more pitches, log(1 + notes)."""
    struck = cells.onset.sum(2)
    classes = struck.reshape(*struck.shape[:2], -1, 12).sum(2).clamp(max=1).sum(2)
    notes = struck.sum(2)
    sounding, loudest = cells.hold.sum(3), cells.hold.amax(3)
    several = (sounding - loudest).clamp(max=1)
    found = (notes, sounding.sum(2), classes, loudest.sum(2), several.sum(2), notes.log1p())
    return torch.stack(found, dim=2)


def rates_apart(drawn: Cells, real: Cells, over: int) -> Tensor:
    """How often each pitch (over cells, 2) or cell (over pitches, 3) is struck: chi-squared."""
    return chi_squared(drawn.onset.mean((0, over)), real.onset.mean((0, over)))


def struck(cells: Cells) -> Tensor:
    """How much begins, `[batch, track + 1, cell]`, on each track and on any: 0 nothing, towards 1 for
    many notes, so that every note has a say."""
    each = cells.onset.sum(3)
    return 1 - torch.exp(-torch.cat([each, each.sum(1, keepdim=True)], 1))


def outlines(cells: Cells) -> Tensor:
    """What a bar is like on each track, `[batch, track, 16 + 16 + 12 + 9]`: what begins and how much
    sounds in every sixteenth, its pitch classes, counts, mean pitch, how many notes begin at once and
    how long they are."""
    begins = struck(cells)[:, :-1]
    sounds = cells.hold.sum(3)
    each = cells.onset.sum(3)
    notes = each.sum(2).clamp_min(1.0)
    times = begins.sum(2).clamp_min(0.5)
    pitch = torch.arange(cells.onset.shape[3], device=each.device, dtype=each.dtype) / 12
    mean_pitch = (cells.onset.sum(2) * pitch).sum(2) / notes
    more = torch.stack([mean_pitch, notes / times, sounds.sum(2) / notes], 2)
    folded = [sixteenths(part) for part in (begins, sounds)]
    return torch.cat([*folded, 0.3 * every_class(cells.hold.sum(2))[:, :-1], counts(cells), more], 2)


def sixteenths(cells: Tensor) -> Tensor:
    return cells.reshape(*cells.shape[:2], 16, -1).sum(3)


def shared(cells: Cells, before: Cells, pitched: Tensor) -> Tensor:
    """`[batch, 2 * (track + 1)]`: what begins at once in two bars as a share of what begins in either,
    and the cosine of their sounding pitch classes; each of every track and of all."""
    one, other = struck(cells), struck(before)
    rhythm = torch.minimum(one, other).sum(2) / torch.maximum(one, other).sum(2).clamp_min(0.5)
    here, there = (every_class(part.hold[:, pitched].sum(2)) for part in (cells, before))
    harmony = F.cosine_similarity(here, there, dim=2, eps=1e-3)
    return torch.cat([rhythm, harmony], 1)


def every_class(sounding: Tensor) -> Tensor:
    """`[batch, track, pitch]` to `[batch, track + 1, class]`."""
    each = sounding.reshape(*sounding.shape[:2], -1, 12).sum(2)
    return torch.cat([each, each.sum(1, keepdim=True)], 1)


def intervals_apart(drawn: Cells, real: Cells, pitched: Tensor) -> Tensor:
    """How the shares of the six interval classes differ: between pitch classes that sound in one cell,
    begin in one beat, or in one bar. Chi-squared."""
    got, wanted = (intervals(bars, pitched) for bars in (drawn, real))
    return torch.stack([chi_squared(g, w) for g, w in zip(got, wanted, strict=True)]).sum()


def intervals(bars: Cells, pitched: Tensor) -> Tensor:
    """Shares of the interval classes, one to six semitones, in a batch's cells, beats and bars, `[3,
    class]`."""
    struck, held = (classes(part[:, pitched].sum(1)) for part in bars)
    beats = struck.reshape(len(struck), 4, -1, 12).sum(2)
    found = [pairs(part.clamp(max=1)) for part in (held, beats, struck.sum(1))]
    return torch.stack([part / part.sum().clamp_min(1.0) for part in found])


def classes(cells: Tensor) -> Tensor:
    """`[batch, cell, pitch]` to `[batch, cell, class]`."""
    return cells.reshape(*cells.shape[:2], -1, 12).sum(2)


def pairs(present: Tensor) -> Tensor:
    """How many pairs of pitch classes `[..., class]` are so many semitones apart, `[6]`."""
    found = [(present * present.roll(-apart, -1)).sum() for apart in range(1, 7)]
    return torch.stack([*found[:-1], found[-1] / 2])


def clouds_apart(drawn: Tensor, real: Tensor, random: torch.Generator) -> Tensor:
    """Energy distance (Szekely and Rizzo, 2013) of two batches of points `[bar, number]`, unbiased: of
    the whole and, which sees each direction better, of random views of a few dimensions."""
    scale = real.std(0) + 1e-2
    one, other = drawn / scale, real / scale
    view = torch.randn(PROJECTIONS, one.shape[1], FEW, generator=random, device=one.device)
    view = F.normalize(view, dim=1)
    return energy(one[None], other[None]) + energy(one @ view, other @ view)


def energy(one: Tensor, other: Tensor) -> Tensor:
    """Of points `[view, point, dimension]`, mean over the views, in units of the real points' own mean
    distance."""
    across = torch.cdist(one, other).mean((1, 2))
    own, usual = (among(points) for points in (one, other))
    out: Tensor = ((2 * across - own - usual) / usual.detach()).mean()
    return out


def among(points: Tensor) -> Tensor:
    """Mean distance of two different ones of points `[view, point, dimension]`, `[view]`."""
    count = points.shape[1]
    first, second = torch.triu_indices(count, count, 1, device=points.device)
    out: Tensor = (points[:, first] - points[:, second]).norm(dim=2).mean(1)
    return out
