r"""Closed forms of model collapse in sympy; sums over modes enter as quantities.

`unlearned` is sum (1 - g)^2 V; of generators of any kind, `truth_lost` is sum (1 - g p)^2 V, `noise_kept` sum g^2 R and
`labels_unlearned` sum (1 - g)^2 U, see ``quantities``.
"""

from __future__ import annotations

import sympy as sp

__all__ = ["bias_exponent", "growth", "iterated", "kept_projection", "linear_growth", "variance_exponent"]

n, d, df1, df2, unlearned = sp.symbols("n d df1 df2 unlearned", positive=True)
rows, samples, t = sp.symbols("rows generator_samples generations", positive=True)
sigma2, label = sp.symbols("noise_variance generator_noise", positive=True)
truth_lost, noise_kept, labels_unlearned = sp.symbols("truth_lost noise_kept labels_unlearned", positive=True)
capacity, smoothness, ridge_exponent = sp.symbols("capacity smoothness ridge_exponent", positive=True)

# sum m (1 - g)^2 = d - 2 df1 + df2
_amplified = df2 * (1 + (d - 2 * df1 + df2) / (n - df2))
growth = label * _amplified / (samples - d - 1)
linear_growth = (n * unlearned + sigma2 * df2) / (n - df2) + t * growth
linear_growth = linear_growth.subs(d, sp.Symbol("gamma", positive=True) * n)
iterated = truth_lost + noise_kept + df2 / (n - df2) * (labels_unlearned + sigma2)
kept_projection = 1 - rows / d + t * label * rows / (d - rows - 1)

bias_exponent = -2 * ridge_exponent * sp.Min(smoothness, 1)
variance_exponent = ridge_exponent / capacity - 1
