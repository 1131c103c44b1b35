"""What formulas name of a set of Hessians: traces, the largest eigenvalue, the coherence, from their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["hessian_quantities", "stack_quantities"]


def hessian_quantities(factors: Any, batch_size: int, sampling: str) -> dict[str, Any]:
    """Return them for H_i = G_i G_i^T, G_i a vector or a matrix of factors."""
    factors = np.asarray(factors, dtype=float)
    factors = factors[:, :, None] if factors.ndim == 2 else factors
    return stack_quantities(np.einsum("iar,ibr->iab", factors, factors), batch_size, sampling)


def stack_quantities(hessians: Any, batch_size: int, sampling: str = "bernoulli") -> dict[str, Any]:
    """Return trace, largest eigenvalue, coherence, largest norm and mean squared Frobenius norm over batches.

    The Hessians may be given by factors, shape (n, d, r) with r unequal d, or whole, shape (n, d, d).
    """
    H = np.asarray(hessians, dtype=float)
    if H.shape[1] != H.shape[2]:
        return hessian_quantities(H, batch_size, sampling)
    n, mean = len(H), H.mean(axis=0)
    overlaps = np.sqrt(np.maximum(np.einsum("iab,jab->ij", H, H), 0.0))
    largest = float(np.linalg.eigvalsh(H)[:, -1].max())
    p = {"without-replacement": (n - batch_size) / (batch_size * max(n - 1, 1)), "with-replacement": 1 / batch_size,
         "bernoulli": 1 / batch_size - 1 / n}.get(sampling, 0.0)  # fmt: skip
    c0 = 1.0 if sampling == "bernoulli" else 1 - p
    square = float(np.sum(mean**2))
    return {
        "trace": float(np.trace(mean)), "largest_eigenvalue": float(np.linalg.eigvalsh(mean)[-1]),
        "coherence": float(np.linalg.eigvalsh(overlaps)[-1]) / largest, "largest_norm": largest,
        "frobenius": square**0.5,
        "batch_frobenius": c0 * square + p * float(np.mean(np.sum(H**2, axis=(1, 2)))),
    }  # fmt: skip
