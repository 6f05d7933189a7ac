"""What of a whole batch is held to the real batch's: counts, intervals, what neighbours share, where
bars end, and where their codes lie. They know tensors and nothing else.

A critic tells well which note is wrong and badly what is missing or too much on the whole (feature
matching, Salimans et al., 2016, section 3.1). In one dimension two batches are matched by sorting both.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..evaluate.features import SCALES
from ..evaluate.scoreboard.chords import TRIADS
from ..matching import chi_squared
from .cells import Cells

PROJECTIONS, FEW = 32, 4
"""Random views of so many dimensions each."""
PLAIN = 25.0
"""How plainly a triad that holds a tenth more of a half bar is told from another: by exp(2.5)."""
ROOM, ROOM_OF_SHARES = 0.2, 0.05
"""In `sorted_apart`: of counts, and of shares of 0 to 1."""


def sorted_apart(got: Tensor, wanted: Tensor, room: float) -> Tensor:
    """How far two batches of values, `[bar, ...]` and of any size, lie apart, in units of the real
    ones' spread (and `room` more); `[...]`. Of a few, none is held to the real ones' extremes: the
    thinnest of four is no sixty-fourth."""
    got, wanted = got.sort(dim=0).values, wanted.sort(dim=0).values
    spread = wanted.std(dim=0) + room
    places = (torch.arange(len(got), device=wanted.device) + 0.5) * len(wanted) / len(got)
    return ((got - wanted[places.long()]) / spread).pow(2).mean(0)


def matching(drawn: Cells, real: Cells, pitched: Tensor) -> Tensor:
    """The sorted counts of a batch against the real batch's, how often each pitch and each cell is
    struck, and whether bars keep their triad; tracks add up."""
    apart = sorted_apart(counts(drawn), counts(real), ROOM).mean(1).sum()
    kept = sorted_apart(keeps_triad(drawn, pitched), keeps_triad(real, pitched), ROOM_OF_SHARES)
    return apart + rates_apart(drawn, real, 2) + rates_apart(drawn, real, 3) + kept.sum()


def ends_apart(drawn: Cells, real: Cells) -> Tensor:
    """What is struck late in the bars of a batch, sorted, against the real batch's: how many end early.
    Tracks add up."""
    return sorted_apart(late(drawn), late(real), ROOM).mean(1).sum()


def doubts(logits: Tensor) -> Tensor:
    """How unsure the decoder is of what begins in a bar, `[batch, track]`, from logits `[batch, track,
    3, cell, pitch]`: the logarithm of one and the nats of all its onsets. Between the codes of bars it
    doubts everything, and what it is unsure of clashes."""
    onset = logits[:, :, 0]
    nats = F.softplus(onset) - onset * torch.sigmoid(onset)
    return nats.sum((2, 3)).log1p()


def late(cells: Cells) -> Tensor:
    """`[batch, track + 1, 2]`: log(1 + notes) of what begins in a bar's second half and in its last
    quarter, on each track and on all."""
    each = cells.onset.sum(3)
    each = torch.cat([each, each.sum(1, keepdim=True)], 1)
    quarters = each.reshape(*each.shape[:2], 4, -1).sum(3)
    return torch.stack([quarters[:, :, 2:].sum(2), quarters[:, :, 3]], 2).log1p()


def triads(cells: Cells, pitched: Tensor) -> Tensor:
    """How likely each of the 24 triads is that of each half of a bar, `[batch, 2, 24]`."""
    chroma = classes(cells.hold[:, pitched].sum(1))
    halves = chroma.reshape(chroma.shape[0], 2, -1, 12).sum(2)
    shares = halves / halves.sum(2, keepdim=True).clamp_min(1.0)
    held = shares @ torch.from_numpy(TRIADS.T).to(shares)
    return torch.softmax(PLAIN * held, dim=2)


def keeps_triad(cells: Cells, pitched: Tensor) -> Tensor:
    """How likely the two halves of a bar have one triad, `[batch]`."""
    found = triads(cells, pitched)
    return (found[:, 0] * found[:, 1]).sum(1)


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


def harmonies(cells: Cells, pitched: Tensor) -> Tensor:
    """What a bar's harmony is like, whatever its key, `[batch, 35]`: entropy of the pitch classes that
    begin, the share of what sounds that the best triad holds and of what begins that the best scale
    does, sounding pitch classes from the most to the least, intervals, how many classes and notes."""
    begin = classes(cells.onset[:, pitched].sum(1)).sum(1)
    sound = classes(cells.hold[:, pitched].sum(1)).sum(1)
    notes = begin.sum(1, keepdim=True)
    struck, held = begin / notes.clamp_min(1.0), sound / sound.sum(1, keepdim=True).clamp_min(1.0)
    entropy = -(struck * (struck + 1e-6).log()).sum(1, keepdim=True)
    triad = (held @ torch.from_numpy(TRIADS.T).to(held)).amax(1, keepdim=True)
    scale = (struck @ torch.from_numpy(SCALES.T).to(held)).amax(1, keepdim=True)
    ranked = held.sort(dim=1, descending=True).values
    many = begin.clamp(max=1).sum(1, keepdim=True)
    each = intervals(cells, pitched)
    apart = each / each.sum(2, keepdim=True).clamp_min(1.0)
    found = [entropy, triad, scale, ranked, apart.flatten(1), many, notes.log1p()]
    return torch.cat(found, 1)


def sixteenths(cells: Tensor) -> Tensor:
    return cells.reshape(*cells.shape[:2], 16, -1).sum(3)


def shared(cells: Cells, before: Cells, pitched: Tensor) -> Tensor:
    """`[batch, 2 * (track + 1) + 1]`: what begins at once in two bars as a share of what begins in
    either, and the cosine of their sounding pitch classes, each of every track and of all; and how
    likely the triad stays at the bar line."""
    one, other = struck(cells), struck(before)
    rhythm = torch.minimum(one, other).sum(2) / torch.maximum(one, other).sum(2).clamp_min(0.5)
    here, there = (every_class(part.hold[:, pitched].sum(2)) for part in (cells, before))
    harmony = F.cosine_similarity(here, there, dim=2, eps=1e-3)
    stays = (triads(before, pitched)[:, 1] * triads(cells, pitched)[:, 0]).sum(1, keepdim=True)
    return torch.cat([rhythm, harmony, stays], 1)


def every_class(sounding: Tensor) -> Tensor:
    """`[batch, track, pitch]` to `[batch, track + 1, class]`."""
    each = sounding.reshape(*sounding.shape[:2], -1, 12).sum(2)
    return torch.cat([each, each.sum(1, keepdim=True)], 1)


def intervals_apart(drawn: Cells, real: Cells, pitched: Tensor) -> Tensor:
    """How the shares of the six interval classes differ in all bars together: chi-squared, to which
    rare ones, the semitones, matter most."""
    got, wanted = (whole(intervals(bars, pitched)) for bars in (drawn, real))
    return torch.stack([chi_squared(g, w) for g, w in zip(got, wanted, strict=True)]).sum()


def whole(each: Tensor) -> Tensor:
    """Shares in a batch of what is counted in every bar, `[batch, 3, class]` to `[3, class]`."""
    together = each.sum(0)
    return together / together.sum(1, keepdim=True).clamp_min(1.0)


def intervals(bars: Cells, pitched: Tensor) -> Tensor:
    """How many of each interval class, one to six semitones, there are between pitch classes that sound
    in one cell, begin in one beat, or in one bar; `[batch, 3, class]`."""
    struck, held = (classes(part[:, pitched].sum(1)) for part in bars)
    beats = struck.reshape(struck.shape[0], 4, -1, 12).sum(2)
    found = [pairs(part.clamp(max=1)) for part in (held, beats, struck.sum(1, keepdim=True))]
    return torch.stack(found, 1)


def classes(cells: Tensor) -> Tensor:
    """`[batch, cell, pitch]` to `[batch, cell, class]`."""
    return cells.reshape(*cells.shape[:2], -1, 12).sum(2)


def pairs(present: Tensor) -> Tensor:
    """How many pairs of pitch classes `[batch, window, class]` are so many semitones apart, `[batch,
    6]`."""
    found = [(present * present.roll(-apart, -1)).sum((1, 2)) for apart in range(1, 7)]
    return torch.stack([*found[:-1], found[-1] / 2], 1)


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
