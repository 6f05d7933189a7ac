"""The autoencoder that all trials share: trained once into a folder of the search, or taken from a run
that has one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from livegan.shell.files import write_whole

from .. import checkpoint as checkpoints
from ..checks import BadConfig
from ..data import BarSet
from ..loop import Say, Training
from ..stream.config import OF_AUTOENCODER, StreamConfig


def autoencoder(
    config: StreamConfig, bars: BarSet, folder: Path, given: Path | None, say: Say, fabric: Fabric
) -> dict[str, Any] | None:
    """The state of a run whose autoencoder is done (`StreamRun.state`), kept in `folder/last.pt`; none
    if its training was stopped. Resumes what was begun there; a `given` checkpoint is copied there.
    Raises `BadConfig`, `BadCheckpoint`, `Diverged`, `OutOfMemory`, `OSError`."""
    last = folder / "last.pt"
    if given is not None:
        adopt(given, last, config, bars)
    if not done(last):
        training = Training(config, bars, folder, say, fabric)
        if not training.fit_autoencoder():
            return None
    return checked(last, config, bars)


def done(path: Path) -> bool:
    if not path.exists():
        return False
    saved = checkpoints.load(path)
    return isinstance(saved.config, StreamConfig) and pretrained(saved, saved.config)


def pretrained(saved: checkpoints.Checkpoint, config: StreamConfig) -> bool:
    count: int = saved.state["pretrained"]
    return count >= config.autoencoder_steps


def adopt(given: Path, last: Path, config: StreamConfig, bars: BarSet) -> None:
    """Copy a checkpoint, so that the search can go on without it. Raises `BadConfig` if it is not of
    use, or the search has begun with another."""
    state = checked(given, config, bars)
    if last.exists():
        if not same(state, checkpoints.load(last).state):
            raise BadConfig(
                f"{last} is another autoencoder than {given}: leave that out, or another --out"
            )
        return
    last.parent.mkdir(parents=True, exist_ok=True)
    write_whole(last, lambda beside: beside.write_bytes(given.read_bytes()))


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Have two runs the same encoder and decoder?"""
    first, second = one["networks"], other["networks"]
    learned = [k for k in first if k.startswith(("encoder.", "generator.decoder."))]
    return all(k in second and torch.equal(first[k], second[k]) for k in learned)


def checked(path: Path, config: StreamConfig, bars: BarSet) -> dict[str, Any]:
    """A checkpoint's state, if trials of this config and data can begin from it. Raises `BadConfig`."""
    saved = checkpoints.load(path)
    if not isinstance(saved.config, StreamConfig):
        raise BadConfig(f"{path}: no stream's checkpoint, it has no autoencoder")
    changed = [k for k in OF_AUTOENCODER if getattr(saved.config, k) != getattr(config, k)]
    if changed:
        raise BadConfig(f"{path}: an autoencoder of another {', '.join(changed)}")
    if not pretrained(saved, config):
        count = saved.state["pretrained"]
        raise BadConfig(f"{path}: its autoencoder has {count:,} of {config.autoencoder_steps:,} steps")
    if saved.data["tracks"] != list(bars.tracks) or saved.data["data"] != bars.checksum:
        raise BadConfig(f"{path}: made of other data ({', '.join(saved.data['tracks'])})")
    return saved.state
