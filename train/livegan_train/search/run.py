"""The search: trial after trial until there are enough."""

from __future__ import annotations

import time
from pathlib import Path

from lightning_fabric import Fabric
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from ..checks import BadConfig
from ..data import BarSet
from ..journal import SECONDS_BETWEEN_CURVES
from ..loop import Diverged, Say, StopAsked, memory_line, train_and_valid
from ..stream.config import StreamConfig
from ..stream.data import StreamData
from ..validation import reference
from .autoencoder import autoencoder
from .results import parts_of, write_curves, write_tables
from .space import Space, highest
from .study import WHY, ask, best, ending, finished, keep, last_looks, open_study
from .trial import Ground, Look, Stopped, looks_of, score

LOOKS = 4
"""How often a run is judged, evenly from where its generator begins to learn."""


def search(
    config: StreamConfig,
    bars: BarSet,
    out: Path,
    space: Space,
    trials: int,
    steps: int,
    seeds: int,
    say: Say,
    fabric: Fabric,
    given: Path | None = None,
) -> FrozenTrial | None:
    """Search until `trials` are finished, those of earlier calls with the same `out` among them; the
    best, if any is complete. `given` is a checkpoint whose autoencoder all of them begin with. Raises
    `BadConfig`, `BadArchive`, `BadCheckpoint`, `Diverged` (the autoencoder), `OutOfMemory`, `OSError`.
    """
    looks = looks_until(steps, int(highest(space, "critic_first", config.critic_first)))
    if fabric.world_size > 1:
        raise BadConfig("a search runs in one process")
    ground = prepare(config, bars, out, looks, seeds, say, fabric, given)
    if ground is None:
        say("stopped before the autoencoder was done; run it again to go on")
        return None
    study = open_study(out, space, ground)
    with StopAsked() as stop, memory_line(config):
        run_trials(study, space, ground, trials, out, stop, say)
    if finished(study):
        write_tables(study, space, config, out)
        write_curves(study, out)
    found = best(study)
    word = "stopped" if stop.asked else "done"
    tale = "none is complete" if found is None else f"the best is {told(found)}"
    say(f"{word} at {len(finished(study))} trials; {tale}")
    return found


def looks_until(steps: int, first: int) -> tuple[int, ...]:
    """After which steps to judge. Raises `BadConfig` if the generator would not learn at all."""
    if steps < first + LOOKS:
        raise BadConfig(
            f"--steps {steps}: the critic is alone for {first} (critic_first), "
            f"give {first + LOOKS} or more"
        )
    return tuple(first + (steps - first) * i // LOOKS for i in range(1, LOOKS + 1))


def prepare(
    config: StreamConfig,
    bars: BarSet,
    out: Path,
    looks: tuple[int, ...],
    seeds: int,
    say: Say,
    fabric: Fabric,
    given: Path | None,
) -> Ground | None:
    """Data and autoencoder; none if that was stopped."""
    train, valid = train_and_valid(bars)
    state = autoencoder(config, bars, out / "autoencoder", given, say, fabric)
    if state is None:
        return None
    data, real = StreamData(train, config, fabric.device), reference(valid, config.phrase)
    numbers = tuple(range(config.seed, config.seed + seeds))
    return Ground(config, data, real, bars.tracks, state, fabric, looks, numbers)


def run_trials(
    study: Study, space: Space, ground: Ground, trials: int, out: Path, stop: StopAsked, say: Say
) -> None:
    """Until there are so many, or someone asks to stop. The picture is drawn once a minute at most."""
    drawn_at = time.monotonic()
    while len(finished(study)) < trials and not stop.asked:
        trial = ask(study, space, ground.config.seed)
        try:
            run_trial(study, trial, ground, stop)
        except Stopped:  # left running in the journal, by which it is queued again
            return
        say(told(study.get_trials(deepcopy=False)[trial.number]))
        write_tables(study, space, ground.config, out)
        if time.monotonic() - drawn_at > SECONDS_BETWEEN_CURVES:
            write_curves(study, out)
            drawn_at = time.monotonic()


def run_trial(study: Study, trial: Trial, ground: Ground, stop: StopAsked) -> None:
    """One trial, to its end or as far as it is worth it. What diverges is a pruned one too, so that the
    sampler keeps away from there."""
    seen: list[Look] = []
    try:
        for looks in looks_of(ground, trial.params, stop):
            seen += looks
            keep(trial, seen)
            value = score(looks)
            trial.report(value, looks[0].step)
            if looks[0].step < ground.looks[-1] and trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                return
    except Diverged as error:
        trial.set_user_attr(WHY, str(error))
        study.tell(trial, state=TrialState.PRUNED)
        return
    study.tell(trial, value)


def told(trial: FrozenTrial) -> str:
    """A trial in one line."""
    values = "  ".join(f"{key} {value:.3g}" for key, value in trial.params.items())
    end, looks = ending(trial), last_looks(trial)
    if end == "diverged" or not looks:
        return f"trial {trial.number}: diverged, {trial.user_attrs.get(WHY)}; {values}"
    distance, beyond = parts_of(looks)
    seeds = " ".join(f"{look.score:.2f}" for look in looks)
    when = "" if end == "complete" else f"pruned at step {looks[0].step:,}, "
    return (
        f"trial {trial.number}: {when}{score(looks):.2f} = distance {distance:.2f} + clashes "
        f"{beyond:.2f} (seeds {seeds}); {values}"
    )
