"""The loop: it draws, judges, steps, validates and saves. Networks and losses know nothing of it."""

from __future__ import annotations

import copy
import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from . import checkpoint as checkpoints
from .checkpoint import Checkpoint
from .config import BadConfig, Config
from .critics import CRITICS
from .data import BarSet, draw_batch
from .heads import Bars, CellsHead, OnsetHead, bars_from_roll
from .losses import LOSSES, Scores, gradient_penalty
from .metrics import Measures, distance, measure_tracks, notes_per_bar

VALIDATION_BARS = 2_000
QUANTILE_LEVELS = [*(level / 20 for level in range(20)), 0.99]
"""Even ones, but for the last: the densest bar of all is a freak."""
SAVE_SECONDS = 60.0
Say = Callable[[str], None]


class Diverged(RuntimeError):
    """A loss is no longer a number."""


@dataclass(slots=True)
class Run:
    """All that changes while training."""

    config: Config
    head: CellsHead | OnsetHead
    generator: nn.Module
    critic: nn.Module
    ema: nn.Module
    generator_optimiser: torch.optim.Adam
    critic_optimiser: torch.optim.Adam
    random: torch.Generator
    step: int = 0
    best: float = math.inf

    def state(self) -> dict[str, Any]:
        parts = {name: getattr(self, name).state_dict() for name in self.stateful()}
        return {**parts, "rng": self.random.get_state()}

    def restore(self, saved: Checkpoint) -> None:
        for name in self.stateful():
            getattr(self, name).load_state_dict(saved.state[name])
        self.random.set_state(saved.state["rng"])
        self.step, self.best = saved.step, saved.best

    @staticmethod
    def stateful() -> tuple[str, ...]:
        return ("generator", "critic", "ema", "generator_optimiser", "critic_optimiser")


def setup(config: Config, tracks: int) -> Run:
    """Build everything from the config and its seed."""
    torch.manual_seed(config.seed)
    generator, head = checkpoints.build_generator(config, tracks)
    critic = CRITICS[config.critic](tracks, config.critic_width)
    ema = copy.deepcopy(generator).requires_grad_(False)
    betas = (config.beta1, config.beta2)
    return Run(
        config,
        head,
        generator,
        critic,
        ema,
        torch.optim.Adam(generator.parameters(), config.lr, betas),
        torch.optim.Adam(critic.parameters(), config.lr, betas),
        torch.Generator().manual_seed(config.seed),
    )


def sample_latents(count: int, size: int, random: torch.Generator) -> Tensor:
    """Uniform points on the sphere of radius sqrt(size), `[count, size]`: where the player moves."""
    z = torch.randn(count, size, generator=random)
    return math.sqrt(size) * torch.nn.functional.normalize(z, dim=1)


def critic_step(run: Run, real: Bars, penalise: bool) -> Tensor:
    """One update of the critic; the loss comes back without the penalty."""
    config = run.config
    with torch.no_grad():
        z = sample_latents(len(real.roll), config.latent, run.random)
        fake = run.head.draw(run.generator(z))
    loss = LOSSES[config.loss][0](Scores(run.critic(real), run.critic(fake)))
    total = loss
    if penalise:
        half = len(real.roll) // 2
        norms = gradient_penalty(run.critic, first(real, half))
        norms = norms + gradient_penalty(run.critic, first(fake, half))
        total = loss + config.gamma / 2 * config.penalty_every * norms
    run.critic_optimiser.zero_grad()
    torch.autograd.backward(total)
    run.critic_optimiser.step()
    return loss.detach()


def generator_step(run: Run, real: Bars) -> Tensor:
    """One update of the generator and of its running average."""
    run.critic.requires_grad_(False)
    with torch.no_grad():
        real_scores = run.critic(real)
    z = sample_latents(len(real.roll), run.config.latent, run.random)
    fake_scores = run.critic(run.head.draw(run.generator(z)))
    loss = LOSSES[run.config.loss][1](Scores(real_scores, fake_scores))
    run.generator_optimiser.zero_grad()
    torch.autograd.backward(loss)
    run.generator_optimiser.step()
    run.critic.requires_grad_(True)
    average(run.ema, run.generator, run.config.ema)
    return loss.detach()


def first(bars: Bars, count: int) -> Bars:
    return Bars(bars.roll[:count], bars.onsets[:count])


@torch.no_grad()
def average(ema: nn.Module, now: nn.Module, keep: float) -> None:
    for averaged, current in zip(ema.parameters(), now.parameters(), strict=True):
        averaged.lerp_(current, 1 - keep)
    for kept, fresh in zip(ema.buffers(), now.buffers(), strict=True):
        kept.copy_(fresh)


@torch.no_grad()
def sample_rolls(
    generator: nn.Module, head: CellsHead | OnsetHead, latent: int, count: int, seed: int
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Bars drawn from fresh latents, bool `[count, track, step, pitch]`."""
    random = torch.Generator().manual_seed(seed)
    generator.eval()
    parts = [
        head.draw(generator(sample_latents(min(250, count - start), latent, random))).roll > 0
        for start in range(0, count, 250)
    ]
    return torch.cat(parts).numpy()


def validate(run: Run, real: list[Measures]) -> tuple[list[Measures], float]:
    """Measures per track of bars from the averaged weights, and their mean distance to the data."""
    rolls = sample_rolls(run.ema, run.head, run.config.latent, VALIDATION_BARS, run.config.seed + 1)
    drawn = measure_tracks(rolls)
    return drawn, float(np.mean([distance(d, r) for d, r in zip(drawn, real, strict=True)]))


def reference(bars: BarSet) -> list[Measures]:
    """Measures per track of up to 2,000 random bars of a split."""
    rows = np.random.default_rng(0).permutation(len(bars))[:VALIDATION_BARS]
    return measure_tracks(bars.rolls(rows))


def describe(bars: BarSet, valid: list[Measures]) -> dict[str, Any]:
    """What the model file will say of its data. `note_quantiles`, per track: notes a bar at 0, 5 ..
    95 and 99 % of the training bars that have any."""
    rows = np.random.default_rng(0).permutation(len(bars))[:10_000]
    rolls = bars.rolls(rows)
    quantiles = []
    for track in range(rolls.shape[1]):
        counts = notes_per_bar(rolls[:, track])
        counts = counts[counts > 0] if counts.any() else counts
        quantiles.append([float(q) for q in np.quantile(counts, QUANTILE_LEVELS)])
    return {
        "tracks": list(bars.tracks),
        "bars": len(bars),
        "note_quantiles": quantiles,
        "valid": [m.as_dict() for m in valid],
    }


class StopAsked:
    """Notes SIGINT and SIGTERM, so that the loop can save before it ends."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> StopAsked:
        self.before = {s: signal.signal(s, self.note) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def __exit__(self, *exception: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)


def fit(config: Config, bars: BarSet, out: Path, say: Say) -> Path:
    """Train to the config's last step, resuming from `out/last.pt` if it is there. Leaves `last.pt`
    and `best.pt` (by validation distance). Raises `BadConfig`, `Diverged`, `BadCheckpoint`."""
    train, valid = bars.select("train"), bars.select("valid")
    if not len(train) or not len(valid):
        raise BadConfig("the archive needs bars in both the train and the valid split")
    real = reference(valid)
    described = describe(train, real)
    run = setup(config, len(bars.tracks))
    history: list[dict[str, float]] = []
    out.mkdir(parents=True, exist_ok=True)
    last = out / "last.pt"
    if last.exists():
        saved = checkpoints.load(last)
        check_same(saved.config, config, last)
        run.restore(saved)
        history = saved.history
        say(f"resumed {last} at step {run.step:,}")
    for track, measures in zip(bars.tracks, real, strict=True):
        say(f"valid {track}: {measures}")

    def save(path: Path) -> None:
        state = run.state()
        checkpoints.save(path, Checkpoint(config, run.step, run.best, described, history, state))

    with StopAsked() as stop:
        progress = Progress(config, len(train), run.step, say)
        saved_at = time.monotonic()
        while run.step < config.steps and not stop.asked:
            losses = train_step(run, train)
            if run.step % 50 == 0 and not all(math.isfinite(float(loss)) for loss in losses):
                raise Diverged(
                    f"step {run.step:,}: a loss is not a number; {last} is the last good one"
                )
            progress.tell(run.step, losses)
            if run.step % config.validate_every == 0 or run.step == config.steps:
                drawn, away = validate(run, real)
                progress.tell_validation(run.step, drawn, away)
                history.append({"step": run.step, "distance": away, **drawn[0].as_dict()})
                if away < run.best:
                    run.best = away
                    save(out / "best.pt")
            if time.monotonic() - saved_at > SAVE_SECONDS:
                save(last)
                saved_at = time.monotonic()
        save(last)
    say(f"{'stopped' if stop.asked else 'done'} at step {run.step:,}; best distance {run.best:.2f}")
    return out / "best.pt"


def train_step(run: Run, bars: BarSet) -> tuple[Tensor, Tensor]:
    """One generator step, with the critic steps that the ratio asks for."""
    config = run.config
    run.generator.train()
    critic_loss = torch.zeros(())
    real = bars_from_roll(draw_batch(bars, config.batch, config.transpose, run.random))
    if run.step % config.generator_steps == 0:
        for again in range(config.critic_steps):
            if again:
                real = bars_from_roll(draw_batch(bars, config.batch, config.transpose, run.random))
            penalise = config.gamma > 0 and run.step % config.penalty_every == 0
            critic_loss = critic_step(run, real, penalise)
    generator_loss = generator_step(run, real)
    run.step += 1
    return critic_loss, generator_loss


def check_same(saved: Config, config: Config, path: Path) -> None:
    free = {"steps", "validate_every"}
    changed = {k for k, v in config.as_dict().items() if saved.as_dict()[k] != v} - free
    if changed:
        raise BadConfig(
            f"{path} was made with another {', '.join(sorted(changed))}: "
            "give that config again, or another --out"
        )


class Progress:
    """One line every few seconds: epoch, losses, bars/s, time left."""

    def __init__(self, config: Config, bars: int, step: int, say: Say) -> None:
        self.config, self.bars, self.say = config, bars, say
        self.began, self.began_step, self.told = time.monotonic(), step, 0.0

    def tell(self, step: int, losses: tuple[Tensor, Tensor]) -> None:
        now = time.monotonic()
        if now - self.told < 10 and step < self.config.steps:
            return
        self.told = now
        rate = (step - self.began_step) / max(now - self.began, 1e-9)
        left = (self.config.steps - step) / max(rate, 1e-9)
        epoch = step * self.config.batch / self.bars
        self.say(
            f"epoch {epoch:.2f}  step {step:,}/{self.config.steps:,}  "
            f"critic {float(losses[0]):.3f}  generator {float(losses[1]):.3f}  "
            f"{rate * self.config.batch:.0f} bars/s  {left / 60:.0f} min left"
        )

    def tell_validation(self, step: int, drawn: list[Measures], away: float) -> None:
        for measures in drawn:
            self.say(f"  valid at {step:,}: {measures}  distance {away:.2f}")
