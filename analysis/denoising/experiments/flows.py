"""Autoencoders trained on pairs by L-BFGS, flows along what they learned, reduced equations integrated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

__all__ = ["flow_error", "flow_path", "integrated", "learned", "mean_error_path", "no_skip_residual"]

Array = NDArray[np.float64]
Rng = np.random.Generator
_STEEP = 10.0  # of the activation: pairs whose w.x/sqrt d is of order one, early in the flow, saturate it as well


def _pairs(rng: Rng, n: int, std: float, d: int) -> tuple[Array, Array, Array, Array]:
    """Base points, targets, cluster signs and the cluster mean; |mu|^2 = d."""
    mu = rng.standard_normal(d)
    mu *= np.sqrt(d) / np.linalg.norm(mu)
    signs = rng.choice([-1.0, 1.0], n)
    return rng.standard_normal((n, d)), signs[:, None] * mu + std * rng.standard_normal((n, d)), signs, mu


def _loss(theta: Array, xt: Array, x1: Array, decay: float, skip: bool, moments: Array) -> tuple[float, Array]:
    """Loss over d and its gradient in (c, w), of the activation tanh(10 w.x/sqrt d).

    Squares are expanded, so that pairs enter by products with vectors alone; `moments` are the sums of xt², xt x1, x1².
    """
    d = xt.shape[1]
    c, w = (theta[0], theta[1:]) if skip else (0.0, theta[1:])
    along, wanted, w2 = xt @ w, x1 @ w, w @ w
    act = np.tanh(_STEEP / np.sqrt(d) * along)
    act2, on_points, on_targets = act @ act, act @ along, act @ wanted
    pull = (c * along + w2 * act - wanted) * (1 - act**2) * _STEEP / np.sqrt(d)
    grad = np.empty_like(theta)
    grad[0] = c * moments[0] + on_points - moments[1] if skip else 0.0
    grad[1:] = (c * act + pull) @ xt - act @ x1 + (act2 + decay) * w
    square = c * c * moments[0] + act2 * w2 + moments[2] + 2 * (c * on_points - c * moments[1] - on_targets)
    return float(square + decay * w2) / d, 2 * grad / d


def _trained(start: Array, xt: Array, x1: Array, decay: float, skip: bool = True) -> tuple[Array, float]:
    moments = np.array([np.vdot(xt, xt), np.vdot(xt, x1), np.vdot(x1, x1)])
    found = minimize(_loss, start, args=(xt, x1, decay, skip, moments), jac=True, method="L-BFGS-B",
                     options={"maxiter": 500, "ftol": 1e-8, "gtol": 1e-6})  # fmt: skip
    return np.asarray(found.x), float(found.fun)


def _start(rng: Rng, x1: Array, signs: Array) -> Array:
    """Near the cluster mean of the pairs: the analysis is of the minimum that has found the clusters."""
    return np.concatenate([[0.5], signs @ x1 / len(x1) + 0.01 * rng.standard_normal(x1.shape[1])])


def learned(rng: Rng, n: int, decay: float, std: float, alpha: float, beta: float, d: float, what: str) -> float:
    """One trained autoencoder: its skip, one of the two coefficients of its weights, or its loss over d."""
    x0, x1, signs, _ = _pairs(rng, n, std, round(d))
    theta, loss = _trained(_start(rng, x1, signs), alpha * x0 + beta * x1, x1, decay)
    basis = np.column_stack([signs @ x1 / n, signs @ x0 / n])
    fit = np.linalg.lstsq(basis, theta[1:], rcond=None)[0]
    return {"skip": float(theta[0]), "mean": float(fit[0]), "noise": float(fit[1]), "loss": loss}[what]


def _schedule(name: str, t: float) -> tuple[float, float, float, float]:
    if name == "linear":
        return 1 - t, t, -1.0, 1.0
    half = np.pi / 2
    return np.cos(half * t), np.sin(half * t), -half * np.sin(half * t), half * np.cos(half * t)


class _Points(NamedTuple):
    """Trajectories and the true mean in the plane of all weights; beside it points stay Gaussian and only shrink."""

    time: float
    inside: Array  # (particles, dimension of the plane)
    mu: Array
    scatter: float  # sum of squares about the mean, beside the plane
    mean2: float  # square of the mean beside the plane

    def moments(self) -> tuple[float, float, float]:
        """Overlap of the mean with the true one, square of the mean, sum of squares about it; clusters folded."""
        folded = np.where(self.inside @ self.mu >= 0, 1.0, -1.0)[:, None] * self.inside
        mean = folded.mean(axis=0)
        return (
            float(mean @ self.mu),
            float(mean @ mean) + self.mean2,
            float(np.sum((folded - mean) ** 2)) + self.scatter,
        )


def _walk(rng: Rng, n: int, decay: float, std: float, d: int, schedule: str, steps: int, particles: int,
          skip: bool = True) -> Iterator[_Points]:  # fmt: skip
    """Trajectories after each step.

    The part linear in the point is integrated exactly in a step, at its middle: 1/alpha is singular at the end. What
    pushes the points are the learned weights: only their coordinates in the plane of these and of the mean are drawn,
    and of the others, which are Gaussian whatever signs they are folded with, the moments (chi-squared).
    """
    x0, x1, signs, mu = _pairs(rng, n, std, d)
    theta, learned_ones = _start(rng, x1, signs), []
    for i in range(steps):
        a, b, _, _ = _schedule(schedule, (i + 0.5) / steps)
        theta, _ = _trained(theta, a * x0 + b * x1, x1, decay, skip)
        learned_ones.append(theta)
    plane, weights = np.linalg.qr(np.column_stack([mu, *(theta[1:] for theta in learned_ones)]))
    X, beside = rng.standard_normal((particles, plane.shape[1])), d - plane.shape[1]
    scatter, mean2 = rng.chisquare((particles - 1) * beside), rng.chisquare(beside) / particles
    for i, (theta, w) in enumerate(zip(learned_ones, weights.T[1:], strict=True)):
        a, b, da, db = _schedule(schedule, (i + 0.5) / steps)
        z = db - da * b / a
        rate = (z * theta[0] if skip else 0.0) + da / a
        push = np.tanh(_STEEP * (X @ w) / np.sqrt(d))[:, None] * w
        factor = np.exp(rate / steps)
        X = factor * X + z * np.expm1(rate / steps) / rate * push
        scatter, mean2 = factor**2 * scatter, factor**2 * mean2
        yield _Points((i + 1) / steps, X, weights[:, 0], scatter, mean2)


def flow_path(rng: Rng, n: int, decay: float, std: float, d: int, schedule: str, steps: int, particles: int) -> Array:
    """Overlap of the generated mean with the true one, its squared norm and their squared cosine, after each step."""
    found = []
    for points in _walk(rng, n, decay, std, d, schedule, steps, particles):
        overlap, mean2, scatter = points.moments()
        norm2 = (mean2 - scatter / (particles - 1) / particles) / d
        found.append((overlap / d, norm2, (overlap / d) ** 2 / norm2))
    return np.array(found)


def flow_error(rng: Rng, n: int, decay: float, std: float, schedule: str, d: float, what: str, steps: int = 10,
               particles: int = 60) -> float:  # fmt: skip
    """Squared error of the generated mean over d, or the variance of a coordinate about it."""
    size = round(d)
    *_, points = _walk(rng, n, decay, std, size, schedule, steps, particles)
    overlap, mean2, scatter = points.moments()
    within = scatter / (particles - 1) / size
    # the mean of few particles has their variance over their number
    return within if what == "variance" else (mean2 - 2 * overlap + size) / size - within / particles


def no_skip_residual(rng: Rng, n: int, decay: float, std: float, d: float, steps: int = 10) -> float:
    """Variance of a coordinate about the cluster mean at the end of a flow learned without skip."""
    size = round(d)
    *_, points = _walk(rng, n, decay, std, size, "linear", steps, 20, skip=False)
    return points.moments()[2] / 20 / size


def _quadratic(n: float, decay: float, std: float, a: float, b: float) -> Array:
    """c and the coefficients of w: minimum of the quadratic form that the pairs' moments make as d grows."""
    x1, mean, noise = 1 + std**2, 1 + std**2 / n, 1 / n
    H = np.array([[n * (b * b * x1 + a * a), n * b * mean, n * a * noise],
                  [n * b * mean, (n + decay) * mean, 0.0], [n * a * noise, 0.0, (n + decay) * noise]])  # fmt: skip
    return np.linalg.solve(H, [n * b * x1, n * mean, 0.0])


def integrated(n: float, decay: float, std: float, schedule: str, end: float = 1 - 1e-9) -> dict[str, float]:
    """Coefficients of the mean and the factor of the base point, by integrating the flow's reduced equations."""

    def rates(t: float, y: Any) -> list[float]:
        a, b, da, db = _schedule(schedule, t)
        c, p, q = _quadratic(n, decay, std, a, b)
        z = db - da * b / a
        g = z * c + da / a
        return [g * y[0] + z * p, g * y[1] + z * q, g * y[2]]

    path = solve_ivp(rates, (0.0, end), [0.0, 0.0, 1.0], method="DOP853", rtol=1e-11, atol=1e-13)
    last = path.y[:, -1]
    mean, noise, factor = last + (1 - end) * np.array(rates(end, last))  # the rest in one step: the end is singular
    return {
        "mean": float(mean),
        "noise": float(noise),
        "variance": float(factor**2),
        "mse": float((mean - 1) ** 2 + mean**2 * std**2 / n + noise**2 / n),
    }


def mean_error_path(n: float, decay: float, std: float) -> float:
    """Squared error of the mean over d at the end of the integrated flow."""
    return integrated(n, decay, std, "linear")["mse"]
