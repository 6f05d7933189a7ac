"""One ONNX file from a checkpoint: graph, metadata, parity with torch, measured quality."""

from __future__ import annotations

import math
import tempfile
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from livegan.core.conductor import render_bar
from livegan.core.decode import HEADS
from livegan.core.model import METADATA_KEY, ModelInfo, Track
from livegan.core.state import initial
from livegan.shell.archive import rolls_of
from livegan.shell.files import write_whole
from livegan.shell.generator import OnnxGenerator, open_session
from livegan_train.checkpoint import Checkpoint, averaged_generator
from livegan_train.heads import CellsHead, OnsetHead
from livegan_train.loop import sample_latents
from livegan_train.metrics import measure_tracks

OPSET = 17
PARITY_LATENTS = 64
PARITY_LIMIT = 1e-4
QUALITY_BARS = 2_000
GENERAL_MIDI = {"piano": 0, "melody": 0, "bridge": 0, "guitar": 24, "bass": 32, "strings": 48}


class ExportRefused(RuntimeError):
    """The file would not be what was trained; one line says why."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What a model file says for people: what it was trained on, whom to credit, its licence."""

    data: str = ""
    credit: str = ""
    licence: str = ""


class Playable(nn.Module):
    """Generator and head as the runtime wants them: a latent in, the head's logits out."""

    def __init__(self, generator: nn.Module, head: CellsHead | OnsetHead) -> None:
        super().__init__()
        self.generator, self.head = generator, head

    def forward(self, z: Tensor) -> tuple[Tensor, ...]:
        logits = self.head.export(self.generator(z))
        return tuple(logits[name] for name in HEADS[self.head.name])


def build(checkpoint: Checkpoint) -> tuple[onnx.ModelProto, Playable]:
    """The graph, with a free batch size, and the module it was made from."""
    generator, head = averaged_generator(checkpoint)
    playable = Playable(generator, head).eval()
    names = HEADS[head.name]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the dynamo exporter is 20 times slower
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            playable,
            (torch.zeros(1, checkpoint.config.latent),),
            path,
            opset_version=OPSET,
            input_names=["z"],
            output_names=list(names),
            dynamic_axes={name: {0: "batch"} for name in ("z", *names)},
            dynamo=False,
        )
        return onnx.load(path), playable


def parity(playable: Playable, generator: OnnxGenerator, latent: int) -> float:
    """Largest difference between torch and onnxruntime over 64 random latents."""
    z = sample_latents(PARITY_LATENTS, latent, torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = playable(z)
    got = generator.run(z.numpy())
    return max(
        float(np.abs(tensor.numpy() - array).max()) for tensor, array in zip(expected, got, strict=True)
    )


def describe(checkpoint: Checkpoint, name: str, texts: Texts) -> ModelInfo:
    """The metadata but for the quality, which is measured on the finished file."""
    data = checkpoint.data
    tracks = tuple(
        Track(
            track,
            GENERAL_MIDI.get(track.lower(), 0),
            "drum" in track.lower(),
            tuple(quantiles),
        )
        for track, quantiles in zip(data["tracks"], data["note_quantiles"], strict=True)
    )
    origin = {
        "config": checkpoint.config.as_dict(),
        "step": checkpoint.step,
        "bars": data["bars"],
        "valid": data["valid"],
    }
    config = checkpoint.config
    return ModelInfo(
        name,
        config.head,
        config.latent,
        tracks,
        data=texts.data,
        credit=texts.credit,
        licence=texts.licence,
        origin=origin,
    )


def with_metadata(model: onnx.ModelProto, info: ModelInfo) -> bytes:
    del model.metadata_props[:]
    model.metadata_props.add(key=METADATA_KEY, value=info.to_json())
    return bytes(model.SerializeToString())


def drawn_bars(generator: OnnxGenerator, bars: int) -> NDArray[np.bool_]:
    """Bars from fresh latents through the runtime's own decoding, `[bar, track, step, pitch]`."""
    rolls = [
        rolls_of(render_bar(generator, initial(seed, generator.latent_size)), 1, generator.tracks)
        for seed in range(bars)
    ]
    return np.moveaxis(np.concatenate(rolls), 3, 1)


def write_model(checkpoint: Checkpoint, out: Path, name: str, texts: Texts) -> tuple[ModelInfo, float]:
    """Build, compare, measure and write; returns what was written and the largest error. Raises
    `ExportRefused`, and then leaves `out` as it was."""
    model, playable = build(checkpoint)
    info = describe(checkpoint, name, texts)
    worst = math.inf

    def write(beside: Path) -> None:
        nonlocal info, worst
        beside.write_bytes(with_metadata(model, info))
        generator = open_session(beside, "cpu")
        worst = parity(playable, generator, checkpoint.config.latent)
        if not worst <= PARITY_LIMIT:
            raise ExportRefused(
                f"onnxruntime differs from torch by {worst:.1e}, more than {PARITY_LIMIT:.0e}: "
                "nothing was written"
            )
        measured = measure_tracks(drawn_bars(generator, QUALITY_BARS))
        quality = {t.name: m.as_dict() for t, m in zip(info.tracks, measured, strict=True)}
        info = replace(info, quality=quality)
        beside.write_bytes(with_metadata(model, info))

    write_whole(out, write)
    return info, worst
