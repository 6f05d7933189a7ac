"""One ONNX file from a checkpoint: graph, metadata, parity with torch, measured quality."""

from __future__ import annotations

import base64
import math
import tempfile
import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from livegan.core.decode import HEADS
from livegan.core.model import (
    ENCODER_KEY,
    FEEL_KEY,
    METADATA_KEY,
    ModelInfo,
    Track,
    control_names,
    ways_of,
)
from livegan.core.music import PITCHES, STEPS_PER_BAR, is_drums
from livegan.core.wandering import PLAIN
from livegan.shell.files import write_whole
from livegan.shell.generator import OnnxGenerator, open_session
from livegan_train.bars import step_before
from livegan_train.checkpoint import Checkpoint, averaged_maker
from livegan_train.config import AnyConfig, Config
from livegan_train.drawn import drawn_bars
from livegan_train.metrics import measure_tracks
from livegan_train.networks import Maker
from livegan_train.run import sample_latents
from livegan_train.stream.config import StreamConfig
from livegan_train.stream.pace import as_songs

from .directions import directions_of
from .stream import averaged_stream, homes_of, playable_stream, ranges_of

OPSET = 17
LARGE = 256
"""Numbers of a weight that is worth keeping in half precision."""
DROPPED = 6
"""Bits of the encoder's: bars come back as well without them (`trio`: median distance .198, with all
.196)."""
SURE = 10.0
PARITY_LATENTS = 64
PARITY_LIMIT = 1e-4
QUALITY_BARS = 2_000
QUALITY_SEED = 0
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
    """Generator and head as the runtime wants them: a latent in, and `place` or `given` where the model
    has them; the head's logits of all tracks out, the given one among them."""

    def __init__(self, maker: Maker, phrase: int) -> None:
        super().__init__()
        self.generator, self.head, self.given = maker.generator, maker.head, maker.given
        self.latent = maker.latent
        self.outputs = HEADS[maker.head.name]
        self.inputs = ("z", *["place"] * (phrase > 1), *["given"] * (maker.given is not None))

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        logits = self.head.export(self.generator(*inputs))
        if self.given is not None:
            told = said(inputs[-1].unsqueeze(1), tuple(logits))
            at = self.given
            logits = {k: torch.cat([v[:, :at], told[k], v[:, at:]], 1) for k, v in logits.items()}
        return tuple(logits[name] for name in self.outputs)

    def examples(self, count: int) -> tuple[Tensor, ...]:
        """Random inputs of the graph, in its order."""
        random = torch.Generator().manual_seed(0)
        shape = (count, STEPS_PER_BAR, PITCHES)
        known = {
            "z": sample_latents(count, self.latent, random),
            "place": torch.zeros(count, dtype=torch.int64),
            "given": (torch.rand(shape, generator=random) < 0.05).float(),
        }
        return tuple(known[name] for name in self.inputs)


def said(roll: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Logits that decode to this very roll, 0 or 1."""
    before = step_before(roll)
    logits = {"cells": roll, "onset": roll * (1 - before), "keep": roll * before}
    return {name: SURE * (2 * logits[name] - 1) for name in names}


class Graph(Protocol):
    """A module with names for what goes in and comes out, and random inputs to try it with."""

    @property
    def inputs(self) -> tuple[str, ...]: ...

    @property
    def outputs(self) -> tuple[str, ...]: ...

    def examples(self, count: int) -> tuple[Tensor, ...]: ...

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]: ...


def build(playable: Graph, single: Sequence[str] = ()) -> onnx.ModelProto:
    """The graph, with a free batch size for all but the inputs that are `single`, one for all bars."""
    assert isinstance(playable, nn.Module)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the dynamo exporter is 20 times slower
        warnings.filterwarnings("ignore", "Constant folding", UserWarning)  # of a bi-LSTM: harmless
        warnings.filterwarnings("ignore", "Converting a tensor to a Python boolean")  # of its sizes
        warnings.filterwarnings("ignore", "torch.from_numpy results")  # triads and scales: constants
        warnings.filterwarnings("ignore", "Exporting a model to ONNX with a batch_size", UserWarning)
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            playable,
            playable.examples(1),
            path,
            opset_version=OPSET,
            input_names=list(playable.inputs),
            output_names=list(playable.outputs),
            dynamic_axes={
                name: {0: "batch"}
                for name in (*playable.inputs, *playable.outputs)
                if name not in single
            },
            dynamo=False,
        )
        return onnx.load(path)


def in_halves(model: onnx.ModelProto, dropped: int = 0) -> onnx.ModelProto:
    """The graph with its large weights kept in half precision, and cast where they are read: half the
    file, the same numbers if they were rounded before. What is compressed afterwards gets smaller still
    without the last bits, of 10."""
    graph = model.graph
    for weights in list(graph.initializer):
        array = onnx.numpy_helper.to_array(weights)
        if array.dtype != np.float32 or array.size < LARGE:
            continue
        name = weights.name
        half = onnx.numpy_helper.from_array(rounded(array, dropped), f"{name}.half")
        graph.initializer.remove(weights)
        graph.initializer.append(half)
        cast = onnx.helper.make_node("Cast", [half.name], [name], to=onnx.TensorProto.FLOAT)
        graph.node.insert(0, cast)
    return model


def rounded(weights: NDArray[np.float32], dropped: int) -> NDArray[np.float16]:
    """In half precision, to the nearest without its last bits."""
    bits = weights.astype(np.float16).view(np.uint16).astype(np.uint32)
    nearest = (bits + (1 << dropped >> 1)) & (0xFFFF << dropped)
    return nearest.astype(np.uint16).view(np.float16)


def parity(playable: Graph, generator: OnnxGenerator) -> float:
    """Largest difference between torch and onnxruntime over 64 random latents, as a share of numbers
    above 1."""
    inputs = playable.examples(PARITY_LATENTS)
    with torch.no_grad():
        expected = playable(*inputs)
    got = generator.run(dict(zip(playable.inputs, (i.numpy() for i in inputs), strict=True)))
    both = [(tensor.numpy(), array) for tensor, array in zip(expected, got, strict=True)]
    return max(float((np.abs(t - a) / np.maximum(1.0, np.abs(t))).max()) for t, a in both)


def describe(checkpoint: Checkpoint, name: str, texts: Texts) -> ModelInfo:
    """The metadata but for the quality, which is measured on the finished file."""
    data, config = checkpoint.data, checkpoint.config
    given = config.given if isinstance(config, Config) else ""
    tracks = tuple(
        Track(
            track,
            GENERAL_MIDI.get(track.lower(), 0),
            is_drums(track),
            tuple(quantiles),
            track == given,
        )
        for track, quantiles in zip(data["tracks"], data["note_quantiles"], strict=True)
    )
    origin = {
        "config": checkpoint.config.as_dict(),
        "step": checkpoint.step,
        "bars": data["bars"],
        "valid": data["valid"],
    }
    info = ModelInfo(
        name,
        "cells" if config.head == "cells" else "onset",
        latent_of(config, sum(not track.given for track in tracks)),
        tracks,
        phrase=config.phrase,
        steady=config.phrase,
        data=texts.data,
        credit=texts.credit,
        licence=texts.licence,
        origin=origin,
    )
    return info if isinstance(config, Config) else of_a_stream(info, checkpoint)


def latent_of(config: AnyConfig, made: int) -> int:
    if isinstance(config, Config):
        return config.plan(made).size
    return homes_of(config) + config.shape([True] * made).latent


def of_a_stream(info: ModelInfo, checkpoint: Checkpoint) -> ModelInfo:
    """What only a stream has to say."""
    config = checkpoint.config
    assert isinstance(config, StreamConfig)
    generator, _, head = averaged_stream(checkpoint)
    both = zip(info.tracks, ranges_of(checkpoint), strict=True)
    tracks = tuple(replace(track, ranges=ranges) for track, ranges in both)
    return replace(
        info,
        tracks=tracks,
        phrase=config.places,
        steady=1,
        section=homes_of(config) + config.section,
        homes=homes_of(config),
        context=True,
        controls=control_names(tracks),
        directions=tuple(
            replace(found, vector=(0.0,) * homes_of(config) + found.vector)
            for found in directions_of(generator, head)
        ),
        ways=ways_of(checkpoint.data.get("ways", PLAIN.ways)),
    )


def playable_of(checkpoint: Checkpoint) -> tuple[Graph, Graph | None]:
    """The generator, and the encoder of a stream."""
    config = checkpoint.config
    if isinstance(config, Config):
        return Playable(averaged_maker(checkpoint), config.phrase).eval(), None
    return playable_stream(checkpoint)


def with_metadata(model: onnx.ModelProto, info: ModelInfo, parts: Mapping[str, bytes]) -> bytes:
    """The file: the generator's graph, what it says of itself, and the graphs beside it."""
    del model.metadata_props[:]
    model.metadata_props.add(key=METADATA_KEY, value=info.to_json())
    for key, graph in parts.items():
        model.metadata_props.add(key=key, value=base64.b85encode(zlib.compress(graph, 9)).decode())
    return bytes(model.SerializeToString())


def write_model(
    checkpoint: Checkpoint, out: Path, name: str, texts: Texts, feel: Path | None = None
) -> tuple[ModelInfo, float]:
    """Build, compare, measure and write, with a graph of feel if there is one; returns what was
    written and the largest error. Raises `ExportRefused`, and then leaves `out` as it was."""
    playable, encoder = playable_of(checkpoint)
    model = build(playable)
    parts = {}
    if encoder is not None:  # and then the weights were rounded
        parts[ENCODER_KEY] = in_halves(build(encoder), DROPPED).SerializeToString()
        model = in_halves(model)
    info = describe(checkpoint, name, texts)
    if feel is not None:
        parts[FEEL_KEY] = graph_of_feel(feel, len(info.tracks))
    worst = math.inf

    def write(beside: Path) -> None:
        nonlocal info, worst
        beside.write_bytes(with_metadata(model, info, parts))
        generator = open_session(beside, "cpu")
        worst = parity(playable, generator)
        if not worst <= PARITY_LIMIT:
            raise ExportRefused(
                f"onnxruntime differs from torch by {worst:.1e}, more than {PARITY_LIMIT:.0e}: "
                "nothing was written"
            )
        if "rhythms" in checkpoint.data:
            info = as_songs(generator, checkpoint.data["harmony"], checkpoint.data["rhythms"])
        info = replace(info, quality=quality_of(generator, info))
        beside.write_bytes(with_metadata(model, info, parts))

    write_whole(out, write)
    return info, worst


def quality_of(generator: OnnxGenerator, info: ModelInfo) -> dict[str, Any]:
    """What fresh bars measure, by track."""
    measured = measure_tracks(drawn_bars(generator, QUALITY_BARS, QUALITY_SEED))
    return {t.name: m.as_dict() for t, m in zip(info.tracks, measured, strict=True)}


def graph_of_feel(path: Path, tracks: int) -> bytes:
    """A graph that `livegan feel` wrote, in half precision. Raises `ExportRefused` if it is for other
    tracks."""
    try:
        graph = onnx.load_from_string(path.read_bytes())
        roll = graph.graph.input[0]
        shape = [size.dim_value for size in roll.type.tensor_type.shape.dim]
    except Exception:  # whatever the reader stumbled on
        raise ExportRefused(f"{path}: not a graph of feel; livegan feel makes one") from None
    if roll.name != "roll" or shape[1] != tracks:
        raise ExportRefused(f"{path}: made for {shape[1]} tracks, this model has {tracks}")
    return bytes(in_halves(graph).SerializeToString())
