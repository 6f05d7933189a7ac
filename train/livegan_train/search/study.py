"""The study on disk: Optuna's journal in a file, with all that a search needs to go on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import distribution_to_json
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from ..checks import BadConfig
from .space import Space, holds
from .trial import Ground, Look

JOURNAL = "study.journal"
STARTUP = 5
"""Trials before any is pruned."""
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
LOOKS, ABOUT, WHY = "looks", "about", "why"
"""Names of what a trial and the study keep."""


def open_study(folder: Path, space: Space, ground: Ground) -> Study:
    """Begin a study, or go on with the one that lies there: trials that were cut short are queued
    again. The config's own values are the first trial, if the space has them. Raises `BadConfig` if it
    was another search's, or is damaged; `OSError`."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    path = folder / JOURNAL
    drop_torn_line(path)
    try:
        storage = JournalStorage(JournalFileBackend(str(path)))
        study = optuna.create_study(
            storage=storage,
            study_name="search",
            pruner=MedianPruner(n_startup_trials=STARTUP),
            load_if_exists=True,
        )
    except (ValueError, KeyError, TypeError):
        raise BadConfig(f"{path}: not a study, or a damaged one: another --out") from None
    check_same(study, about(space, ground), path)
    for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)
    own = ground.config.as_dict()
    if not study.trials and all(holds(within, own[key]) for key, within in space.items()):
        study.enqueue_trial({key: own[key] for key in space})
    return study


def drop_torn_line(path: Path) -> None:
    """A journal whose writer was killed may end in half a line, after which nothing could be read."""
    if not path.exists():
        return
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)


def about(space: Space, ground: Ground) -> dict[str, Any]:
    """What trials must share to be compared; the keys are what a user has given."""
    config = {k: v for k, v in ground.config.as_dict().items() if k not in ("steps", "validate_every")}
    rows = {key: json.loads(distribution_to_json(within)) for key, within in space.items()}
    weights = ground.autoencoder["networks"]["generator.decoder.dense.weight"]
    return {
        "config": config,
        "--space": rows,
        "--steps": ground.looks[-1],
        "--seeds": len(ground.seeds),
        "autoencoder": float(weights.double().sum()),
    }


def check_same(study: Study, now: dict[str, Any], path: Path) -> None:
    """Trials of one study must be comparable. Raises `BadConfig`."""
    before = study.user_attrs.get(ABOUT)
    if before is None:
        study.set_user_attr(ABOUT, now)
        return
    changed = [key for key in now if before.get(key) != now[key]]
    if changed:
        raise BadConfig(
            f"{path} was made with another {', '.join(changed)}: give that again, or another --out"
        )


def ask(study: Study, space: Space, seed: int) -> Trial:
    """The next trial. The sampler is seeded by how many are finished, so that a search that was cut
    short goes on as one that was not."""
    study.sampler = TPESampler(seed=seed + len(finished(study)))
    return study.ask(space)


def finished(study: Study) -> list[FrozenTrial]:
    """Trials that were judged to their end, or pruned, in their order."""
    return study.get_trials(deepcopy=False, states=FINISHED)


def best(study: Study) -> FrozenTrial | None:
    complete = [t for t in finished(study) if t.state == TrialState.COMPLETE]
    return min(complete, key=lambda t: t.value or 0.0, default=None)


def keep(trial: Trial, looks: Iterable[Look]) -> None:
    trial.set_user_attr(LOOKS, [look.as_dict() for look in looks])


def looks_in(trial: FrozenTrial) -> list[Look]:
    """Every look at a trial, by step and seed."""
    return [Look(**row) for row in trial.user_attrs.get(LOOKS, [])]


def last_looks(trial: FrozenTrial) -> list[Look]:
    """One a seed, from the last step that was looked at; none if the trial diverged before."""
    looks = looks_in(trial)
    return [look for look in looks if look.step == looks[-1].step]


def ending(trial: FrozenTrial) -> str:
    """'complete', 'pruned' or 'diverged'."""
    if WHY in trial.user_attrs:
        return "diverged"
    return trial.state.name.lower()
