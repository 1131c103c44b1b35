"""Train the two networks with SGD from scratch; where it settles is compared with what stability allows.

Losses are (1/2n) sum r^2; batches are drawn without replacement within a step. One kernel for each network, compiled
once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.compiled import njit

__all__ = ["run_diagonal", "train_diagonal", "train_relu"]

Array = NDArray[np.float64]


@njit(cache=True)
def _diagonal(X, y, u, v, step, uniform):  # type: ignore[no-untyped-def]
    n, d = X.shape
    steps, batch = uniform.shape
    order = np.arange(n)
    gradient = np.empty(d)
    for t in range(steps):
        for a in range(d):
            gradient[a] = 0.0
        for j in range(batch):
            other = j + int(uniform[t, j] * (n - j))
            order[j], order[other] = order[other], order[j]
            i = order[j]
            residual = -y[i]
            for a in range(d):
                residual += (u[a] * u[a] - v[a] * v[a]) * X[i, a]
            for a in range(d):
                gradient[a] += residual * X[i, a] / batch
        total = 0.0
        for a in range(d):
            u[a] -= step * 2.0 * u[a] * gradient[a]
            v[a] += step * 2.0 * v[a] * gradient[a]
            total += u[a] * u[a] + v[a] * v[a]
        if not total < 1e12:
            return False
    return True


@njit(cache=True)
def _relu(X, y, B, c, step, uniform):  # type: ignore[no-untyped-def]
    n, d = X.shape
    steps, batch = uniform.shape
    k = c.size
    order = np.arange(n)
    hidden = np.empty((batch, k))
    residual = np.empty(batch)
    for t in range(steps):
        for j in range(batch):
            other = j + int(uniform[t, j] * (n - j))
            order[j], order[other] = order[other], order[j]
            i = order[j]
            residual[j] = -y[i]
            for h in range(k):
                z = 0.0
                for a in range(d):
                    z += B[h, a] * X[i, a]
                hidden[j, h] = max(z, 0.0)
                residual[j] += c[h] * hidden[j, h]
        total = 0.0
        for h in range(k):
            old = c[h]
            for j in range(batch):
                c[h] -= step / batch * residual[j] * hidden[j, h]
                if hidden[j, h] > 0.0:
                    for a in range(d):
                        B[h, a] -= step / batch * residual[j] * old * X[order[j], a]
            total += c[h] * c[h]
        if not total < 1e12:
            return False
    return True


def run_diagonal(
    rng: np.random.Generator, X: Array, y: Array, u: Array, v: Array, step_size: float, batch_size: int, steps: int
) -> bool:
    """Train f = sum (u^2 - v^2) x in place; return whether it stayed finite."""
    return bool(_diagonal(X, y, u, v, step_size, rng.random((steps, batch_size))))


def train_diagonal(
    rng: np.random.Generator, n: int, d: int, scale: float, step_size: float, batch_size: int, steps: int
) -> tuple[Array, Array, Array, Array, bool]:
    """Train f = sum (u^2 - v^2) x on a sparse target; return X, y, u, v and whether it stayed finite."""
    X = rng.standard_normal((n, d))
    beta = np.zeros(d)
    beta[:2] = (1.0, -0.5)
    y = X @ beta
    # a random spread of the start: equal weights are a symmetric point
    u, v = scale * (1 + 0.1 * rng.standard_normal((2, d)))
    return X, y, u, v, run_diagonal(rng, X, y, u, v, step_size, batch_size, steps)


def train_relu(
    rng: np.random.Generator, n: int, d: int, width: int, scale: float, step_size: float, batch_size: int, steps: int
) -> tuple[Array, Array, Array, Array, bool]:
    """Train f = sum c_j relu(B_j x) on a single-neuron target; returns X, y, B, c and whether it stayed finite."""
    X = rng.standard_normal((n, d))
    y = np.maximum(X[:, 0], 0.0)
    B = scale * rng.standard_normal((width, d)) / np.sqrt(d)
    c = scale * rng.standard_normal(width) / np.sqrt(width)
    finite = _relu(X, y, B, c, step_size, rng.random((steps, batch_size)))
    return X, y, B, c, bool(finite)
