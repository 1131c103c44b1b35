r"""The link between dual and primal variables of a diagonal network of any depth, in the log domain.

With :math:`p = D/(D-2)` (infinite for depth 2) let :math:`e_p(z) = (1-z/p)^{-p}`, the exponential for depth 2. Gradient
flow from :math:`w_\pm=\alpha` keeps :math:`w_\pm^D=\alpha^D e_p(\pm z)`, so
:math:`\beta=\alpha^D[e_p(z)-e_p(-z)]`: :math:`2\alpha^2\sinh z` at depth 2. Nothing here overflows:
:math:`\alpha^D` enters by its logarithm, the `level`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["inverse_link", "link", "log_growth"]

Array = NDArray[np.float64]


def log_growth(z: Array, p: float) -> Array:
    """Logarithm of e_p(z)."""
    return z if np.isinf(p) else np.asarray(-p * np.log1p(-z / p))


def link(z: Array, level: Array, p: float) -> tuple[Array, Array]:
    """Value and derivative in z of exp(level) [e_p(z) - e_p(-z)]; without cancellation at small z."""
    up, down = log_growth(z, p), log_growth(-z, p)
    near = np.abs(z) < 1
    small = np.where(near, z, 0.0)
    value = np.where(
        near,
        np.exp(level) * (np.expm1(log_growth(small, p)) - np.expm1(log_growth(-small, p))),
        np.exp(level + up) - np.exp(level + down),
    )
    return value, np.exp(level + up) / (1 - z / p) + np.exp(level + down) / (1 + z / p)


def inverse_link(value: Array, level: Array, p: float) -> Array:
    """Solve exp(level) [e_p(z) - e_p(-z)] = value for z."""
    with np.errstate(divide="ignore"):
        ratio = np.log(np.abs(value)) - level  # log of e_p(z) - e_p(-z)
    if np.isinf(p):
        z = np.where(ratio > 20, ratio, np.arcsinh(np.exp(np.minimum(ratio, 20)) / 2))
        return np.asarray(np.copysign(z, value))
    # e_p(-z) <= 1 gives an upper bound; Newton from above on a convex function falls to the root
    bounded = np.exp(np.minimum(ratio, 20))
    z = p * -np.expm1(-np.log1p(bounded) / p)
    for _ in range(60):
        height, slope = link(z, np.zeros_like(z), p)
        old, z = z, np.maximum(z - (height - bounded) / slope, 0.0)
        if np.all(np.abs(z - old) <= 1e-15 * (1 + old)):
            break
    far = p * -np.expm1(-np.logaddexp(ratio, -p * np.log(2.0)) / p)  # where e_p(-z) is its limit 2^-p
    return np.asarray(np.copysign(np.where(ratio > 20, far, z), value))
