"""Duals of activations with fifty digits, and their difference quotients: no closed form of any dual is used.

Smooth activations by Mehler's formula, E f(u)f(v) = sum of a_k(q1) a_k(q2) rho^k over Hermite coefficients that are
trapezoidal sums; those of straight pieces in polar coordinates, the radius by the Gamma function, angles by quadrature.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

__all__ = ["difference_quotient"]

_DIGITS = 50
_STEP = 1e-12  # of the difference, whose error is its square
_NEGLECTED = 1e-32  # terms of the series left out
_PIECES = {  # factors of |u|^p for u > 0 and u < 0, and p
    "relu": (1, 0, 1), "relu2": (1, 0, 2), "abs": (1, 1, 1), "leaky": (1, "-0.01", 1),
}  # fmt: skip


@cache
def difference_quotient(activation: str, q1: float, q2: float, c: float) -> float:
    """Central difference of E f(u)f(v) in the covariance."""
    import mpmath as mp

    with mp.workdps(_DIGITS):
        first, second, at, step = map(mp.mpf, (q1, q2, c, _STEP))
        dual = (_by_sectors if activation in _PIECES else _by_series)(activation, first, second, abs(at))
        return float((dual(at + step) - dual(at - step)) / (2 * step))


def _smooth(activation: str) -> Callable[[Any], Any]:
    import mpmath as mp

    own = {"identity": mp.mpf, "gauss": lambda u: mp.exp(-u * u / 2), "gelu": lambda u: u * mp.ncdf(u)}
    return own[activation] if activation in own else getattr(mp, activation)


def _by_series(activation: str, q1: Any, q2: Any, most: Any) -> Callable[[Any], Any]:
    """Hermite functions by their recursion on a grid of step 1/8, even and odd parts of the activation apart."""
    import mpmath as mp

    f, size = _smooth(activation), mp.sqrt(q1 * q2)
    z = [mp.mpf(k) / 8 for k in range(101)]
    now, before = [mp.exp(-x * x / 4) for x in z], [mp.mpf(0)] * len(z)
    weight = [d / (8 * mp.sqrt(2 * mp.pi)) for d in now]
    weight[0] /= 2
    halves = []
    for root in (mp.sqrt(q1), mp.sqrt(q2)):
        right, left = [f(root * x) for x in z], [f(-root * x) for x in z]
        halves.append([[w * (r + s * x) for w, r, x in zip(weight, right, left, strict=True)] for s in (1, -1)])
    terms: list[Any] = []
    while len(terms) < 8 or max(map(abs, terms[-4:])) * (most / size) ** len(terms) > _NEGLECTED:
        k = len(terms)
        terms.append(mp.fdot(halves[0][k % 2], now) * mp.fdot(halves[1][k % 2], now))
        up, down = 1 / mp.sqrt(k + 1), mp.sqrt(mp.mpf(k) / (k + 1))
        now, before = [up * x * n - down * b for x, n, b in zip(z, now, before, strict=True)], now
    return lambda c: mp.polyval(terms[::-1], c / size)


def _by_sectors(activation: str, q1: Any, q2: Any, most: Any) -> Callable[[Any], Any]:
    """u = sqrt(q1) r cos(t), v = sqrt(q2) r cos(t - turn): r^(2p + 1) exp(-r^2/2) has the integral 2^p p!."""
    import mpmath as mp

    right, left, p = _PIECES[activation]
    size = mp.sqrt(q1 * q2)

    def f(x: Any) -> Any:
        return mp.mpf(right if x > 0 else left) * abs(x) ** p

    def dual(c: Any) -> Any:
        turn = mp.acos(c / size)
        ends = sorted(
            mp.fmod(t + 2 * mp.pi, 2 * mp.pi) for t in (mp.pi / 2, -mp.pi / 2, turn + mp.pi / 2, turn - mp.pi / 2)
        )
        around = sum(
            mp.quad(lambda t: f(mp.cos(t)) * f(mp.cos(t - turn)), [low, high], method="gauss-legendre")
            for low, high in pairwise([*ends, ends[0] + 2 * mp.pi])
        )
        return (2 * size) ** p * mp.factorial(p) / (2 * mp.pi) * around

    return dual
