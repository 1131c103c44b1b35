"""All claims of the family: hypergradients, inverse Fisher matrices and Gauss-Newton steps."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.curvature.experiments import dense, descent
from solvable.analysis.curvature.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import (
    InverseFisher,
    gauss_newton_step,
    implicit_hypergradient,
    neumann_error,
    ridge_hypergradient,
)

__all__ = ["CLAIMS"]

_HOAG = Source("pedregosa2016hyperparameter")
_SERIES = Source("lorraine2020optimizing")
_ERROR = Source("lorraine2020optimizing", "this form derived in docs/theory/curvature.md")
_FISHER = Source("frantar2021mfac")
_STEP = Source("korbit2024exact")


def _implicit(log_ridge: float, X: Any, y: Any, V: Any, z: Any) -> tuple[Any, Any, Any]:
    """Hessian, mixed derivative and outer gradient of ridge regression at its minimiser."""
    H = X.T @ X + np.exp(log_ridge) * np.eye(X.shape[1])
    w = np.linalg.solve(H, X.T @ y)
    return H, np.exp(log_ridge) * w, V.T @ (V @ w - z)


def _neumann(log_ridge: float, terms: int, share: float, X: Any, y: Any, V: Any, z: Any, **_: Any) -> float:
    H, cross, gradient = _implicit(log_ridge, X, y, V, z)
    step = share * 2 / float(np.linalg.eigvalsh(H)[-1])
    return float(implicit_hypergradient(H, cross, gradient, "neumann", terms, step).value)


def _missed(log_ridge: float, terms: int, share: float, X: Any, y: Any, V: Any, z: Any, **_: Any) -> float:
    """Error of the series in units of the exact hypergradient."""
    H, cross, gradient = _implicit(log_ridge, X, y, V, z)
    step = share * 2 / float(np.linalg.eigvalsh(H)[-1])
    exact = implicit_hypergradient(H, cross, gradient).value
    return float(neumann_error(H, cross, gradient, terms, step) / abs(exact))


def _logistic(log_ridge: float, X: Any, y: Any, V: Any, z: Any, **_: Any) -> float:
    """Newton's method to the minimiser of the summed logistic loss, then the implicit derivative."""
    ridge, w = float(np.exp(log_ridge)), np.zeros(X.shape[1])
    for _step in range(60):
        p = 1 / (1 + np.exp(y * (X @ w)))
        H = (X.T * (p * (1 - p))) @ X + ridge * np.eye(len(w))
        w = w - np.linalg.solve(H, ridge * w - X.T @ (y * p))
    outer = -V.T @ (z / (1 + np.exp(z * (V @ w))))
    return float(implicit_hypergradient(H, ridge * w, outer).value)


def _window(damping: float, G: Any, x: Any, later: Any, **_: Any) -> Any:
    fisher = InverseFisher(G, damping)
    for gradient in later[:-1]:
        fisher = fisher.add(gradient).remove(0)
    return fisher.apply(x)


def _entries(damping: float, G: Any, **_: Any) -> Any:
    fisher = InverseFisher(G, damping)
    return np.array([fisher.entry(0, j) for j in range(G.shape[1])])


claim = partial(Claim, domain=USUAL)

CLAIMS = (
    claim(
        "curvature/hypergradient-exact",
        "Derivative of the validation loss of ridge regression in the log-ridge.",
        source=_HOAG,
        kind=Kind.EXACT,
        predict=lambda log_ridge, X, y, V, z, **_: float(ridge_hypergradient(X, y, V, z, log_ridge).gradient),
        measure=descent.refit_slope,
        grid=cells("log_ridge n", [(-3.0, 40), (0.0, 40), (3.0, 40), (0.0, 10)], d=12),
        domain=USUAL.but(n=(4, 100)),
        instance=descent.ridge_problem,
        tolerance=1e-9,
    ),
    claim(
        "curvature/logistic-hypergradient",
        "The implicit derivative for logistic regression is that of refits.",
        source=_HOAG,
        kind=Kind.EXACT,
        predict=_logistic,
        measure=descent.logistic_difference,
        grid=cells("log_ridge", [-1.0, 0.0, 2.0], n=60, d=8),
        instance=descent.logistic_problem,
        tolerance=1e-9,
    ),
    claim(
        "curvature/neumann-error",
        "A truncated Neumann series leaves exactly C^T(I − αH)^{J+1}H⁻¹∇g, in units of the hypergradient.",
        source=_ERROR,
        kind=Kind.EXACT,
        predict=_missed,
        measure=descent.unrolled_less_exact,
        grid=cells("terms", [5, 20, 80], n=40, d=8, log_ridge=0.0, share=0.4),
        instance=descent.ridge_problem,
        absolute_tolerance=1e-9,
    ),
    claim(
        "curvature/neumann-is-unrolling",
        "The series with J terms is the derivative of J + 1 steps of descent from the minimiser.",
        source=_SERIES,
        kind=Kind.EXACT,
        predict=_neumann,
        measure=descent.unrolled_slope,
        grid=cells("terms", [5, 20, 80], n=40, d=8, log_ridge=0.0, share=0.4),
        instance=descent.ridge_problem,
        tolerance=1e-9,
    ),
    claim(
        "curvature/tolerances-must-be-summable",
        "Descent with inexact hypergradients ends nearer to a stationary ridge with tolerances 1/k² than with constant "
        "ones of the same start.",
        source=_HOAG,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=descent.tolerance_gap,
        grid=cells("tolerance", [0.3, 0.1, 0.03], n=40, d=8, log_ridge=0.0, steps=100),
        assumptions="log of the ratio of the exact derivatives where both end",
        quick=(0,),
    ),
    claim(
        "curvature/inverse-fisher-static",
        "Products with the inverse damped Fisher matrix through the Gram matrix of the gradients.",
        source=_FISHER,
        kind=Kind.EXACT,
        predict=lambda damping, G, x, **_: InverseFisher(G, damping).apply(x),
        measure=dense.dense_fisher,
        grid=cells("gradients size damping", [(5, 30, 0.1), (20, 10, 0.1), (12, 60, 0.01)]),
        instance=dense.random_fisher,
        tolerance=1e-10,
    ),
    claim(
        "curvature/inverse-fisher-window",
        "The same for a window of gradients that has slid on.",
        source=_FISHER,
        kind=Kind.EXACT,
        predict=_window,
        measure=dense.dense_window,
        grid=cells("gradients size damping", [(5, 30, 0.1), (12, 60, 0.01)]),
        instance=dense.random_fisher,
        tolerance=1e-10,
    ),
    claim(
        "curvature/inverse-fisher-entry",
        "Single entries of the inverse.",
        source=_FISHER,
        kind=Kind.EXACT,
        predict=_entries,
        measure=dense.dense_entries,
        grid=cells("gradients size damping", [(5, 30, 0.1), (12, 60, 0.01)]),
        instance=dense.random_fisher,
        tolerance=1e-10,
    ),
    claim(
        "curvature/gauss-newton-dual",
        "The Gauss–Newton step solved in the outputs, with the singular Hessian of softmax, is that in the weights.",
        source=_STEP,
        kind=Kind.EXACT,
        predict=lambda ridge, J, r, Q, **_: gauss_newton_step(J, r, Q, ridge, side="dual"),
        measure=dense.dense_step,
        grid=cells("samples classes weights ridge", [(6, 4, 40, 0.1), (10, 3, 8, 0.01), (2, 6, 30, 1.0)]),
        domain=Domain(ridge=(0.01, 2.0)),
        instance=dense.random_softmax,
        tolerance=1e-10,
    ),
)
