"""Equivalents that one effective ridge gives, in sums over modes and samples, and our solvers of the same risks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import brentq

from solvable.analysis.derivation.quantities import ridge_quantities
from solvable.analysis.equivalents.settings import LINEAR, NONLINEAR, aligned_spike, power, rotated, sample_weights
from solvable.solvers import (
    Spectrum,
    deep_random_feature_risk,
    random_feature_risk,
    resolvent_pair_trace,
    resolvent_trace,
    ridge_risk,
)

__all__ = [
    "ENSEMBLE",
    "EXCESS",
    "MARCHENKO_PASTUR",
    "SOLVED",
    "WEIGHTED",
    "decaying_quantities",
    "marchenko_pastur_quantities",
    "spike_quantities",
    "weighted_quantities",
]

Array = NDArray[np.float64]

n, d, lam, kappa, df1, df2, unlearned, overlap = sp.symbols("n d lam kappa df1 df2 unlearned overlap", positive=True)
noise_variance, mean, square, noisy = sp.symbols("noise_variance mean_weight square_weight noisy_weight", positive=True)

MARCHENKO_PASTUR = kappa * df1 / (d * lam)
EXCESS = (n * unlearned + noise_variance * df2) / (n - df2)
ENSEMBLE = (n * unlearned + overlap * noise_variance * df2) / (n - overlap * df2)
WEIGHTED = (unlearned + noisy * df2 / (n * mean**2)) / (1 - square * df2 / (n * mean**2))


def marchenko_pastur_quantities(n: int, lam: float) -> dict[str, Any]:
    """Effective ridge and degrees of freedom at d = 1.5 n."""
    return ridge_quantities(Spectrum(power(int(1.5 * n), 1)), n, lam)


def _decaying(n: int) -> Spectrum:
    d = int(0.8 * n)
    s = power(d, 1.2)
    return Spectrum(s, s * power(d, 0.5) / d)


def _spiked(n: int) -> Spectrum:
    d = int(1.2 * n)
    s, b2 = aligned_spike(d)
    counts = np.array([1.0, d - 1.0])
    return Spectrum(s, s * b2 * counts, multiplicities=counts)


def decaying_quantities(n: int, lam: float, **_: float) -> dict[str, Any]:
    """Effective ridge and sums at d = 0.8 n, of one fit or of two with common samples."""
    return ridge_quantities(_decaying(n), n, lam)


def spike_quantities(n: int, lam: float, **_: float) -> dict[str, Any]:
    """Effective ridge and sums with one large variance."""
    return ridge_quantities(_spiked(n), n, lam)


def weighted_quantities(n: int, lam: float) -> dict[str, Any]:
    """Effective ridge lam/mean_weight and sums over modes and samples at d = 0.5 n."""
    import mpmath as mp

    d, w = round(0.5 * n), sample_weights(n)
    s, b2 = power(d, 0.8), power(d, 0.5) / d

    def short(t: float) -> float:
        a = lam * np.exp(-t)
        return float(np.mean(w / (1 + w * np.sum(s / (s + np.exp(t))) / (n * a))) - a)

    start = brentq(short, np.log(lam / w.max()), np.log(lam / w.min()) + 20)
    modes = [(mp.mpf(float(x)), mp.mpf(float(b))) for x, b in zip(s, b2, strict=True)]
    weights, ridge = [mp.mpf(float(x)) for x in w], mp.mpf(lam)

    def load(x: Any) -> Any:
        return mp.fsum(a / (a + x) for a, _ in modes) / (n * ridge / x)

    def equation(t: Any) -> Any:
        q = load(mp.exp(t))
        return mp.fsum(w / (1 + w * q) for w in weights) / n - ridge * mp.exp(-t)

    kappa = mp.exp(mp.findroot(equation, (start, start + 1e-6), solver="secant", tol=mp.eps**1.5, verify=False))
    q = load(kappa)
    return {
        "kappa": kappa, "mean_weight": ridge / kappa, "df2": mp.fsum((a / (a + kappa)) ** 2 for a, _ in modes),
        "unlearned": mp.fsum(kappa**2 * b * a / (a + kappa) ** 2 for a, b in modes),
        "square_weight": mp.fsum((w / (1 + w * q)) ** 2 for w in weights) / n,
        "noisy_weight": mp.fsum(w / (1 + w * q) ** 2 for w in weights) / n,  # the noise is 1/w
    }  # fmt: skip


def _marchenko_pastur(n: int, lam: float) -> float:
    s = power(int(1.5 * n), 1)
    return float(resolvent_trace(Spectrum(s), n, n * lam, s)) / s.size


def _ridge_excess(n: int, lam: float, noise_variance: float) -> float:
    return float(ridge_risk(_decaying(n), n, n * lam, noise_variance).excess)


def _spike(n: int, lam: float, noise_variance: float) -> float:
    return float(ridge_risk(_spiked(n), n, n * lam, noise_variance).excess)


def _random_features(n: int, lam: float, noise_variance: float) -> float:
    """Noise in the features as 1e9 modes that carry no target."""
    d, k, many = int(0.7 * n), int(1.4 * n), 1e9
    s, b2 = power(d, 0.7), power(d, 0.5) / d
    spectrum = Spectrum(np.r_[LINEAR**2 * s / d, NONLINEAR**2 / many], np.r_[s * b2, 0.0],
                        multiplicities=np.r_[np.ones(d), many])  # fmt: skip
    return float(random_feature_risk(spectrum, n, k, n * lam, noise_variance).excess)


def _deep_linear(n: int, lam: float, noise_variance: float) -> float:
    layers = [int(1.3 * n), int(0.8 * n)]
    return float(deep_random_feature_risk(power(n, 0.7), layers, "identity", n, n * lam, noise_variance).excess)


def _covariate_shift(n: int, lam: float, noise_variance: float) -> float:
    d = int(0.8 * n)
    basis = np.linalg.qr(np.random.default_rng(1).standard_normal((d, d)))[0]
    T, B, spectrum = rotated(power(d, 0.5), 2), rotated(power(d, 1) / d, 3), Spectrum(power(d, 1))

    def pair(A: Array) -> float:
        return float(resolvent_pair_trace(spectrum, n, n * lam, n * lam, A, T, eigenvectors=basis))

    single = float(resolvent_trace(spectrum, n, n * lam, T, eigenvectors=basis))
    return lam**2 * pair(B) + noise_variance / n * (single - lam * pair(np.eye(d)))


SOLVED: dict[str, Callable[..., float]] = {
    "marchenko-pastur": _marchenko_pastur,
    "ridge": _ridge_excess,
    "random-features": _random_features,
    "deep-linear-features": _deep_linear,
    "covariate-shift": _covariate_shift,
    "spike": _spike,
}
