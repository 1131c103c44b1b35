"""Closed forms of zero imputation in sympy; quadratic forms of the problem enter as quantities."""

from __future__ import annotations

import sympy as sp

__all__ = ["averaged_sgd_bound", "bias", "fit", "imputed_risk", "largest_variance_bound"]

n, df2, rho, unlearned = sp.symbols("n df2 observed unlearned", positive=True)
complete_risk, diagonal_norm, resolvent = sp.symbols("complete_risk diagonal_norm resolvent", positive=True)
largest_variance, ridge_resolvent, trace = sp.symbols("largest_variance ridge_resolvent trace", positive=True)
optimum_norm, power, sigma2 = sp.symbols("optimum_norm power noise_variance", positive=True)

_lam = (1 - rho) / rho
imputed_risk = complete_risk + rho * (1 - rho) * diagonal_norm
bias = _lam * resolvent
largest_variance_bound = _lam * largest_variance * ridge_resolvent
averaged_sgd_bound = (3 * trace * optimum_norm + sigma2 + power) / sp.sqrt(n) + bias
fit = n / (n - df2) * unlearned  # what the best weights miss, bias and noise, is in `unlearned`
