"""Errors of the branch's LASSO and of the plain one in so many dimensions that no column is ever drawn.

While only the s relevant coefficients are active, both estimators are linear equations in the second moments of the
relevant columns A and the noise e, a Wishart matrix of s + 1 dimensions. The other d - s columns enter through their
scatter W, Wishart too and independent of both: of its inverse only a block of s + 1 dimensions is needed, whose own
inverse is Wishart with d - n + 1 degrees of freedom. That no other coefficient is active is checked on the largest of
d - s correlations, drawn from its law.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

__all__ = ["sparse_error"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def sparse_error(
    rng: Rng, n: int, d: int, sparsity: int, noise: float, estimator: str, factor: float = 2.0, sets: int = 32
) -> float:
    """Mean squared error, coefficients of 1; penalty factor*noise*sqrt(2 n ln d), the cap 1/d of that."""
    penalty = factor * noise * np.sqrt(2 * n * np.log(d))
    L = _bartlett(rng, sets, sparsity + 1, n)
    R = L.transpose(0, 2, 1) * np.append(np.ones(sparsity), noise)  # of a QR decomposition of (A, e)
    if estimator == "lasso":
        moved, rest2 = _active(R.transpose(0, 2, 1) @ R, penalty)
        _check(rng, 1 + moved, np.sqrt(rest2), d - sparsity, penalty)
        return float(np.mean(np.sum(moved**2, axis=1)))
    cap, s = penalty / d, sparsity
    half = np.linalg.solve(_bartlett(rng, sets, s + 1, d - n + 1), R)
    G = half.transpose(0, 2, 1) @ half  # (A, e)^T W^{-1} (A, e); then of M = W + A A^T
    moved, fitted2 = _active(G - G[:, :, :s] @ np.linalg.solve(np.eye(s) + G[:, :s, :s], G[:, :s]), cap)
    others2 = np.maximum(fitted2 - s * cap**2, 0.0)  # relevant entries of the least-norm fit are the cap
    _check(rng, 1 + moved, np.sqrt(others2 / (d - s)), d - s, cap)
    return float(np.mean(np.sum((moved + cap) ** 2, axis=1) + others2))


def _active(K: Array, penalty: float) -> tuple[Array, Array]:
    """Minimiser of r^T P r/2 + penalty*sum(b), r = e - A (b - 1), less 1, and r^T P r; K = (A, e)^T P (A, e)."""
    s = K.shape[1] - 1
    moved = np.linalg.solve(K[:, :s, :s], K[:, :s, s:] - penalty)[..., 0]
    rest = np.concatenate([-moved, np.ones((len(K), 1))], axis=1)
    return np.asarray(moved), np.asarray(np.einsum("ki,kij,kj->k", rest, K, rest))


def _check(rng: Rng, coefficients: Array, correlation: Array, others: int, penalty: float) -> None:
    """Refuse where another coefficient would be active; `correlation` is one standard deviation of theirs."""
    largest = correlation * -ndtri(-0.5 * np.expm1(np.log(rng.uniform(size=correlation.size)) / others))
    if np.any(coefficients <= 0) or np.any(largest > penalty):
        raise ArithmeticError(f"other coefficients are active: {largest.max():g} > {penalty:g}")


def _bartlett(rng: Rng, sets: int, size: int, freedom: int) -> Array:
    """Lower factors of Wishart matrices."""
    L = np.tril(rng.standard_normal((sets, size, size)), -1)
    L[:, np.arange(size), np.arange(size)] = np.sqrt(rng.chisquare(freedom - np.arange(size), (sets, size)))
    return L
