"""Training of linear attention: its flow as a matrix equation, descent on drawn prompts, attention on tokens.

Nothing here knows the eigenbasis, the limit or a formula for the risk.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.in_context.experiments.prompts import moment_matrices
from solvable.analysis.in_context.settings import covariance as inputs_of
from solvable.analysis.in_context.settings import prior as tasks_of

__all__ = [
    "descended_weight",
    "floor_draw",
    "flow_balance",
    "flow_end",
    "flow_path",
    "random_covariance_weight",
    "risk_above_floor",
    "risk_draw",
    "shift_cost",
    "shifted_risk",
    "task_shift",
    "token_loss",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _start(d: int) -> Array:
    """A start that no eigenbasis makes diagonal, Theta Theta^T of Frobenius norm one."""
    theta = np.random.default_rng(5).standard_normal((d, d)) + 2 * np.eye(d)
    moment = theta @ theta.T
    return np.asarray(moment / np.linalg.norm(moment))


@cache
def _flow(inputs: str, d: int, n: int, start_scale: float, time: float, noise: float = 0.0) -> tuple[Array, float]:
    """U and u of gradient flow on the expected loss, as (d, d) matrices."""
    from scipy.integrate import solve_ivp

    sigma = inputs_of(inputs, d)
    gamma = sigma + (sigma + (np.trace(sigma) + noise) * np.eye(d)) / n

    def right(_: float, state: Array) -> Array:
        U, u = state[:-1].reshape(d, d), state[-1]
        gradient = u * gamma @ sigma @ U @ sigma - sigma @ sigma
        return np.append((-u * gradient).ravel(), -np.sum(gradient * U))

    end = solve_ivp(
        right, (0, time), np.append(start_scale * _start(d).ravel(), start_scale), "DOP853", rtol=1e-12, atol=1e-14
    )
    return end.y[:-1, -1].reshape(d, d), float(end.y[-1, -1])


def flow_path(inputs: str, d: int, n: int, start_scale: float, time: float, noise_variance: float) -> Array:
    """All weights at a time, U then u."""
    U, u = _flow(inputs, d, n, start_scale, time, noise_variance)
    return np.append(U.ravel(), u)


def flow_end(inputs: str, d: int, n: int, start_scale: float) -> Array:
    """All weights where the flow has settled."""
    return flow_path(inputs, d, n, start_scale, 400.0, 0.0)


def flow_balance(inputs: str, d: int, n: int, start_scale: float, time: float) -> float:
    """u^2 - |U|^2."""
    U, u = _flow(inputs, d, n, start_scale, time)
    return u**2 - float(np.sum(U**2))


def _prompt(rng: Rng, count: int, n: int, w: Array, root: Array, query: Array, noise: float) -> tuple[Array, Array]:
    """Tokens (count, n + 1, d + 1), the last with its label hidden, and the noise-free label of the query."""
    d = root.shape[0]
    X = rng.standard_normal((count, n, d)) @ root.T
    q = rng.standard_normal((count, 1, d)) @ query.T
    y = np.einsum("kni,ki->kn", X, w) + np.sqrt(noise) * rng.standard_normal((count, n))
    tokens = np.concatenate([np.concatenate([X, q], axis=1), np.append(y, np.zeros((count, 1)), axis=1)[..., None]], 2)
    return tokens, np.einsum("ki,ki->k", q[:, 0], w)


def _attend(tokens: Array, key_query: Array, value: Array) -> Array:
    """Last entry of E + W^V E (E^T W^K E)/N at the query, E the matrix of tokens."""
    n = tokens.shape[1] - 1
    attention = tokens @ key_query @ tokens[:, -1, :, None] / n
    return tokens[:, -1, -1] + np.einsum("kn,kn->k", tokens @ value[-1], attention[..., 0])


def _full(U: Array, u: float) -> tuple[Array, Array]:
    """Key-query and value matrices of d + 1 rows with the other blocks at zero."""
    d = len(U)
    key_query, value = np.zeros((2, d + 1, d + 1))
    key_query[:d, :d], value[d, d] = U, u
    return key_query, value


def token_loss(rng: Rng, inputs: str, d: int, n: int, start_scale: float, time: float, count: int = 20_000) -> float:
    """Half the squared error of attention on tokens, at weights that the flow passes."""
    root = np.asarray(np.linalg.cholesky(inputs_of(inputs, d)))
    tokens, truth = _prompt(rng, count, n, rng.standard_normal((count, d)), root, root, 0.0)
    return float(0.5 * np.mean((_attend(tokens, *_full(*_flow(inputs, d, n, start_scale, time))) - truth) ** 2))


def _error(
    rng: Rng, count: int, context: int, sigma: Array, tasks: Array, noise: float, weights: tuple[Array, float]
) -> Array:
    """E (a - w)(a - w)^T, a what attention multiplies a query by; averaged over tasks and noise given the inputs."""
    d, (U, u) = len(sigma), weights
    reach = u * U.T @ moment_matrices(rng, count, context, sigma) / context
    gap = reach - np.eye(d)
    return np.einsum("kij,jl,kml->im", gap, tasks, gap, optimize=True) / count + noise / context * reach.mean(
        axis=0
    ) @ (u * U)


def risk_draw(
    rng: Rng, d: int, n: int, context: int, noise_variance: float, inputs: str, tasks: str,
    shift: float = 1.0, query_shift: float = 1.0, count: int = 8000,
) -> float:  # fmt: skip
    """Squared error of trained attention on prompts of another length, other tasks and scaled covariances."""
    sigma, weights = inputs_of(inputs, d), _flow(inputs, d, n, 0.2, 400.0)
    error = _error(rng, count, context, shift * sigma, tasks_of(tasks, d), noise_variance, weights)
    return noise_variance + shift * query_shift * float(np.sum(sigma * error))


def floor_draw(rng: Rng, n: int, d: int, count: int = 10_000) -> float:
    """Error with endless examples, averaged over tasks."""
    U, u = _flow("decaying", d, n, 0.2, 400.0)
    sigma, w = inputs_of("decaying", d), rng.standard_normal((count, d))
    gap = w - w @ (u * U.T @ sigma).T
    return float(np.mean(np.einsum("ki,ij,kj->k", gap, sigma, gap)))


def risk_above_floor(rng: Rng, context: int, d: int, n: int, count: int = 4000) -> float:
    """What a finite prompt adds to the error with endless examples, averaged over the tasks given the inputs.

    Both errors belong to a matrix times w, whose difference has mean 0: only its square adds to the error.
    """
    U, u = _flow("correlated", d, n, 0.2, 400.0)
    sigma = inputs_of("correlated", d)
    gap = u * U.T @ (moment_matrices(rng, count, context, sigma) / context - sigma)
    return float(np.einsum("kij,kmj,im->", gap, gap, sigma, optimize=True) / count)


def shifted_risk(rng: Rng, shift: float, d: int, n: int, context: int, count: int = 2000) -> float:
    """Error of attention trained on isotropic inputs, on inputs of covariance `shift` times the identity."""
    weights = _flow("isotropic", d, n, 0.2, 400.0)
    return shift * float(np.trace(_error(rng, count, context, shift * np.eye(d), np.eye(d), 0.0, weights)))


def task_shift(rng: Rng, shift: float, d: int, n: int, context: int, count: int = 2000) -> float:
    """Relative error on tasks outside the prior: all along one direction, `shift` times as powerful."""
    tasks = np.zeros((d, d))
    tasks[0, 0] = shift * d
    weights = _flow("isotropic", d, n, 0.2, 400.0)
    return float(np.trace(_error(rng, count, context, np.eye(d), tasks, 0.0, weights))) / (shift * d)


def shift_cost(rng: Rng, shift: float, d: int, n: int, context: int) -> float:
    """Log of the error relative to the labels' power after a covariate shift, over that after a shift of the tasks."""
    moved = shifted_risk(rng, shift, d, n, context) / (shift * d)
    return float(np.log(moved / task_shift(rng, shift, d, n, context)))


def random_covariance_weight(rng: Rng, n: int, d: int, count: int = 2000) -> float:
    """First weight of least squares over prompts with exponential eigenvalues, one weight for each coordinate."""
    # stratified exponentials: the third moments of the eigenvalues scatter less; averaged over the tasks
    l = -np.log1p(-rng.permuted((np.arange(count)[:, None] + rng.random((count, d))) / count, axis=0))
    M = moment_matrices(rng, count, n, np.eye(d)) / n
    square = np.einsum("kij,kij,kj->ki", M, M, l)
    return float(np.sum(l**2 * np.diagonal(M, axis1=1, axis2=2)) / np.sum(l**2 * square))


def _gradient(X: Array, w: Array, q: Array, U: Array, u: float) -> tuple[Array, float]:
    """Of half the squared error over a batch of prompts without noise, in the two blocks that move."""
    count, n, _ = X.shape
    y = X @ w[..., None]
    S = (np.swapaxes(X, 1, 2) @ y)[..., 0] / n
    error = np.sum((u * (S @ U) - w) * q, axis=1)
    slope = (error[:, None] * S).T @ q / count
    return u * slope, float(np.sum(slope * U))


def descended_weight(rng: Rng, d: int, n: int, inputs: str, row: int, column: int, steps: int = 400) -> float:
    """One entry of u U after descent with a fresh batch of 300 prompts a step, averaged over the last half."""
    root = np.asarray(np.linalg.cholesky(inputs_of(inputs, d)))
    U, u, mean = 0.3 * _start(d), 0.3, 0.0
    for step in range(steps):
        drawn = rng.standard_normal((300, n + 2, d))
        inputs_and_query = drawn[:, 1:] @ root.T
        dU, du = _gradient(inputs_and_query[:, 1:], drawn[:, 0], inputs_and_query[:, 0], U, u)
        U, u = U - 0.1 * dU, u - 0.1 * du
        mean += 2 * u * U[row, column] / steps if step >= steps // 2 else 0.0
    return float(mean)
