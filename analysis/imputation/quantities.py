"""Quadratic forms of a problem with missing entries, from linear systems at the precision of mpmath."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvable.analysis.derivation.quantities import ridge_quantities
from solvable.solvers import Spectrum

__all__ = ["fit_quantities", "imputation_quantities", "risk_quantities"]


def risk_quantities(sigma: Any, beta: Any, observed: float, theta: Any, **_: Any) -> dict[str, Any]:
    """Return the risk of scaled weights on complete inputs, and their norm in D = diag(Sigma)."""
    import mpmath as mp

    S, weights = mp.matrix(sigma.tolist()), mp.matrix(theta.tolist())
    gap = mp.mpf(observed) * weights - mp.matrix(beta.tolist())
    norm = mp.fsum(S[i, i] * weights[i] ** 2 for i in range(S.rows))
    return {"complete_risk": _dot(gap, S * gap), "diagonal_norm": norm}


def imputation_quantities(sigma: Any, beta: Any, observed: float, **_: Any) -> dict[str, Any]:
    """Return the forms in D = diag(Sigma) that bias and bounds are made of."""
    import mpmath as mp

    S, b, rho = mp.matrix(sigma.tolist()), mp.matrix(beta.tolist()), mp.mpf(observed)
    lam, cross, diagonal = (1 - rho) / rho, S * b, [S[i, i] for i in range(S.rows)]
    solved, ridge = _solve(S, [lam * v for v in diagonal], cross), _solve(S, [lam * max(diagonal)] * S.rows, cross)
    return {
        "resolvent": mp.fsum(v * x * y for v, x, y in zip(diagonal, b, solved, strict=True)),
        "optimum_norm": _dot(solved, solved) / rho**2, "power": _dot(b, cross), "largest_variance": max(diagonal),
        "trace": mp.fsum(diagonal), "ridge_resolvent": _dot(b, ridge),
    }  # fmt: skip


def _solve(S: Any, shift: list[Any], right: Any) -> Any:
    """Solve (S + diag(shift)) x = right: an inverse in doubles, refined by residuals at full precision."""
    import mpmath as mp

    A = S.copy()
    for i, value in enumerate(shift):
        A[i, i] += value
    inverse = np.linalg.inv(np.array(A.tolist(), dtype=float))
    x, size = mp.zeros(S.rows, 1), mp.norm(right, 1)
    for _ in range(20):
        residual = right - A * x
        unit = mp.norm(residual, 1)
        if unit <= size * mp.eps * 10:
            return x
        step = inverse @ np.array([float(value / unit) for value in residual])
        x = x + unit * mp.matrix(step.tolist())
    return mp.lu_solve(A, right)


def _dot(a: Any, b: Any) -> Any:
    return (a.T * b)[0]


def fit_quantities(sigma: Any, beta: Any, observed: float, n: int, lam: float, noise: float) -> dict[str, Any]:
    """Return those of ridge regression on rows with the second moments of imputed ones."""
    D = np.diag(np.diag(sigma))
    moment, cross = observed**2 * sigma + observed * (1 - observed) * D, observed * sigma @ beta
    s, U = np.linalg.eigh(moment)
    missed = float(beta @ sigma @ beta - cross @ np.linalg.solve(moment, cross))
    return ridge_quantities(Spectrum(s, (U.T @ cross) ** 2 / s, None, missed + noise), n, lam)
