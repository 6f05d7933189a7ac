"""A stream's graphs, and what its model file says of latent and knobs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from livegan.core.knobs import KNOBS
from livegan.core.model import HOMES
from livegan.core.music import PITCHES, STEPS_PER_BAR, is_drums
from livegan_train.checkpoint import Checkpoint
from livegan_train.config import AnyConfig
from livegan_train.heads import OnsetHead
from livegan_train.run import sample_latents
from livegan_train.stream.attributes import alone_of
from livegan_train.stream.cells import cells_of_roll
from livegan_train.stream.config import StreamConfig
from livegan_train.stream.keyed import KeyedCapture, KeyedStream
from livegan_train.stream.networks import BarEncoder, Capture, Inverse, StreamGenerator


def averaged_stream(checkpoint: Checkpoint) -> tuple[StreamGenerator, Capture, OnsetHead]:
    """Generator and capture with their averaged weights, rounded to what the file keeps."""
    config = checkpoint.config
    assert isinstance(config, StreamConfig)
    pitched = [not is_drums(track) for track in checkpoint.data["tracks"]]
    shape = config.shape(pitched, alone_of(checkpoint.state["quantiles"], pitched))
    generator, encoder, inverse = StreamGenerator(shape), BarEncoder(shape), Inverse(shape)
    networks = nn.ModuleDict({"generator": generator, "encoder": encoder, "inverse": inverse})
    networks.load_state_dict(checkpoint.state["ema"])
    generator.mapping.move(checkpoint.state["shift"])
    generator.rest.copy_(checkpoint.state["least"])
    networks.eval().requires_grad_(False).half().float()
    return generator, Capture(generator, encoder, inverse), OnsetHead(shape.cells)


class PlayableStream(nn.Module):
    """Generator and head as the runtime wants them: latent, place, the bar before and the knobs in, the
    head's logits out."""

    inputs = ("z", "place", "context", "controls")
    outputs = ("onset", "keep")

    def __init__(self, generator: StreamGenerator | KeyedStream, head: OnsetHead) -> None:
        super().__init__()
        self.generator, self.head = generator, head
        self.shape = generator.shape
        self.homes = HOMES * isinstance(generator, KeyedStream)

    def forward(
        self, z: Tensor, place: Tensor, context: Tensor, controls: Tensor
    ) -> tuple[Tensor, ...]:
        before = cells_of_roll(context, self.shape.cells)
        logits = self.head.export(self.generator(z, before, place, controls))
        return logits["onset"], logits["keep"]

    def examples(self, count: int) -> tuple[Tensor, ...]:
        """Random inputs of the graph, in its order."""
        random = torch.Generator().manual_seed(0)
        shape = (count, self.shape.tracks, STEPS_PER_BAR, PITCHES)
        return (
            sample_latents(count, self.homes + self.shape.latent, random),
            torch.arange(count) % self.shape.places,
            (torch.rand(shape, generator=random) < 0.03).float(),
            torch.rand(count, self.shape.controls, generator=random) * 2 - 1,
        )


class PlayableEncoder(nn.Module):
    """A bar `[batch, track, step, pitch]` to its latent."""

    inputs = ("roll",)
    outputs = ("z",)

    def __init__(self, capture: Capture | KeyedCapture) -> None:
        super().__init__()
        self.capture, self.shape = capture, capture.shape

    def forward(self, roll: Tensor) -> tuple[Tensor, ...]:
        return (self.capture(cells_of_roll(roll, self.shape.cells)),)

    def examples(self, count: int) -> tuple[Tensor, ...]:
        random = torch.Generator().manual_seed(0)
        shape = (count, self.shape.tracks, STEPS_PER_BAR, PITCHES)
        return ((torch.rand(shape, generator=random) < 0.03).float(),)


def playable_stream(checkpoint: Checkpoint) -> tuple[PlayableStream, PlayableEncoder]:
    """In all keys, if it was learned in one."""
    generator, capture, head = averaged_stream(checkpoint)
    if not homes_of(checkpoint.config):
        return PlayableStream(generator, head), PlayableEncoder(capture)
    keyed = KeyedStream(generator, checkpoint.state["quantiles"])
    return PlayableStream(keyed, head), PlayableEncoder(KeyedCapture(capture))


def homes_of(config: AnyConfig) -> int:
    """How many numbers of the latent say the scale."""
    return HOMES if isinstance(config, StreamConfig) and config.home else 0


def ranges_of(checkpoint: Checkpoint) -> list[dict[str, tuple[float, ...]]]:
    """Quantiles of every knob but the density, by track."""
    tables = checkpoint.state["quantiles"].numpy()
    return [
        {
            knob: tuple(round(float(value), 4) for value in track[place])
            for place, knob in enumerate(KNOBS)
            if knob != "density"
        }
        for track in tables
    ]
