"""Projections by trying every active set, and logistic descent at large steps, in plain arrays."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from solvable.analysis.separable.settings import almost_one_direction, linear_labels, separable_rows, tasks

__all__ = [
    "descent_path",
    "descent_until_separated",
    "enumerated_sequence",
    "medians",
    "perceptron_steps",
    "random_rows",
    "random_tasks",
    "rise_or_fall",
    "run_data",
    "steps_of_copies",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def random_rows(rng: Rng, n: int, d: int, normalised: bool) -> dict[str, Array]:
    """A separable data set as rows y x."""
    del normalised
    return {"Z": separable_rows(rng, n, d)}


def random_tasks(rng: Rng, count: int, rows: int, d: int, passes: int) -> dict[str, Array]:
    """Tasks and where the weights start."""
    del passes
    return {"sets": tasks(rng, count, rows, d), "start": rng.standard_normal(d)}


def _least_margin(Z: Array) -> float:
    """Least absolute margin on the perceptron's way, from the second step on."""
    w, least = Z.mean(axis=0) / 2, np.inf
    while True:
        margins = Z @ w
        least = min(least, float(np.abs(margins).min()))
        if np.all(margins > 0):
            return least
        w = w + (margins < 0) @ Z / len(Z)


def run_data(rng: Rng, n: int, d: int, large_step: float) -> dict[str, Array]:
    """Inputs and labels for which the sigmoid is a step in double precision all the way."""
    while True:
        X, y = linear_labels(rng, n, d)
        if large_step * _least_margin(X * y[:, None]) > 40:
            return {"X": X, "y": y}


def _enumerated_projection(Z: Array, start: Array) -> Array:
    """Nearest point with Zw >= 1: of the solutions of every subset of equations the nearest admissible one."""
    best, least = start, np.inf
    for bits in itertools.product((False, True), repeat=len(Z)):
        active = Z[list(bits)]
        move = np.zeros(start.size)
        if len(active):
            move = active.T @ np.linalg.solve(active @ active.T, 1 - active @ start)
        length = float(move @ move)
        if np.all(Z @ (start + move) >= 1 - 1e-12) and length < least:
            best, least = start + move, length
    return np.asarray(best)


def enumerated_sequence(sets: Array, start: Array, passes: int) -> Array:
    """Weights after projecting onto the tasks one after another."""
    w = start
    for _ in range(passes):
        for Z in sets:
            w = _enumerated_projection(Z, w)
    return np.asarray(w)


def descent_until_separated(X: Array, y: Array, large_step: float) -> Array:
    """theta/gamma of gradient descent on the mean logistic loss at its first separating iterate."""
    theta = np.zeros(X.shape[1])
    for _ in range(100_000):
        margins = y * (X @ theta)
        if np.all(margins > 0):
            break
        theta = theta + large_step * np.mean((y * expit(-margins))[:, None] * X, axis=0)
    return np.asarray(theta / large_step)


def descent_path(X: Array, y: Array, gamma: float, steps: int) -> tuple[Array, Array]:
    """Loss and share of rows not right of gradient descent on the mean logistic loss, before each step and at last."""
    Z, theta = X * y[:, None], np.zeros(X.shape[1])
    loss, wrong = np.empty(steps + 1), np.empty(steps + 1)
    for step in range(steps + 1):
        margins = Z @ theta
        loss[step], wrong[step] = np.logaddexp(0.0, -margins).mean(), np.mean(margins <= 0)
        theta = theta + gamma / len(Z) * (expit(-margins) @ Z)
    return loss, wrong


def perceptron_steps(Z: Array, normalised: bool, most: int = 2_000_000) -> float:
    """Steps of the batch perceptron until every row is right."""
    w = np.zeros(Z.shape[1])
    for step in range(most):
        margins = Z @ w
        wrong = (margins < 0) + 0.5 * (margins == 0)
        total = float(wrong.sum())
        if total == 0:
            return float(step)
        w = w + wrong @ Z / (total if normalised else len(Z))
    return float("nan")


def steps_of_copies(rng: Rng, n: int, normalised: bool) -> float:
    """Steps on n - 1 copies of one row and a single other one."""
    del rng
    return perceptron_steps(almost_one_direction(n), normalised)


def medians(Z: Array, gamma: float, most: int = 5000) -> dict[str, float]:
    """Medians over data sets: steps to the first separating iterate, loss there, largest loss after the first step."""
    count, n, d = Z.shape
    theta, found, loss = np.zeros((count, d)), np.full(count, float(most)), np.full(count, np.nan)
    peak = np.zeros(count)
    for step in range(most):
        margins = np.matmul(Z, theta[..., None])[..., 0]
        now = np.logaddexp(0.0, -margins).mean(axis=1)
        searching = found == most
        peak = np.where(searching & (step > 0), np.maximum(peak, now), peak)
        new = searching & np.all(margins > 0, axis=1)
        found[new], loss[new] = step, now[new]
        if np.mean(found < most) > 0.9:  # medians are decided
            break
        theta = theta + gamma / n * np.matmul(expit(-margins)[:, None, :], Z)[:, 0]
    return {"steps": float(np.median(found)), "loss": float(np.nanmedian(loss)), "peak": float(np.median(peak))}


def rise_or_fall(rng: Rng, n: int, d: int, low: float, high: float, what: str, sets: int = 32) -> float:
    """Log ratio, higher over lower step size, of a median over one collection of data sets: steps, loss or peak."""
    Z = np.array([separable_rows(rng, n, d) for _ in range(sets)])
    return float(np.log(medians(Z, high)[what] / medians(Z, low)[what]))
