"""Ten models of learning as traces, each at a size n with proportions fixed: what the claims of this family derive.

Spectra are power laws of mean one; X = Z Sigma^{1/2} with standard Gaussian Z. Risks leave out
the label noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.equivalents.declaring import MatrixModel
from solvable.solvers.equivalents.matrix_expression import Matrix, Space
from solvable.solvers.equivalents.trace_expression import Trace, tr

__all__ = [
    "MODELS",
    "covariate_shift",
    "deep_linear_features",
    "marchenko_pastur",
    "one_step_features",
    "power",
    "random_features",
    "real_and_synthetic",
    "ridge",
    "spike",
    "tangent_kernel",
    "weighted_least_squares",
]

Array = NDArray[np.float64]


def power(d: int, exponent: float) -> Array:
    """Return i^-exponent over its mean."""
    s = np.arange(1, d + 1) ** -float(exponent)
    return np.asarray(s * d / s.sum())


def _rotation(d: int, seed: int) -> Array:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]


def _data(n: int, s: Array) -> tuple[MatrixModel, Space, Space, Matrix, Matrix]:
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", s.size)
    S = m.deterministic("Sigma", D, s)
    return m, N, D, S, m.gaussian("Z", N, D) @ S.sqrt()


def marchenko_pastur(n: int = 100) -> Trace:
    """Resolvent of a sample covariance, d = 1.5 n."""
    m, N, D, S, X = _data(n, power(int(1.5 * n), 1))
    Q = (X.T @ X / N + m.scalar("lambda", 0.1)).inv()
    return tr(Q @ S) / D


def ridge(n: int = 100) -> Trace:
    """Ridge regression, d = 0.8 n, with target weights of a power law."""
    d = int(0.8 * n)
    m, N, D, S, X = _data(n, power(d, 1.2))
    lam, B = m.scalar("lambda", 0.05), m.deterministic("B", D, power(d, 0.5) / d)
    Q = (X.T @ X / N + lam).inv()
    return lam**2 * tr(B @ Q @ S @ Q) + 0.5 / N**2 * tr(Q @ X.T @ X @ Q @ S)


def _linear_response(
    B: Matrix, S: Matrix, C: Matrix, X: Matrix, F: Matrix, P: Matrix, Psi: Matrix, noise: float
) -> Trace:
    """Excess risk of ridge regression on features F with resolvent P, cross moment C and second moment Psi."""
    fitted = X.T @ F @ P
    return tr(B @ S) - 2 * tr(B @ C @ P @ F.T @ X) + tr(B @ fitted @ Psi @ fitted.T) + noise * tr(F @ P @ Psi @ P @ F.T)


def random_features(n: int = 100) -> Trace:
    """Random ReLU features through their Gaussian equivalent, d = 0.7 n, k = 1.4 n."""
    d, k = int(0.7 * n), int(1.4 * n)
    m, N, D, S, X = _data(n, power(d, 0.7))
    K = m.space("k", k)
    lam, B = m.scalar("lambda", 0.03 * n), m.deterministic("B", D, power(d, 0.5) / d)
    linear, nonlinear = 0.5, np.sqrt(0.25 - 1 / (2 * np.pi))
    W, Theta = m.gaussian("W", K, D, variance=1 / D), m.gaussian("Theta", N, K)
    F = (linear * (X @ W.T) + nonlinear * Theta) / K.sqrt()
    Psi = (linear**2 * (W @ S @ W.T) + nonlinear**2) / K
    return _linear_response(B, S, linear / K.sqrt() * (S @ W.T), X, F, (F.T @ F + lam).inv(), Psi, 0.2)


def deep_linear_features(n: int = 100) -> Trace:
    """Two random linear layers, the teacher a combination of the features; d = n, k1 = 1.3 n, k2 = 0.8 n."""
    m, _, D, S, X = _data(n, power(n, 0.7))
    A, C = m.space("k1", int(1.3 * n)), m.space("k2", int(0.8 * n))
    lam = m.scalar("lambda", 0.05 * n)
    G = m.gaussian("W1", D, A, variance=1 / D) @ m.gaussian("W2", A, C, variance=1 / A) / C.sqrt()
    F = X @ G
    P, Omega = (F.T @ F + lam).inv(), G.T @ S @ G
    return lam**2 * tr(P @ Omega @ P) + 0.3 * tr(F @ P @ Omega @ P @ F.T)


def covariate_shift(n: int = 100) -> Trace:
    """Ridge regression tested under another covariance; covariances and target do not commute, d = 0.8 n."""
    d = int(0.8 * n)
    U, V, R = (_rotation(d, seed) for seed in (1, 2, 3))
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", d)
    S = m.deterministic("Sigma", D, (U * power(d, 1)) @ U.T)
    T = m.deterministic("T", D, (V * power(d, 0.5)) @ V.T)
    B = m.deterministic("B", D, (R * power(d, 1) / d) @ R.T)
    lam, X = m.scalar("lambda", 0.1), m.gaussian("Z", N, D) @ S.sqrt()
    Q = (X.T @ X / N + lam).inv()
    return lam**2 * tr(B @ Q @ T @ Q) + 0.4 / N**2 * tr(Q @ X.T @ X @ Q @ T)


def real_and_synthetic(n: int = 100, *, share: float = 0.6) -> Trace:
    """Ridge regression on n real and share*n synthetic samples with their own covariance, noise and teacher error."""
    d = int(0.9 * n)
    m = MatrixModel()
    N, M, D = m.space("n1", n), m.space("n2", round(share * n)), m.space("d", d)
    S, S2 = m.deterministic("Sigma", D, power(d, 1)), m.deterministic("Sigma2", D, power(d, 1)[::-1].copy())
    B, C = m.deterministic("B", D, power(d, 0.5) / d), m.deterministic("C", D, 0.3 * power(d, 1) / d)
    lam = m.scalar("lambda", 0.1 * n)
    X1, X2 = m.gaussian("Z1", N, D) @ S.sqrt(), m.gaussian("Z2", M, D) @ S2.sqrt()
    Q = (X1.T @ X1 + X2.T @ X2 + lam).inv()
    bias = lam**2 * tr(B @ Q @ S @ Q) + tr(C @ X2.T @ X2 @ Q @ S @ Q @ X2.T @ X2)
    return bias + 0.3 * tr(X1 @ Q @ S @ Q @ X1.T) + 0.1 * tr(X2 @ Q @ S @ Q @ X2.T)


def tangent_kernel(n: int = 100) -> Trace:
    """Training loss of the linearised tangent kernel of a two-layer ReLU network, d = 0.6 n, k = 1.2 n."""
    m = MatrixModel()
    N, D, K = m.space("n", n), m.space("d", int(0.6 * n)), m.space("k", int(1.2 * n))
    X, W, Theta = m.gaussian("X", N, D), m.gaussian("W", K, D, variance=1 / D), m.gaussian("Theta", N, K)
    F = (0.5 * (X @ W.T) + np.sqrt(0.25 - 1 / (2 * np.pi)) * Theta) / K.sqrt()
    Q = (F @ F.T + 0.25 / D * (X @ X.T) + 0.3).inv()
    return 0.05**2 / N * tr(Q @ (X @ X.T / D + 0.2) @ Q)


def spike(n: int = 100) -> Trace:
    """Ridge regression with one large eigenvalue that the target is aligned with, d = 1.2 n."""
    d = int(1.2 * n)
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", multiplicities=[1, d - 1])
    S, B = m.deterministic("Sigma", D, [9.0, 1.0]), m.deterministic("B", D, [0.6, 0.4 / (d - 1)])
    lam, X = m.scalar("lambda", 0.2), m.gaussian("Z", N, D) @ S.sqrt()
    Q = (X.T @ X / N + lam).inv()
    return lam**2 * tr(B @ Q @ S @ Q) + 0.1 / N**2 * tr(Q @ X.T @ X @ Q @ S)


def weighted_least_squares(n: int = 100) -> Trace:
    """Weighted ridge regression under heteroscedastic noise, d = 0.5 n."""
    d = int(0.5 * n)
    m, N, D, S, X = _data(n, power(d, 0.8))
    weights = np.linspace(0.2, 2, n)
    Omega, V = m.deterministic("Omega", N, weights), m.deterministic("V", N, 1 / weights)
    lam, B = m.scalar("lambda", 0.02), m.deterministic("B", D, power(d, 0.5) / d)
    Q = (X.T @ Omega @ X / N + lam).inv()
    return lam**2 * tr(B @ Q @ S @ Q) + 1 / N**2 * tr(X.T @ Omega @ V @ Omega @ X @ Q @ S @ Q)


def one_step_features(n: int = 100, *, strength: float = 2.0) -> Trace:
    """Random features whose weights took one gradient step, W + strength u v'; d = 0.5 n, k = 0.7 n."""
    d, k = int(0.5 * n), int(0.7 * n)
    rng = np.random.default_rng(5)
    v, u = rng.standard_normal(d), rng.standard_normal(k)
    v, u = v / np.linalg.norm(v), u / np.linalg.norm(u)
    b = 0.8 * v + 0.6 * np.linalg.qr(np.c_[v, rng.standard_normal(d)])[0][:, 1]
    m = MatrixModel()
    N, D, K = m.space("n", n), m.space("d", d), m.space("k", k)
    X, Theta, lam = m.gaussian("X", N, D), m.gaussian("Theta", N, K), m.scalar("lambda", 0.1 * n)
    W = m.gaussian("W", K, D, variance=1 / D) + m.deterministic("step", K, strength * np.outer(u, v), cols=D)
    F = (0.6 * (X @ W.T) + 0.4 * Theta) / K.sqrt()
    B, Psi = m.deterministic("B", D, np.outer(b, b)), (0.36 * (W @ W.T) + 0.16) / K
    fitted = X.T @ F @ (F.T @ F + lam).inv()
    return (
        tr(B)
        - 1.2 / K.sqrt() * tr(B @ W.T @ fitted.T)
        + tr(B @ fitted @ Psi @ fitted.T)
        + 0.1 * tr(F @ (F.T @ F + lam).inv() @ Psi @ (F.T @ F + lam).inv() @ F.T)
    )


MODELS = {
    "marchenko-pastur": marchenko_pastur,
    "ridge": ridge,
    "random-features": random_features,
    "deep-linear-features": deep_linear_features,
    "covariate-shift": covariate_shift,
    "real-and-synthetic": real_and_synthetic,
    "tangent-kernel": tangent_kernel,
    "spike": spike,
    "weighted-least-squares": weighted_least_squares,
    "one-step-features": one_step_features,
}
