"""The scale that each bar of a song is in.

Songs seldom leave their scale: of the struck notes of POP909's piano 98 in 100 lie in it, and it
changes in 3 bars of 1,000. Bars that are learned in one scale, C major's and A minor's, have a
twelfth of the codes, and what is made of them is moved to any other (`livegan_train.stream.keyed`).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .attributes import OUTSIDE, scales
from .cells import STRUCK

MODULATION = 12.0
"""Nats that a change of the scale costs: as much as ten notes outside."""
LOWEST, HIGHEST = -5, 6
"""Semitones by which bars are moved to C, each to the nearer one."""


def homes_of(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The tonic 0 to 11 of the major scale of each bar of one song `[bar, track, cell, pitch]`, none of
    its tracks drums: the likeliest way through the song (Viterbi), where a note outside the scale costs
    `OUTSIDE` nats and a change `MODULATION`."""
    struck = (codes >= STRUCK).sum(axis=(1, 2)).reshape(len(codes), -1, 12).sum(axis=1)
    outside = 1 - scales()[:12].numpy().astype(np.int64)
    fits = -OUTSIDE * struck @ outside.T
    best, came = fits[0], np.zeros((len(fits), 12), np.int64)
    for bar in range(1, len(fits)):
        other = int(best.argmax())
        stays = best >= best[other] - MODULATION
        came[bar] = np.where(stays, np.arange(12), other)
        best = np.where(stays, best, best[other] - MODULATION) + fits[bar]
    found = np.zeros(len(fits), np.int64)
    found[-1] = best.argmax()
    for bar in range(len(fits) - 1, 0, -1):
        found[bar - 1] = came[bar, found[bar]]
    return found


Tonics = TypeVar("Tonics", NDArray[np.int64], Tensor)


def to_home(tonics: Tonics) -> Tonics:
    """Semitones up from scales to C's, to the nearer C."""
    return (12 - LOWEST - tonics) % 12 + LOWEST
