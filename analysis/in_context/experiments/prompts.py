"""Drawn prompts and least squares over them: no preconditioner, step or moment of theory.

Errors are averaged over the query and the noise of its label, x_q^T a - y_q -> (a - w)^T Sigma (a - w) + noise, and
where only M = X^T X of a prompt counts also over tasks and label noise, S = Mw + X^T e -> E SS^T = MBM + noise M,
E Sw^T = MB given the inputs. That only removes their scatter: what the inputs' fourth moments do is drawn.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray

from solvable.analysis.in_context.settings import covariance as inputs_of
from solvable.analysis.in_context.settings import prior as tasks_of

__all__ = [
    "attained_risk",
    "excess_draw",
    "gap_to_posterior",
    "isotropic_preconditioner",
    "learned_entry",
    "learned_risk",
    "learned_step",
    "moment_matrices",
    "nonlinear_step",
    "posterior_risk",
    "quadrature_preconditioner",
    "random_matrices",
    "risk_at_step",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _root(matrix: Array) -> Array:
    return np.asarray(np.linalg.cholesky(matrix))


def _draw(rng: Rng, count: int, n: int, sigma: Array, tasks: Array, noise: float) -> tuple[Array, Array, Array]:
    """Inputs (count, n, d), labels (count, n) and weights (count, d)."""
    d = len(sigma)
    X = rng.standard_normal((count, n, d)) @ _root(sigma).T
    w = rng.standard_normal((count, d)) @ _root(tasks).T
    y = np.einsum("kni,ki->kn", X, w) + np.sqrt(noise) * rng.standard_normal((count, n))
    return X, y, w


def _sums(rng: Rng, count: int, n: int, sigma: Array, tasks: Array, noise: float) -> tuple[Array, Array]:
    """S = sum of y x of each prompt, and its weights."""
    X, y, w = _draw(rng, count, n, sigma, tasks, noise)
    return np.einsum("kn,kni->ki", y, X), w


def moment_matrices(rng: Rng, count: int, n: int, sigma: Array) -> Array:
    """Draw M = X^T X of prompts of n inputs; by its triangular factor (Bartlett) where that takes fewer numbers."""
    d, root = len(sigma), _root(sigma)
    if n < d:
        A = np.swapaxes(rng.standard_normal((count, n, d)), 1, 2)
    else:
        A = np.tril(rng.standard_normal((count, d, d)), -1)
        A[:, range(d), range(d)] = np.sqrt(rng.chisquare(n - np.arange(d), (count, d)))
    A = root @ A
    return A @ np.swapaxes(A, 1, 2)


def _second_moments(rng: Rng, count: int, n: int, sigma: Array, tasks: Array, noise: float) -> tuple[Array, Array]:
    """E SS^T and E Sw^T over drawn prompts."""
    M = moment_matrices(rng, count, n, sigma)
    mean = M.mean(axis=0)
    return np.einsum("kij,jl,klm->im", M, tasks, M, optimize=True) / count + noise * mean, mean @ tasks


def _fitted(square: Array, cross: Array) -> Array:
    """P of least squares of w on S: the best bilinear predictor whatever the covariance of the query."""
    return np.asarray(np.linalg.solve(square, cross).T)


def learned_risk(
    rng: Rng, n: int, d: int, noise_variance: float, inputs: str = "isotropic", tasks: str = "isotropic",
    count: int = 10_000,
) -> float:  # fmt: skip
    """Risk on fresh prompts of the bilinear predictor fitted on others."""
    sigma, weights = inputs_of(inputs, d), tasks_of(tasks, d)
    P = _fitted(*_second_moments(rng, count, n, sigma, weights, noise_variance))
    square, cross = _second_moments(rng, count, n, sigma, weights, noise_variance)
    return noise_variance + float(np.sum(sigma * (P @ square @ P.T - 2 * P @ cross + weights)))


def learned_step(rng: Rng, n: int, d: int, noise_variance: float, count: int = 8000) -> float:
    """Step size of least squares over prompts."""
    square, cross = _second_moments(rng, count, n, np.eye(d), np.eye(d), noise_variance)
    return float(np.trace(cross) / np.trace(square))


def risk_at_step(rng: Rng, n: int, d: int, noise_variance: float, step: float, count: int = 2000) -> float:
    """Risk of one step of gradient descent of a given size."""
    S, w = _sums(rng, count, n, np.eye(d), np.eye(d), noise_variance)
    return float(np.mean(np.sum((step * S - w) ** 2, axis=1))) + noise_variance


def learned_entry(
    rng: Rng, n: int, d: int, noise_variance: float, inputs: str, tasks: str, row: int, column: int, count: int = 20_000
) -> float:
    """One entry of the fitted preconditioner."""
    found = _fitted(*_second_moments(rng, count, n, inputs_of(inputs, d), tasks_of(tasks, d), noise_variance))
    return float(found[row, column])


def excess_draw(rng: Rng, n: int, d: int, noise_variance: float, count: int = 4000) -> float:
    """n/d times what the fitted step misses besides the noise of the query's label."""
    return n / d * (learned_risk(rng, n, d, noise_variance, count=count) - noise_variance)


def gap_to_posterior(rng: Rng, n: int, d: int, noise_variance: float, count: int = 4000) -> float:
    """Log of the risk of the fitted bilinear predictor over that of the posterior mean, on the same prompts."""
    X, y, w = _draw(rng, count, n, np.eye(d), np.eye(d), noise_variance)
    S = np.einsum("kn,kni->ki", y, X)
    P = _fitted(*_second_moments(rng, 5 * count, n, np.eye(d), np.eye(d), noise_variance))
    moment = np.swapaxes(X, 1, 2) @ X + noise_variance * np.eye(d)
    posterior = np.linalg.solve(moment, S[..., None])[..., 0]
    step, best = (np.mean(np.sum((guess - w) ** 2, axis=1)) + noise_variance for guess in (S @ P.T, posterior))
    return float(np.log(step / best))


def _moments(rng: Rng, count: int, n: int, d: int, noise: float) -> tuple[Array, Array, float]:
    """E GG, E Gw and E w.w of the full token matrix G = sum v v^T, v = (x, y)."""
    X, y, w = _draw(rng, count, n, np.eye(d), np.eye(d), noise)
    V = np.concatenate([X, y[..., None]], axis=-1)
    G = np.einsum("kna,knb->kab", V, V).reshape(count, -1)
    size = d + 1
    return (
        (G.T @ G / count).reshape(size, size, size, size),
        (G.T @ w / count).reshape(size, size, d),
        float(np.mean(w**2) * d),
    )


def _best_matrix(T: Array, C: Array, u: Array) -> Array:
    """M of least squares at each u."""
    rows = np.tensordot(u, C, 1)
    return np.asarray(np.linalg.solve(np.einsum("sa,sbad->sbd", u, np.tensordot(u, T, 1)), rows))


def _alternate(T: Array, C: Array, u: Array) -> tuple[Array, Array]:
    """Alternating least squares for y = u^T G M x over all u and M, from many starts u (s, d + 1) at once."""
    size = u.shape[1]
    pairs = T.transpose(0, 2, 1, 3).reshape(size * size, size * size)
    for _ in range(60):
        M = _best_matrix(T, C, u)
        normal = ((M @ np.swapaxes(M, 1, 2)).reshape(len(u), -1) @ pairs.T).reshape(len(u), size, size)
        # the solution is unique only up to what G, symmetric, cannot show
        inverse = np.linalg.pinv(normal, rcond=1e-12, hermitian=True)
        before, u = u, np.squeeze(inverse @ np.einsum("sbk,abk->sa", M, C)[..., None], -1)
        u = u / np.linalg.norm(u, axis=1, keepdims=True)
        if np.abs(u - before).max() < 1e-6:  # the risk is off by the square
            break
    return u, _best_matrix(T, C, u)


def _loss(T: Array, C: Array, u: Array, M: Array) -> Array:
    """Mean squared distance from w, less the power of w, of each start."""
    bilinear = np.einsum("sa,sbk->sabk", u, M)
    return np.asarray(np.einsum("sabk,scdk,abcd->s", bilinear, bilinear, T, optimize=True)) - 2 * np.einsum(
        "sabk,abk->s", bilinear, C
    )


def attained_risk(rng: Rng, n: int, d: int, noise_variance: float, count: int = 20_000) -> float:
    """Risk on fresh prompts of the best linear attention, every entry of value and key-query matrices free."""
    T, C, _ = _moments(rng, count, n, d, noise_variance)
    # some starts end in a saddle that shows no label
    u, M = _alternate(T, C, rng.standard_normal((10, d + 1)))
    best = slice(k := int(np.argmin(_loss(T, C, u, M))), k + 1)
    T, C, power = _moments(rng, 3 * count, n, d, noise_variance)
    return float(_loss(T, C, u[best], M[best])[0]) + power + noise_variance


def _cubic(rng: Rng, X: Array) -> Array:
    direction = rng.standard_normal((len(X), X.shape[2]))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return np.asarray(np.einsum("kni,ki->kn", X, direction) ** 3)


def _signed_relu(rng: Rng, X: Array) -> Array:
    w = rng.standard_normal((len(X), X.shape[2]))
    sign = rng.choice([-1.0, 1.0], (len(X), 1))
    return np.asarray(sign * np.maximum(np.einsum("kni,ki->kn", X, w), 0.0))


_TARGETS: dict[str, Callable[[Rng, Array], Array]] = {"cubic": _cubic, "signed-relu": _signed_relu}


def nonlinear_step(rng: Rng, n: int, d: int, noise_variance: float, target: str, count: int = 20_000) -> float:
    """Best step size on drawn nonlinear targets; each token of a prompt of n + 1 is the query once."""
    X = rng.standard_normal((count, n + 1, d))
    f = _TARGETS[target](rng, X)
    y = f + np.sqrt(noise_variance) * rng.standard_normal(f.shape)
    # S without token i is T - y_i x_i: sums over i of f_i x_i.S and of |S|^2, written out
    T, F, lengths = np.einsum("kn,kni->ki", y, X), np.einsum("kn,kni->ki", f, X), np.einsum("kni,kni->kn", X, X)
    return float((np.sum(F * T) - np.sum(f * y * lengths)) / ((n - 1) * np.sum(T * T) + np.sum(y * y * lengths)))


def random_matrices(rng: Rng, d: int, **_: float) -> dict[str, Array]:
    """Covariances of inputs and tasks, positive definite."""
    A, B = rng.standard_normal((2, d, d + 2))
    return {"sigma": A @ A.T / d, "tasks": B @ B.T / d}


def isotropic_preconditioner(sigma: Array, n: int, noise_variance: float) -> Array:
    """Newton's step, scaled: what tasks of prior Sigma^-1 look like in whitened inputs."""
    d = len(sigma)
    whiten = np.linalg.inv(_root(sigma))
    return np.asarray(whiten.T @ whiten / (n + d + 1 + noise_variance))


def quadrature_preconditioner(sigma: Array, tasks: Array, n: int, noise_variance: float) -> Array:
    """P from E S w^T and E S S^T, polynomials of degree 6 in Gaussians, by a product rule that is exact for them."""
    d = len(sigma)
    nodes, weights = hermegauss(4)
    weights = weights / weights.sum()
    R, B = _root(sigma), _root(tasks)
    cross, single, pair = np.zeros((3, d, d))
    for w_at in itertools.product(range(4), repeat=d):
        w = B @ nodes[list(w_at)]
        mean, square = np.zeros(d), np.zeros((d, d))
        for x_at in itertools.product(range(4), repeat=d):
            x = R @ nodes[list(x_at)]
            p = weights[list(x_at)].prod()
            mean += p * (w @ x) * x
            square += p * ((w @ x) ** 2 + noise_variance) * np.outer(x, x)
        p = weights[list(w_at)].prod()
        cross += p * np.outer(w, mean)
        single += p * square
        pair += p * np.outer(mean, mean)
    return np.asarray(n * cross @ np.linalg.inv(n * single + n * (n - 1) * pair))


def posterior_risk(rng: Rng, d: int, gamma: float, noise_variance: float, count: int = 60) -> float:
    """Squared error of the posterior mean on noisy labels, from drawn prompts and tasks."""
    X, y, w = _draw(rng, count, round(d / gamma), np.eye(d), np.eye(d), noise_variance)
    moment = np.swapaxes(X, 1, 2) @ X + noise_variance * np.eye(d)
    posterior = np.linalg.solve(moment, np.einsum("kn,kni->ki", y, X)[..., None])[..., 0]
    return float(np.mean(np.sum((posterior - w) ** 2, axis=1))) + noise_variance
