"""The second part of a stream's training: a GAN whose generator finds the codes of bars that could
follow. The critic judges bars beside the one before, or alone; the decoder stays as the autoencoder
left it."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from livegan.core.knobs import FREE

from ..losses import Scores, relativistic_critic, relativistic_generator
from ..run import Told, average
from .attributes import attributes
from .cells import Cells, joined
from .data import Batch, StreamData
from .matched import ROOM, doubts, sorted_apart
from .networks import on_sphere, place_and_detail, silence
from .run import StreamRun
from .seen import Drawn, Seen
from .steps import early, set_rates, update, warm
from .wishes import codes_apart, wishes

ALL_FREE, EACH_FREE, KEY_SET = 0.5, 0.5, 0.3
"""How often no knob is set, each of the others is free, and a key is asked."""
MIXED = 0.5
"""How often each knob is asked what it is in some bar of its own, as performers do."""
ONWARDS = 0.5
"""How often a bar that follows no real one follows one that was made, as in play."""
STRONGEST = 40.0
"""How many times harder than the critic a wish may pull a bar."""
LARGEST_STEP = 10.0
"""Norm of a gradient."""
RESTING_RATE = 0.05
"""Notes, for each standard deviation of one bar's resting."""


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
    told = generator_step(run, seen, drawn, scores)
    average(run.ema, run.networks, early(run.config.ema, run.step - run.config.critic_first))
    return Told(critic_loss.detach(), told, right)


def look(run: StreamRun, data: StreamData) -> Seen:
    config = run.config
    real = data.batch(config.batch, run.random)
    (now, before), (code, code_before), doubt = said_again(run, real)
    follows = (run.rand(config.batch) < config.context) & real.before.heard
    values, sounding = attributes(real.now)
    context, ranks = before.where(follows), run.ranks.of(values)
    return Seen(real, now, context, code, code_before, doubt, follows, ranks, sounding)


@torch.no_grad()
def said_again(
    run: StreamRun, real: Batch
) -> tuple[tuple[Cells, Cells], tuple[Tensor, Tensor], Tensor]:
    """Bars and those before them through the autoencoder, with the detail's noise, their codes, and how
    much it doubts the bars: the critic shall not judge the decoder, which stays as it is, but where in
    its codes the mapping goes."""
    bars = joined(real.now, real.before)
    mean, _ = run.encoder(bars)
    code = mean + run.generator.mapping.grain * run.noise(*mean.shape)
    logits = run.generator.decoder(code)
    said, count = run.head.draw_cells(logits), len(real.place)
    pairs = (said.rows(slice(count)), said.rows(slice(count, None))), (code[:count], code[count:])
    return *pairs, doubts(logits[:count])


def some_ranks(run: StreamRun, seen: Seen, other: Tensor) -> tuple[Tensor, Tensor]:
    """What could be asked of each bar: how far the knobs are turned up in another one, or each in one
    of its own; and whether its track sounds there. Both `[batch, track, knob]`."""
    ranks, sounding = seen.ranks, seen.sounding[:, :, None].expand_as(seen.ranks)
    rows = run.rand(*ranks.shape).argsort(0)
    mixed = run.rand(len(ranks), 1, 1) < MIXED
    rows = torch.where(mixed, rows, other[:, None, None])
    return ranks.gather(0, rows), sounding.gather(0, rows)


def some_controls(run: StreamRun, ranks: Tensor, sounding: Tensor, key: Tensor) -> Tensor:
    """Knobs `[batch, knob]` as these ranks, some of them free; those of silent tracks always are."""
    batch, _, knobs = ranks.shape
    all_free = run.rand(batch, 1, 1) < ALL_FREE
    free = all_free | (run.rand(batch, 1, knobs) < EACH_FREE)
    shares = ranks.masked_fill(free | ~sounding, FREE).flatten(1)
    ask_key = (run.rand(batch) < KEY_SET) & ~all_free[:, 0, 0]
    keys = torch.where(ask_key, key.float(), FREE)
    return torch.cat([shares, keys[:, None]], 1)


def section_of(run: StreamRun, bars: Cells) -> Tensor:
    """Where bars lie along the slow axes, on their sphere."""
    mapping = run.generator.mapping
    slow = mapping.basis[:, : run.shape.section]
    code = run.encoder(bars)[0] - mapping.mean
    return on_sphere(code @ torch.linalg.pinv(slow).T, run.shape.section)


def draw(run: StreamRun, seen: Seen) -> Drawn:
    """Bars as the instrument makes them. What follows shares its section with the bar before, and of
    the others some with one that was made."""
    real, cut, follows = seen.real, run.shape.section, seen.follows
    batch = len(real.place)
    z = run.latents(batch)
    with torch.no_grad():
        z[follows, :cut] = section_of(run, seen.context.rows(follows))
    other = torch.randperm(batch, generator=run.random, device=z.device)
    key = torch.where(follows, real.key, real.key[other])
    knobs = some_controls(run, *some_ranks(run, seen, other), key)
    onwards = ~follows & (run.rand(batch) < ONWARDS)
    context = seen.context.put(
        onwards, bars_before(run, z[onwards], real.place[onwards], knobs[onwards])
    )
    code = run.generator.mapping(z, context, real.place, knobs)
    logits, expected = run.generator.said(code, context.heard)
    free = (knobs < 0).all(1)
    for after, rest in enumerate(run.generator.rest):
        keep_resting(run, rest, expected.detach()[free & (context.heard == bool(after))])
    bars = run.head.draw_cells(logits)
    known, _ = place_and_detail(z, run.shape)
    return Drawn(bars, context, onwards, other, knobs, key, code, known, doubts(logits))


@torch.no_grad()
def bars_before(run: StreamRun, z: Tensor, place: Tensor, knobs: Tensor) -> Cells:
    """Bars of the same sections, after silence."""
    cut, count = run.shape.section, len(z)
    first = torch.cat([z[:, :cut], run.latents(count)[:, cut:]], 1)
    nothing = silence(count, run.shape, z.device)
    code = run.generator.mapping(first, nothing, (place - 1) % run.shape.places, knobs)
    return run.head.draw_cells(run.generator.said(code, nothing.heard)[0])


@torch.no_grad()
def keep_resting(run: StreamRun, rest: Tensor, expected: Tensor) -> None:
    """Move the least number of notes of each track, `rest` `[track]`, to where as many of the numbers
    expected, `[bar, track]`, lie below it as rest in the data."""
    if len(expected):
        below = (expected < rest).float().mean(0)
        chance = (run.resting * (1 - run.resting)).sqrt().clamp_min(0.05)
        rest += RESTING_RATE * (run.resting - below) / chance


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


def generator_step(run: StreamRun, seen: Seen, drawn: Drawn, scores: Scores) -> Tensor:
    """The update of the mapping and its inverse; the GAN's part of the loss."""
    told, pull = pulled(run, seen, drawn, scores)
    found = (run.inverse(drawn.code.detach()) - drawn.known).pow(2).mean()
    along = sum_of(part * by for part, by in zip(drawn.bars, pull, strict=True))
    unsure = sorted_apart(drawn.doubt, seen.doubt, ROOM).sum()
    loss = found + run.config.codes * codes_apart(run, seen, drawn) + along
    loss = loss + run.config.doubt * unsure
    set_rates(run.generator_optimiser, run.config.lr * warm(run.step - run.config.critic_first - 1))
    update(run.generator_optimiser, loss, LARGEST_STEP)
    return told


def pulled(run: StreamRun, seen: Seen, drawn: Drawn, scores: Scores) -> tuple[Tensor, Cells]:
    """The GAN's loss, and where critic and wishes together pull each cell of the bars. A wish that
    pulls some bar much harder than the critic does on average is held back there: where rare things
    are counted over a batch, a few bars' pull is noise, and nobody would hear the critic."""
    bars = Cells(*(part.detach().requires_grad_() for part in drawn.bars))
    on_bars = drawn._replace(bars=bars)
    fake = run.critic(bars, seen.context, seen.real.place)
    loss = relativistic_generator(Scores(scores.real.detach(), fake))
    pull = torch.cat(torch.autograd.grad(loss, list(bars)), 1)
    limit = STRONGEST * each_norm(pull).mean()
    for wish in wishes(run, seen, on_bars):
        own = torch.cat(
            torch.autograd.grad(wish, list(bars), retain_graph=True, materialize_grads=True), 1
        )
        share = (limit / each_norm(own).clamp_min(1e-12)).clamp(max=1.0)
        pull = pull + share[:, None, None, None] * own
    return loss.detach(), Cells(*pull.chunk(2, 1))


def each_norm(pull: Tensor) -> Tensor:
    """Of every bar, `[batch]`."""
    out: Tensor = pull.flatten(1).norm(dim=1)
    return out


def sum_of(parts: Iterable[Tensor]) -> Tensor:
    return torch.stack([part.sum() for part in parts]).sum()
