r"""Closed forms of ridge regression in sympy, in the limit n, d -> infinity at gamma = d/n, covariance I.

Excess risk leaves the label noise out; the test error is excess + noise_variance. `lam` is the normalised ridge,
ridge/n; `signal` is ||beta||^2.
"""

from __future__ import annotations

import sympy as sp

__all__ = [
    "bias",
    "effective_ridge",
    "gamma",
    "isotropic_bias",
    "isotropic_test_error",
    "isotropic_variance",
    "lam",
    "least_squares_excess",
    "marchenko_pastur_density",
    "noise_variance",
    "optimal_normalised_ridge",
    "optimal_test_error",
    "overparametrised_excess",
    "pair_trace",
    "ridgeless_excess",
    "signal",
    "test_error",
    "train_error",
    "tuned_test_error",
    "variance",
    "x",
]

# in terms of the effective ridge: any covariance; `unlearned` is sum (1 - g)^2 v^2
df1, df2, unlearned, n, d = sp.symbols("df1 df2 unlearned n d", positive=True)
noise = sp.Symbol("noise_variance", positive=True)
bias = n / (n - df2) * unlearned
variance = noise * df2 / (n - df2)
test_error = n / (n - df2) * (unlearned + noise)
train_error = (1 - df1 / n) ** 2 * test_error

gamma = sp.Symbol("gamma", positive=True)
# second order: `pair` is sum s^2/((s + kappa_a)(s + kappa_b))
kappa, kappa_a, kappa_b, lam_a, lam_b, pair = sp.symbols("kappa kappa_a kappa_b lam_a lam_b pair", positive=True)
pair_trace = kappa_a * kappa_b * pair / (lam_a * lam_b * gamma * n * (1 - pair / n))

lam, signal, noise_variance, x = sp.symbols("lam signal noise_variance x", positive=True)

# kappa^2 + (1 - lam - gamma) kappa - lam = 0
_b = 1 - lam - gamma
effective_ridge = (sp.sqrt(_b**2 + 4 * lam) - _b) / 2

_df2_ratio = gamma / (1 + effective_ridge) ** 2  # df2/n
isotropic_bias = signal * effective_ridge**2 / (1 + effective_ridge) ** 2 / (1 - _df2_ratio)
isotropic_variance = noise_variance * _df2_ratio / (1 - _df2_ratio)
isotropic_test_error = isotropic_bias + isotropic_variance + noise_variance

ridgeless_excess = sp.Piecewise(
    (noise_variance * gamma / (1 - gamma), gamma < 1),
    (signal * (1 - 1 / gamma) + noise_variance / (gamma - 1), gamma > 1),
)

# exact at every size, Gaussian rows: the inverse-Wishart mean
least_squares_excess = noise_variance * d / (n - d - 1)
overparametrised_excess = signal * (1 - n / d) + noise_variance * n / (d - n - 1)

optimal_normalised_ridge = noise_variance * gamma / signal
optimal_test_error = noise_variance * (effective_ridge / lam).subs(lam, optimal_normalised_ridge)

tuned_test_error = noise_variance * kappa / lam

_low, _high = (1 - sp.sqrt(gamma)) ** 2, (1 + sp.sqrt(gamma)) ** 2
marchenko_pastur_density = sp.Piecewise(
    (sp.sqrt((_high - x) * (x - _low)) / (2 * sp.pi * gamma * x), (x > _low) & (x < _high)), (0, True)
)
