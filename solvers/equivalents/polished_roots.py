"""Roots of the equations in mode sums at any precision: a double's root, polished by Newton's method in mpmath.

The equations are those of `fixed_point` and of random features as they are written, with no care for cancellation: what
is lost is digits, and the iteration stops only where a step is below the working precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from solvable.solvers.equivalents.mode_sums import Modes

__all__ = ["polished_effective_ridge", "polished_feature_root"]


def _polish(equation: Callable[[Any], tuple[Any, Any]], start: float) -> Any:
    """Newton in log x from a double, on (value, slope in log x); a few steps double the digits each time."""
    import mpmath as mp

    t = mp.log(mp.mpf(start))
    for _ in range(60):
        value, slope = equation(mp.exp(t))
        t -= value / slope
        if abs(value / slope) < mp.mpf(10) ** (5 - mp.mp.dps):
            return mp.exp(t)
    raise ArithmeticError("a quantity defined by an equation did not converge at high precision")


def polished_effective_ridge(modes: Modes, n: Any, ridge: Any, start: float) -> Any:
    """Root kappa of n = sum m g + ridge/kappa; 0 where the double is 0."""
    import mpmath as mp

    def equation(kappa: Any) -> tuple[Any, Any]:
        sums = modes.precisely(kappa)
        return n - sums("m", 1, 0) - ridge / kappa, sums("m", 1, 1) + ridge / kappa

    return _polish(equation, start) if start > 0 else mp.mpf(0)


def polished_feature_root(modes: Modes, n: Any, k: Any, ridge: Any, start: float) -> Any:
    """Root gamma of gamma (k - z)(n - z) = k ridge, z = sum m g; of z = min(n, k) without a ridge."""
    import mpmath as mp

    def equation(gamma: Any) -> tuple[Any, Any]:
        sums = modes.precisely(gamma)
        z, w = sums("m", 1, 0), sums("m", 1, 1)
        if ridge == 0:
            return min(n, k) - z, w
        if (k - z) * (n - z) <= 0:  # a double's root beyond the edge that a tiny ridge leaves
            whole = gamma * (k - z) * (n - z)
            return whole - k * ridge, whole + gamma * w * (n - z) + gamma * w * (k - z)
        return mp.log(gamma * (k - z) * (n - z)) - mp.log(k * ridge), 1 + w / (k - z) + w / (n - z)

    return _polish(equation, start) if start > 0 else mp.mpf(0)
