"""Splitting bars for judges that learn: never bars of one song on both sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...metrics import BoolArray


def fold_of(groups: NDArray[np.int64], folds: int, random: np.random.Generator) -> NDArray[np.int64]:
    """A fold for each bar, 0 to `folds - 1`, `[bar]`: whole groups in random order, each to the
    smallest fold by then."""
    found, sizes = np.unique(groups, return_counts=True)
    fold_of_group = np.zeros(len(found), np.int64)
    filled = np.zeros(folds, np.int64)
    for place in random.permutation(len(found)):
        fold_of_group[place] = filled.argmin()
        filled[fold_of_group[place]] += sizes[place]
    return fold_of_group[np.searchsorted(found, groups)]


def accuracy(said: BoolArray, made: BoolArray) -> float:
    """Per cent told right, as if both kinds were as many; both `[bar]`. 50 is chance."""
    right = said == made
    return 50.0 * float(right[made].mean() + right[~made].mean())
