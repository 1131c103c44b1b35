"""Problems that predictions and experiments share: sizes, decays, targets. Data only, no method."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["BALANCED", "IMBALANCED", "RESPONSE", "USUAL", "start_features", "target_matrix"]

USUAL = Domain(
    classes=(2, 8), samples=(2, 12), weight_decay=(1e-3, 0.1), feature_decay=(1e-4, 0.1), bias_decay=(0.02, 10.0),
    attachment=(0.1, 1000.0),
)  # fmt: skip

Array = NDArray[np.float64]
Cell = dict[str, Any]

BALANCED: list[Cell] = [
    {"classes": 4, "samples": 5, "weight_decay": 5e-3, "feature_decay": 2e-3},
    {"classes": 4, "samples": 5, "weight_decay": 0.03, "feature_decay": 0.02},
    {"classes": 6, "samples": 3, "weight_decay": 4e-3, "feature_decay": 1e-2},
]

# Class sizes, layer decays from the features on, feature decay; decays weak enough for random starts to find f*.
IMBALANCED: list[Cell] = [
    {"class_sizes": (20, 10, 5, 5), "layer_decays": (0.02,), "feature_decay": 1e-3},
    {"class_sizes": (20, 10, 5, 5), "layer_decays": (4e-3, 8e-3), "feature_decay": 1e-3},
    {"class_sizes": (12, 8, 4), "layer_decays": (1e-3, 2e-3, 1e-3), "feature_decay": 5e-4},
    {"class_sizes": (40, 15, 2), "layer_decays": (0.03,), "feature_decay": 2e-3},
]

RESPONSE: Cell = {"classes": 3, "samples": 3, "dimension": 5, "weight_decay": 0.3, "feature_decay": 0.3}


def start_features(classes: int, samples: int, dimension: int, problem: int) -> Array:
    """Gaussian features of a numbered problem, samples in rows."""
    return np.asarray(np.random.default_rng((7, problem)).standard_normal((classes * samples, dimension)))


def target_matrix(problem: str) -> Array:
    """Target of a deep linear network on whitened inputs: a fixed Gaussian matrix, a rank-one one, or the identity."""
    rng = np.random.default_rng(3)
    if problem == "identity":
        return np.eye(2)
    if problem == "rank-one":
        return np.outer([1.0, 2.0, -1.0], [0.5, 1.0])
    return np.asarray(2 * rng.standard_normal((4, 3)))
