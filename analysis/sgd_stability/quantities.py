"""What formulas name of a set of Hessians: traces, the largest eigenvalue, the coherence, from their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse.linalg import eigsh

from solvable.analysis.derivation.quantities import cases

__all__ = [
    "adam_quantities",
    "bernoulli",
    "decay_quantities",
    "diagonal_quantities",
    "hessian_quantities",
    "relu_quantities",
    "stack_quantities",
    "without_replacement",
]

_MANY = 100  # samples beyond which one eigenvalue is cheaper alone


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
    flat = H.reshape(n, -1)
    overlaps = np.sqrt(np.maximum(flat @ flat.T, 0.0))
    largest = float(np.linalg.eigvalsh(H)[:, -1].max())
    p = {"without-replacement": (n - batch_size) / (batch_size * max(n - 1, 1)), "with-replacement": 1 / batch_size,
         "bernoulli": 1 / batch_size - 1 / n}.get(sampling, 0.0)  # fmt: skip
    c0 = 1.0 if sampling == "bernoulli" else 1 - p
    square = float(np.sum(mean**2))
    return {
        "trace": float(np.trace(mean)), "largest_eigenvalue": float(np.linalg.eigvalsh(mean)[-1]),
        "coherence": _largest_eigenvalue(overlaps) / largest, "largest_norm": largest,
        "frobenius": square**0.5,
        "batch_frobenius": c0 * square + p * float(np.mean(np.sum(H**2, axis=(1, 2)))),
    }  # fmt: skip


def _largest_eigenvalue(overlaps: Any) -> float:
    """Return it; of many samples by Lanczos' method, whose first vector is no accident: entries are not negative."""
    n = len(overlaps)
    if n < _MANY:
        return float(np.linalg.eigvalsh(overlaps)[-1])
    return float(eigsh(overlaps, k=1, which="LA", v0=np.ones(n), return_eigenvectors=False)[0])


def without_replacement(G: Any, batch_size: int, **_: Any) -> dict[str, Any]:
    """Return them for gradients and batches without repetition."""
    return hessian_quantities(G, batch_size, "without-replacement")


def bernoulli(batch_size: int, G: Any = None, H: Any = None, **_: Any) -> dict[str, Any]:
    """Return them for gradients, or whole Hessians, each taken with the same probability."""
    return hessian_quantities(G, batch_size, "bernoulli") if H is None else stack_quantities(H, batch_size)


def diagonal_quantities(d: int, quantity: str, **_: Any) -> dict[str, Any]:
    """Return sums over the weights of the diagonal network of the claims, and which norm is asked for."""
    squares = np.linspace(0.2, 1.0, d) ** 2 + np.linspace(0.8, 0.1, d) ** 2
    return {"weights": squares.sum(), "fourth": squares @ squares, "largest": squares.max(),
            **cases("quantity", quantity, "trace", "frobenius", "top_eigenvalue")}  # fmt: skip


def relu_quantities(d: int, width: int, **_: Any) -> dict[str, Any]:
    """Return squared norms of both layers of the ReLU network of the claims."""
    weights = np.random.default_rng(7)
    hidden, outer = weights.standard_normal((width, d)), weights.standard_normal(width)
    return {"hidden": float(np.sum(hidden**2)), "outer": float(outer @ outer)}


def decay_quantities(quantity: str, **_: Any) -> dict[str, Any]:
    """Return which property of the equilibrium is asked for."""
    return cases("quantity", quantity, "norm", "effective_step_size", "angle", "relaxation")


def adam_quantities(
    quantity: str, step_size: float, weight_decay: float, gradient_norm: float, d: float, momentum: float, decay: str
) -> dict[str, Any]:
    """Return which property is asked for and, for a penalty, the share p lost in a step: a polynomial's one root."""
    asked = cases("quantity", quantity, "norm", "effective_step_size", "angle")
    if decay == "decoupled":
        return asked
    import mpmath as mp

    eta, lam, g, size, beta = (mp.mpf(float(x)) for x in (step_size, weight_decay, gradient_norm, d, momentum))
    kappa = (1 - beta) / (1 + beta)
    force, a = (eta**2 * size * lam / g) ** 2, 1 - kappa
    roots = mp.polyroots([a * a, 4 * a, 4, 0, kappa * force, -2 * force] if a else [4, 0, force, -2 * force],
                         maxsteps=500, extraprec=500)  # fmt: skip
    (p,) = [mp.re(r) for r in roots if abs(mp.im(r)) < mp.mpf(10) ** (-mp.mp.dps // 2) and 0 < mp.re(r) < 1]
    return {**asked, "shrinkage": p}
