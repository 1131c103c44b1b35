"""Closed forms of random-feature regression in sympy, from the sums at gamma: a = k - z, b = n - z, w = z - q."""

from __future__ import annotations

import sympy as sp

__all__ = [
    "bias",
    "excess",
    "overfitting_margin",
    "plain_noise",
    "proportional_excess",
    "test_error",
    "train_error",
    "variance",
]

n, a, b, q, w, z, s1, s2, noise = sp.symbols("n a b q w z S1 S2 noise_variance", positive=True)
_den = a * b + w * (a + b)
bias = n * (s1 * (a + w) + s2 * w) / _den
variance = noise * (a * q + w * z) / _den
excess = bias + variance
test_error = n * ((s1 + noise) * (a + w) + s2 * w) / _den
train_error = (b / n) ** 2 * test_error

# the noise of model claims is called noise; what no mode carries is in S1
plain_noise = sp.Symbol("noise", positive=True)
proportional_excess = test_error.subs(noise, plain_noise) - plain_noise

exponent, target_exponent, relative_noise = sp.symbols("exponent target_exponent relative_noise", positive=True)
overfitting_margin = (target_exponent - exponent) / (exponent * (exponent - 1)) - relative_noise
