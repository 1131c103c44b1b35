"""Sparse truths of diagonal networks whose trace of the Hessian bounds the l1 norm, by Gaussian comparison."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import ndtr

__all__ = ["farthest_stable", "rows_needed"]


def _dimension(tau: float, d: float, s: float) -> float:
    """Mean squared distance of a Gaussian vector from tau times the subgradients of the l1 norm at s nonzeros."""
    tail, bell = float(ndtr(-tau)), float(np.exp(-tau * tau / 2) / np.sqrt(2 * np.pi))
    return s * (1 + tau * tau) + (d - s) * 2 * ((1 + tau * tau) * tail - tau * bell)


def rows_needed(d: float, s: float) -> float:
    """Statistical dimension of the l1 norm at s nonzeros: the least over tau."""
    return float(minimize_scalar(_dimension, bounds=(0, 10), args=(d, s), method="bounded").fun)


def farthest_stable(n: int, d: int, s: int, fraction: float) -> float:
    """Least over tau of tau(R - |beta|_1)/(sqrt n - sqrt delta(tau)), relative to |beta|_2."""
    if rows_needed(d, s) >= n:
        return float("inf")

    def distance(tau: float) -> float:
        room = np.sqrt(n) - np.sqrt(_dimension(tau, d, s))
        return float(tau / room) if room > 0 else 1e9

    taus = np.linspace(0, 10, 2001)[1:]
    best = taus[int(np.argmin([distance(tau) for tau in taus]))]
    found = minimize_scalar(distance, bounds=(best - 0.005, best + 0.005), method="bounded")
    return float(s**0.5 * (1 / fraction - 1) * found.fun)
