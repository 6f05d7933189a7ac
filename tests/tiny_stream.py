"""A stream that trains in a moment, and its model file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livegan_export import onnx_file
from livegan_export.card import card
from livegan_export.onnx_file import Texts, write_model
from livegan_train import checkpoint as checkpoints
from livegan_train.stream.config import StreamConfig

TINY = StreamConfig(
    name="tiny", width=16, blocks=1, section=4, bar=8, code=16, autoencoder_steps=4, critic_first=2,
    batch=16, steps=8, validate_every=4, transpose=2, lr=5e-3,
)  # fmt: skip


@contextmanager
def quickly() -> Iterator[None]:
    """As little is drawn and measured as will do."""
    with pytest.MonkeyPatch.context() as here:
        here.setattr("livegan_train.validation.VALIDATION_BARS", 60)
        here.setattr("livegan_train.journal.Journal.draw_curves", lambda *_: None)
        here.setattr(onnx_file, "QUALITY_BARS", 20)
        here.setattr("livegan_train.stream.steps.WARM_UP", 1)
        here.setattr("livegan_train.stream.pace.ROUGHLY", 2)
        here.setattr("livegan_train.stream.pace.SURELY", 3)
        yield


def quiet(line: str) -> None:
    pass


def exported(trained: Path, folder: Path) -> Path:
    """A checkpoint's model file, with its card."""
    path, checkpoint = folder / "tiny.onnx", checkpoints.load(trained)
    info, _ = write_model(checkpoint, path, "tiny", Texts())
    path.with_suffix(".md").write_text(card(info, checkpoint, path.stat().st_size), encoding="utf-8")
    return path
