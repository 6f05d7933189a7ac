"""What a run leaves for people: lines, TensorBoard, and pictures beside the checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from livegan.core.music import Note
from livegan.core.roll import notes_from_roll
from livegan.shell.files import write_whole
from livegan.shell.picture import draw_roll

from .board import Board
from .config import AnyConfig
from .run import Told
from .validation import Reference, Verdict

Say = Callable[[str], None]
Row = dict[str, float]
PICTURED_BARS = 16
SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_CURVES = 60.0
CURVES = ("eb", "upc", "qn", "pr", "notes", "distinct", "spread")


class Journal:
    """Collects what steps tell, and speaks every few seconds: epoch, losses, bars/s, time left."""

    def __init__(
        self, config: AnyConfig, tracks: Sequence[str], phrases: int, out: Path, step: int, say: Say
    ) -> None:
        self.config, self.tracks, self.phrases, self.out, self.say = config, tracks, phrases, out, say
        self.board = Board(out / "tensorboard", step)
        self.began, self.began_step, self.told_at = time.monotonic(), step, 0.0
        self.drawn_at = -math.inf
        self.since: list[Told] = []

    def epoch(self, step: int) -> float:
        return step * self.config.batch / self.phrases

    def tell(self, step: int, told: Told) -> None:
        """Keep what a step told; read it, which waits for the device, only when a line is due."""
        self.since.append(told)
        now = time.monotonic()
        if now - self.told_at < SECONDS_BETWEEN_LINES and step < self.config.steps:
            return
        self.told_at = now
        rate = (step - self.began_step) / max(now - self.began, 1e-9)
        left = (self.config.steps - step) / max(rate, 1e-9)
        critic, generator, right = self.recent()
        bars = rate * self.config.batch * self.config.phrase
        self.say(
            f"epoch {self.epoch(step):.2f}  step {step:,}/{self.config.steps:,}  "
            f"critic {critic:.3f} (right {100 * right:.0f} %)  generator {generator:.3f}  "
            f"{bars:.0f} bars/s  {left / 60:.0f} min left"
        )

    def recent(self) -> tuple[float, float, float]:
        """Means of the steps since the last validation: losses and the critic's accuracy."""
        if not self.since:
            return math.nan, math.nan, math.nan
        told = np.array([(t.critic.item(), t.generator.item(), t.accuracy.item()) for t in self.since])
        critic, generator, right = (known(column) for column in told.T)
        return critic, generator, right

    def tell_validation(self, step: int, verdict: Verdict, history: list[Row]) -> None:
        """One line a track, warnings, TensorBoard, pictures; adds a row to the history."""
        critic, generator, right = self.recent()
        self.since.clear()
        row = {
            "step": step, "epoch": self.epoch(step), "distance": verdict.distance,
            "critic_loss": critic, "generator_loss": generator, "critic_accuracy": right,
        }  # fmt: skip
        for track, measures, spread in zip(self.tracks, verdict.measures, verdict.spread, strict=True):
            self.say(f"  {track} at {step:,}: {measures}")
            values = {**measures.as_dict(), "spread": spread}
            row |= {f"{track}/{key}": values[key] for key in CURVES}
        self.say(f"  distance {verdict.distance:.2f}")
        for warning in verdict.warnings + accuracy_warnings(right):
            self.say(f"  warning: {warning}")
        history.append(row)
        told = {k: v for k, v in row.items() if k not in ("step", "epoch") and math.isfinite(v)}
        self.board.scalars(step, told)
        self.picture(step, verdict.rolls)

    def picture(self, step: int, rolls: NDArray[np.bool_]) -> None:
        picture = draw_bars(rolls[:PICTURED_BARS])
        folder = self.out / "pictures"
        folder.mkdir(exist_ok=True)
        write_whole(folder / f"step-{step:07}.png", lambda beside: picture.save(beside, "PNG"))
        self.board.picture(step, "samples", picture)

    def draw_curves(self, history: list[Row], real: Reference, now: float) -> None:
        """`curves.png`: distance, losses, accuracy and every measure, the data's as a dashed line.
        Drawn at most once a minute, for it takes a second."""
        if not history or now - self.drawn_at < SECONDS_BETWEEN_CURVES:
            return
        self.drawn_at = now
        figure = curves(history, self.tracks, real)
        write_whole(self.out / "curves.png", lambda beside: figure.savefig(beside, dpi=80))

    def close(self) -> None:
        self.board.close()


def known(values: NDArray[np.float64]) -> float:
    """The mean over the steps that had something to tell: not in each one does the critic learn."""
    told = values[~np.isnan(values)]
    return float(told.mean()) if len(told) else math.nan


def accuracy_warnings(right: float) -> list[str]:
    if right > 0.99:
        return ["the critic is always right: the generator learns little from it"]
    if right < 0.35:
        return ["the critic is mostly wrong: it can't lead the generator"]
    return []


def draw_bars(rolls: NDArray[np.bool_]) -> Image.Image:
    """Bars one after another, bool `[bar, track, step, pitch]`, a colour a track."""
    bars, tracks, steps, pitches = rolls.shape
    notes: list[Note] = []
    for track in range(tracks):
        notes += notes_from_roll(rolls[:, track].reshape(bars * steps, pitches), channel=track)
    return draw_roll(notes, bars)


def curves(history: list[Row], tracks: Sequence[str], real: Reference) -> Figure:
    """One small plot for each number."""
    panels = ["distance", "losses", "critic_accuracy", *CURVES]
    figure = Figure(figsize=(18, 8))
    figure.subplots_adjust(0.03, 0.05, 0.99, 0.95, 0.15, 0.2)
    steps = [row["step"] for row in history]
    for place, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(2, 5, place, title=panel)
        if panel == "losses":
            for side in ("critic_loss", "generator_loss"):
                axes.plot(steps, [row[side] for row in history], label=side.split("_")[0])
        elif panel in CURVES:
            for track, measures, spread in zip(tracks, real.measures, real.spread, strict=True):
                (line,) = axes.plot(steps, [row[f"{track}/{panel}"] for row in history], label=track)
                wanted = {**measures.as_dict(), "spread": spread}[panel]
                axes.axhline(wanted, color=line.get_color(), linestyle="--", linewidth=0.8)
        else:
            axes.plot(steps, [row[panel] for row in history])
        if panel in ("losses", "eb"):
            axes.legend(fontsize="small")
    return figure
