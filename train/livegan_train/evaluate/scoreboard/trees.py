"""Told apart by boosted trees: how often trees that saw other songs tell made bars from real ones.

Lopez-Paz & Oquab (2017), with gradient-boosted trees (scikit-learn's histogram kind) on the twenty-five
`scalars`. Per cent of bars told right; 50 is chance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...metrics import FloatArray
from .folds import accuracy, fold_of

FOLDS = 5
ROUNDS, LEAVES, RATE = 100, 15, 0.1


def told_apart(
    made: FloatArray,
    real: FloatArray,
    made_songs: NDArray[np.int64],
    real_songs: NDArray[np.int64],
    seed: int,
) -> float:
    """Of features `[bar, 25]`, as many of either; songs `[bar]` stay whole on one side of a fold."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    random = np.random.default_rng([11, seed])
    points = np.concatenate([made, real])
    is_made = np.arange(len(points)) < len(made)
    fold = np.concatenate([fold_of(made_songs, FOLDS, random), fold_of(real_songs, FOLDS, random)])
    said = np.zeros(len(points), bool)
    for number in range(FOLDS):
        asked = fold == number
        trees = HistGradientBoostingClassifier(
            max_iter=ROUNDS,
            max_leaf_nodes=LEAVES,
            learning_rate=RATE,
            early_stopping=False,
            random_state=seed,
        )
        trees.fit(points[~asked], is_made[~asked])
        said[asked] = trees.predict(points[asked])
    return accuracy(said, is_made)
