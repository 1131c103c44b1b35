"""Matched experiments: networks trained step by step, flows integrated, scalar maps iterated: no dual, no potential."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.diagonal_networks.experiments.flows import branch_limit, flow_limit
from solvable.analysis.diagonal_networks.settings import sparse_regression, unit_sparse_regression
from solvable.solvers import DescentRun, Status, diagonal_descent

__all__ = [
    "backward_displacement",
    "chaotic_loss",
    "combined_excess",
    "cycle_point",
    "decayed_rise",
    "decayed_run",
    "distance_to_l2",
    "finite_run",
    "flooding_displacement",
    "flow_norm_rise",
    "gain_contrast",
    "gain_contrast_rise",
    "kernel_norm",
    "lasso_gap",
    "least_l1",
    "least_l2_excess",
    "penalised_growth",
    "penalised_path",
    "penalised_run",
    "penalty_benefit",
    "penalty_order",
    "phase_effect",
    "recovery_change",
    "rich_norm",
    "scalar_defect",
    "sharpness_aware_run",
    "whitened_lasso",
]

Array = NDArray[np.float64]
Rng = np.random.Generator
_ENOUGH = 1e-8  # relative loss that leaves errors and gains 1e-4 off, where draws differ by tenths


def finite_run(
    rng: Rng, problem: tuple[Array, Array], steps: int = 6000, loss: float = 1e-14, **options: Any
) -> DescentRun:
    """One run to a relative loss: longer where it is not there yet, with other samples where it diverged."""
    for _ in range(12):
        run = diagonal_descent(*problem, steps=steps, **options, checkpoints=2, rng=rng)
        if run.train_loss[0, -1] <= loss * run.train_loss[0, 0]:
            return run
        steps = steps if run.status[0] == Status.DIVERGES else 3 * steps
    raise ArithmeticError(f"12 runs in a row did not interpolate: {options}")


def least_l1(X: Array, y: Array) -> Array:
    """Minimum-l1 interpolator as a linear program in the two signed parts of beta, dual simplex."""
    from scipy.optimize import linprog

    d = X.shape[1]
    found = linprog(np.ones(2 * d), A_eq=np.hstack([X, -X]), b_eq=y, bounds=(0, None), method="highs-ds")
    return np.asarray(found.x[:d] - found.x[d:])


@cache
def distance_to_l2(initial_scale: float, depth: float) -> float:
    """Distance of the flow's limit from the pseudo-inverse solution, relative, for one fixed problem."""
    X, y, _ = sparse_regression(np.random.default_rng(1), 5, 12, 2, 0.3)
    least = np.linalg.pinv(X) @ y
    return float(np.linalg.norm(flow_limit(X, y, initial_scale, depth) - least) / np.linalg.norm(least))


def rich_norm(rng: Rng, X: Array, y: Array, epsilon: float) -> float:
    """l1 norm of the flow's limit from the scale at which a published bound begins to hold."""
    del rng
    least = np.abs(least_l1(X, y)).sum()
    power = (2 * (1 + epsilon) * least) ** (-(2 + epsilon) / (2 * epsilon))
    return float(np.abs(flow_limit(X, y, min(power, np.exp(-6 / (epsilon * least))))).sum())


def kernel_norm(rng: Rng, X: Array, y: Array, epsilon: float) -> float:
    """Squared l2 norm of the flow's limit from the scale at which a published bound begins to hold."""
    del rng
    size = np.linalg.norm(np.linalg.pinv(X) @ y)
    return float(np.sum(flow_limit(X, y, np.sqrt(2 * (1 + epsilon) * (1 + 2 / epsilon) * size)) ** 2))


def flow_norm_rise(rng: Rng, small: tuple[float, float], large: tuple[float, float]) -> float:
    """Rise of the l1 norm of the flow's limit from one (scale, depth) to another."""
    X, y, _ = sparse_regression(rng, 6, 14, 2, 0.3)
    return float(np.abs(flow_limit(X, y, *large)).sum() - np.abs(flow_limit(X, y, *small)).sum())


def gain_contrast(rng: Rng, step_size: float, batch_size: int, n: int = 20, d: int = 40, sparsity: int = 3) -> float:
    """Mean gain on the support over the mean gain off it, log."""
    X, y, target = sparse_regression(rng, n, d, sparsity)
    run = finite_run(rng, (X, y), loss=_ENOUGH, step_size=step_size, initial_scale=0.07, batch_size=batch_size,
                     accumulate=True)  # fmt: skip
    gains = run.gains[0].mean(axis=0)
    return float(np.log(gains[target != 0].mean() / gains[target == 0].mean()))


def gain_contrast_rise(rng: Rng, descent: float, sgd: float) -> float:
    """Gain contrast of full-batch descent minus that of SGD with batch 1, at steps of their own."""
    return gain_contrast(rng, descent, 20) - gain_contrast(rng, sgd, 1)


def recovery_change(rng: Rng, step_size: float, batch_size: int) -> float:
    """Recovery error with this step over that of full-batch descent with a small step, minus one."""
    X, y, target = sparse_regression(rng, 20, 40, 3)
    ends = [
        finite_run(rng, (X, y), loss=_ENOUGH, step_size=step, initial_scale=0.07, batch_size=batch).beta[0, -1]
        for step, batch in ((step_size, batch_size), (0.02, 20))
    ]
    large, small = (np.linalg.norm(beta - target) for beta in ends)
    return float(large / small - 1)


def decayed_run(rng: Rng, step_size: float, quantity: str, steps: int = 40_000) -> float:
    """SGD, batch 1, at a constant step for half of the run, then a quarter of it: log of plateau or final error."""
    X, y, target = unit_sparse_regression()
    schedule = np.full(steps, step_size)
    schedule[steps // 2 :] /= 4
    recorded = np.arange(0, steps + 1, 100)
    while True:
        run = diagonal_descent(X, y, schedule, steps, 0.05, 1, checkpoints=recorded, rng=rng)
        if run.status[0] != Status.DIVERGES:
            break
    if quantity == "plateau":
        return float(np.log(np.median(run.train_loss[0, len(recorded) // 4 : len(recorded) // 2])))
    return float(np.log(np.sum((run.beta[0, -1] - target) ** 2)))


def decayed_rise(rng: Rng, quantity: str, small: float, large: float) -> float:
    """Log of plateau or error at the larger step over that at the smaller."""
    return decayed_run(rng, large, quantity) - decayed_run(rng, small, quantity)


def _after_phase(rng: Rng, phase: int, quantity: str, step_size: float) -> float:
    """SGD, batch 1, with a large step for `phase` steps and a quarter of it for 10,000: support or log error.

    The support are the coefficients above a hundredth of the largest; runs that diverge are redrawn.
    """
    X, y, target = unit_sparse_regression()
    schedule = np.concatenate([np.full(phase, step_size), np.full(10_000, step_size / 4)])
    while True:
        run = diagonal_descent(X, y, schedule, len(schedule), 0.05, 1, checkpoints=2, rng=rng)
        if run.status[0] != Status.DIVERGES:
            break
    beta = run.beta[0, -1]
    if quantity == "support":
        return float(np.sum(np.abs(beta) > 0.01 * np.abs(beta).max()))
    return float(np.log(np.sum((beta - target) ** 2)))


def phase_effect(rng: Rng, quantity: str, short: int, long: int, step_size: float) -> float:
    """Support or log error after the longer phase minus that after the shorter one, two runs of their own."""
    return _after_phase(rng, long, quantity, step_size) - _after_phase(rng, short, quantity, step_size)


def _orbit(theta: float, step_size: float, count: int) -> Array:
    """Gradient descent on (1 - theta^2)^2/4."""
    out = np.empty(count)
    for t in range(count):
        out[t] = theta
        theta += step_size * (1 - theta * theta) * theta
        if abs(theta) > 1e10:
            return out[: t + 1]
    return out


def cycle_point(rng: Rng, step_size: float, side: str) -> float:
    """Upper or lower end of the two-cycle, after 5000 steps from a random start."""
    ends = _orbit(rng.uniform(0.2, 0.8), step_size, 5000)[-2:]
    return float(ends.max() if side == "upper" else ends.min())


def scalar_defect(rng: Rng, at: float, period: int) -> float:
    """Distance from a cycle of this period after 20,000 steps, less 1e-6; for period 0, growth: -1 if bounded."""
    orbit = _orbit(rng.uniform(0.2, 0.8), at, 20_000)
    if period == 0:
        return 1.0 if len(orbit) < 20_000 else -1.0
    return float(np.abs(orbit[-50:] - orbit[-50 - period : -period]).max() - 1e-6)


def chaotic_loss(rng: Rng, step_size: float) -> float:
    """Mean of (1 - theta^2)^2/4 along an orbit of 4000 steps; the start is random, orbits that escape are redrawn."""
    while True:
        orbit = _orbit(rng.uniform(0.2, 0.8), step_size, 4000)
        if len(orbit) == 4000:
            return float(np.mean((1 - orbit**2) ** 2) / 4)


def penalised_run(rng: Rng, penalty: float, ascent: float) -> float:
    """Regularised full-batch descent: mean log fall of the effective scale."""
    X, y, _ = sparse_regression(rng, 20, 40, 3)
    run = finite_run(rng, (X, y), loss=_ENOUGH, step_size=0.01, initial_scale=0.3, gradient_penalty=penalty,
                     ascent=ascent, accumulate=True)  # fmt: skip
    return float(np.mean(np.log(0.3 / run.effective_scale)))


def penalty_order(rng: Rng, penalty: float, low: float, high: float) -> float:
    """Fall of the effective scale at one ascent step over that at another, same data, less one."""
    seed = int(rng.integers(2**32))
    falls = [penalised_run(np.random.default_rng(seed), penalty, ascent) for ascent in (low, high)]
    return falls[1] / falls[0] - 1


def penalty_benefit(rng: Rng, penalty: float, ascent: float, batch_size: int, step_size: float) -> float:
    """Recovery error with the penalty over that without, less one; both with the same batch size."""
    X, y, target = sparse_regression(rng, 30, 60, 3)
    errors = []
    for strength in (penalty, 0.0):
        run = finite_run(rng, (X, y), loss=_ENOUGH, step_size=step_size, initial_scale=0.1, batch_size=batch_size,
                         gradient_penalty=strength, ascent=ascent)  # fmt: skip
        errors.append(float(np.sum((run.beta[0, -1] - target) ** 2)))
    return errors[0] / errors[1] - 1


def _slope(X: Array, y: Array, w: Array) -> Array:
    g = X.T @ (X @ (w[0] ** 2 - w[1] ** 2) - y) / len(X)
    return np.array([2 * w[0] * g, -2 * w[1] * g])


def sharpness_aware_run(X: Array, y: Array, initial_scale: float, step_size: float, ascent: float, steps: int) -> Array:
    """w <- w - step grad L(w + ascent grad L(w)), as it is written."""
    w = np.full((2, X.shape[1]), initial_scale)
    for _ in range(steps):
        w = w - step_size * _slope(X, y, w + ascent * _slope(X, y, w))
    return np.asarray(w[0] ** 2 - w[1] ** 2)


def penalised_path(X: Array, y: Array, initial_scale: float, step_size: float, ascent: float, steps: int) -> Array:
    """Forward regularisation with penalty = ascent, by the training kernel."""
    run = diagonal_descent(X, y, step_size, steps, initial_scale, gradient_penalty=ascent, ascent=ascent, checkpoints=2)
    return np.asarray(run.beta[0, -1])


def flooding_displacement(X: Array, y: Array, initial_scale: float, step_size: float, first: str) -> Array:
    """Move of w_+ and w_- by a step down and a step up, or up and down."""
    w = start = np.full((2, X.shape[1]), initial_scale)
    for sign in (1, -1) if first == "down" else (-1, 1):
        w = w - sign * step_size * _slope(X, y, w)
    return np.asarray(w - start)


def backward_displacement(X: Array, y: Array, initial_scale: float, step_size: float, ascent: float) -> Array:
    """Minus step^2 times the finite-difference estimate, isolated from two runs of one step that differ in it."""
    ends = [
        diagonal_descent(X, y, step_size, 1, initial_scale, gradient_penalty=penalty, ascent=ascent)
        for penalty in (1.0, 0.0)
    ]
    with_it, without = (np.array([run.plus[0, -1], run.minus[0, -1]]) for run in ends)
    return np.asarray(step_size * (with_it - without))


def penalised_growth(rng: Rng, at: float, curvature: float, penalty: float, ascent: float) -> float:
    """Log growth a step of regularised descent at step size `at` on a quadratic, estimated over 50 steps."""
    theta = start = rng.uniform(0.5, 1.0)
    for _ in range(50):
        slope = curvature * theta
        ahead = curvature * (theta + ascent * slope)
        theta -= at * (slope + penalty * (ahead - slope) / ascent)
    return float(np.log(abs(theta / start)) / 50)


def least_l2_excess(rng: Rng, n: int, d: int, signal: float, noise_variance: float) -> float:
    """Squared error of the least-norm solution, mean of ten Gaussian designs."""
    errors = []
    for _ in range(10):
        X = rng.standard_normal((n, d))
        target = rng.standard_normal(d)
        target *= np.sqrt(signal) / np.linalg.norm(target)
        y = X @ target + np.sqrt(noise_variance) * rng.standard_normal(n)
        errors.append(np.sum((np.linalg.lstsq(X, y, rcond=None)[0] - target) ** 2))
    return float(np.mean(errors))


def whitened_lasso(X: Array, y: Array, cap: float, tol: float = 1e-14) -> Array:
    """LASSO on (X X^T)^(-1/2)(y - X b) with penalty cap ||b||_1, plus the least-norm fit of its residuals."""
    from sklearn.linear_model import Lasso

    values, vectors = np.linalg.eigh(X @ X.T)
    root = vectors / np.sqrt(values) @ vectors.T
    fit = Lasso(alpha=cap / len(X), fit_intercept=False, max_iter=200_000, tol=tol).fit(root @ X, root @ y)
    return np.asarray(fit.coef_ + X.T @ (root @ (root @ (y - X @ fit.coef_))))


@cache
def lasso_gap(log_scale: float, cap: float) -> float:
    """Distance of the limit with a linear branch from the whitened LASSO of the same cap, relative, fixed data."""
    X, y, _ = sparse_regression(np.random.default_rng(11), 15, 40, 2, 0.5)
    lasso = whitened_lasso(X, y, cap)
    return float(np.linalg.norm(branch_limit(X, y, log_scale, cap) - lasso) / np.linalg.norm(lasso))


def combined_excess(rng: Rng, n: int, d: int, cap: float, against: str) -> float:
    """Log of the squared error of the limit with a linear branch, from weights 1e-6, over that of a least-norm fit."""
    X, y, target = sparse_regression(rng, n, d, 3, 0.5)
    beta = branch_limit(X, y, np.log(1e6), cap)
    other = least_l1(X, y) if against == "l1" else np.linalg.pinv(X) @ y
    return float(np.log(np.sum((beta - target) ** 2) / np.sum((other - target) ** 2)))
