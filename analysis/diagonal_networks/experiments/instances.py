"""Problems that are drawn before anything is predicted or measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvable.analysis.diagonal_networks.settings import sparse_regression

__all__ = ["gaussian_problem", "sparse_problem"]

Rng = np.random.Generator


def sparse_problem(rng: Rng, *, shape: tuple[Any, ...], **_: Any) -> dict[str, Any]:
    """X and y of a sparse regression; `shape` holds rows, columns, sparsity and maybe noise."""
    X, y, _target = sparse_regression(rng, *shape)
    return {"X": X, "y": y}


def gaussian_problem(rng: Rng, n: int, d: int) -> dict[str, Any]:
    """X and y with Gaussian entries."""
    return {"X": rng.standard_normal((n, d)), "y": rng.standard_normal(n)}
