"""Noising and its reversals integrated and sampled: variances, probability flow, likelihood, guidance."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

__all__ = [
    "flow_log_density",
    "guided_excess",
    "guided_moment",
    "guided_run",
    "integrated_guidance",
    "integrated_path",
    "integrated_reversal",
    "integrated_variance",
]

Array = NDArray[np.float64]
Rng = np.random.Generator
_TIGHT = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-13}


def _rates(kind: str, t: float) -> tuple[float, float]:
    """Drift coefficient and squared diffusion of the noising process, with the usual constants."""
    if kind == "ve":
        ratio = 50.0 / 0.01
        return 0.0, 0.01**2 * ratio ** (2 * t) * 2 * np.log(ratio)
    beta, total = 0.1 + 19.9 * t, 0.1 * t + 9.95 * t * t
    return -beta / 2, beta * (1.0 if kind == "vp" else 1 - np.exp(-2 * total))


def integrated_variance(kind: str, time: float) -> float:
    """Variance of the added noise by integrating v' = 2 drift v + diffusion from 0."""

    def rhs(t: float, v: Any) -> Any:
        drift, spread = _rates(kind, t)
        return 2 * drift * v + spread

    return float(solve_ivp(rhs, (0.0, time), [0.0], **_TIGHT).y[0, -1])


def _law(t: float, y: Any, kind: str) -> list[float]:
    """Rates of the data's mean and variance under the noising process."""
    drift, spread = _rates(kind, t)
    return [drift * y[0], 2 * drift * y[1] + spread]


def integrated_path(kind: str, mean: float, variance: float, time: float, begin: float) -> float:
    """End of the probability-flow path that starts at `begin` at t = 0, with the law integrated along."""

    def rhs(t: float, y: Any) -> list[float]:
        drift, spread = _rates(kind, t)
        return [*_law(t, y, kind), drift * y[2] + spread / 2 * (y[2] - y[0]) / y[1]]

    return float(solve_ivp(rhs, (0.0, time), [mean, variance, begin], **_TIGHT).y[2, -1])


def flow_log_density(kind: str, mean: float, variance: float, time: float, begin: float) -> float:
    """Log-density at a point: that of where the flow takes it, plus the integral of the flow's divergence."""

    def rhs(t: float, y: Any) -> list[float]:
        drift, spread = _rates(kind, t)
        slope = drift + spread / 2 / y[1]
        return [*_law(t, y, kind), slope * (y[2] - y[0]) + drift * y[0], slope]

    m, v, x, grown = solve_ivp(rhs, (0.0, time), [mean, variance, begin, 0.0], **_TIGHT).y[:, -1]
    return float(-((x - m) ** 2) / (2 * v) - np.log(2 * np.pi * v) / 2 + grown)


def integrated_reversal(
    kind: str, mean: float, variance: float, time: float, score_error: float
) -> tuple[float, float]:
    """Mean and variance of the reversed equation from N(0.3, 1.7) at t = 1, its score off by a factor."""
    end = solve_ivp(lambda t, y: _law(t, y, kind), (0.0, 1.0), [mean, variance], **_TIGHT).y[:, -1]

    def rhs(tau: float, y: Any) -> list[float]:
        drift, spread = _rates(kind, 1 - tau)
        pull = spread * (1 + score_error) / y[1]
        law = _law(1 - tau, y, kind)
        return [-law[0], -law[1], -drift * y[2] - pull * (y[2] - y[0]), -2 * (drift + pull) * y[3] + spread]

    found = solve_ivp(rhs, (0.0, 1 - time), [*end, 0.3, 1.7], **_TIGHT).y[:, -1]
    return float(found[2]), float(found[3])


def integrated_guidance(scale: float, variance: float, sampler: str) -> tuple[float, float]:
    """Mean and variance of guided reversal of VE noise between N(0, variance) and N(1, 1), from 1e10 down."""
    share = 0.5 if sampler == "ode" else 1.0

    def rhs(log: float, y: Any) -> list[float]:
        noise = np.exp(-log)
        plain, told = (1 - scale) / (variance + noise), scale / (1 + noise)
        pull = share * noise * (plain + told)
        return [-pull * y[0] + share * noise * told, -2 * pull * y[1] + (noise if sampler == "sde" else 0.0)]

    ends = (-np.log(1e10), -np.log(1e-10))
    found = solve_ivp(rhs, ends, [0.0, 1e10], method="LSODA", rtol=1e-11, atol=1e-14).y[:, -1]
    return float(found[0]), float(found[1])


def guided_run(rng: Rng, s: float, noise: float, guidance: float, y: float, steps: int, particles: int) -> Array:
    """Posterior sampling by the reversed VP equation: prior score plus the gradient of the denoised residual.

    Steps of a trapezoidal rule, shorter towards the end; noise is the variance of the measurement's.
    """
    grid = 9.0 * np.linspace(1, 0, steps + 1) ** 2  # integral of beta
    x = rng.standard_normal(particles)

    def drift(x: Array, b: float) -> Array:
        signal = np.exp(-b / 2)
        total = signal**2 * s + 1 - signal**2
        guess = signal * s / total
        return np.asarray(x / 2 - x / total + guidance / noise * (y - guess * x) * guess)

    for b, after in pairwise(grid):
        h = b - after
        kick = np.sqrt(h) * rng.standard_normal(particles)
        first = drift(x, b)
        x = x + h / 2 * (first + drift(x + h * first + kick, after)) + kick
    return x


def guided_moment(rng: Rng, prior_variance: float, measurement_noise: float, guidance: float, what: str,
                  steps: int = 250, particles: int = 4000) -> float:  # fmt: skip
    """Mean or variance of samples, for the measurement 1."""
    x = guided_run(rng, prior_variance, measurement_noise, guidance, 1.0, steps, particles)
    return float(x.mean() if what == "mean" else x.var())


def guided_excess(rng: Rng, prior_variance: float, measurement_noise: float) -> float:
    """Variance of samples over the posterior's, less one, at the scale that gives the posterior's mean."""
    r = prior_variance / measurement_noise
    x = guided_run(rng, prior_variance, measurement_noise, np.log1p(r) / r, 1.0, 250, 4000)
    # the posterior's own variance, by precisions
    return float(x.var() * (1 / prior_variance + 1 / measurement_noise)) - 1
