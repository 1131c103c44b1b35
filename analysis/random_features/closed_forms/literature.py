"""Published forms of the random-feature risk, written as printed: other routes to the same numbers.

Nothing is shared with the solvers; roots are found by bracketing or by continuation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["defilippis_excess", "mei_montanari_excess", "two_unknown_test_error"]

Array = NDArray[np.float64]


def _bisect_gamma(s: Array, n: float, k: float, ridge: float) -> float:
    from scipy.optimize import brentq

    def equation(t: float) -> float:
        z = float(np.sum(s / (s + np.exp(t))))
        return (k - z) * (n - z) - k * ridge * np.exp(-t) if z < min(n, k) else -1.0

    return float(np.exp(brentq(equation, -40.0, 40.0, xtol=1e-15, rtol=1e-15, maxiter=500)))


def two_unknown_test_error(s: Array, power: Array, n: float, k: float, ridge: float, noise: float) -> float:
    """Simon et al.: kappa and gamma, and the test error with its two fractions."""
    gamma = _bisect_gamma(s, n, k, ridge)
    g = s / (s + gamma)
    z, q = float(g.sum()), float((g**2).sum())
    kappa = gamma * (k - z) / k
    inner = np.sum((gamma / (s + gamma) - kappa * s / (s + gamma) ** 2 * k / (k - q)) * power) + noise
    return float(inner / (1 - (q * (k - 2 * z) + z**2) / (n * (k - q))))


def defilippis_excess(s: Array, power: Array, n: float, k: float, ridge: float, noise: float) -> float:
    """Defilippis, Loureiro and Misiakiewicz: bias and variance from nu_1, nu_2, Upsilon and chi."""
    outer = _bisect_gamma(s, n, k, ridge)
    trace = float(np.sum(s / (s + outer)))
    inner = outer * (1 - trace / k)
    square = float(np.sum((s / (s + outer)) ** 2))
    ratio = inner / outer
    upsilon = k / n * ((1 - ratio) ** 2 + ratio**2 * square / (k - square))
    chi = float(np.sum(s / (s + outer) ** 2)) / (k - square)
    weights = power / (s + outer) ** 2
    bias = outer**2 / (1 - upsilon) * (weights.sum() + chi * np.sum(s * weights))
    return float(bias + noise * upsilon / (1 - upsilon))


def mei_montanari_excess(
    psi1: float, psi2: float, lam: float, mu1: float, mu_star: float, signal: float, nonlinear: float, noise: float
) -> float:
    """Mei and Montanari: nu_1, nu_2 continued from large imaginary part, then E_0, E_1, E_2.

    lam multiplies (N/d)|a|^2 beside the mean squared residual; the label noise is not part of the risk.
    """
    zeta = mu1 / mu_star
    square, bar = zeta**2, lam / mu_star**2
    end = np.sqrt(psi1 * psi2 * bar)
    first, second = complex(0, psi1 / 1e3), complex(0, psi2 / 1e3)
    for height in np.r_[np.geomspace(1e3, end, 400), np.full(3000, end)]:
        xi = 1j * height
        old = first, second
        for _ in range(3 if height > end else 1):
            a = psi1 / (-xi - second - square * second / (1 - square * first * second))
            b = psi2 / (-xi - first - square * first / (1 - square * first * second))
            first, second = (first + a) / 2, (second + b) / 2
        if height == end and abs(first - old[0]) + abs(second - old[1]) < 1e-15 * (abs(first) + abs(second)):
            break
    chi = float((first * second).real)
    z2 = square
    z4, z6 = z2**2, z2**3
    both = psi1 * psi2
    e0 = (
        -(chi**5) * z6 + 3 * chi**4 * z4 + (both - psi2 - psi1 + 1) * chi**3 * z6 - 2 * chi**3 * z4
        - 3 * chi**3 * z2 + (psi1 + psi2 - 3 * both + 1) * chi**2 * z4 + 2 * chi**2 * z2 + chi**2
        + 3 * both * chi * z2 - both
    )  # fmt: skip
    e1 = psi2 * chi**3 * z4 - psi2 * chi**2 * z2 + both * chi * z2 - both
    e2 = (chi**5 * z6 - 3 * chi**4 * z4 + (psi1 - 1) * chi**3 * z6 + 2 * chi**3 * z4 + 3 * chi**3 * z2
          + (-psi1 - 1) * chi**2 * z4 - 2 * chi**2 * z2 - chi**2)  # fmt: skip
    return float(signal * e1 / e0 + (noise + nonlinear) * e2 / e0 + nonlinear)
