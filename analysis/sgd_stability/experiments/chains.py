"""Matched experiments: every batch enumerated, chains simulated, networks sampled. No second-moment solver.

`problem` names how the gradients are drawn; dimensions are small enough that the d^2 x d^2 map can be written out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.sgd_stability.experiments.training import train_diagonal, train_relu

__all__ = [
    "almost_sure_gap",
    "almost_sure_growth",
    "diagonal_network_norms",
    "enumerated_growth",
    "enumerated_threshold",
    "gaussian_gradients",
    "gradients",
    "growth_beyond_threshold",
    "l1_norm_gap",
    "path_norm_gap",
    "random_gradients",
    "relu_network_norms",
    "scale_invariant_run",
    "second_moment_draw",
    "settled_sharpness",
    "softmax_factors",
    "softmax_hessians",
    "threshold_rise",
    "threshold_under_bernoulli",
    "threshold_without_replacement",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def gradients(problem: str, n: int, d: int) -> Array:
    """Draw a fixed set of gradients: ``gaussian``, ``scaled`` (rows of unequal norm), ``orthogonal``, ``groups-2``."""
    rng = np.random.default_rng(5)
    G = rng.standard_normal((n, d))
    if problem == "scaled":
        return np.asarray(G * np.linspace(0.3, 2.0, n)[:, None])
    if problem == "orthogonal":
        return np.asarray(1.5 * np.eye(n, d))
    if problem.startswith("groups-"):  # groups of equal gradients, orthogonal to each other
        size = int(problem.removeprefix("groups-"))
        return np.asarray(1.3 * np.repeat(np.eye(n // size, d), size, axis=0))
    return np.asarray(G)


def softmax_factors(rng: Rng, n: int, d: int, classes: int) -> Array:
    """Gauss-Newton factors of cross-entropy, linear model: H_i = (diag p - p p^T) x x^T, as (n, d*classes, classes)."""
    X, W = rng.standard_normal((n, d)), rng.standard_normal((classes, d))
    logits = X @ W.T
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    # diag p - p p^T = R R^T with R = diag(sqrt p) (I - sqrt p sqrt p^T)
    root = np.sqrt(p)
    R = root[:, :, None] * (np.eye(classes) - root[:, :, None] * root[:, None, :])
    return np.asarray((X[:, None, :, None] * R[:, :, None, :]).reshape(n, classes * d, classes))


def _batches(n: int, batch_size: int, sampling: str) -> Iterator[tuple[tuple[int, ...], float]]:
    if sampling == "without-replacement":
        for batch in itertools.combinations(range(n), batch_size):
            yield batch, 1 / math.comb(n, batch_size)
    elif sampling == "with-replacement":
        for batch in itertools.product(range(n), repeat=batch_size):
            yield batch, n**-batch_size
    else:
        q = batch_size / n
        for count in range(n + 1):
            for batch in itertools.combinations(range(n), count):
                yield batch, q**count * (1 - q) ** (n - count)


def _averaged(H: Array, batch_size: int, sampling: str) -> tuple[Array, Array, Array]:
    """E[J kron J] over every batch, J = I - step A, A = sum_{i in batch} H_i/B, as coefficients of powers of step."""
    d = H.shape[1]
    first, second = np.zeros((d, d)), np.zeros((d * d, d * d))
    for batch, weight in _batches(len(H), batch_size, sampling):
        A = H[list(batch)].sum(axis=0) / batch_size
        first += weight * A
        second += weight * np.kron(A, A)
    eye = np.eye(d)
    return np.eye(d * d), -np.kron(first, eye) - np.kron(eye, first), second


def _radius(powers: tuple[Array, Array, Array], step: float) -> float:
    return float(np.abs(np.linalg.eigvals(powers[0] + step * powers[1] + step**2 * powers[2])).max())


def _hessians(problem: str, n: int, d: int) -> Array:
    if problem == "low-rank":
        F = np.random.default_rng(6).standard_normal((n, d, 2))
        return np.asarray(F @ F.transpose(0, 2, 1))
    return _outer(gradients(problem, n, d))


def enumerated_growth(rng: Rng, at: float, problem: str, n: int, d: int, batch_size: int, sampling: str) -> float:
    """Spectral radius minus one of the second-moment map at step size `at`, all batches enumerated (deterministic)."""
    del rng
    return _radius(_averaged(_hessians(problem, n, d), batch_size, sampling), at) - 1


def enumerated_threshold(H: Array, batch_size: int, sampling: str) -> float:
    """Threshold by bisection on the enumerated map."""
    powers = _averaged(H, batch_size, sampling)
    low, high = 0.0, 2.0001 / float(np.linalg.eigvalsh(H.mean(axis=0))[-1])
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if _radius(powers, middle) > 1 + 1e-12 else (middle, high)
    return low


def _outer(G: Array) -> Array:
    return np.asarray(G[:, :, None] * G[:, None, :])


def random_gradients(rng: Rng, n: int, d: int, **_: int) -> dict[str, Array]:
    """Gaussian gradients with log-normal norms."""
    return {"G": rng.standard_normal((n, d)) * np.exp(0.5 * rng.standard_normal((n, 1)))}


def gaussian_gradients(rng: Rng, n: int, d: int, decay_exponent: float) -> dict[str, Array]:
    """Gaussian gradients whose covariance has eigenvalues i^-decay_exponent."""
    return {"G": rng.standard_normal((n, d)) * np.arange(1.0, d + 1) ** (-decay_exponent / 2)}


def threshold_without_replacement(rng: Rng, G: Array, batch_size: int, **_: int) -> float:
    """Enumerated threshold of the Hessians G_i G_i^T."""
    del rng
    return enumerated_threshold(_outer(G), batch_size, "without-replacement")


def threshold_under_bernoulli(rng: Rng, G: Array, batch_size: int, **_: int) -> float:
    """Enumerated threshold of the Hessians G_i G_i^T."""
    del rng
    return enumerated_threshold(_outer(G), batch_size, "bernoulli")


def softmax_hessians(rng: Rng, n: int, d: int, classes: int, **_: int) -> dict[str, Array]:
    """Gauss-Newton Hessians of cross-entropy at random weights of a linear model."""
    F = softmax_factors(rng, n, d, classes)
    return {"H": F @ F.transpose(0, 2, 1)}


def threshold_rise(rng: Rng, n: int, d: int, batch_size: int) -> float:
    """Relative rise of the enumerated threshold of a random problem when the batch grows by one."""
    H = _outer(rng.standard_normal((n, d)))
    small, large = (enumerated_threshold(H, b, "without-replacement") for b in (batch_size, batch_size + 1))
    return large / small - 1


def second_moment_draw(
    rng: Rng, problem: str, n: int, d: int, batch_size: int, sampling: str, step_size: float, steps: int
) -> float:
    """||theta_t||^2 averaged over 400 chains from theta_0 = (1, ..., 1)/sqrt d, batches drawn one by one."""
    G = gradients(problem, n, d)
    theta = np.full((400, d), d**-0.5)
    for _ in range(steps):
        if sampling == "with-replacement":
            counts = rng.multinomial(batch_size, np.full(n, 1 / n), size=400).astype(float)
        elif sampling == "bernoulli":
            counts = (rng.random((400, n)) < batch_size / n).astype(float)
        else:
            counts = (rng.random((400, n)).argsort(axis=1) < batch_size).astype(float)
        theta = theta - step_size / batch_size * (counts * (theta @ G.T)) @ G
    return float(np.mean(np.sum(theta**2, axis=1)))


def almost_sure_growth(rng: Rng, step_size: float, problem: str, n: int, d: int, steps: int) -> float:
    """Growth of log ||theta||^2 per step of one long chain, batch size 1."""
    G = gradients(problem, n, d)
    theta, level = rng.standard_normal(d), 0.0
    for i in rng.integers(0, n, steps):
        theta = theta - step_size * G[i] * (G[i] @ theta)
        size = np.sqrt(theta @ theta)
        level += np.log(size)
        theta /= size
    return float(2 * level / steps)


@cache
def _place(problem: str, n: int, d: int, factor: float) -> float:
    """Step size at a multiple of the enumerated threshold, batch size 1."""
    return factor * enumerated_threshold(_hessians(problem, n, d), 1, "without-replacement")


def growth_beyond_threshold(rng: Rng, problem: str, n: int, d: int, factor: float) -> float:
    """Growth of a single chain of 2000 steps at a multiple of the enumerated threshold."""
    return almost_sure_growth(rng, _place(problem, n, d, factor), problem, n, d, 2000)


def almost_sure_gap(rng: Rng, problem: str, n: int, d: int, factor: float) -> float:
    """Log growth of the enumerated mean square minus that of a single chain, at a multiple of the threshold."""
    step = _place(problem, n, d, factor)
    square = enumerated_growth(rng, step, problem, n, d, 1, "without-replacement")
    return math.log1p(square) - almost_sure_growth(rng, step, problem, n, d, 2000)


def path_norm_gap(rng: Rng, d: int, width: int) -> float:
    """Trace of H on Gaussian inputs minus sqrt(d) times the path norm, for random weights."""
    B, c = rng.standard_normal((width, d)), rng.standard_normal(width)
    X = rng.standard_normal((2000, d))
    active = X @ B.T
    trace = np.mean(
        np.sum(np.maximum(active, 0) ** 2, axis=1) + np.sum(((active > 0) * c) ** 2, axis=1) * np.sum(X**2, axis=1)
    )
    return float(trace - np.sqrt(d) * np.sum(np.abs(c) * np.linalg.norm(B, axis=1)))


def l1_norm_gap(rng: Rng, d: int) -> float:
    """Trace of H on Gaussian inputs minus 4 times the l1 norm of beta = u^2 - v^2, for random weights."""
    u, v = rng.standard_normal((2, d))
    X = rng.standard_normal((2000, d))
    trace = np.mean(np.sum((2 * X * u) ** 2, axis=1) + np.sum((2 * X * v) ** 2, axis=1))
    return float(trace - 4 * np.sum(np.abs(u**2 - v**2)))


def diagonal_network_norms(rng: Rng, d: int, quantity: str, n: int) -> float:
    """Trace, Frobenius norm or top eigenvalue of H for f = sum (u^2 - v^2) x, from n Gaussian inputs."""
    u, v = np.linspace(0.2, 1.0, d), np.linspace(0.8, 0.1, d)
    X = rng.standard_normal((n, d))
    return _norm(np.hstack([2 * X * u, -2 * X * v]), quantity)


def relu_network_norms(rng: Rng, d: int, width: int, quantity: str, n: int) -> float:
    """Trace, Frobenius norm or top eigenvalue of H for f = sum c relu(B x), from n Gaussian inputs."""
    weights = np.random.default_rng(7)
    B, c = weights.standard_normal((width, d)), weights.standard_normal(width)
    X = rng.standard_normal((n, d))
    active = X @ B.T
    gates = (active > 0) * c
    return _norm(np.hstack([np.maximum(active, 0), (gates[:, :, None] * X[:, None, :]).reshape(n, -1)]), quantity)


def _norm(G: Array, quantity: str) -> float:
    H = G.T @ G / len(G)
    if quantity == "trace":
        return float(np.trace(H))
    if quantity == "frobenius":
        return float(np.linalg.norm(H))
    return float(np.linalg.eigvalsh(H)[-1])


def settled_sharpness(
    rng: Rng, network: str, quantity: str, step_size: float, batch_size: int, scale: float, steps: int
) -> float:
    """Train from scratch and read the sharpness on the training data where it settled."""
    while True:
        if network == "diagonal":
            X, _, u, v, finite = train_diagonal(rng, 10, 30, scale, step_size, batch_size, steps)
            G = np.hstack([2 * X * u, -2 * X * v])
        else:
            X, _, B, c, finite = train_relu(rng, 40, 10, 20, scale, step_size, batch_size, steps)
            active = X @ B.T
            gates = (active > 0) * c
            G = np.hstack([np.maximum(active, 0), (gates[:, :, None] * X[:, None, :]).reshape(len(X), -1)])
        if finite:  # a run that blew up settled nowhere
            break
    values = np.linalg.svd(G, compute_uv=False) ** 2 / len(G)
    return float({"trace": values.sum(), "frobenius": np.linalg.norm(values), "top": values[0]}[quantity])


def scale_invariant_run(
    rng: Rng, quantity: str, step_size: float, weight_decay: float, gradient_norm: float, steps: int | None = None
) -> float:
    """Gradient descent with decay on a loss whose gradient is orthogonal to w and of size gradient_norm/||w||.

    By default for 20/(step_size weight_decay) steps, in which ||w||^2 relaxes to rounding several times.
    """
    w = rng.standard_normal(50)
    w *= 0.5 / np.linalg.norm(w)
    sizes = []
    for _ in range(round(20 / (step_size * weight_decay)) if steps is None else steps):
        direction = rng.standard_normal(50)
        direction -= w * (direction @ w) / (w @ w)
        gradient = gradient_norm / np.linalg.norm(w) * direction / np.linalg.norm(direction)
        old, w = w, (1 - step_size * weight_decay) * w - step_size * gradient
        sizes.append(float(w @ w))
    if quantity == "norm":
        return float(np.linalg.norm(w))
    if quantity == "effective_step_size":
        return float(step_size / (w @ w))
    if quantity == "angle":
        return float(np.arccos(old @ w / np.linalg.norm(old) / np.linalg.norm(w)))
    # relaxation: how the deviation of ||w||^2 shrinks while it is small but far above rounding
    deviation = np.array(sizes) - sizes[-1]
    first = int(np.argmax(np.abs(deviation) < 1e-4 * sizes[-1]))
    return float((deviation[first + 20] / deviation[first]) ** (1 / 20))
