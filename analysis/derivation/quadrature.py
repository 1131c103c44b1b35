"""Integrals in doubles: the tanh-sinh rule between the places where an integrand changes branch.

The rule of scipy.integrate.tanhsinh is as accurate, but takes 7 to 90 times as long and settles on no integral that
vanishes: its tolerance is relative to the value, ours to the integral of the absolute value.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from solvable.analysis.derivation.clock import Clock

__all__ = ["integral", "joined", "times_normal"]

Function = Callable[[Any], Any]


def integral(f: Function, low: float, high: float, kinks: list[float], clock: Clock | None = None) -> float:
    """Integral of a function of arrays, by tanh-sinh between the kinks.

    Raises
    ------
    ArithmeticError
        Where two step widths differ by more than 1e-10 of the integral of the absolute value.
    """
    if low > high:
        return -integral(f, high, low, kinks, clock)
    inside = [k for k in kinks if low < k < high]
    if low == -np.inf and high == np.inf and not inside:
        inside = [0.0]
    ends = [low, *inside, high]
    pieces = [(a, b) for a, b in pairwise(ends) if a < b]
    # beside the others a piece may be nothing but the rounding of a kink's place
    scale = sum(_sums(f, a, b, 3, clock)[1] for a, b in pieces) if len(pieces) > 1 else 0.0
    return sum((_piece(f, a, b, clock, scale) for a, b in pieces), 0.0)


def _sums(f: Function, a: float, b: float, level: int, clock: Clock | None) -> tuple[float, float]:
    """Integral of a function and of its absolute value at one step width."""
    if clock is not None:
        clock.check(2 ** (level - 3))
    t = np.arange(-(4 * 2**level), 4 * 2**level + 1) / 2.0**level
    at, weight = _nodes(t, a, b)
    with np.errstate(all="ignore"):
        values = f(at) * weight
    values = np.where(np.isfinite(values) | (weight > 1e-12), values, 0.0)
    return float(values.sum()) / 2**level, float(np.abs(values).sum()) / 2**level


def _piece(f: Function, a: float, b: float, clock: Clock | None, scale: float) -> float:
    last = None
    scale = scale if np.isfinite(scale) else 0.0
    for level in range(3, 9):
        value, size = _sums(f, a, b, level, clock)
        if last is not None and abs(value - last) <= 1e-11 * max(size, scale):
            return value
        last = value
    raise ArithmeticError("an integral that does not settle")


def _nodes(t: Any, a: float, b: float) -> tuple[Any, Any]:
    """Nodes and weights of the double exponential rule on (a, b), each end finite or not."""
    u, du = np.pi / 2 * np.sinh(t), np.pi / 2 * np.cosh(t)
    if np.isfinite(a) and np.isfinite(b):
        # from the nearer end, so that nodes near an end are exact
        near = (b - a) / (1 + np.exp(2 * np.abs(u)))
        at = np.where(u < 0, a + near, b - near)
        return at, (b - a) / 2 / np.cosh(u) ** 2 * du
    far, back = np.exp(np.clip(u, -300, 300)), np.isfinite(b)
    at = b - far if back else a + far
    return at, far * du


def times_normal(body: Any, x: Any) -> Any:
    """A body times the density of a standard normal variable, term by term."""
    import sympy as sp

    return joined(body * sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi))


def joined(body: Any) -> Any:
    """A body in which the exponentials of a product are one: a growing one meets a decaying one before it overflows."""
    import sympy as sp

    body = sp.expand_mul(body) if isinstance(body, sp.Mul) and any(f.is_Add for f in body.args) else body
    total: Any = sp.Integer(0)
    for term in sp.Add.make_args(body):
        factors = sp.Mul.make_args(term)
        exponents = [factor.args[0] for factor in factors if isinstance(factor, sp.exp)]
        others = [factor for factor in factors if not isinstance(factor, sp.exp)]
        total += sp.Mul(*others, sp.exp(sp.Add(*exponents))) if len(exponents) > 1 else term
    return total
