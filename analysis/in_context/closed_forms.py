"""Closed forms of in-context learning in sympy; traces of a problem's matrices enter as quantities."""

from __future__ import annotations

from typing import Any

import sympy as sp

from solvable.analysis.in_context.settings import covariance, prior

__all__ = [
    "bayes_variance",
    "exponential_weight",
    "general_risk",
    "one_step_risk",
    "one_step_size",
    "one_step_traces",
    "prompt_traces",
    "step_size",
    "target_moments",
    "trained_risk",
    "weight_limit",
]

n, d, sigma2, context = sp.symbols("n d noise_variance context", positive=True)
power, explained, floor, spread = sp.symbols("power explained floor spread", positive=True)
linear_power, second_moment, gamma = sp.symbols("linear_power second_moment gamma", positive=True)

one_step_size = 1 / (n + d + 1 + sigma2)
one_step_risk = d + sigma2 - n * d * one_step_size
general_risk = power + sigma2 - n * explained
step_size = linear_power / (second_moment + sigma2 * d + (n - 1) * linear_power)
trained_risk = sigma2 + floor + spread / context
weight_limit = 1 / (1 + (d + 1) / n)
exponential_weight = 2 / (6 + (12 + 2 * (d - 1)) / n)
_b = sigma2 + d / gamma - d  # n = d/gamma
bayes_variance = sigma2 + (sp.sqrt(_b**2 + 4 * d * sigma2) - _b) / 2


def _matrix(array: Any) -> Any:
    import mpmath as mp

    return mp.matrix(array.tolist())


def _trace(A: Any) -> Any:
    return sum(A[i, i] for i in range(A.rows))


def one_step_traces(n: int, d: int, noise_variance: float, inputs: str, tasks: str, **_: Any) -> dict[str, Any]:
    """Return tr(Sigma B) and tr(Sigma P Sigma B)."""
    import mpmath as mp

    S, B = _matrix(covariance(inputs, d)), _matrix(prior(tasks, d))
    whole = _trace(S * B)
    P = B * mp.inverse((n + 1) * S * B + (whole + mp.mpf(noise_variance)) * mp.eye(d))
    return {"power": whole, "explained": _trace(S * P * S * B)}


def target_moments(d: int, target: str, **_: Any) -> dict[str, Any]:
    """Return moments of cubic targets along a unit direction, and of a signed ReLU with Gaussian weights."""
    import mpmath as mp

    if target == "cubic":
        return {"linear_power": mp.mpf(9), "second_moment": 15 * (mp.mpf(d) + 6)}
    return {"linear_power": mp.mpf(d) / 4, "second_moment": mp.mpf(d) * (d + 2) / 2}


def prompt_traces(
    d: int, n: int, noise_variance: float, inputs: str, tasks: str, shift: float = 1.0, query_shift: float = 1.0,
    **_: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return the floor, and M times what the examples at test scatter."""
    import mpmath as mp

    L, B = _matrix(covariance(inputs, d)), _matrix(prior(tasks, d))
    inverse = mp.inverse((1 + mp.mpf(1) / n) * L + _trace(L) / n * mp.eye(d))
    test = mp.mpf(shift) * L
    query, b = query_shift * test, mp.eye(d) - inverse * test
    scatter = (_trace(test * B) + mp.mpf(noise_variance)) * test + test * B * test
    return {"floor": _trace(b * B * b.T * query), "spread": _trace(inverse * query * inverse * scatter)}
