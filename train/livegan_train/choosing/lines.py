"""How the lines of a bar go: where its highest and lowest notes lead, how far its pitches reach and how
its notes differ in length. With nothing but what an ONNX graph has."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from livegan.core.music import PITCHES, SIXTEENTHS_PER_BAR

from ..stream.cells import Cells

OCTAVE = 12.0
REACH = (PITCHES - 1) / OCTAVE
LENGTHS = (2, 4, 8)
"""Sixteenths that a note may last."""
FEW = 1e-6
OVER = 1.0
"""Octaves that keep a place and the lowest pitch from being rounded to the place before."""


def lines(bar: Cells, pitched: Tensor, cells: int) -> Tensor:
    """Of each pitched track of bars of so many cells, `[batch, track, 10]`: mean leap of the highest
    and of the lowest notes from one onset time to the next, highest and lowest pitch, range and spread
    of pitches, all in octaves; entropy of pitch classes, in bits; and the shares of notes that last 2,
    4 and 8 sixteenths."""
    onset, hold = bar.onset[:, pitched], bar.hold[:, pitched]
    pitch = torch.arange(PITCHES, device=onset.device, dtype=onset.dtype) / OCTAVE
    struck = onset.sum(2).clamp(max=1)
    some = struck.amax(2)
    top = (struck * pitch).amax(2)
    bottom = some * (REACH - (struck * pitch.flip(0)).amax(2))
    notes = onset.sum((2, 3)).clamp_min(1.0)
    counts = onset.sum(2)
    middle = (counts * pitch).sum(2) / notes
    apart = (pitch - middle.unsqueeze(2)).pow(2)
    spread = ((counts * apart).sum(2) / notes + FEW).sqrt()
    shares = counts.reshape(*counts.shape[:2], -1, 12).sum(2) / notes.unsqueeze(2)
    entropy = -(shares * (shares + FEW).log2()).sum(2)
    edges = [top, bottom, top - bottom, spread]
    leaps = [leap(onset, pitch, cells), leap(onset.flip(3), pitch, cells)]
    found = [*leaps, *edges, entropy, *lasting(onset, hold, notes, cells)]
    return torch.stack(found, 2)


def leap(onset: Tensor, pitch: Tensor, cells: int) -> Tensor:
    """Mean distance between the highest notes of successive onset times, `[batch, track]`."""
    struck = onset.amax(3)
    highest = (onset * pitch).amax(3)
    # of what has been struck so far the latest is the largest, and what is over its place is its pitch
    apart = 2 * REACH
    place = torch.arange(1, cells + 1, device=onset.device, dtype=onset.dtype) * apart + OVER
    last = struck * (place + highest)
    for digit in range((cells - 1).bit_length()):
        last = torch.maximum(last, F.pad(last[:, :, : -(2**digit)], (2**digit, 0)))
    before = F.pad(last[:, :, :-1], (1, 0))
    known = struck * (before > 0).to(struck.dtype)
    earlier = before - apart * torch.floor(before / apart) - OVER
    steps = known * (highest - earlier).abs()
    return steps.sum(2) / known.sum(2).clamp_min(1.0)


def lasting(onset: Tensor, hold: Tensor, notes: Tensor, cells: int) -> list[Tensor]:
    """The shares of notes that last as many sixteenths as `LENGTHS` say, each `[batch, track]`."""
    a_sixteenth = cells // SIXTEENTHS_PER_BAR
    held = (hold > 0).to(onset.dtype) * (1 - onset)
    shares, going, far = [], held, 1
    for length in LENGTHS:
        while far < length * a_sixteenth - 1:
            by = min(far, length * a_sixteenth - 1 - far)
            going = going * F.pad(going[:, :, by:], (0, 0, 0, by))
            far += by
        lasts = onset[:, :, :-1] * going[:, :, 1:]
        shares.append(lasts.sum((2, 3)) / notes)
    return shares
