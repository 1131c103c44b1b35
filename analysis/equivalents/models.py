"""Models of learning as traces, each at a size n with proportions fixed: what the claims of this family derive.

Spectra are power laws of mean one; X = Z Sigma^{1/2} with standard Gaussian Z; `lam` is the ridge over n. Risks leave
out the label noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.equivalents.declaring import MatrixModel
from solvable.analysis.equivalents.settings import (
    LINEAR,
    NONLINEAR,
    aligned_spike,
    digits_problem,
    one_step_directions,
    power,
    rotated,
    sample_weights,
    two_domains,
)
from solvable.solvers.equivalents.matrix_expression import Matrix
from solvable.solvers.equivalents.matrix_leaves import Space
from solvable.solvers.equivalents.scalar_expression import Scalar
from solvable.solvers.equivalents.trace_expression import Trace, tr

__all__ = [
    "MODELS",
    "covariate_shift",
    "deep_linear_features",
    "ensemble",
    "marchenko_pastur",
    "one_step_features",
    "random_features",
    "real_and_synthetic",
    "relu_features",
    "ridge",
    "spike",
    "tangent_kernel",
    "weighted_digits",
    "weighted_least_squares",
]

Array = NDArray[np.float64]


def _data(n: int, s: Array) -> tuple[MatrixModel, Space, Space, Matrix, Matrix]:
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", s.size)
    S = m.deterministic("Sigma", D, s)
    return m, N, D, S, m.gaussian("Z", N, D) @ S.sqrt()


def marchenko_pastur(n: int = 100, lam: float = 0.1) -> Trace:
    """Resolvent of a sample covariance, d = 1.5 n."""
    m, N, D, S, X = _data(n, power(int(1.5 * n), 1))
    Q = (X.T @ X / N + m.scalar("lambda", lam)).inv()
    return tr(Q @ S) / D


def _excess(m: MatrixModel, N: Space, X: Matrix, B: Matrix, T: Matrix, lam: float, noise_variance: float) -> Trace:
    """Excess risk of ridge regression under a test covariance T."""
    ridge, noise = m.scalar("lambda", lam), m.scalar("noise", noise_variance)
    Q = (X.T @ X / N + ridge).inv()
    return ridge**2 * tr(B @ Q @ T @ Q) + noise / N**2 * tr(Q @ X.T @ X @ Q @ T)


def ridge(n: int = 100, lam: float = 0.05, noise_variance: float = 0.5) -> Trace:
    """Ridge regression, d = 0.8 n, with target weights of a power law."""
    d = int(0.8 * n)
    m, N, D, S, X = _data(n, power(d, 1.2))
    return _excess(m, N, X, m.deterministic("B", D, power(d, 0.5) / d), S, lam, noise_variance)


def _linear_response(
    B: Matrix, S: Matrix, C: Matrix, X: Matrix, F: Matrix, P: Matrix, Psi: Matrix, noise: Scalar
) -> Trace:
    """Excess risk of ridge regression on features F with resolvent P, cross moment C and second moment Psi."""
    fitted = X.T @ F @ P
    return tr(B @ S) - 2 * tr(B @ C @ P @ F.T @ X) + tr(B @ fitted @ Psi @ fitted.T) + noise * tr(F @ P @ Psi @ P @ F.T)


def random_features(n: int = 100, lam: float = 0.03, noise_variance: float = 0.2) -> Trace:
    """Random ReLU features through their Gaussian equivalent, d = 0.7 n, k = 1.4 n."""
    d, k = int(0.7 * n), int(1.4 * n)
    m, N, D, S, X = _data(n, power(d, 0.7))
    K = m.space("k", k)
    delta, B = m.scalar("lambda", lam * n), m.deterministic("B", D, power(d, 0.5) / d)
    W, Theta = m.gaussian("W", K, D, variance=1 / D), m.gaussian("Theta", N, K)
    linear, nonlinear = m.scalar("mu_1", LINEAR), m.scalar("mu_star", NONLINEAR)
    F = (linear * (X @ W.T) + nonlinear * Theta) / K.sqrt()
    Psi = (linear**2 * (W @ S @ W.T) + nonlinear**2) / K
    cross, P = linear / K.sqrt() * (S @ W.T), (F.T @ F + delta).inv()
    return _linear_response(B, S, cross, X, F, P, Psi, m.scalar("noise", noise_variance))


def deep_linear_features(n: int = 100, lam: float = 0.05, noise_variance: float = 0.3) -> Trace:
    """Two random linear layers, the teacher a combination of the features; d = n, k1 = 1.3 n, k2 = 0.8 n."""
    m, _, D, S, X = _data(n, power(n, 0.7))
    A, C = m.space("k1", int(1.3 * n)), m.space("k2", int(0.8 * n))
    delta, noise = m.scalar("lambda", lam * n), m.scalar("noise", noise_variance)
    G = m.gaussian("W1", D, A, variance=1 / D) @ m.gaussian("W2", A, C, variance=1 / A) / C.sqrt()
    F = X @ G
    P, Omega = (F.T @ F + delta).inv(), G.T @ S @ G
    return delta**2 * tr(P @ Omega @ P) + noise * tr(F @ P @ Omega @ P @ F.T)


def covariate_shift(n: int = 100, lam: float = 0.1, noise_variance: float = 0.4) -> Trace:
    """Ridge regression tested under another covariance; covariances and target do not commute, d = 0.8 n."""
    d = int(0.8 * n)
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", d)
    S = m.deterministic("Sigma", D, rotated(power(d, 1), 1))
    T = m.deterministic("T", D, rotated(power(d, 0.5), 2))
    B = m.deterministic("B", D, rotated(power(d, 1) / d, 3))
    return _excess(m, N, m.gaussian("Z", N, D) @ S.sqrt(), B, T, lam, noise_variance)


def real_and_synthetic(n: int = 100, lam: float = 0.1, share: float = 0.6, error: float = 1.0) -> Trace:
    """Ridge regression on n real and share*n synthetic samples with their own covariance, noise and teacher error."""
    d = int(0.9 * n)
    s, s2, b2, c2 = two_domains(d)
    m = MatrixModel()
    N, M, D = m.space("n1", n), m.space("n2", round(share * n)), m.space("d", d)
    S, S2 = m.deterministic("Sigma", D, s), m.deterministic("Sigma2", D, s2)
    B, C = m.deterministic("B", D, b2), m.deterministic("C", D, c2)
    delta, wrong = m.scalar("lambda", lam * n), m.scalar("error", error)
    X1, X2 = m.gaussian("Z1", N, D) @ S.sqrt(), m.gaussian("Z2", M, D) @ S2.sqrt()
    Q = (X1.T @ X1 + X2.T @ X2 + delta).inv()
    bias = delta**2 * tr(B @ Q @ S @ Q) + wrong * tr(C @ X2.T @ X2 @ Q @ S @ Q @ X2.T @ X2)
    return bias + 0.3 * tr(X1 @ Q @ S @ Q @ X1.T) + 0.1 * tr(X2 @ Q @ S @ Q @ X2.T)


def tangent_kernel(n: int = 100, lam: float = 0.05, noise_variance: float = 0.2) -> Trace:
    """Training loss of the linearised tangent kernel of a two-layer ReLU network, d = 0.6 n, k = 1.2 n."""
    m = MatrixModel()
    N, D, K = m.space("n", n), m.space("d", int(0.6 * n)), m.space("k", int(1.2 * n))
    X, W, Theta = m.gaussian("X", N, D), m.gaussian("W", K, D, variance=1 / D), m.gaussian("Theta", N, K)
    ridge, noise = m.scalar("lambda", lam), m.scalar("noise", noise_variance)
    F = (m.scalar("mu_1", LINEAR) * (X @ W.T) + m.scalar("mu_star", NONLINEAR) * Theta) / K.sqrt()
    Q = (F @ F.T + 0.25 / D * (X @ X.T) + 0.25 + ridge).inv()
    return ridge**2 / N * tr(Q @ (X @ X.T / D + noise) @ Q)


def spike(n: int = 100, lam: float = 0.2, noise_variance: float = 0.1) -> Trace:
    """Ridge regression with one large eigenvalue that the target is aligned with, d = 1.2 n."""
    d = int(1.2 * n)
    s, b2 = aligned_spike(d)
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", multiplicities=[1, d - 1])
    S, B = m.deterministic("Sigma", D, s), m.deterministic("B", D, b2)
    return _excess(m, N, m.gaussian("Z", N, D) @ S.sqrt(), B, S, lam, noise_variance)


def _weighted(n: int, s: Array, b2: Array, noise: Array, lam: float, exponent: float) -> Trace:
    m, N, D, S, X = _data(n, s)
    Omega, V = m.deterministic("Omega", N, noise**-exponent), m.deterministic("V", N, noise)
    ridge, B = m.scalar("lambda", lam), m.deterministic("B", D, b2)
    Q = (X.T @ Omega @ X / N + ridge).inv()
    return ridge**2 * tr(B @ Q @ S @ Q) + 1 / N**2 * tr(X.T @ Omega @ V @ Omega @ X @ Q @ S @ Q)


def weighted_least_squares(n: int = 100, lam: float = 0.02, exponent: float = 1.0, ratio: float = 0.5) -> Trace:
    """Ridge regression weighted by powers of the inverse noise variances, d = ratio*n."""
    d = round(ratio * n)
    return _weighted(n, power(d, 0.8), power(d, 0.5) / d, 1 / sample_weights(n), lam, exponent)


def weighted_digits(n: int, lam: float = 0.02, exponent: float = 1.0) -> Trace:
    """The same for inputs with the covariance of handwritten digits."""
    _, s, b2, noise = digits_problem(n)
    return _weighted(n, s, b2, noise, lam, exponent)


def one_step_features(
    n: int = 100, lam: float = 0.1, noise_variance: float = 0.1, strength: float = 2.0, cosine: float = 0.8
) -> Trace:
    """Random features whose weights took one gradient step, W + strength u v'; d = 0.5 n, k = 0.7 n."""
    d, k = int(0.5 * n), int(0.7 * n)
    u, v, b = one_step_directions(d, k, cosine)
    m = MatrixModel()
    N, D, K = m.space("n", n), m.space("d", d), m.space("k", k)
    X, Theta, delta = m.gaussian("X", N, D), m.gaussian("Theta", N, K), m.scalar("lambda", lam * n)
    step = m.scalar("strength", strength) * m.deterministic("step", K, np.outer(u, v), cols=D)
    W = m.gaussian("W", K, D, variance=1 / D) + step
    F = (0.6 * (X @ W.T) + 0.4 * Theta) / K.sqrt()
    B, Psi = m.deterministic("B", D, np.outer(b, b)), (0.36 * (W @ W.T) + 0.16) / K
    cross, P = 0.6 / K.sqrt() * W.T, (F.T @ F + delta).inv()
    noise = m.scalar("noise", noise_variance)
    fitted = X.T @ F @ P
    response = tr(B @ fitted @ Psi @ fitted.T) + noise * tr(F @ P @ Psi @ P @ F.T)
    return tr(B) - 2 * tr(B @ cross @ fitted.T) + response


def ensemble(n: int = 100, lam: float = 0.05, noise_variance: float = 0.5, overlap: float = 0.5) -> Trace:
    """Mean product of the errors of two ridge fits on n samples each, of which overlap*n are common; d = 0.8 n."""
    d, common = int(0.8 * n), round(overlap * n)
    m = MatrixModel()
    N, C, M, D = m.space("n", n), m.space("c", common), m.space("m", n - common), m.space("d", d)
    S, B = m.deterministic("Sigma", D, power(d, 1.2)), m.deterministic("B", D, power(d, 0.5) / d)
    ridge, noise = m.scalar("lambda", lam), m.scalar("noise", noise_variance)
    X = m.gaussian("Z", C, D) @ S.sqrt()
    own = [m.gaussian(name, M, D) @ S.sqrt() for name in ("Z1", "Z2")]
    Q1, Q2 = (((X.T @ X + Y.T @ Y) / N + ridge).inv() for Y in own)
    return ridge**2 * tr(B @ Q1 @ S @ Q2) + noise / N**2 * tr(Q1 @ X.T @ X @ Q2 @ S)


def relu_features(n: int = 100, lam: float = 0.05) -> Trace:
    """Kernel of centred ReLU features through their Gaussian equivalent, d = 0.8 n, k = n."""
    m = MatrixModel()
    N, D, K = m.space("n", n), m.space("d", int(0.8 * n)), m.space("k", n)
    F = m.features("relu", m.gaussian("X", N, D), m.gaussian("W", K, D, variance=1 / D))
    return tr((F @ F.T / K + m.scalar("lambda", lam)).inv()) / N


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
    "ensemble": ensemble,
    "relu-features": relu_features,
}
