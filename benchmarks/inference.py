"""Time of one bar through the model: onnxruntime as the daemon runs it, and torch eager; then to its
notes, as the knobs wish them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from livegan.core.choosing import WAYS
from livegan.core.knobs import KNOBS
from livegan.core.latent import Point, random_point
from livegan.core.rendering import Cue, make_bar
from livegan.core.state import initial
from livegan.shell.generator import OnnxGenerator, open_session

from .report import Row, figures

if TYPE_CHECKING:
    from livegan_train.checkpoint import Checkpoint

BARS = 500
WARM_UP = 50
CONFIG = "piano"
AIM_MS = 2.0


def measure(generator: OnnxGenerator, checkpoint: Path | None, say: Callable[[str], None]) -> list[Row]:
    """The model that plays; then, where torch is, a checkpoint in onnxruntime and in torch."""
    say("inference: the model that plays")
    rows = [onnx_row(generator, f"model {generator.info.name}")]
    if generator.chooses:
        rows.append(choosing_row(generator))
    rows += [knobs_row(generator, knobs) for knobs in ((), KNOBS[:1], KNOBS)]
    try:
        import torch
    except ImportError:
        say("inference: torch is not installed, so there is nothing to compare with")
        return rows
    from livegan_export import onnx_file
    from livegan_train.checkpoint import load

    what = "untrained piano config" if checkpoint is None else checkpoint.name
    loaded = untrained() if checkpoint is None else load(checkpoint)
    say(f"inference: {what}")
    playable, _ = onnx_file.playable_of(loaded)
    graph = onnx_file.build(playable)
    info = onnx_file.describe(loaded, "benchmark", onnx_file.Texts())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(onnx_file.with_metadata(graph, info, {}))
        rows.append(onnx_row(open_session(path, "cpu"), what))

    rest = playable.examples(1)[1:]

    def run(z: Point) -> object:
        with torch.no_grad():
            return playable(torch.from_numpy(z[None].astype(np.float32)), *rest)

    for threads in sorted({1, torch.get_num_threads()}):
        torch.set_num_threads(threads)
        times = timed(run, info.latent)
        name = f"inference of one bar: torch eager, {what}, {threads} thread{'s' * (threads > 1)}"
        rows.append(Row(name, "ms", *figures(times)))
    return rows


def onnx_row(generator: OnnxGenerator, what: str) -> Row:
    late = figures(timed(lambda z: generator.logits(Cue(z)), generator.info.latent))
    name = f"inference of one bar: onnxruntime on {generator.device}, {what}"
    return Row(name, "ms", *late, f"median < {AIM_MS:g}", late.median < AIM_MS)


def timed(run: Callable[[Point], object], latent: int) -> list[float]:
    """Time of each of many bars in ms."""
    random = np.random.default_rng(1)
    times = []
    for _ in range(WARM_UP + BARS):
        z = random_point(random, latent)
        began = time.perf_counter()
        run(z)
        times.append((time.perf_counter() - began) * 1e3)
    return times[WARM_UP:]


def choosing_row(generator: OnnxGenerator) -> Row:
    """What is done once a bar, while the latent moves by itself."""
    random = np.random.default_rng(2)

    def look(z: Point) -> object:
        ways = np.stack([random_point(random, len(z)) for _ in range(WAYS)])
        return generator.believable(Cue(z), ways)

    name = f"one of {WAYS} ways chosen: model {generator.info.name}"
    return Row(name, "ms", *figures(timed(look, generator.info.latent)))


def knobs_row(generator: OnnxGenerator, knobs: Sequence[str]) -> Row:
    """A bar from its latent to its notes, with these knobs turned anew each time."""
    random, state = np.random.default_rng(3), initial(1, *generator.info.size)

    def make(z: Point) -> object:
        shares = random.uniform(0.05, 0.95, len(knobs)).tolist()
        return make_bar(generator, replace(state, **dict(zip(knobs, shares, strict=True))), Cue(z))

    what = f"{len(knobs) or 'no'} knob{'s' * (len(knobs) != 1)} set"
    name = f"notes of one bar: model {generator.info.name}, {what}"
    return Row(name, "ms", *figures(timed(make, generator.info.latent)))


def untrained() -> Checkpoint:
    """The shipped configuration with weights as they are drawn: they don't matter for speed."""
    import torch
    from torch import nn

    from livegan_train.checkpoint import Checkpoint
    from livegan_train.config import load_config
    from livegan_train.stream.config import StreamConfig
    from livegan_train.stream.networks import BarEncoder, Inverse, StreamGenerator

    config = load_config(CONFIG)
    assert isinstance(config, StreamConfig)
    shape = config.shape([True])
    parts = StreamGenerator(shape), BarEncoder(shape), Inverse(shape)
    networks = nn.ModuleDict(dict(zip(("generator", "encoder", "inverse"), parts, strict=True)))
    state = {
        "ema": networks.state_dict(),
        "shift": torch.zeros(shape.code),
        "least": torch.zeros_like(parts[0].rest),
        "quantiles": torch.linspace(0, 1, 21).expand(1, len(KNOBS), -1),
    }
    data = {"tracks": ["PIANO"], "note_quantiles": [[1.0, 50.0]], "bars": 0, "valid": []}
    return Checkpoint(config, 0, 0.0, data, [], state)
