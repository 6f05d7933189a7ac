"""The loop: it steps, validates and saves. Networks and losses know nothing of it."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import cast

import torch
from lightning_fabric import Fabric

from . import checkpoint as checkpoints
from .checkpoint import BadCheckpoint, Checkpoint
from .checks import LEAST_BATCH, BadConfig
from .config import AnyConfig
from .data import BarSet
from .journal import Journal, Row
from .provenance import code, machine
from .recipe import AnyRun, begin, pretrain_step, settle, start, train_step
from .run import Told
from .stream.config import StreamConfig
from .stream.form import form_of_songs
from .validation import Reference, describe, judge, reference

SAVE_SECONDS = 60.0
LOOK_EVERY = 50
"""Steps between looks at the losses: each look waits for the device."""
TELL_EVERY = 500
"""Steps of pretraining between its lines."""
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
def memory_line(config: AnyConfig) -> Iterator[None]:
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

    def __init__(
        self,
        config: AnyConfig,
        bars: BarSet,
        out: Path,
        say: Say,
        fabric: Fabric,
    ) -> None:
        train, valid = train_and_valid(bars)
        check_share(config, fabric.world_size)
        self.config, self.out, self.fabric = config, out, fabric
        self.say: Say = say if fabric.is_global_zero else lambda _: None
        self.tracks = bars.tracks
        self.run, self.batches = start(config, train, fabric)
        self.real: Reference = reference(valid, config.phrase)
        self.described = describe(train, self.real.measures)
        if isinstance(config, StreamConfig):
            self.described |= form_of_songs(train, valid)
        self.described["data"] = bars.checksum
        self.described["code"] = code()
        self.described["machine"] = machine(fabric.device, fabric.world_size)
        self.described["seconds"] = 0.0
        self.began = time.monotonic()
        self.history: list[Row] = []
        self.validated = False
        out.mkdir(parents=True, exist_ok=True)

    def fit(self) -> Path:
        """Train to the config's last step. Raises `Diverged`, `OutOfMemory`, `BadCheckpoint`,
        `OSError`."""
        for track, measures in zip(self.tracks, self.real.measures, strict=True):
            self.say(f"valid {track}: {measures}")
        if not self.resume():
            begin(self.run, self.batches)
        journal = None
        if self.fabric.is_global_zero:
            journal = Journal(
                self.config, self.tracks, len(self.batches), self.out, self.run.step, self.say
            )
        with (
            StopAsked() as stop,
            memory_line(self.config),
            closing(journal) if journal else ExitStack(),
        ):
            self.pretrain(stop)
            self.loop(stop, journal)
            self.check_weights()
            if not self.validated:  # stopped early: there shall be something to export
                self.validate(journal)
            self.save("last.pt")
            if journal:
                journal.draw_curves(self.history, self.real, math.inf)
        step, best = self.run.step, self.run.best
        word = "done" if step >= self.config.steps else "stopped"
        self.say(f"{word} at step {step:,}; best distance {best:.2f}")
        return self.out / "best.pt"

    def fit_autoencoder(self) -> bool:
        """Only what comes before the GAN, kept in `last.pt`: is it done, or was it stopped? Raises as
        `fit` does."""
        if not self.resume():
            begin(self.run, self.batches)
        with StopAsked() as stop, memory_line(self.config):
            self.pretrain(stop)
            self.check_weights()
            self.save("last.pt")
        return not self.run.pretraining

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
        if (self.run.step + self.run.pretrained) % LOOK_EVERY:
            return False
        flag = torch.tensor(float(stop.asked), device=self.fabric.device)
        return float(cast(torch.Tensor, self.fabric.all_reduce(flag, reduce_op="sum"))) > 0

    def check(self, told: Told) -> None:
        if not math.isfinite(float(told.generator)) or math.isinf(float(told.critic)):
            self.diverged("a loss is not a number")
        self.check_weights()

    def check_weights(self) -> None:
        """A checkpoint with a NaN in it would be worse than none."""
        if not whole(self.run):
            self.diverged("a weight is not a number")

    def diverged(self, what: str) -> None:
        last = self.out / "last.pt"
        kept = f"{last} is the last good one" if last.exists() else "no checkpoint was written yet"
        raise Diverged(f"step {self.run.step:,}: {what}; {kept}. A lower lr may help")

    def validate(self, journal: Journal | None) -> None:
        run = self.run
        if journal:
            settle(run, self.batches)
            verdict = judge(run.averaged, self.real, self.tracks, self.config.seed + 1)
            journal.tell_validation(run.step, verdict, self.history)
            journal.draw_curves(self.history, self.real, time.monotonic())
            if verdict.distance < run.best:
                run.best = verdict.distance
                self.save("best.pt")
        self.validated = True
        self.fabric.barrier()

    def save(self, name: str) -> None:
        if self.fabric.is_global_zero:
            run = self.run
            seconds = self.described["seconds"] + time.monotonic() - self.began
            content = Checkpoint(
                self.config,
                run.step,
                run.best,
                self.described | {"seconds": seconds},
                self.history,
                run.state(),
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
        if saved.data["data"] != self.described["data"]:
            raise BadConfig(f"{last} was made of other data: give that again, or another --out")
        try:
            self.run.restore(saved)
        except (KeyError, RuntimeError):
            raise BadCheckpoint(
                f"{last} has other networks than this version of livegan makes: begin in another --out"
            ) from None
        self.history = saved.history
        self.described["seconds"] = saved.data.get("seconds", 0.0)
        self.validated = bool(saved.history)
        self.say(f"resumed {last} at step {self.run.step:,}")
        return True

    def pretrain(self, stop: StopAsked) -> None:
        """The generator as a decoder, until its steps are done or someone asks to stop."""
        run, saved_at = self.run, time.monotonic()
        loss = torch.zeros(())
        while run.pretraining and not self.all_stop(stop):
            loss = pretrain_step(run, self.batches)
            if run.pretrained % TELL_EVERY == 0:
                self.say(f"pretraining {run.pretrained:,}: reconstruction {float(loss):.3f}")
            if run.pretrained % LOOK_EVERY == 0 and not math.isfinite(float(loss)):
                self.diverged("the loss of pretraining is not a number")
            if time.monotonic() - saved_at > SAVE_SECONDS:
                self.check_weights()
                self.save("last.pt")
                saved_at = time.monotonic()
        if run.pretrained and not run.step:
            self.say(f"pretrained {run.pretrained:,} steps, reconstruction {float(loss):.3f}")


def fit(
    config: AnyConfig,
    bars: BarSet,
    out: Path,
    say: Say,
    fabric: Fabric | None = None,
) -> Path:
    """Train to the config's last step, resuming from `out/last.pt` if it is there. Raises `BadConfig`,
    `BadArchive`, `Diverged`, `OutOfMemory`, `BadCheckpoint`, `OSError`."""
    fabric = fabric or Fabric(accelerator="cpu", devices=1)
    return Training(config, bars, out, say, fabric).fit()


def train_and_valid(bars: BarSet) -> tuple[BarSet, BarSet]:
    """What is trained on, and what is judged by. Raises `BadConfig`."""
    train, valid = bars.select("train"), bars.select("valid")
    if not len(train) or not len(valid):
        raise BadConfig("the archive needs bars in both the train and the valid split")
    return train, valid


def whole(run: AnyRun) -> bool:
    """Is every weight still a number?"""
    parts = [p.detach().sum() for m in (run.generator, run.critic) for p in m.parameters()]
    return math.isfinite(float(torch.stack(parts).sum()))


def check_share(config: AnyConfig, processes: int) -> None:
    """Each process needs a batch that it could train with alone. Raises `BadConfig`."""
    share = config.batch // processes
    if config.batch % processes or share < LEAST_BATCH or share % 2:
        raise BadConfig(
            f"batch = {config.batch} on {processes} processes: each needs the same even number, "
            f"{LEAST_BATCH} or more"
        )


def check_same(saved: AnyConfig, config: AnyConfig, path: Path) -> None:
    changed = {k for k, v in config.as_dict().items() if saved.as_dict()[k] != v} - FREE_TO_CHANGE
    if changed:
        raise BadConfig(
            f"{path} was made with another {', '.join(sorted(changed))}: "
            "give that config again, or another --out"
        )
