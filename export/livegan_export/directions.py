"""Named directions of a stream's latent: found in the weights, named after what they measurably do."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from livegan.core.model import Direction
from livegan_train.heads import OnsetHead
from livegan_train.run import sample_latents
from livegan_train.stream.attributes import MAJOR_PROFILE, MINOR_PROFILE, attributes
from livegan_train.stream.cells import Cells
from livegan_train.stream.networks import StreamGenerator, free_controls, silence

WANTED = 8
CANDIDATES = 32
FAR = 4.0
"""Standard deviations of the latent on either side."""
TRIED = 256
WORDS = (
    "more notes", "higher", "fuller", "off the beat", "longer", "wider", "chords", "later",
    "more colours", "major",
)  # fmt: skip
"""What the measures are called when they grow."""


def measures(cells: Cells) -> Tensor:
    """Of every bar, mean over tracks, `[bar, measure]`: the five knobs', spread of pitches in
    semitones, notes struck together, mean place of the onsets, pitch classes, and how much more a
    major key fits than a minor one."""
    onset = cells.onset
    values, sounding = attributes(cells)
    tracks, weight = onset.shape[1], sounding.float()
    count = weight.sum(1).clamp_min(1)
    pitch = torch.arange(onset.shape[3], dtype=onset.dtype)
    place = torch.arange(onset.shape[2], dtype=onset.dtype)
    notes = onset.sum((2, 3)).clamp_min(1)
    apart = (pitch - values[:, :, 1:2]).pow(2)
    width = ((onset.sum(2) * apart).sum(2) / notes).sqrt()
    together = notes / onset.amax(3).sum(2).clamp_min(1)
    centre = (onset.sum(3) * place).sum(2) / notes
    by_class = onset.sum(2).reshape(len(onset), tracks, -1, 12).sum(2)
    colours = by_class.clamp(max=1).sum(2)
    parts = [*values.unbind(2), width, together, centre, colours]
    means = [(part * weight).sum(1) / count for part in parts]
    return torch.stack([*means, majorness(by_class.sum(1))], 1)


def majorness(by_class: Tensor) -> Tensor:
    """The best major key's correlation less the best minor key's, `[bar]`."""
    best = []
    for profile in (MAJOR_PROFILE, MINOR_PROFILE):
        keys = torch.stack([torch.tensor(profile).roll(tonic) for tonic in range(12)])
        keys = keys - keys.mean(1, keepdim=True)
        heard = by_class - by_class.mean(1, keepdim=True)
        norms = keys.norm(dim=1) * heard.norm(dim=1, keepdim=True).clamp_min(1e-6)
        best.append((heard @ keys.T / norms).amax(1))
    apart: Tensor = best[0] - best[1]
    return apart


@torch.no_grad()
def directions_of(generator: StreamGenerator, head: OnsetHead) -> tuple[Direction, ...]:
    """Of the directions in which the generator's first layers turn a place on its map into most
    (closed form: SeFa, Shen and Zhou, 2021), the eight that change one measure each most, no two the
    same one."""
    mapping = generator.mapping
    weights = [mapping.basis, mapping.dense.weight, *(layer.weight for layer in mapping.latents)]
    shared = torch.stack([w.T @ w / w.pow(2).sum() for w in weights]).sum(0)  # type: ignore[operator]
    values, vectors = torch.linalg.eigh(shared)
    best = vectors.T[values.argsort(descending=True)[:CANDIDATES]]
    found = torch.nn.functional.pad(best, (0, generator.shape.code))
    effects = np.stack([effect_of(generator, head, vector) for vector in found])
    chosen: list[Direction] = []
    left = np.abs(effects)
    while len(chosen) < min(WANTED, len(found)):
        place, measure = np.unravel_index(left.argmax(), left.shape)
        vector = found[place] * float(np.sign(effects[place, measure]) or 1.0)
        numbers = tuple(round(float(v), 5) for v in vector)
        chosen.append(Direction(WORDS[measure], numbers))
        left[place] = left[:, measure] = -1.0
    return tuple(chosen)


def effect_of(generator: StreamGenerator, head: OnsetHead, vector: Tensor) -> NDArray[np.float32]:
    """How far a direction changes each measure from one side to the other, in the measure's standard
    deviations over random bars, `[measure]`."""
    z = sample_latents(TRIED, generator.shape.latent, torch.Generator().manual_seed(1))
    here, low, high = (
        measures(drawn(generator, head, z + side * FAR * vector)) for side in (0.0, -1.0, 1.0)
    )
    found: NDArray[np.float32] = ((high - low).mean(0) / here.std(0).clamp_min(1e-3)).numpy()
    return found


def drawn(generator: StreamGenerator, head: OnsetHead, z: Tensor) -> Cells:
    """Bars with nothing before them and every knob free."""
    shape = generator.shape
    free = free_controls(len(z), shape, z.device)
    place = torch.arange(len(z)) % shape.places
    return head.draw_cells(generator(z, silence(len(z), shape, z.device), place, free))
