"""The second part of a stream's training: a GAN whose generator finds the codes of bars that could
follow. The critic judges bars beside the one before, or alone; the decoder stays as the autoencoder
left it."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.knobs import FREE

from ..losses import Scores, relativistic_critic, relativistic_generator
from ..run import Told, average
from .attributes import attributes, in_key
from .cells import Cells, joined
from .data import Batch, StreamData
from .losses import asked_loss
from .matched import clouds_apart, intervals_apart, matching, outlines, shared, sorted_apart
from .networks import on_sphere, on_spheres, place_and_detail
from .run import StreamRun
from .steps import early, set_rates, update, warm

ALL_FREE, EACH_FREE, KEY_SET = 0.5, 0.5, 0.3
"""How often no knob is set, each of the others is free, and a key is asked."""
LEAST_MATCHED = 8
"""Sorted counts of fewer bars are noise. Bars that follow from a context and bars that don't are
matched apart, or one kind would thin out and the other make up for it."""
KINDS = 2
LARGEST_STEP = 10.0
"""Norm of a gradient."""
AGREEMENT_ROOM = 0.05
"""In `matched.sorted_apart`, of shares of 0 to 1."""
RESTING_RATE = 0.05
"""Notes, for each standard deviation of one bar's resting."""


class Seen(NamedTuple):
    """A batch as a step sees it: the bars, and those before them where they are heard (`follows`), as
    the decoder says them, with the codes of both; and what the knobs measure."""

    real: Batch
    now: Cells
    context: Cells
    code: Tensor
    code_before: Tensor
    follows: Tensor
    values: Tensor
    ranks: Tensor
    sounding: Tensor


class Drawn(NamedTuple):
    """Bars that were drawn; from which of the batch's bars they have their knobs, what was asked, and
    where on the map they lie."""

    bars: Cells
    other: Tensor
    knobs: Tensor
    key: Tensor
    code: Tensor
    known: Tensor


def train_step(run: StreamRun, data: StreamData) -> Told:
    """One update of the critic and one of the generator. Before the generator's first, the critic has
    some of its own: the generator shall not suffer from one that knows nothing yet."""
    seen = look(run, data)
    alone = run.step < run.config.critic_first
    run.step += 1
    with torch.set_grad_enabled(not alone):
        drawn = draw(run, seen)
    critic_loss, scores = critic_step(run, seen, drawn)
    right = (scores.real > scores.fake).float().mean().detach()
    if alone:
        return Told(critic_loss.detach(), torch.zeros_like(right), right)
    loss, told = generator_loss(run, seen, drawn, scores)
    taken = run.step - run.config.critic_first - 1
    set_rates(run.generator_optimiser, run.config.lr * warm(taken))
    update(run.generator_optimiser, loss, LARGEST_STEP)
    average(run.ema, run.networks, early(run.config.ema, taken + 1))
    return Told(critic_loss.detach(), told, right)


def look(run: StreamRun, data: StreamData) -> Seen:
    config = run.config
    real = data.batch(config.batch, run.random)
    (now, before), (code, code_before) = said_again(run, real)
    heard = real.before.onset.sum((1, 2, 3)) > 0
    follows = (run.rand(config.batch) < config.context) & heard
    values, sounding = attributes(real.now)
    context, ranks = before.where(follows), run.ranks.of(values)
    return Seen(real, now, context, code, code_before, follows, values, ranks, sounding)


@torch.no_grad()
def said_again(run: StreamRun, real: Batch) -> tuple[tuple[Cells, Cells], tuple[Tensor, Tensor]]:
    """Bars and those before them through the autoencoder, with the detail's noise, and their codes: the
    critic shall not judge the decoder, which stays as it is, but where in its codes the mapping
    goes."""
    bars = joined(real.now, real.before)
    mean, _ = run.encoder(bars)
    code = mean + run.generator.mapping.grain * run.noise(*mean.shape)
    said = run.head.draw_cells(run.generator.decoder(code))
    count = len(real.place)
    return (said.rows(slice(count)), said.rows(slice(count, None))), (code[:count], code[count:])


def some_controls(run: StreamRun, ranks: Tensor, key: Tensor, sounding: Tensor) -> Tensor:
    """The knobs of these bars `[batch, knob]`, some of them free; those of silent tracks always are."""
    batch, _, knobs = ranks.shape
    all_free = run.rand(batch, 1, 1) < ALL_FREE
    free = all_free | (run.rand(batch, 1, knobs) < EACH_FREE)
    shares = ranks.masked_fill(free | ~sounding[:, :, None], FREE).flatten(1)
    ask_key = (run.rand(batch) < KEY_SET) & ~all_free[:, 0, 0]
    keys = torch.where(ask_key, key.float(), FREE)
    return torch.cat([shares, keys[:, None]], 1)


def fresh(run: StreamRun, count: int) -> Tensor:
    return on_spheres(run.noise(count, run.shape.latent), run.shape.sizes)


def section_of(run: StreamRun, bars: Cells) -> Tensor:
    """Where bars lie along the slow axes, on their sphere."""
    mapping = run.generator.mapping
    slow = mapping.basis[:, : run.shape.section]
    code = run.encoder(bars)[0] - mapping.mean
    return on_sphere(code @ torch.linalg.pinv(slow).T, run.shape.section)


def draw(run: StreamRun, seen: Seen) -> Drawn:
    """Bars as the instrument makes them. What follows shares its section with the bar before."""
    real, cut, follows = seen.real, run.shape.section, seen.follows
    batch = len(real.place)
    z = fresh(run, batch)
    with torch.no_grad():
        z[follows, :cut] = section_of(run, seen.context.rows(follows))
    other = torch.randperm(batch, generator=run.random, device=z.device)
    key = torch.where(follows, real.key, real.key[other])
    knobs = some_controls(run, seen.ranks[other], key, seen.sounding[other])
    code = run.generator.mapping(z, seen.context, real.place, knobs)
    logits, expected = run.generator.said(code)
    keep_resting(run, expected.detach()[(knobs < 0).all(1)])
    bars = run.head.draw_cells(logits)
    known, _ = place_and_detail(z, run.shape)
    return Drawn(bars, other, knobs, key, code, known)


@torch.no_grad()
def keep_resting(run: StreamRun, expected: Tensor) -> None:
    """Move each track's least number of notes `[bar, track]` to where as many bars lie below it as rest
    in the data."""
    if len(expected):
        below = (expected < run.generator.rest).float().mean(0)
        chance = (run.resting * (1 - run.resting)).sqrt().clamp_min(0.05)
        run.generator.rest += RESTING_RATE * (run.resting - below) / chance


def critic_step(run: StreamRun, seen: Seen, drawn: Drawn) -> tuple[Tensor, Scores]:
    """The critic's update. Some bars that it shall see through are real ones after a wrong bar."""
    config, real = run.config, seen.real
    context, places = seen.context, torch.cat([real.place, real.place])
    wrong = seen.follows & (run.rand(len(real.place)) < config.mismatched)
    shown = pick(wrong[:, None, None, None], seen.now.rows(drawn.other), drawn.bars)
    both = run.critic(joined(seen.now, shown), joined(context, context), places)
    scores = Scores(*both.chunk(2))
    loss = relativistic_critic(scores)
    total = loss
    if run.step % config.penalty_every == 0:
        weight = config.gamma * config.penalty_every / 2
        norms = [zero_centred(run, seen, bars) for bars in (seen.now, shown)]
        total = loss + weight * torch.stack(norms).sum()
    update(run.critic_optimiser, total, LARGEST_STEP)
    return loss, scores


def pick(mask: Tensor, yes: Cells, no: Cells) -> Cells:
    return Cells(*(torch.where(mask, y, n.detach()) for y, n in zip(yes, no, strict=True)))


def zero_centred(run: StreamRun, seen: Seen, bars: Cells) -> Tensor:
    """R1 or R2 (Mescheder et al., 2018), on half the batch."""
    half = slice(len(seen.real.place) // 2)
    inputs = [part[half].detach().requires_grad_() for part in bars]
    scores = run.critic(Cells(*inputs), seen.context.rows(half), seen.real.place[half])
    gradients = torch.autograd.grad(scores.sum(), inputs, create_graph=True)
    return torch.stack([g.pow(2).flatten(1).sum(1).mean() for g in gradients]).sum()


def generator_loss(run: StreamRun, seen: Seen, drawn: Drawn, scores: Scores) -> tuple[Tensor, Tensor]:
    """All that the mapping and its inverse learn from, and the GAN's part of it."""
    config = run.config
    fake = run.critic(drawn.bars, seen.context, seen.real.place)
    loss = relativistic_generator(Scores(scores.real.detach(), fake))
    asked = config.asked * asked_of(run, seen, drawn)
    found = (run.inverse(drawn.code.detach()) - drawn.known).pow(2).mean()
    return loss + asked + matched(run, seen, drawn) + found, loss.detach()


def matched(run: StreamRun, seen: Seen, drawn: Drawn) -> Tensor:
    """What of the batch as a whole is held to the real one's, apart for bars that follow and for those
    that don't; counts and agreement only of bars of which nothing was asked."""
    config, bars, real = run.config, drawn.bars, seen.real.now
    unasked = (drawn.knobs < 0).all(1)
    terms = []
    for kind in (seen.follows, ~seen.follows):
        if int(kind.sum()) < LEAST_MATCHED:
            continue
        terms.append(config.intervals * intervals_apart(bars.rows(kind), real, run.pitched) / KINDS)
        terms += clouds(run, seen, drawn, kind)
        if int((kind & unasked).sum()) >= LEAST_MATCHED:
            terms.append(config.matching * matching(bars.rows(kind & unasked), real) / KINDS)
    if int((seen.follows & unasked).sum()) >= LEAST_MATCHED:
        terms.append(config.following * following(run, seen, drawn, seen.follows & unasked))
    return torch.stack(terms).sum()


def clouds(run: StreamRun, seen: Seen, drawn: Drawn, chosen: Tensor) -> list[Tensor]:
    """How far codes and outlines of the chosen bars lie from real ones', with their places, and beside
    those of the bars before."""
    config, real = run.config, seen.real
    sketched, sketch, sketch_before = (
        outlines(bars).flatten(1) for bars in (drawn.bars, real.now, seen.context)
    )
    codes = cloud(run, seen, chosen, (drawn.code, seen.code, seen.code_before))
    sketches = cloud(run, seen, chosen, (sketched, sketch, sketch_before))
    return [config.codes * codes, config.outlines * sketches]


def cloud(run: StreamRun, seen: Seen, chosen: Tensor, points: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Of points that were drawn, real ones, and those of the bars before, each `[bar, number]`."""
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
    got = shared(drawn.bars.rows(follows), seen.context.rows(follows), run.pitched)
    wanted = shared(real.now.rows(every), real.before.rows(every), run.pitched)
    return sorted_apart(got, wanted, AGREEMENT_ROOM).mean()


def asked_of(run: StreamRun, seen: Seen, drawn: Drawn) -> Tensor:
    """How far the drawn bars are from what their knobs ask, the tonal centre among them."""
    real, knobs, other = seen.real, drawn.knobs, drawn.other
    got, _ = attributes(drawn.bars)
    is_set = (knobs[:, :-1] >= 0).float().reshape(got.shape)
    apart = asked_loss(got, seen.values[other], run.ranks.spread, is_set)
    key_set = (knobs[:, -1] >= 0).float()
    fits = in_key(real.now, real.key, run.pitched, run.scale)
    wanted = torch.where(seen.follows, fits, fits[other])
    off = F.relu(wanted - in_key(drawn.bars, drawn.key, run.pitched, run.scale)) * key_set
    return apart + off.sum() / key_set.sum().clamp_min(1.0)
