"""Fitting the network of feel: the likelihood of every velocity and timing that a player gave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log, pi

import numpy as np
import torch
from torch import Tensor

from livegan.core.music import STEPS_PER_BAR, is_drums

from ..data import BadArchive
from .data import Felt, IntArray
from .network import LEAST_TIMING_SPREAD, LEAST_VELOCITY_SPREAD, Feel

BATCH = 64
STEPS = 1500
RATE = 4e-3
DECAY = 1e-2
VALID_BARS, CALIBRATION_STEPS, CALIBRATION_RATE = 2000, 150, 0.03
AS_PLAYED = 0.3
"""How often a bar of another archive is seen as it was played, not as it is written."""
ALONE = 0.3
"""How often it is seen without the other tracks."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rolls `[bar, track, step, pitch]` and their notes, `[note]`, as in `data.Felt`."""

    roll: Tensor
    notes: tuple[Tensor, Tensor, Tensor, Tensor]
    velocity: Tensor
    timing: Tensor
    loud: Tensor
    late: Tensor


def batch_of(felt: Felt, rows: IntArray) -> Batch:
    """Some bars as they are written."""
    chosen, place = felt.notes(rows)
    columns = (place, felt.track[chosen], felt.step[chosen], felt.pitch[chosen])
    batch, track, step, pitch = (torch.from_numpy(column) for column in columns)
    return Batch(
        torch.from_numpy(felt.bars.rolls(rows)).float(),
        (batch, track, step, pitch),
        *(torch.from_numpy(values[chosen]) for values in (felt.velocity, felt.timing)),
        *(torch.from_numpy(mask[chosen]) for mask in (felt.loud, felt.late)),
    )


def borrowed(own: Felt, rows: IntArray, other: Felt, random: np.random.Generator) -> Batch:
    """Bars of another archive, whose tracks take the place of ours of their names, among our other
    tracks of any bar or none: how they are struck is to be learned in company, too. Some drums (whose
    hits last a step) are seen where they were played, so that what is beside the grid is not moved once
    more."""
    batch = batch_of(other, rows)
    places = torch.tensor([own.bars.tracks.index(name) for name in other.bars.tracks])
    company = random.choice(own.split("train"), len(rows))
    roll = torch.from_numpy(own.bars.rolls(company)).float()
    roll *= torch.from_numpy(random.random(len(rows)) > ALONE).float()[:, None, None, None]
    roll[:, places] = batch.roll
    bar, track, step, pitch = batch.notes
    moved = torch.round(batch.timing) * torch.from_numpy(random.random(len(rows)) < AS_PLAYED)[bar]
    drums = torch.tensor([is_drums(name) for name in other.bars.tracks])
    moved = moved * batch.late * drums[track]
    there = (step + moved.long()).clamp(0, STEPS_PER_BAR - 1)
    timing = batch.timing - (there - step)
    for place in places.tolist():
        shifted = (moved != 0) & (places[track] == place)
        roll[bar[shifted], place, step[shifted], pitch[shifted]] = 0
        roll[bar[shifted], place, there[shifted], pitch[shifted]] = 1
    notes = (bar, places[track], there, pitch)
    return Batch(roll, notes, batch.velocity, timing, batch.loud, batch.late)


def gaussian(value: Tensor, mean: Tensor, spread: Tensor) -> Tensor:
    """Nats that a value costs."""
    return 0.5 * ((value - mean) / spread) ** 2 + torch.log(spread) + 0.5 * log(2 * pi)


def cost(model: Feel, batch: Batch) -> Tensor:
    """Mean nats of a velocity and of a timing."""
    return nats_of(model, batch, model.leanings(batch.roll, batch.notes))


def nats_of(model: Feel, batch: Batch, leanings: Tensor) -> Tensor:
    track = batch.notes[1]
    strokes = model.strokes(leanings, track)
    loud = batch.loud & (model.loud[track] > 0)
    late = batch.late & (model.late[track] > 0)
    total = torch.zeros(())
    if loud.any():
        spread = strokes.velocity_spread[loud]
        total = total + gaussian(batch.velocity[loud], strokes.velocity[loud], spread).mean()
    if late.any():
        spread = strokes.timing_spread[late]
        total = total + gaussian(batch.timing[late], strokes.timing[late], spread).mean()
    return total


def prepared(own: Felt, others: Sequence[Felt]) -> Feel:
    """A network that begins with each track's mean and spread, and knows what it can't learn."""
    model = Feel(len(own.bars.tracks))
    for place, name in enumerate(own.bars.tracks):
        teachers = [felt for felt in (*others, own) if name in felt.bars.tracks]
        here = teachers[0].trained(name)
        with torch.no_grad():
            velocity = teachers[0].velocity[here & teachers[0].loud]
            model.loud[place] = float(len(velocity) > 0)
            if model.loud[place]:
                mean = float(np.clip(velocity.mean(), 0.05, 0.95))
                model.base[place, 0] = log(mean / (1 - mean))
                model.base[place, 1] = log(max(float(velocity.std()) - LEAST_VELOCITY_SPREAD, 1e-3))
            timing = teachers[0].timing[here & teachers[0].late]
            model.late[place] = float(len(timing) > 0)
            if model.late[place]:
                model.base[place, 2] = float(timing.mean())
                model.base[place, 3] = log(max(float(timing.std()) - LEAST_TIMING_SPREAD, 1e-3))
    return model


def train(
    own: Felt,
    others: Sequence[Felt],
    seed: int,
    steps: int = STEPS,
    tell: Callable[[int, float], None] = lambda step, nats: None,
) -> Feel:
    """Fit a network to the training split; the same seed gives the same weights. `tell` hears of the
    step and the mean nats of the last hundred."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    model = prepared(own, others)
    optimiser = torch.optim.AdamW(model.parameters(), RATE, betas=(0.9, 0.99), weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.1)
    rows = [felt.rows("train") for felt in (own, *others)]
    often = np.sqrt([len(each) for each in rows])
    if not often.any():
        raise BadArchive("nothing to learn: no velocity or timing of a player in its training songs")
    recent: list[float] = []
    for step in range(1, steps + 1):
        source = int(random.choice(len(rows), p=often / often.sum()))
        chosen = np.sort(random.choice(rows[source], BATCH))
        batch = (
            batch_of(own, chosen) if source == 0 else borrowed(own, chosen, others[source - 1], random)
        )
        nats = cost(model, batch)
        optimiser.zero_grad()
        torch.autograd.backward(nats)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        recent.append(float(nats.detach()))
        if step % 100 == 0:
            tell(step, float(np.mean(recent[-100:])))
    calibrate(model.eval(), own, others)
    return model


def calibrate(model: Feel, own: Felt, others: Sequence[Felt]) -> None:
    """Fit on the validation split, for each track alone, how far to trust what a bar says, and its mean
    and spread. Where songs are few, what was learned of them holds less for others."""
    known: list[tuple[Batch, Tensor]] = []
    with torch.no_grad():
        for felt in (own, *others):
            places = np.array([own.bars.tracks.index(name) for name in felt.bars.tracks])
            rows = felt.rows("valid")[:: max(1, len(felt.rows("valid")) // VALID_BARS)]
            for first in range(0, len(rows), BATCH):
                batch = placed(batch_of(felt, rows[first : first + BATCH]), places, model.tracks)
                known.append((batch, model.leanings(batch.roll, batch.notes)))
    if not known:
        return
    whole = joined([batch for batch, _ in known])
    leanings = torch.cat([each for _, each in known])
    model.trust.requires_grad_(True)
    optimiser = torch.optim.Adam([model.trust, model.base], CALIBRATION_RATE)
    for _ in range(CALIBRATION_STEPS):
        optimiser.zero_grad()
        torch.autograd.backward(nats_of(model, whole, leanings))
        optimiser.step()
        with torch.no_grad():
            model.trust.clamp_(0.0, 1.0)
    for parameter in model.parameters():
        parameter.requires_grad_(False)


def placed(batch: Batch, places: IntArray, tracks: int) -> Batch:
    """The same bars among silent tracks."""
    roll = torch.zeros(len(batch.roll), tracks, *batch.roll.shape[2:])
    roll[:, places] = batch.roll
    bar, track, step, pitch = batch.notes
    return replace(batch, roll=roll, notes=(bar, torch.from_numpy(places)[track], step, pitch))


def joined(batches: Sequence[Batch]) -> Batch:
    """The notes of several batches, without their rolls."""
    columns = [torch.cat(column) for column in zip(*(batch.notes for batch in batches), strict=True)]
    values = [
        torch.cat([getattr(batch, name) for batch in batches])
        for name in ("velocity", "timing", "loud", "late")
    ]
    return Batch(torch.zeros(0), (columns[0], columns[1], columns[2], columns[3]), *values)
