"""A stream's graphs, and what its model file says of latent and knobs."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from livegan.core.knobs import KNOBS
from livegan.core.model import Direction
from livegan.core.music import PITCHES, STEPS_PER_BAR
from livegan_train.checkpoint import Checkpoint
from livegan_train.heads import OnsetHead
from livegan_train.run import sample_latents
from livegan_train.stream.attributes import attributes
from livegan_train.stream.cells import Cells, cells_of_roll
from livegan_train.stream.config import StreamConfig
from livegan_train.stream.networks import StreamEncoder, StreamGenerator
from livegan_train.stream.run import FREE, silence

CANDIDATES = 24
DIRECTIONS = 8
FAR = 4.0
TRIED = 256
WORDS = {
    "density": ("more notes", "fewer notes"),
    "register": ("higher", "lower"),
    "polyphony": ("fuller", "thinner"),
    "syncopation": ("off the beat", "on the beat"),
    "length": ("longer", "shorter"),
}


def averaged_stream(checkpoint: Checkpoint) -> tuple[StreamGenerator, StreamEncoder, OnsetHead]:
    """Generator and encoder with their averaged weights."""
    config = checkpoint.config
    assert isinstance(config, StreamConfig)
    shape = config.shape(len(checkpoint.data["tracks"]))
    both = nn.ModuleDict({"generator": StreamGenerator(shape), "encoder": StreamEncoder(shape)})
    both.load_state_dict(checkpoint.state["ema"])
    generator, encoder = both.eval().values()
    assert isinstance(generator, StreamGenerator)
    assert isinstance(encoder, StreamEncoder)
    return generator, encoder, OnsetHead(shape.cells)


class PlayableStream(nn.Module):
    """Generator and head as the runtime wants them: latent, place, the bar before and the knobs in, the
    head's logits out."""

    inputs = ("z", "place", "context", "controls")
    outputs = ("onset", "keep")

    def __init__(self, generator: StreamGenerator, head: OnsetHead) -> None:
        super().__init__()
        self.generator, self.head = generator, head
        self.shape = generator.shape

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
            sample_latents(count, self.shape.latent, random),
            torch.arange(count) % self.shape.places,
            (torch.rand(shape, generator=random) < 0.03).float(),
            torch.rand(count, self.shape.controls, generator=random) * 2 - 1,
        )


class PlayableEncoder(nn.Module):
    """A bar `[batch, track, step, pitch]` to its latent."""

    inputs = ("roll",)
    outputs = ("z",)

    def __init__(self, encoder: StreamEncoder, cells: int, tracks: int) -> None:
        super().__init__()
        self.encoder, self.cells, self.tracks = encoder, cells, tracks

    def forward(self, roll: Tensor) -> tuple[Tensor, ...]:
        return (self.encoder(cells_of_roll(roll, self.cells)),)

    def examples(self, count: int) -> tuple[Tensor, ...]:
        random = torch.Generator().manual_seed(0)
        shape = (count, self.tracks, STEPS_PER_BAR, PITCHES)
        return ((torch.rand(shape, generator=random) < 0.03).float(),)


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


@torch.no_grad()
def directions_of(generator: StreamGenerator, head: OnsetHead) -> tuple[Direction, ...]:
    """Eight of the directions in which the generator's first layers turn a latent into most (closed
    form: SeFa, Shen and Zhou, 2021), named after what they change most, each in its own way if there
    are enough."""
    weights = [generator.dense.weight]
    latent = generator.shape.latent
    weights += [block.tell.weight[:, :latent] for block in generator.blocks.blocks]  # type: ignore[union-attr, index]
    values, vectors = torch.linalg.eigh(sum(w.T @ w / w.pow(2).sum() for w in weights))
    found = vectors.T[values.argsort(descending=True)[:CANDIDATES]]
    effects = [effect_of(generator, head, vector) for vector in found]
    chosen: list[Direction] = []
    order = sorted(range(len(found)), key=lambda i: -float(np.abs(effects[i]).max()))
    for place in order:
        knob = int(np.abs(effects[place]).argmax())
        vector = found[place] * (1.0 if effects[place][knob] >= 0 else -1.0)
        name = named(KNOBS[knob], [direction.name for direction in chosen])
        chosen.append(Direction(name, tuple(round(float(v), 5) for v in vector)))
        if len(chosen) == DIRECTIONS:
            break
    return tuple(chosen)


def named(knob: str, taken: list[str]) -> str:
    """'higher', then 'higher 2' and so on."""
    word = WORDS[knob][0]
    count = sum(name.rstrip(" 23456789") == word for name in taken)
    return word if count == 0 else f"{word} {count + 1}"


def effect_of(generator: StreamGenerator, head: OnsetHead, vector: Tensor) -> np.ndarray:
    """How far a direction changes each knob's measure from one side to the other, in its standard
    deviations, mean over tracks and bars."""
    shape = generator.shape
    random = torch.Generator().manual_seed(1)
    z = sample_latents(TRIED, shape.latent, random)
    ends = [measured(generator, head, z + side * FAR * vector) for side in (-1.0, 1.0)]
    spread = measured(generator, head, z).std(0).clamp_min(1e-3)
    effect: np.ndarray = ((ends[1] - ends[0]).mean(0) / spread).mean(0).numpy()
    return effect


def measured(generator: StreamGenerator, head: OnsetHead, z: Tensor) -> Tensor:
    """The knobs' measures `[bar, track, knob]` of bars with nothing before them."""
    shape = generator.shape
    free = torch.full((len(z), shape.controls), FREE)
    place = torch.arange(len(z)) % shape.places
    before: Cells = silence(len(z), shape, z.device)
    values, _ = attributes(head.draw_cells(generator(z, before, place, free)))
    return values
