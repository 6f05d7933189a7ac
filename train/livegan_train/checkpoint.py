"""Checkpoints: one file that holds the config, the weights and all that a resumed run needs."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from livegan.shell.files import write_whole

from .checks import BadConfig
from .config import AnyConfig, Config, config_from
from .networks import Maker, build_maker

FORMAT = 1


class BadCheckpoint(ValueError):
    """The file is not a checkpoint of ours; the message says so in one line."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`state` holds tensors by part ('ema', 'generator', 'critic', the optimisers, 'rng'); `data`
    describes the training set (tracks, note-count quantiles, measures of the validation split)."""

    config: AnyConfig
    step: int
    best: float
    data: dict[str, Any]
    history: list[dict[str, float]]
    state: dict[str, Any]


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write beside and rename."""
    content = {
        "livegan": FORMAT,
        "config": checkpoint.config.as_dict(),
        "step": checkpoint.step,
        "best": checkpoint.best,
        "data": checkpoint.data,
        "history": checkpoint.history,
        "state": checkpoint.state,
    }

    def write(beside: Path) -> None:
        try:
            torch.save(content, beside)
        except RuntimeError as error:  # torch's writer tells of a full disk so
            raise OSError(None, f"can't write {path} ({str(error).splitlines()[0][:80]})") from None

    write_whole(path, write)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint without running any code in it. Raises `BadCheckpoint`."""
    try:
        with zipfile.ZipFile(path) as parts:
            if parts.testzip() is not None:
                raise BadCheckpoint(f"{path}: a damaged checkpoint, its checksums don't match")
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content["livegan"] != FORMAT:
            raise BadCheckpoint(
                f"{path}: checkpoint format {content['livegan']}, this version reads {FORMAT}"
            )
        config = config_from(content["config"])
        keys = ("step", "best", "data", "history", "state")
        return Checkpoint(config, *(content[key] for key in keys))
    except FileNotFoundError:
        raise BadCheckpoint(f"{path}: no such file") from None
    except BadConfig as error:
        raise BadCheckpoint(f"{path}: {error}") from None
    except BadCheckpoint:
        raise
    except Exception:
        raise BadCheckpoint(f"{path}: not a livegan checkpoint, or a damaged one") from None


def averaged_maker(checkpoint: Checkpoint) -> Maker:
    """The trained generator with its averaged (EMA) weights, ready to draw."""
    assert isinstance(checkpoint.config, Config)
    maker = build_maker(checkpoint.config, checkpoint.data["tracks"])
    maker.generator.load_state_dict(checkpoint.state["ema"])
    maker.generator.eval()
    return maker
