"""The model of feel as an ONNX graph, which a model file carries."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from livegan.core.music import PITCHES, STEPS_PER_BAR

from .network import OUTPUTS, Feel

OPSET = 17
PARITY_BARS = 8
PARITY_LIMIT = 1e-4


class GraphDiffers(RuntimeError):
    """The graph would not say what the network says; one line tells how far off it is."""


def graph_of(model: Feel) -> bytes:
    """The graph: input `roll` float `[batch, track, step 96, pitch 84]`, outputs `velocity`,
    `velocity_spread`, `timing`, `timing_spread` of that shape. Raises `GraphDiffers`."""
    random = torch.Generator().manual_seed(0)
    shape = (PARITY_BARS, model.tracks, STEPS_PER_BAR, PITCHES)
    rolls = (torch.rand(shape, generator=random) < 0.05).float()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the dynamo exporter is 20 times slower
        warnings.filterwarnings("ignore", "Constant folding", UserWarning)  # of paddings: harmless
        torch.onnx.export(
            model.eval(),
            (rolls[:1],),
            Path(folder) / "graph.onnx",
            opset_version=OPSET,
            input_names=["roll"],
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: "batch"} for name in ("roll", *OUTPUTS)},
            dynamo=False,
        )
        graph = (Path(folder) / "graph.onnx").read_bytes()
    check(graph, model, rolls)
    return graph


def check(graph: bytes, model: Feel, rolls: torch.Tensor) -> None:
    """Raises `GraphDiffers` unless onnxruntime and torch agree."""
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = model(rolls)
    got = session.run(list(OUTPUTS), {"roll": rolls.numpy()})
    off = max(
        float(np.abs(one.numpy() - other).max()) for one, other in zip(expected, got, strict=True)
    )
    if not off < PARITY_LIMIT:
        raise GraphDiffers(f"torch and onnxruntime differ by {off:.2g}")
