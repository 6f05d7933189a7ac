"""What bars are wanted to be besides real: what their knobs ask, and what of the batch as a whole is
held to the data."""

from __future__ import annotations

from itertools import compress

import torch
import torch.nn.functional as F
from torch import Tensor

from .attributes import attributes, in_key
from .cells import Cells
from .losses import asked_loss
from .matched import (
    ROOM_OF_SHARES,
    clouds_apart,
    ends_apart,
    harmonies,
    intervals_apart,
    matching,
    outlines,
    shared,
    sorted_apart,
)
from .run import StreamRun
from .seen import Drawn, Seen

LEAST_MATCHED = 4
"""Sorted counts of fewer bars are noise. Bars that follow real ones, made ones and nothing are matched
apart, or one kind would thin out and the others make up for it."""
LEAST_ENDS = 4
"""Ends of phrases, which are an eighth of the bars."""


def wishes(run: StreamRun, seen: Seen, drawn: Drawn) -> list[Tensor]:
    """What is asked of the bars, and what of the batch as a whole is held to the real one's: apart for
    bars that follow and for those that don't; counts and agreement only of bars of which nothing was
    asked."""
    config, bars, real = run.config, drawn.bars, seen.real.now
    unasked = (drawn.knobs < 0).all(1)
    sketches = outlined(bars), outlined(real), outlined(seen.context)
    heard = harmonies(seen.context, run.pitched)
    sounds = harmonies(bars, run.pitched), harmonies(real, run.pitched), heard
    terms = [
        config.asked * asked_of(run, seen, drawn),
        config.ends * phrase_ends(run, seen, bars),
    ]
    for kind in (seen.follows, ~seen.follows):
        if int(kind.sum()) >= LEAST_MATCHED:
            terms.append(config.intervals * intervals_apart(bars.rows(kind), real, run.pitched))
            terms.append(config.outlines * cloud(run, seen, kind, sketches))
            terms.append(config.harmony * cloud(run, seen, kind, sounds))
    after = seen.follows, drawn.onwards, ~seen.follows & ~drawn.onwards
    kinds = [kind & unasked for kind in after]
    enough = [int(kind.sum()) >= LEAST_MATCHED for kind in kinds]
    for kind in compress(kinds, enough):
        terms += [config.matching * matching(bars.rows(kind), real, run.pitched)]
    if int(seen.follows.sum()) >= LEAST_MATCHED:
        for kind in compress(kinds[:2], enough):
            terms += [config.following * following(run, seen, drawn, kind)]
    return terms


def codes_apart(run: StreamRun, seen: Seen, drawn: Drawn) -> Tensor:
    """How far the codes lie from real ones, those that follow and the others."""
    codes = drawn.code, seen.code, seen.code_before
    kinds = [kind for kind in (seen.follows, ~seen.follows) if int(kind.sum()) >= LEAST_MATCHED]
    return torch.stack([cloud(run, seen, kind, codes) for kind in kinds]).sum()


def phrase_ends(run: StreamRun, seen: Seen, bars: Cells) -> Tensor:
    """How many bars end early, apart for those that end a phrase and for the others."""
    last = seen.real.place == run.shape.places - 1
    kinds = [kind for kind in (last, ~last) if int(kind.sum()) >= LEAST_ENDS]
    apart = [ends_apart(bars.rows(kind), seen.real.now.rows(kind)) for kind in kinds]
    return torch.stack(apart).sum()


def outlined(bars: Cells) -> Tensor:
    """`[batch, number]`."""
    return outlines(bars).flatten(1)


def cloud(run: StreamRun, seen: Seen, chosen: Tensor, points: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """How far the chosen ones of points that were drawn lie from real ones, with their places, and
    beside those of the bars before; each `[bar, number]`."""
    drawn, real, before = points
    place = F.one_hot(seen.real.place, run.shape.places).to(drawn.dtype)
    drawn, real = torch.cat([drawn, place], 1), torch.cat([real, place], 1)
    apart = clouds_apart(drawn[chosen], real, run.random)
    follows = seen.follows & chosen
    if int(follows.sum()) < LEAST_MATCHED:
        return apart
    drawn, real = torch.cat([before, drawn], 1), torch.cat([before, real], 1)
    return apart + clouds_apart(drawn[follows], real[seen.follows], run.random)


def following(run: StreamRun, seen: Seen, drawn: Drawn, follows: Tensor) -> Tensor:
    """How much bars share with those before them, against real ones and theirs."""
    real, every = seen.real, seen.follows
    got = shared(drawn.bars.rows(follows), drawn.context.rows(follows), run.pitched)
    wanted = shared(real.now.rows(every), real.before.rows(every), run.pitched)
    return sorted_apart(got, wanted, ROOM_OF_SHARES).mean()


def asked_of(run: StreamRun, seen: Seen, drawn: Drawn) -> Tensor:
    """How far the drawn bars are from what their knobs ask, the tonal centre among them."""
    real, knobs, other = seen.real, drawn.knobs, drawn.other
    got, _ = attributes(drawn.bars)
    shares = knobs[:, :-1].reshape(got.shape)
    apart = asked_loss(got, run.ranks.values(shares), run.ranks.spread, (shares >= 0).float())
    key_set = (knobs[:, -1] >= 0).float()
    fits = in_key(real.now, real.key, run.pitched, run.scale)
    wanted = torch.where(seen.follows, fits, fits[other])
    off = F.relu(wanted - in_key(drawn.bars, drawn.key, run.pitched, run.scale)) * key_set
    return apart + off.sum() / key_set.sum().clamp_min(1.0)
