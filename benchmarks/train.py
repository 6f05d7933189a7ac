"""Bars a second of training: ours against the customary loop, in one run.

    python -m benchmarks.train ARCHIVE [--config NAME] [--threads N]

The customary loop is what most GAN repositories have: a `Dataset` that unpacks and transposes one bar
at a time, a `DataLoader`, fp32 eager, batch 16, real and drawn bars through the critic one after the
other, losses printed at each step. Same data, same networks, same losses and penalties. Rounds
alternate, so that whatever else the machine does falls on all alike.
"""

from __future__ import annotations

import argparse
import copy
import io
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format
from torch.utils.data import DataLoader, Dataset

from livegan_train.bars import bars_from_roll, first
from livegan_train.config import Config, load_config
from livegan_train.data import BarSet, Batches, load_bars
from livegan_train.devices import make_fabric
from livegan_train.losses import COMPARING, LOSSES, PENALTIES, Scores
from livegan_train.run import Run, sample_latents, setup, train_step

CUSTOMARY_BATCH = 16
ROUNDS = 5
SECONDS = 4.0
AIMS = {"cpu": (2.0, 1.2), "cuda": (10.0, 3.0)}


class BarDataset(Dataset[Tensor]):
    """One bar at a time, unpacked and transposed in numpy."""

    def __init__(self, bars: BarSet, transpose: int) -> None:
        self.bars, self.transpose = bars, transpose
        self.pitched = [i for i, track in enumerate(bars.tracks) if "drum" not in track.lower()]

    def __len__(self) -> int:
        return len(self.bars)

    def __getitem__(self, row: int) -> Tensor:
        roll = self.bars.rolls(slice(row, row + 1))[0].copy()
        shift = np.random.randint(-self.transpose, self.transpose + 1)
        if shift:
            moved = np.roll(roll[self.pitched], shift, axis=2)
            moved[..., slice(0, shift) if shift > 0 else slice(shift, None)] = False
            roll[self.pitched] = moved
        return torch.from_numpy(roll).float()


def forever(loader: DataLoader[Tensor]) -> Iterator[Tensor]:
    while True:
        yield from loader


class Customary:
    """The loop as tutorials write it."""

    def __init__(self, config: Config, bars: BarSet, device: torch.device) -> None:
        self.run = setup(config, bars.tracks)
        convert_conv2d_weight_memory_format(self.run.generator, torch.contiguous_format)
        for module in (self.run.generator, self.run.maker.head, self.run.critic, self.run.ema):
            module.to(device)
        self.device = device
        dataset = BarDataset(bars, config.transpose)
        self.batches = forever(DataLoader(dataset, config.batch, shuffle=True, drop_last=True))
        self.out = io.StringIO()
        self.steps = 0

    def step(self) -> None:
        run, config = self.run, self.run.config
        critic_loss, generator_loss = LOSSES[config.loss]
        real = bars_from_roll(next(self.batches).to(self.device))
        z = sample_latents(config.batch, run.maker.latent, torch.default_generator).to(self.device)
        fake = run.maker.draw(z, real)
        detached = type(fake)(fake.roll.detach(), fake.onsets.detach())
        loss = critic_loss(Scores(run.critic(real), run.critic(detached)))
        total = loss
        if config.gamma and self.steps % config.penalty_every == 0:
            penalty = PENALTIES[config.penalty](run.critic, real, first(detached, len(real.roll)))
            total = loss + config.gamma * config.penalty_every * penalty
        run.critic_optimiser.zero_grad()
        torch.autograd.backward(total)
        run.critic_optimiser.step()
        scores = run.critic(fake)
        other = run.critic(real) if config.loss in COMPARING else scores
        generator = generator_loss(Scores(other, scores))
        run.generator_optimiser.zero_grad()
        torch.autograd.backward(generator)
        run.generator_optimiser.step()
        averaged(run.ema, run.generator, config.ema)
        print(f"step {self.steps} D {loss.item():.3f} G {generator.item():.3f}", file=self.out)
        self.steps += 1


def averaged(ema: nn.Module, now: nn.Module, keep: float) -> None:
    with torch.no_grad():
        for old, new in zip(ema.parameters(), now.parameters(), strict=True):
            old.mul_(keep).add_(new, alpha=1 - keep)


class Ours:
    """livegan's loop."""

    def __init__(self, config: Config, bars: BarSet, device: torch.device) -> None:
        kind = "cuda" if device.type == "cuda" else "cpu"
        fabric = make_fabric(kind, 1, "auto", torch.get_num_threads())
        self.run: Run = setup(config, bars.tracks, fabric)
        self.batches = Batches(bars, config.phrase, config.transpose, device)
        self.device = device

    def step(self) -> None:
        train_step(self.run, self.batches)


def bars_a_second(loop: Customary | Ours, seconds: float) -> float:
    """Steps for so long, the device's own queue emptied at both ends."""
    synchronise(loop.device)
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        loop.step()
        steps += 1
    synchronise(loop.device)
    return steps * loop.run.config.batch / (time.perf_counter() - began)


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--config", default="piano")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    loaded = load_config(options.config)
    if not isinstance(loaded, Config):
        parser.error(f"{options.config} is a stream's: there is no customary loop to compare")
    config = replace(loaded, critic_steps=1, generator_steps=1)
    bars = load_bars(options.archive).select("train")
    small = replace(config, batch=CUSTOMARY_BATCH)
    loops: dict[str, Ours | Customary] = {
        f"livegan, batch {config.batch}": Ours(copy.deepcopy(config), bars, device),
        f"customary loop, batch {CUSTOMARY_BATCH}": Customary(small, bars, device),
        f"customary loop, batch {config.batch}": Customary(config, bars, device),
    }
    for loop in loops.values():
        bars_a_second(loop, 1.0)
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(ROUNDS):
        for name, loop in loops.items():
            rates[name].append(bars_a_second(loop, SECONDS))
    medians = [statistics.median(rates[name]) for name in loops]
    print(f"{options.config} on {options.archive.name}, {device}, {options.threads} threads")
    for name, median in zip(loops, medians, strict=True):
        low, high = min(rates[name]), max(rates[name])
        print(f"{name:32} {median:8.0f} bars/s  ({low:.0f} to {high:.0f})")
    for other, aim in zip((1, 2), AIMS[device.type], strict=True):
        print(f"ratio to {list(loops)[other]}: {medians[0] / medians[other]:.2f} (aim {aim:g})")


if __name__ == "__main__":
    main()
