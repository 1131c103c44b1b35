"""Closed forms of the stability of SGD in sympy, in what is named of the Hessians."""

from __future__ import annotations

import sympy as sp

__all__ = [
    "coherence_divergence",
    "decoupled_equilibrium",
    "diagonal_sharpness",
    "effective_step_size",
    "equilibrium",
    "full_batch",
    "group_threshold",
    "largest_gradient_bound",
    "penalty_equilibrium",
    "rayleigh_bound",
    "settled",
    "trace_bound",
]

n, B, eta, lam, g = sp.symbols("n batch_size step_size weight_decay gradient_norm", positive=True)
top, trace, sigma, largest_norm = sp.symbols("largest_eigenvalue trace coherence largest_norm", positive=True)
batch_frobenius, weights, fourth, largest = sp.symbols("batch_frobenius weights fourth largest", positive=True)

full_batch = 2 / top
trace_bound = 2 / trace
rayleigh_bound = 2 * trace / batch_frobenius
largest_gradient_bound = 2 / largest_norm
coherence_divergence = sp.Min(2, sigma / sp.sqrt(n / B - 1)) / top
group_threshold = 2 * sigma / (top * (sigma + n / B - 1))
settled = 2 / eta

_is = {name: sp.Symbol(f"is_{name}", positive=True) for name in ("trace", "frobenius", "top_eigenvalue", "norm",
       "effective_step_size", "angle", "relaxation")}  # fmt: skip
diagonal_sharpness = 4 * (_is["trace"] * weights + _is["frobenius"] * sp.sqrt(fourth) + _is["top_eigenvalue"] * largest)

_decayed = eta * lam
effective_step_size = sp.sqrt(_decayed * (2 - _decayed)) / g
equilibrium = (
    _is["norm"] * (eta * g**2 / (lam * (2 - _decayed))) ** sp.Rational(1, 4)
    + _is["effective_step_size"] * effective_step_size
    + _is["angle"] * sp.atan(sp.sqrt(_decayed * (2 - _decayed)) / (1 - _decayed))
    + _is["relaxation"] * (2 * (1 - _decayed) ** 2 - 1)
)

d, beta, p = sp.symbols("d momentum shrinkage", positive=True)


def _adam(square: sp.Expr, sine: sp.Expr) -> sp.Expr:
    """Norm, effective step size or angle from ||w||^2 and (1 - cos)/2."""
    return (
        _is["norm"] * sp.sqrt(square)
        + _is["effective_step_size"] * eta / sp.sqrt(square)
        + _is["angle"] * 2 * sp.asin(sp.sqrt(sine))
    )


_kappa, _kept = (1 - beta) / (1 + beta), 1 + (1 - _decayed) * beta
decoupled_equilibrium = _adam(
    eta**2 * d * _kappa * _kept / ((1 - (1 - _decayed) * beta) * _decayed * (2 - _decayed)),
    _decayed * (1 - beta) / (2 * _kept),
)
penalty_equilibrium = _adam(eta**2 * d / (p * (2 + (1 - _kappa) * p)), _kappa * p / 2)
