"""A critic becomes a part of a model file."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from livegan.core.model import CRITIC_KEY, ENCODER_KEY, FEEL_KEY, ModelInfo
from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan.shell.files import write_whole
from livegan.shell.generator import OnnxGenerator, open_session, session_of
from livegan_train.choosing.network import BarCritic
from livegan_train.choosing.training import Learned
from livegan_train.data import BarSet
from livegan_train.stream.cells import cells_of_roll
from livegan_train.stream.pace import as_songs, harmony_of_songs, rhythm_of_songs

from .onnx_file import ExportRefused, build, in_halves, quality_of, with_metadata

DROPPED = 5
"""Bits of the critic's weights, of 10: which of two bars is better it tells as well without."""
ALIKE = 0.05
"""How far its odds may be off for that, in nats, and as a share of large ones."""
PARTS = (ENCODER_KEY, FEEL_KEY, CRITIC_KEY)


class PlayableCritic(nn.Module):
    """Bars `[batch, track, step, pitch]`, the one before them, `[1, track, step, pitch]`, and their
    place `[1]` to scores `[batch]`."""

    inputs = ("roll", "context", "place")
    outputs = ("score",)

    def __init__(self, critic: BarCritic, tracks: int, cells: int) -> None:
        super().__init__()
        self.critic, self.tracks, self.cells = critic, tracks, cells

    def forward(self, roll: Tensor, context: Tensor, place: Tensor) -> tuple[Tensor, ...]:
        now, before = (cells_of_roll(part, self.cells) for part in (roll, context))
        return (self.critic(now, before, place),)

    def examples(self, count: int) -> tuple[Tensor, ...]:
        """Random inputs of the graph, in its order."""
        random = torch.Generator().manual_seed(0)
        shape = (count + 1, self.tracks, STEPS_PER_BAR, PITCHES)
        rolls = (torch.rand(shape, generator=random) < 0.03).float()
        return rolls[1:], rolls[:1], torch.ones(1, dtype=torch.int64)


def graph_of_critic(critic: BarCritic, tracks: int, cells: int) -> bytes:
    """Raises `ExportRefused` if the graph would not say what the network does."""
    playable = PlayableCritic(critic, tracks, cells).eval().requires_grad_(False)
    graph = bytes(in_halves(build(playable, ("context", "place")), DROPPED).SerializeToString())
    inputs = playable.examples(64)
    with torch.no_grad():
        expected = playable(*inputs)[0].numpy()
    told = dict(zip(playable.inputs, (part.numpy() for part in inputs), strict=True))
    off = np.abs(session_of(graph, "cpu").run(["score"], told)[0] - expected)
    if not (off <= ALIKE * np.maximum(1.0, np.abs(expected))).all():
        raise ExportRefused(f"onnxruntime's critic differs from torch's by {off.max():.1e}")
    return graph


def parts_of(model: onnx.ModelProto) -> dict[str, bytes]:
    """The graphs that a file carries beside the generator's."""
    said = {prop.key: prop.value for prop in model.metadata_props}
    return {key: zlib.decompress(base64.b85decode(said[key])) for key in PARTS if key in said}


def without_critic(path: Path) -> OnnxGenerator:
    """The model of a file as it plays where nothing is chosen. Raises `BadModel`."""
    generator = open_session(path, "cpu")
    generator.forget_critic()
    return generator


def put_critic(path: Path, graph: bytes, learned: Learned, songs: BarSet) -> tuple[ModelInfo, int]:
    """A model file with a critic, which goes on as nearly as songs do as it can, and is measured
    anew; returns what it says and its size in bytes. On any failure the file is as it was."""
    model = onnx.load(path)
    parts = parts_of(model) | {CRITIC_KEY: graph}
    info = open_session(path, "cpu").info
    info = replace(info, origin={**info.origin, "critic": learned.as_dict()})

    def write(beside: Path) -> None:
        nonlocal info
        beside.write_bytes(with_metadata(model, info, parts))
        shares = harmony_of_songs(songs), rhythm_of_songs(songs)
        info = as_songs(open_session(beside, "cpu"), *shares)
        beside.write_bytes(with_metadata(model, info, parts))
        info = replace(info, quality=quality_of(open_session(beside, "cpu"), info))
        beside.write_bytes(with_metadata(model, info, parts))

    write_whole(path, write)
    return info, path.stat().st_size
