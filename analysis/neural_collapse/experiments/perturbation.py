r"""Matched experiments of the perturbation analysis: the problem attached to H_0, minimised directly.

.. math:: Kn f = \tfrac12\|WH-Y\|^2+\tfrac{n\lambda_W}2\|W\|^2+\tfrac{\lambda_H}2\|H\|^2+\tfrac\beta2\|H-H_0\|^2

Everything is computed from this loss: W by least squares, H by L-BFGS, the flow by Runge-Kutta steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.neural_collapse.experiments.training import minimise
from solvable.analysis.neural_collapse.settings import start_features

__all__ = [
    "attached_minimiser",
    "block_singular_value",
    "block_singular_values",
    "flow",
    "flow_rise",
    "flow_slope",
    "hessian_eigenvalue",
    "isotropic_ratio",
    "measured_gain",
    "proximal_change",
    "proximal_slope",
    "traces",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _gradient(X: Array, classes: int, lw: float, lh: float) -> tuple[float, Array]:
    """Kn times the loss without attachment, W optimal, and its gradient; samples in rows, sorted by class."""
    samples = len(X) // classes
    Y = np.repeat(np.eye(classes), samples, axis=0)
    stacked = np.vstack([X, np.sqrt(samples * lw) * np.eye(X.shape[1])])
    padded = np.vstack([Y, np.zeros((X.shape[1], classes))])
    W = np.linalg.lstsq(stacked, padded, rcond=None)[0]
    error = X @ W - Y
    value = 0.5 * np.sum(error**2) + 0.5 * samples * lw * np.sum(W**2) + 0.5 * lh * np.sum(X**2)
    return float(value), error @ W.T + lh * X


def attached_minimiser(X0: Array, classes: int, lw: float, lh: float, beta: float) -> Array:
    """Minimiser over H for given H_0, by L-BFGS from H_0."""
    from scipy.optimize import minimize

    def objective(flat: Array) -> tuple[float, Array]:
        X = flat.reshape(X0.shape)
        value, gradient = _gradient(X, classes, lw, lh)
        return value + 0.5 * beta * np.sum((X - X0) ** 2), (gradient + beta * (X - X0)).ravel()

    options = {"ftol": 1e-17, "gtol": 1e-12, "maxcor": 30, "maxiter": 5000, "maxfun": 10_000}
    found = minimize(objective, X0.ravel(), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x.reshape(X0.shape))


def traces(X: Array, classes: int) -> tuple[float, float]:
    """Traces of Sigma_W and Sigma_B."""
    means = X.reshape(classes, -1, X.shape[1]).mean(axis=1)
    deviations = X.reshape(classes, -1, X.shape[1]) - means[:, None]
    return float(np.sum(deviations**2) / len(X)), float(np.sum((means - means.mean(axis=0)) ** 2) / classes)


def _collapsed(rng: Rng, classes: int, samples: int, dimension: int, lw: float, lh: float) -> Array:
    """Train to the global minimum without attachment (one layer: no bad minima)."""
    decays = [lw / classes], lh / (classes * samples)
    return minimise(rng, [samples] * classes, *decays, dimension).features.T


def _hessian(X: Array, classes: int, lw: float, lh: float, columns: int) -> Array:
    """First columns of the Hessian, by central differences of the gradient."""
    step, rows = 1e-4, np.empty((columns, X.size))
    for i in range(columns):
        change = np.zeros(X.shape)
        change.flat[i] = step
        up, down = (_gradient(X + sign * change, classes, lw, lh)[1] for sign in (1, -1))
        rows[i] = (up - down).ravel() / (2 * step)
    return rows


def hessian_eigenvalue(
    rng: Rng, index: int, classes: int, samples: int, dimension: int, weight_decay: float, feature_decay: float
) -> float:
    """Eigenvalue number `index` (ascending) of the Hessian at trained features."""
    X = _collapsed(rng, classes, samples, dimension, weight_decay, feature_decay)
    return float(np.linalg.eigvalsh(_hessian(X, classes, weight_decay, feature_decay, X.size))[index])


def block_singular_value(
    rng: Rng, index: int, other: bool, attachment: float, classes: int, samples: int, dimension: int,
    weight_decay: float, feature_decay: float,
) -> float:  # fmt: skip
    """Singular value number `index` (descending) of a diagonal or off-diagonal block of I - Hessian/beta."""
    X = _collapsed(rng, classes, samples, dimension, weight_decay, feature_decay)
    size = samples * dimension
    F = np.eye(size, X.size) - _hessian(X, classes, weight_decay, feature_decay, size) / attachment
    return float(np.linalg.svd(F[:, size : 2 * size] if other else F[:, :size], compute_uv=False)[index])


def block_singular_values(
    rng: Rng, classes: int, samples: int, dimension: int, weight_decay: float, feature_decay: float, attachment: float
) -> Array:
    """All singular values, descending, of the first diagonal block of I - Hessian/beta at trained features."""
    X = _collapsed(rng, classes, samples, dimension, weight_decay, feature_decay)
    size = samples * dimension
    block = _hessian(X, classes, weight_decay, feature_decay, size)[:, :size]
    return np.asarray(np.linalg.svd(np.eye(size) - block / attachment, compute_uv=False))


def _change(rng: Rng, kind: str, X: Array, classes: int) -> Array:
    """Random perturbation of one kind, of relative size 1e-4."""
    samples, d = len(X) // classes, X.shape[1]
    span = np.linalg.svd(X, full_matrices=False)[2][:classes]
    if kind == "rotation":
        turn = rng.standard_normal((d, d))
        change = X @ (turn - turn.T)
    elif kind == "symmetric":
        turn = rng.standard_normal((d, d))
        change = X @ span.T @ span @ (turn + turn.T) @ span.T @ span
    else:
        change = rng.standard_normal(X.shape)
        change -= np.repeat(change.reshape(classes, samples, d).mean(axis=1), samples, axis=0)
        inside = change @ span.T @ span
        change = inside if kind == "inside" else change - inside
    return np.asarray(1e-4 * np.linalg.norm(X) * change / np.linalg.norm(change))


def measured_gain(
    rng: Rng, kind: str, attachment: float, classes: int, samples: int, dimension: int, weight_decay: float,
    feature_decay: float,
) -> float:  # fmt: skip
    """Part of a small change of H_0 that the minimiser follows."""
    X = _collapsed(rng, classes, samples, dimension, weight_decay, feature_decay)
    change = _change(rng, kind, X, classes)
    up, down = (
        attached_minimiser(X + sign * change, classes, weight_decay, feature_decay, attachment) for sign in (1, -1)
    )
    return float(np.sum((up - down) * change) / (2 * np.sum(change**2)))


def isotropic_ratio(
    rng: Rng, attachment: float, classes: int, samples: int, dimension: int, weight_decay: float, feature_decay: float
) -> float:
    """Trace of Sigma_W after over before, H_0 = collapsed features plus small Gaussian noise."""
    X = _collapsed(rng, classes, samples, dimension, weight_decay, feature_decay)
    noisy = X + 1e-4 * rng.standard_normal(X.shape)
    moved = attached_minimiser(noisy, classes, weight_decay, feature_decay, attachment)
    return traces(moved, classes)[0] / traces(noisy, classes)[0]


def flow(X: Array, classes: int, lw: float, lh: float, time: float, steps: int) -> Array:
    """Run the central path by Runge-Kutta steps of fourth order; the state at every step."""
    h, states = time / steps, [X]
    for _ in range(steps):
        a = -_gradient(X, classes, lw, lh)[1]
        b = -_gradient(X + h / 2 * a, classes, lw, lh)[1]
        c = -_gradient(X + h / 2 * b, classes, lw, lh)[1]
        d = -_gradient(X + h * c, classes, lw, lh)[1]
        X = X + h / 6 * (a + 2 * b + 2 * c + d)
        states.append(X)
    return np.array(states)


def flow_rise(
    rng: Rng, quantity: str, classes: int, samples: int, dimension: int, weight_decay: float, feature_decay: float
) -> float:
    """Largest relative rise in any step along the flow of nc1, e^{2 lH t} tr Sigma_W, or the inverse for Sigma_B."""
    X = rng.standard_normal((classes * samples, dimension))
    path = flow(X, classes, weight_decay, feature_decay, 10.0, 60)
    within, between = np.array([traces(x, classes) for x in path]).T
    growth = np.exp(2 * feature_decay * np.linspace(0, 10.0, 61))
    values = {"nc1": within / between, "within": growth * within, "between": 1 / (growth * between)}[quantity]
    return float(np.max(np.diff(values) / values[:-1]))


def flow_slope(
    rng: Rng, quantity: str, problem: int, classes: int, samples: int, dimension: int, weight_decay: float,
    feature_decay: float,
) -> float:  # fmt: skip
    """Time derivative at the start of the flow, by a central difference in time; a numbered problem."""
    del rng
    X = start_features(classes, samples, dimension, problem)
    after, before = (traces(flow(X, classes, weight_decay, feature_decay, t, 1)[-1], classes) for t in (1e-4, -1e-4))
    values = [{"within": w, "between": b, "nc1": w / b}[quantity] for w, b in (after, before)]
    return (values[0] - values[1]) / 2e-4


def proximal_slope(
    rng: Rng, problem: int, attachment: float, classes: int, samples: int, dimension: int, weight_decay: float,
    feature_decay: float,
) -> float:  # fmt: skip
    """Limit of beta times the change of nc1 from H_0 to the minimiser, from beta and 2 beta."""
    del rng
    X = start_features(classes, samples, dimension, problem)

    def scaled(beta: float) -> float:
        moved = attached_minimiser(X, classes, weight_decay, feature_decay, beta)
        (w, b), (v, a) = traces(moved, classes), traces(X, classes)
        return beta * (w / b - v / a)

    return 2 * scaled(2 * attachment) - scaled(attachment)


def proximal_change(
    rng: Rng, attachment: float, classes: int, samples: int, dimension: int, weight_decay: float, feature_decay: float
) -> float:
    """Change of log nc1 from random H_0 to the minimiser."""
    X = rng.standard_normal((classes * samples, dimension))
    (w, b), (v, a) = (
        traces(x, classes)
        for x in (attached_minimiser(X, classes, weight_decay, feature_decay, attachment), X)
    )  # fmt: skip
    return float(np.log(w / b) - np.log(v / a))
