"""Autoencoders trained on pairs by L-BFGS, flows along what they learned, reduced equations integrated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def _loss(theta: Array, xt: Array, x1: Array, decay: float, skip: bool) -> tuple[float, Array]:
    """Loss over d and its gradient in (c, w), of the activation tanh(10 w.x/sqrt d)."""
    d = xt.shape[1]
    c, w = (theta[0], theta[1:]) if skip else (0.0, theta[1:])
    act = np.tanh(_STEEP * (xt @ w) / np.sqrt(d))
    off = c * xt + act[:, None] * w - x1
    pull = (off @ w) * (1 - act**2) * _STEEP / np.sqrt(d)
    grad = np.concatenate([[np.sum(off * xt) if skip else 0.0], act @ off + pull @ xt + decay * w])
    return (float(np.sum(off**2) + decay * (w @ w))) / d, 2 * grad / d


def _trained(start: Array, xt: Array, x1: Array, decay: float, skip: bool = True) -> tuple[Array, float]:
    found = minimize(_loss, start, args=(xt, x1, decay, skip), jac=True, method="L-BFGS-B",
                     options={"maxiter": 500, "ftol": 1e-10, "gtol": 1e-6})  # fmt: skip
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


def _walk(rng: Rng, n: int, decay: float, std: float, d: int, schedule: str, steps: int, particles: int,
          skip: bool = True) -> Iterator[tuple[float, Array, Array]]:  # fmt: skip
    """Time, trajectories and the true mean after each step.

    The part linear in the point is integrated exactly in a step, at its middle: 1/alpha is singular at the end.
    """
    x0, x1, signs, mu = _pairs(rng, n, std, d)
    X = rng.standard_normal((particles, d))
    theta = _start(rng, x1, signs)
    for i in range(steps):
        a, b, da, db = _schedule(schedule, (i + 0.5) / steps)
        theta, _ = _trained(theta, a * x0 + b * x1, x1, decay, skip)
        w = theta[1:]
        z = db - da * b / a
        rate = (z * theta[0] if skip else 0.0) + da / a
        push = np.tanh(_STEEP * (X @ w) / np.sqrt(d))[:, None] * w
        X = np.exp(rate / steps) * X + z * np.expm1(rate / steps) / rate * push
        yield (i + 1) / steps, X, mu


def _folded(X: Array, mu: Array) -> Array:
    """Trajectories of both clusters as of one."""
    return np.where(X @ mu >= 0, 1.0, -1.0)[:, None] * X


def flow_path(rng: Rng, n: int, decay: float, std: float, d: int, schedule: str, steps: int, particles: int) -> Array:
    """Overlap of the generated mean with the true one, its squared norm and their squared cosine, after each step."""
    found = []
    for _, X, mu in _walk(rng, n, decay, std, d, schedule, steps, particles):
        folded = _folded(X, mu)
        mean = folded.mean(axis=0)
        within = float(np.sum((folded - mean) ** 2) / (particles - 1))
        overlap, norm2 = float(mean @ mu) / d, (float(mean @ mean) - within / particles) / d
        found.append((overlap, norm2, overlap**2 / norm2))
    return np.array(found)


def flow_error(rng: Rng, n: int, decay: float, std: float, schedule: str, d: float, what: str, steps: int = 10,
               particles: int = 60) -> float:  # fmt: skip
    """Squared error of the generated mean over d, or the variance of a coordinate about it."""
    *_, (_, X, mu) = _walk(rng, n, decay, std, round(d), schedule, steps, particles)
    folded = _folded(X, mu)
    mean = folded.mean(axis=0)
    within = float(np.sum((folded - mean) ** 2) / (particles - 1) / len(mu))
    # the mean of few particles has their variance over their number
    return within if what == "variance" else float(np.sum((mean - mu) ** 2) / len(mu)) - within / particles


def no_skip_residual(rng: Rng, n: int, decay: float, std: float, d: float, steps: int = 10) -> float:
    """Variance of a coordinate about the cluster mean at the end of a flow learned without skip."""
    *_, (_, X, mu) = _walk(rng, n, decay, std, round(d), "linear", steps, 20, skip=False)
    return float(np.mean(_folded(X, mu).var(axis=0)))


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
    mean, noise, factor = path.y[:, -1]
    return {
        "mean": float(mean),
        "noise": float(noise),
        "variance": float(factor**2),
        "mse": float((mean - 1) ** 2 + mean**2 * std**2 / n + noise**2 / n),
    }


def mean_error_path(n: float, decay: float, std: float) -> float:
    """Squared error of the mean over d at the end of the integrated flow."""
    return integrated(n, decay, std, "linear")["mse"]
