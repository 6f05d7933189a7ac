"""The loop: it steps, validates and saves. Networks and losses know nothing of it."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import cast

import torch
from lightning_fabric import Fabric

from . import checkpoint as checkpoints
from .bars import Bars, bars_from_roll
from .calibration import calibrate
from .checkpoint import Checkpoint
from .config import BadConfig, Config
from .data import BarSet, Batches
from .journal import Journal, Row
from .pretraining import Encoder
from .run import Told, draw_real, optimiser, pretrain_step, setup, train_step
from .validation import Reference, describe, judge, reference

SAVE_SECONDS = 60.0
CALIBRATION = 512
"""Phrases from which the generator's first biases are taken."""
LOOK_EVERY = 50
"""Steps between looks at the losses: each look waits for the device."""
FREE_TO_CHANGE = {"steps", "validate_every"}
Say = Callable[[str], None]


class Diverged(RuntimeError):
    """A loss or a weight is no longer a number."""


class OutOfMemory(RuntimeError):
    """The device has no room for the networks and the batch."""


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


@contextmanager
def memory_line(config: Config) -> Iterator[None]:
    """Turn the two ways in which torch says 'no memory' into one line."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        text = str(error)
        if not isinstance(error, (torch.OutOfMemoryError, MemoryError)) and (
            "out of memory" not in text.lower() and "can't allocate memory" not in text
        ):
            raise
        raise OutOfMemory(
            f"out of memory with batch = {config.batch}: try a smaller batch or smaller widths; "
            "the last checkpoint is whole"
        ) from None


class Training:
    """One run from its folder and back to it: `last.pt` to go on from, `best.pt` by validation
    distance, pictures and TensorBoard events. Only the first process writes."""

    def __init__(self, config: Config, bars: BarSet, out: Path, say: Say, fabric: Fabric) -> None:
        train, valid = bars.select("train"), bars.select("valid")
        if not len(train) or not len(valid):
            raise BadConfig("the archive needs bars in both the train and the valid split")
        if config.batch % fabric.world_size:
            raise BadConfig(
                f"batch = {config.batch} must be a multiple of {fabric.world_size} processes"
            )
        self.config, self.out, self.fabric = config, out, fabric
        self.say: Say = say if fabric.is_global_zero else lambda _: None
        self.tracks = bars.tracks
        self.run = setup(config, bars.tracks, fabric)
        self.batches = Batches(train, config.phrase, config.transpose, fabric.device)
        self.real: Reference = reference(valid, config.phrase)
        self.described = describe(train, self.real.measures)
        self.history: list[Row] = []
        out.mkdir(parents=True, exist_ok=True)

    def fit(self) -> Path:
        """Train to the config's last step. Raises `Diverged`, `OutOfMemory`, `BadCheckpoint`,
        `OSError`."""
        for track, measures in zip(self.tracks, self.real.measures, strict=True):
            self.say(f"valid {track}: {measures}")
        if not self.resume():
            calibrate(self.run.maker, self.sample_of_data())
            self.run.ema.load_state_dict(self.run.generator.state_dict())
            self.pretrain()
        journal = None
        if self.fabric.is_global_zero:
            journal = Journal(
                self.config, self.tracks, len(self.batches), self.out, self.run.step, self.say
            )
        with StopAsked() as stop, memory_line(self.config):
            self.loop(stop, journal)
        self.check_weights()
        if not (self.out / "best.pt").exists():  # stopped early: there shall be something to export
            self.validate(journal)
        self.save("last.pt")
        if journal:
            journal.draw_curves(self.history, self.real, math.inf)
            journal.close()
        step, best = self.run.step, self.run.best
        word = "done" if step >= self.config.steps else "stopped"
        self.say(f"{word} at step {step:,}; best distance {best:.2f}")
        return self.out / "best.pt"

    def loop(self, stop: StopAsked, journal: Journal | None) -> None:
        run, config = self.run, self.config
        saved_at = time.monotonic()
        while run.step < config.steps and not self.all_stop(stop):
            told = train_step(run, self.batches)
            if run.step % LOOK_EVERY == 0:
                self.check(told)
            if journal:
                journal.tell(run.step, told)
            if run.step % config.validate_every == 0 or run.step == config.steps:
                self.check(told)
                self.validate(journal)
            if time.monotonic() - saved_at > SAVE_SECONDS:
                self.check(told)
                self.save("last.pt")
                saved_at = time.monotonic()

    def all_stop(self, stop: StopAsked) -> bool:
        """Several processes must end at the same step, so they ask each other now and then."""
        if self.fabric.world_size == 1:
            return stop.asked
        if self.run.step % LOOK_EVERY:
            return False
        flag = torch.tensor(float(stop.asked), device=self.fabric.device)
        return float(cast(torch.Tensor, self.fabric.all_reduce(flag, reduce_op="sum"))) > 0

    def check(self, told: Told) -> None:
        if not math.isfinite(float(told.critic) + float(told.generator)):
            self.diverged("a loss is not a number")
        self.check_weights()

    def check_weights(self) -> None:
        """A checkpoint with a NaN in it would be worse than none."""
        parts = [
            p.detach().sum() for m in (self.run.generator, self.run.critic) for p in m.parameters()
        ]
        if not math.isfinite(float(torch.stack(parts).sum())):
            self.diverged("a weight is not a number")

    def diverged(self, what: str) -> None:
        last = self.out / "last.pt"
        kept = f"{last} is the last good one" if last.exists() else "no checkpoint was written yet"
        raise Diverged(f"step {self.run.step:,}: {what}; {kept}. A lower lr may help")

    def validate(self, journal: Journal | None) -> None:
        run = self.run
        if journal:
            verdict = judge(run.averaged, self.real, self.tracks, self.config.seed + 1)
            journal.tell_validation(run.step, verdict, self.history)
            journal.draw_curves(self.history, self.real, time.monotonic())
            if verdict.distance < run.best:
                run.best = verdict.distance
                self.save("best.pt")
        self.fabric.barrier()

    def save(self, name: str) -> None:
        if self.fabric.is_global_zero:
            run = self.run
            content = Checkpoint(
                self.config, run.step, run.best, self.described, self.history, run.state()
            )
            checkpoints.save(self.out / name, content)

    def resume(self) -> bool:
        last = self.out / "last.pt"
        if not last.exists():
            return False
        saved = checkpoints.load(last)
        check_same(saved.config, self.config, last)
        if saved.data["tracks"] != list(self.tracks):
            raise BadConfig(f"{last} was made of tracks {', '.join(saved.data['tracks'])}")
        self.run.restore(saved)
        self.history = saved.history
        self.say(f"resumed {last} at step {self.run.step:,}")
        return True

    def sample_of_data(self) -> Bars:
        """The same bars in every process; the run's own random numbers stay as they are."""
        random = torch.Generator(self.fabric.device).manual_seed(self.config.seed)
        return bars_from_roll(self.batches.rolls(*self.batches.choose(CALIBRATION, random)))

    def pretrain(self) -> None:
        """The generator as a decoder; stopped in the middle it starts over, and ends the same."""
        config, run = self.config, self.run
        if not config.pretrain_steps:
            return
        encoder = Encoder(len(self.tracks), config.phrase, run.maker.latent, config.generator_width)
        encoder.to(self.fabric.device)
        steps = optimiser(config, encoder.parameters(), self.fabric.device)
        loss = torch.zeros(())
        for _ in range(config.pretrain_steps):
            loss = pretrain_step(run, encoder, steps, draw_real(run, self.batches))
        self.say(f"pretrained {config.pretrain_steps:,} steps, reconstruction {float(loss):.3f}")


def fit(config: Config, bars: BarSet, out: Path, say: Say, fabric: Fabric | None = None) -> Path:
    """Train to the config's last step, resuming from `out/last.pt` if it is there. Raises `BadConfig`,
    `BadArchive`, `Diverged`, `OutOfMemory`, `BadCheckpoint`, `OSError`."""
    fabric = fabric or Fabric(accelerator="cpu", devices=1)
    return Training(config, bars, out, say, fabric).fit()


def check_same(saved: Config, config: Config, path: Path) -> None:
    changed = {k for k, v in config.as_dict().items() if saved.as_dict()[k] != v} - FREE_TO_CHANGE
    if changed:
        raise BadConfig(
            f"{path} was made with another {', '.join(sorted(changed))}: "
            "give that config again, or another --out"
        )
