"""Problems that the claims about feature learning speak of."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["USUAL", "digit_rows"]

Array = NDArray[np.float64]

USUAL = Domain(
    N=(4, 400), samples=(10, 1000), alpha=(0.1, 10.0), epsilon=(0.05, 2.0), time=(0.1, 20.0),
    n=(3, 5000), d=(2, 800), m=(2, 20), gamma=(0.1, 4.0), steps=(1, 5000), rate=(0.01, 0.5), p=(5, 200),
    width=(10, 4000), pairs=(1, 1000), decay=(0.0, 20.0), step=(1e-4, 0.1), degree=(1, 2),
)  # fmt: skip


@cache
def digit_rows(rows: int) -> tuple[Array, Array]:
    """Digits 3 and 8 of scikit-learn, the first ones of each, mean square size 1; labels 1 and -1."""
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    kept = np.concatenate([np.flatnonzero(data.target == digit)[: rows // 2] for digit in (3, 8)])
    X = data.data[kept]
    return X / np.sqrt(np.mean(np.sum(X**2, axis=1))), np.where(data.target[kept] == 3, 1.0, -1.0)
