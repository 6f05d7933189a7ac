"""Seeds judged side by side, each process with the data and the models read for itself: sessions of
onnxruntime don't travel."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from livegan.shell.cores import cores

from ...data import load_bars
from ..run import Say
from ..sources import loaded
from .run import Evaluation, Judged, Task

_evaluation: Evaluation
_say: Say


def side_by_side(
    jobs: int,
    models: tuple[str, ...],
    data: Path,
    split: str,
    evaluation: Evaluation,
    tasks: Sequence[Task],
    say: Say,
) -> list[Judged]:
    """What `run.in_turn` gives, by so many processes; `sources.loaded` says how models are named."""
    workers = min(jobs, len(tasks))
    threads = max(1, cores() // workers)
    before = (models, data, split, evaluation.bars, evaluation.seeds, threads, say)
    with ProcessPoolExecutor(workers, get_context("spawn"), _prepare, before) as pool:
        return list(pool.map(_judge, tasks))


def _prepare(
    models: tuple[str, ...], data: Path, split: str, bars: int, seeds: int, threads: int, say: Say
) -> None:
    """Once a process."""
    import torch
    from threadpoolctl import threadpool_limits

    global _evaluation, _say
    torch.set_num_threads(threads)
    threadpool_limits(threads)
    archive = load_bars(data)
    players = loaded(models, archive, split)
    _evaluation = Evaluation(players, archive, data.name, split, bars, seeds, lambda _: None)
    _say = say


def _judge(task: Task) -> Judged:
    return _evaluation.judged(*task, _say)
