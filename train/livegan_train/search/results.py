"""What a search leaves for people: tables, a picture of all learning curves, and the best config."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure
from optuna.study import Study
from optuna.trial import FrozenTrial

from livegan.shell.files import write_whole

from ..stream.config import StreamConfig
from .space import Space
from .study import best, ending, finished, last_looks, looks_in
from .trial import Look, score

GREY, FAINT = "0.6", "0.85"


def write_tables(study: Study, space: Space, config: StreamConfig, folder: Path) -> None:
    """`trials.csv`, `curves.csv`, and `best.toml` once there is a complete trial. Raises `OSError`."""
    trials, found = finished(study), best(study)
    write_text(folder / "trials.csv", as_csv(trial_rows(trials, list(space))))
    write_text(folder / "curves.csv", as_csv(curve_rows(trials)))
    if found is not None:
        write_text(folder / "best.toml", toml_of(found, config, len(trials)))


def write_curves(study: Study, folder: Path) -> None:
    """`curves.png`; it takes a second. Raises `OSError`."""
    figure = curves(finished(study), best(study))
    write_whole(folder / "curves.png", lambda beside: figure.savefig(beside, dpi=80))


def write_text(path: Path, text: str) -> None:
    write_whole(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def as_csv(rows: Iterable[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in rows
    )
    return text.getvalue()


def trial_rows(trials: list[FrozenTrial], keys: list[str]) -> list[list[object]]:
    """A line a trial: how it ended, the means over the seeds at its last look, its values, and every
    seed's figures."""
    seeds = sorted({look.seed for trial in trials for look in looks_in(trial)})
    parts = [f"{part}_seed_{seed}" for seed in seeds for part in ("distance", "clashes")]
    head: list[object] = ["trial", "ending", "step", "score", "distance", "clashes", *keys, *parts]
    return [head, *(trial_row(trial, keys, len(parts)) for trial in trials)]


def trial_row(trial: FrozenTrial, keys: list[str], parts: int) -> list[object]:
    looks = last_looks(trial)
    values = [trial.params[key] for key in keys]
    if not looks:
        return [trial.number, ending(trial), "", "", "", "", *values, *[""] * parts]
    each = [part for look in looks for part in (look.distance, look.clashes)]
    means = [score(looks), *parts_of(looks)]
    return [trial.number, ending(trial), looks[0].step, *means, *values, *each]


def parts_of(looks: list[Look]) -> tuple[float, float]:
    """Mean distance and mean clashes."""
    return (
        sum(look.distance for look in looks) / len(looks),
        sum(look.clashes for look in looks) / len(looks),
    )


def curve_rows(trials: list[FrozenTrial]) -> list[list[object]]:
    rows: list[list[object]] = [["trial", "seed", "step", "distance", "clashes"]]
    for trial in trials:
        rows += [[trial.number, k.seed, k.step, k.distance, k.clashes] for k in looks_in(trial)]
    return rows


def toml_of(trial: FrozenTrial, config: StreamConfig, trials: int) -> str:
    """The config with a trial's values, as `livegan train` reads it."""
    looks = last_looks(trial)
    distance, beyond = parts_of(looks)
    lines = [
        f"# Trial {trial.number}, the best of {trials} after {looks[0].step:,} steps: "
        f"distance {distance:.2f} + clashes {beyond:.2f}, mean of {len(looks)} seeds."
    ]
    for key, value in replace(config, **trial.params).as_dict().items():
        lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def curves(trials: list[FrozenTrial], found: FrozenTrial | None) -> Figure:
    """Distance and clashes over the steps, a line a trial, mean of the seeds: pruned ones faint, the
    first and the best in colour."""
    figure = Figure(figsize=(14, 6), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, place, title in zip(panels, (0, 1), ("distance", "clashes"), strict=True):
        axes.set_title(f"{title}, mean over the seeds")
        axes.set_xlabel("step of the GAN")
        for trial in trials:
            steps = sorted({look.step for look in looks_in(trial)})
            means = [parts_of([k for k in looks_in(trial) if k.step == s])[place] for s in steps]
            colour, label = shown(trial, trials[0], found)
            width = 2.5 if label else 1.0
            axes.plot(
                steps, means, color=colour, label=label, linewidth=width, marker=".", zorder=2 + width
            )
    if found is not None:
        panels[0].legend()
    return figure


def shown(trial: FrozenTrial, first: FrozenTrial, found: FrozenTrial | None) -> tuple[str, str | None]:
    """Colour and label of a trial's line."""
    if found is not None and trial.number == found.number:
        return "C3", f"best: trial {trial.number}"
    if trial.number == first.number:
        return "C0", f"first: trial {trial.number}"
    return (GREY if ending(trial) == "complete" else FAINT), None
