"""Training of linear attention: its flow as a matrix equation, descent on drawn prompts, attention on tokens.

Nothing here knows the eigenbasis, the limit or a formula for the risk.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.in_context.experiments.prompts import bartlett, prompt_sums
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


def _coefficients(tokens: Array, U: Array, u: float) -> Array:
    """What attention multiplies a query by: the error of the query is then averaged by its covariance."""
    X, y = tokens[:, :-1, :-1], tokens[:, :-1, -1]
    return np.asarray(u * (np.einsum("kn,kni->ki", y, X) / X.shape[1]) @ U)


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


def risk_draw(
    rng: Rng, d: int, n: int, context: int, noise_variance: float, inputs: str, tasks: str,
    shift: float = 1.0, query_shift: float = 1.0, count: int = 8000,
) -> float:  # fmt: skip
    """Squared error of trained attention on prompts of another length, other tasks and scaled covariances."""
    sigma, U_u = inputs_of(inputs, d), _flow(inputs, d, n, 0.2, 400.0)
    w = rng.standard_normal((count, d)) @ np.linalg.cholesky(tasks_of(tasks, d)).T
    root = np.asarray(np.sqrt(shift) * np.linalg.cholesky(sigma))
    tokens, _ = _prompt(rng, count, context, w, root, root, noise_variance)
    gap = _coefficients(tokens, *U_u) - w
    return noise_variance + shift * query_shift * float(np.mean(np.einsum("ki,ij,kj->k", gap, sigma, gap)))


def floor_draw(rng: Rng, n: int, d: int, count: int = 2000) -> float:
    """Error with endless examples, averaged over tasks."""
    U, u = _flow("decaying", d, n, 0.2, 400.0)
    sigma, w = inputs_of("decaying", d), rng.standard_normal((count, d))
    gap = w - w @ (u * U.T @ sigma).T
    return float(np.mean(np.einsum("ki,ij,kj->k", gap, sigma, gap)))


def risk_above_floor(rng: Rng, context: int, d: int, n: int, count: int = 4000) -> float:
    """What a finite prompt adds to the error with endless examples, the tasks the same."""
    U, u = _flow("correlated", d, n, 0.2, 400.0)
    sigma, w = inputs_of("correlated", d), rng.standard_normal((count, d))
    root = np.linalg.cholesky(sigma)
    A = bartlett(rng, count, context, d)
    S = np.squeeze(A @ (np.swapaxes(A, 1, 2) @ (w @ root)[..., None]), -1) @ root.T / context
    errors = []
    for shown in (S, w @ sigma):
        gap = w - shown @ (u * U.T).T
        errors.append(np.mean(np.einsum("ki,ij,kj->k", gap, sigma, gap)))
    return float(errors[0] - errors[1])


def shifted_risk(rng: Rng, shift: float, d: int, n: int, context: int, count: int = 2000) -> float:
    """Error of attention trained on isotropic inputs, on inputs of covariance `shift` times the identity."""
    root, w = np.sqrt(shift) * np.eye(d), rng.standard_normal((count, d))
    tokens, _ = _prompt(rng, count, context, w, root, root, 0.0)
    gap = _coefficients(tokens, *_flow("isotropic", d, n, 0.2, 400.0)) - w
    return shift * float(np.mean(np.sum(gap**2, axis=1)))


def task_shift(rng: Rng, shift: float, d: int, n: int, context: int, count: int = 2000) -> float:
    """Relative error on tasks outside the prior: all along one direction, `shift` times as powerful."""
    root, w = np.eye(d), np.zeros((count, d))
    w[:, 0] = np.sqrt(shift * d)
    tokens, _ = _prompt(rng, count, context, w, root, root, 0.0)
    gap = _coefficients(tokens, *_flow("isotropic", d, n, 0.2, 400.0)) - w
    return float(np.mean(np.sum(gap**2, axis=1))) / (shift * d)


def shift_cost(rng: Rng, shift: float, d: int, n: int, context: int) -> float:
    """Log of the error relative to the labels' power after a covariate shift, over that after a shift of the tasks."""
    moved = shifted_risk(rng, shift, d, n, context) / (shift * d)
    return float(np.log(moved / task_shift(rng, shift, d, n, context)))


def random_covariance_weight(rng: Rng, n: int, d: int, count: int = 2000) -> float:
    """First weight of least squares over prompts with exponential eigenvalues, one weight for each coordinate."""
    # stratified exponentials and signs: the third moments of the eigenvalues scatter less, and the weights' law is free
    l = -np.log1p(-rng.permuted((np.arange(count)[:, None] + rng.random((count, d))) / count, axis=0))
    w = rng.choice([-1.0, 1.0], (count, d))
    A = bartlett(rng, count, n, d)
    S = np.sqrt(l) * np.squeeze(A @ (np.swapaxes(A, 1, 2) @ (np.sqrt(l) * w)[..., None]), -1) / n
    return float(np.sum(l * w * S) / np.sum(l * S * S))


def _slopes(S: Array, q: Array, truth: Array, U: Array, u: float) -> tuple[Array, float]:
    """Of half the squared error over a batch, in the two blocks that move; S is the mean of y x over each prompt."""
    error = u * np.sum(S @ U * q, axis=1) - truth
    slope = (error[:, None] * S).T @ q / len(truth)
    return u * slope, float(np.sum(slope * U))


def descended_weight(rng: Rng, d: int, n: int, inputs: str, row: int, column: int, steps: int = 400) -> float:
    """One entry of u U after descent with a fresh batch of 300 prompts a step, averaged over the last half."""
    sigma, size = inputs_of(inputs, d), 300
    sums, w = prompt_sums(rng, steps * size, n, sigma, np.eye(d), 0.0)
    queries = rng.standard_normal((steps * size, d)) @ np.linalg.cholesky(sigma).T
    truths = np.einsum("ki,ki->k", queries, w)
    U, u, mean = 0.3 * _start(d), 0.3, 0.0
    for step in range(steps):
        batch = slice(step * size, (step + 1) * size)
        dU, du = _slopes(sums[batch] / n, queries[batch], truths[batch], U, u)
        U, u = U - 0.1 * dU, u - 0.1 * du
        mean += 2 * u * U[row, column] / steps if step >= steps // 2 else 0.0
    return float(mean)
