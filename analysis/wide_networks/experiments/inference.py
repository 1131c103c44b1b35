"""Inference by brute force: quadrature over a random variance, ensembles, ascent without gradients, least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

from solvable.analysis.wide_networks.experiments.regression import relu_tangent

__all__ = [
    "best_grams",
    "both_batches",
    "excess_draw",
    "gaussian_process",
    "kernel_problem",
    "labelled_batches",
    "latent_weights",
    "mixture_posterior",
    "posterior_shares",
    "prior_functions",
    "shortcut_data",
    "small_problem",
    "tail_draw",
    "trained_shares",
]

Array = NDArray[np.float64]


def small_problem() -> tuple[Array, Array]:
    """Joint kernel of six training inputs and one more, and the labels."""
    rng = np.random.default_rng(11)
    X = rng.standard_normal((7, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return relu_tangent(np.clip(X @ X.T, -1, 1), 1, 0.1), np.array([1.0, -0.5, 2.0, 0.3, -1.2, 0.8])


def mixture_posterior(a: float, b: float, x: Array) -> Array:
    """Posterior at the seventh input, integrated over the logarithm of the scale: its variance, and the probability
    to lie less than each x above the mean."""  # fmt: skip
    K, y = small_problem()
    solved = np.linalg.solve(K[:6, :6], np.column_stack([y, K[:6, 6]]))
    Q, rest = float(y @ solved[:, 0]), float(K[6, 6] - K[6, :6] @ solved[:, 1])
    u = np.linspace(-14, 24, 40_001)
    logs = -(a + 3) * u - (b + Q / 2) * np.exp(-u)
    weights = np.exp(logs - logs.max())
    return np.array([rest * (weights @ np.exp(u)), *(weights @ ndtr(x / np.sqrt(rest * np.exp(u))[:, None]))]) / (
        weights.sum()
    )


def tail_draw(rng: np.random.Generator, a: float, b: float) -> float:
    """Share of 4,000 trained networks whose output deviates by more than two scales.

    A scale and a function from the prior each, then the correction K_* K^-1 (f_0(X) - y) of the trained readout.
    """
    end, mean = _trained_outputs(rng, a, b, 4000)
    K = small_problem()[0]
    unit = np.sqrt(b / a * (K[6, 6] - K[6, :6] @ np.linalg.solve(K[:6, :6], K[:6, 6])))
    return float(np.mean(np.abs(end - mean) > 2 * unit))


def kernel_problem(rng: np.random.Generator, points: int, **_: Any) -> dict[str, Array]:
    """Two positive definite matrices, eigenvalues of the order of one."""
    A, B = rng.standard_normal((2, points, 3 * points))
    return {"G0": A @ A.T / (3 * points), "target": B @ B.T / (3 * points)}


def best_grams(G0: Array, target: Array, depth: int) -> Array:
    """Minimise the sum of divergences over Cholesky factors by quasi-Newton steps with numerical gradients.

    Factors are taken relative to the start, logarithms on the diagonal.
    """
    P = len(G0)
    root = np.linalg.cholesky(G0)
    inner = np.linalg.solve(root, np.linalg.solve(root, target).T)
    lower = np.tril_indices(P)
    on = lower[0] == lower[1]

    def grams(x: Array) -> list[Array]:
        found = []
        for part in x.reshape(depth, -1):
            L = np.zeros((P, P))
            L[lower] = np.where(on, np.exp(part), part)
            found.append(L @ L.T)
        return found

    def value_and_slope(x: Array) -> tuple[float, Array]:
        chain = [np.eye(P), *grams(x), inner]
        total, slopes = 0.0, [np.zeros((P, P)) for _ in chain]
        for i in range(depth + 1):
            below, above = np.linalg.inv(chain[i]), np.linalg.inv(chain[i + 1])
            total += (
                np.trace(below @ chain[i + 1]) + np.linalg.slogdet(chain[i])[1] - np.linalg.slogdet(chain[i + 1])[1]
            )
            slopes[i] += below - below @ chain[i + 1] @ below
            slopes[i + 1] += below - above
        out = []
        for part, slope in zip(x.reshape(depth, -1), slopes[1:-1], strict=True):
            L = np.zeros((P, P))
            L[lower] = np.where(on, np.exp(part), part)
            entries = (2 * slope @ L)[lower]
            out.append(np.where(on, entries * np.exp(part), entries))
        return total, np.concatenate(out)

    run = minimize(value_and_slope, np.zeros(depth * len(on)), jac=True, method="BFGS",
                   options={"gtol": 1e-10, "maxiter": 4000})  # fmt: skip
    return np.array([root @ G @ root.T for G in grams(run.x)])


def labelled_batches(rng: np.random.Generator, points: int, **_: Any) -> dict[str, Array]:
    """Joint kernel of training, second batch, inducing and test inputs, with labels and function values."""
    X = rng.standard_normal((2 * points + 8, 3))
    return {
        "kernel": np.exp(-np.sum((X[:, None] - X) ** 2, axis=2) / 4),
        "labels": rng.standard_normal(2 * points),
        "values": rng.standard_normal(2 * points),
    }


def gaussian_process(kernel: Array, labels: Array, points: int, noise_variance: float) -> Array:
    """Mean and variance at the last four inputs from the first batch of data."""
    K, cross = kernel[:points, :points] + noise_variance * np.eye(points), kernel[-4:, :points]
    mean = cross @ np.linalg.solve(K, labels[:points])
    variance = np.diag(kernel)[-4:] - np.sum(cross * np.linalg.solve(K, cross.T).T, axis=1)
    return np.array([mean, variance])


def both_batches(kernel: Array, labels: Array, values: Array, points: int, noise_variance: float) -> Array:
    """Variational inference with inducing inputs by weighted least squares on all the data at once."""
    inducing = slice(2 * points, 2 * points + 4)
    K, cross, test = kernel[inducing, inducing], kernel[inducing, : 2 * points], kernel[-4:, inducing]
    root = np.linalg.cholesky(K)
    rows = np.vstack([cross.T / np.sqrt(noise_variance), root.T])
    right = np.concatenate([labels / np.sqrt(noise_variance), np.zeros(4)])
    Q, R = np.linalg.qr(rows)
    mean = test @ np.linalg.solve(R, Q.T @ right)
    spread = np.linalg.solve(R.T, test.T)
    prior = np.linalg.solve(root, test.T)
    return np.array([mean, np.diag(kernel)[-4:] - np.sum(prior**2, axis=0) + np.sum(spread**2, axis=0)])


def shortcut_data(rng: np.random.Generator, n: int, **_: Any) -> dict[str, Array]:
    """Two latent features, predictive of the label with probability 0.85 and 0.9."""
    y = rng.choice([-1.0, 1.0], n)
    means = np.array([ndtri(0.85), ndtri(0.9)])
    return {"latent": y[:, None] * means + rng.standard_normal((n, 2)), "y": y}


def latent_weights(latent: Array, y: Array, amplification: float) -> Array:
    """Least squares on features of which the first is amplified, weights as they act on the latent ones."""
    scale = np.array([amplification, 1.0])
    return np.asarray(np.linalg.lstsq(latent * scale, y, rcond=None)[0] * scale)


def excess_draw(rng: np.random.Generator, n: int, amplification: float, ridge: float) -> float:
    """Decisions for the amplified feature where both disagree, less those of the kernel without amplification.

    Kernel ridge regression with the tangent kernel of one relu layer with biases, inputs as they are; the probes are a
    grid on which the two features have opposite signs.
    """
    data = shortcut_data(rng, n)
    grid = np.linspace(0.25, 2.5, 10)
    probes = np.array([(s, -c) for s in grid for c in grid])

    def share(alpha: float) -> float:
        scale = np.array([alpha, 1.0])
        X, T = data["latent"] * scale, probes * scale
        K, cross = _tangent(X, X), _tangent(T, X)
        found = cross @ np.linalg.solve(K + ridge * n * np.eye(n), data["y"])
        return float(np.mean(found > 0))

    return share(amplification) - share(1.0)


def _tangent(X: Array, Y: Array) -> Array:
    """Tangent kernel of one relu layer, weight variance 2 and biases of variance 1, inputs of any norm."""
    below, above, slope = _relu_layer(X, Y)
    return np.asarray(above + below * slope)


def _relu_layer(X: Array, Y: Array) -> tuple[Array, Array, Array]:
    """Covariances of the layer and of the output, and the share of neurons active for both inputs, times 2."""
    c, qx, qy = X @ Y.T + 1, np.sum(X**2, axis=1) + 1, np.sum(Y**2, axis=1) + 1
    size = np.sqrt(qx[:, None] * qy)
    angle = np.arccos(np.clip(c / size, -1, 1))
    return c, size * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi + 1, 1 - angle / np.pi


def prior_functions(rng: np.random.Generator, grid: Array, a: float, b: float, count: int) -> tuple[Array, Array]:
    """Functions of wide relu networks on the line (x, 1, 0.5), scale random and fixed to b/a, the same normals."""
    X = np.column_stack([grid, np.ones_like(grid), np.full_like(grid, 0.5)])
    values, vectors = np.linalg.eigh(_relu_layer(X, X)[1])
    functions = rng.standard_normal((count, grid.size)) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    return np.sqrt(b / rng.gamma(a, size=count))[:, None] * functions, np.sqrt(b / a) * functions


def posterior_shares(rng: np.random.Generator, a: float, b: float, edges: Array, nets: int) -> Array:
    """Share of the posterior between `edges`, from the mean: scales of the prior, weighted by the labels' likelihood,
    a function value for each."""  # fmt: skip
    K, y = small_problem()
    solved = np.linalg.solve(K[:6, :6], np.column_stack([y, K[:6, 6]]))
    Q, rest = float(y @ solved[:, 0]), float(K[6, 6] - K[6, :6] @ solved[:, 1])
    variance = b / rng.gamma(a, size=nets)
    logs = -3 * np.log(variance) - Q / (2 * variance)  # six labels
    value = np.sqrt(variance * rest) * rng.standard_normal(nets)
    weight = np.exp(logs - logs.max())
    return np.histogram(value, edges, weights=weight / weight.sum())[0]


def trained_shares(rng: np.random.Generator, a: float, b: float, edges: Array, nets: int) -> Array:
    """Share of trained networks between `edges`, from the mean."""
    end, mean = _trained_outputs(rng, a, b, nets)
    return np.histogram(end - mean, edges)[0] / nets


def _trained_outputs(rng: np.random.Generator, a: float, b: float, nets: int) -> tuple[Array, float]:
    """Outputs at the seventh input, and the interpolant there."""
    K, y = small_problem()
    root = np.linalg.cholesky(K)
    scale = np.sqrt(b / rng.gamma(a, size=nets))
    start = scale[:, None] * (rng.standard_normal((nets, 7)) @ root.T)
    read = np.linalg.solve(K[:6, :6], K[:6, 6])
    return start[:, 6] - (start[:, :6] - y) @ read, float(y @ read)
