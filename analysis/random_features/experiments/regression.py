"""Matched experiments: draw features and data, fit, measure. Plain linear algebra, no deterministic equivalents.

Shallow draws average over 16 targets with random signs, and evaluate the error on fresh inputs with the true covariance
of the eigenfunctions. Deep draws use real activations and fresh test inputs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.random_features.settings import (
    ACTIVATIONS,
    MODES,
    frozen_network,
    frozen_teacher,
    input_eigenvalues,
    power_law,
)

__all__ = [
    "bias_draw",
    "conditional_error_draw",
    "deep_error_draw",
    "deep_errors",
    "deep_train_draw",
    "equivalence_ratio_draw",
    "kernel_gap_draw",
    "layer_square_draw",
    "learning_curve_draw",
    "overfitting_draw",
    "peak_draw",
    "power_law_curve",
    "ratio_slope_draw",
    "relu_error_draw",
    "shallow_errors",
    "test_error_draw",
    "train_error_draw",
    "tuned_drop_draw",
    "variance_draw",
]

Array = NDArray[np.float64]
Rng = np.random.Generator
_LABELS = 16
_TEST = 200  # fresh inputs of a deep draw, for every label


def _fits(Phi: Array, y: Array, ridges: Array) -> Array:
    """Coefficients for several ridges, shape (ridges, k, labels), from one decomposition; ridge 0 is least norm.

    A single ridge that no rounding reaches needs the smaller normal equations alone.
    """
    n, k = Phi.shape
    if ridges.size == 1 and ridges[0] > 1e-6 * np.vdot(Phi, Phi) / min(n, k):
        if n <= k:
            return np.asarray(Phi.T @ np.linalg.solve(Phi @ Phi.T + ridges[0] * np.eye(n), y))[None]
        return np.asarray(np.linalg.solve(Phi.T @ Phi + ridges[0] * np.eye(k), Phi.T @ y))[None]
    U, s, Vt = np.linalg.svd(Phi, full_matrices=False)
    keep = s > max(Phi.shape) * np.finfo(float).eps * s[0]
    U, s, Vt = U[:, keep], s[keep], Vt[keep]
    filtered = s / (s**2 + ridges[:, None])
    return np.asarray(Vt.T @ (filtered[:, :, None] * (U.T @ y)))


def shallow_errors(
    rng: Rng, n: int, k: int, ridges: Array, exponent: float, target_exponent: float, signal: float, noise: float
) -> tuple[Array, Array]:
    """Test and training error (label noise included) of one design for several ridges, averaged over 16 labels."""
    s, power = power_law(exponent, target_exponent)
    target = signal * np.sqrt(power)[:, None] * (rng.integers(0, 2, (MODES, _LABELS)) * 2.0 - 1.0)
    X = rng.standard_normal((n, MODES))
    y = X @ target + np.sqrt(noise) * rng.standard_normal((n, _LABELS))
    F = rng.standard_normal((k, MODES)) * np.sqrt(s / k)
    w = _fits(X @ F.T, y, ridges)
    learned = F.T @ w  # (ridges, modes, labels)
    test = np.mean(np.sum((learned - target) ** 2, axis=1), axis=1) + noise
    return test, np.asarray(np.mean((y - X @ learned) ** 2, axis=(1, 2)))


def test_error_draw(
    rng: Rng, n: int, ratio: float, ridge: float, exponent: float, target_exponent: float, noise_variance: float
) -> float:
    """Error on fresh noisy labels, k = ratio n features."""
    one = np.array([ridge])
    return float(shallow_errors(rng, n, round(ratio * n), one, exponent, target_exponent, 1.0, noise_variance)[0][0])


def train_error_draw(
    rng: Rng, n: int, ratio: float, ridge: float, exponent: float, target_exponent: float, noise_variance: float
) -> float:
    """Mean squared training residual."""
    one = np.array([ridge])
    return float(shallow_errors(rng, n, round(ratio * n), one, exponent, target_exponent, 1.0, noise_variance)[1][0])


def bias_draw(rng: Rng, n: int, ratio: float, ridge: float, exponent: float, target_exponent: float) -> float:
    """Error of fits to noiseless labels."""
    return test_error_draw(rng, n, ratio, ridge, exponent, target_exponent, 0.0)


def variance_draw(rng: Rng, n: int, ratio: float, ridge: float, exponent: float, noise_variance: float) -> float:
    """Error of fits to labels of pure noise."""
    one = np.array([ridge])
    return (
        float(shallow_errors(rng, n, round(ratio * n), one, exponent, 1.0, 0.0, noise_variance)[0][0]) - noise_variance
    )


def kernel_gap_draw(
    rng: Rng, k: int, n: int, ridge: float, exponent: float, target_exponent: float, noise_variance: float
) -> float:
    """Test error of k features minus that of the kernel itself, same inputs and labels, four feature draws.

    Less the part that is linear in what the features' kernel is off by: its mean is 0, and it scatters sqrt(k) times as
    much as the gap.
    """
    s, power = power_law(exponent, target_exponent)
    target = np.sqrt(power)[:, None] * (rng.integers(0, 2, (MODES, _LABELS)) * 2.0 - 1.0)
    X = rng.standard_normal((n, MODES))
    y = X @ target + np.sqrt(noise_variance) * rng.standard_normal((n, _LABELS))

    def missed(K: Array, back: Array) -> Array:
        return np.asarray(back @ np.linalg.solve(K + ridge * np.eye(n), y) - target)

    exact, through = (X * s) @ X.T, s[:, None] * X.T
    off, dual = missed(exact, through), np.linalg.solve(exact + ridge * np.eye(n), y)
    pull = np.linalg.solve(exact + ridge * np.eye(n), through.T @ off)
    # features F enter by Phi = A F^T through Phi Phi^T = C C^T, a Wishart matrix (Bartlett), and through F^T Phi^T,
    # Gaussian given Phi outside the rows of A: k n numbers of F need not be drawn
    root = np.sqrt(s / k)
    A = X * root
    moment = A @ A.T
    inverse, factor, gaps = np.linalg.solve(moment, A).T, np.linalg.cholesky(moment), []
    for _ in range(4):
        triangle = np.tril(rng.standard_normal((n, n)), -1)
        triangle[range(n), range(n)] = np.sqrt(rng.chisquare(k - np.arange(n)))
        C = factor @ triangle
        beside = rng.standard_normal((MODES, n))
        beside -= inverse @ (A @ beside)
        K, back = C @ C.T, root[:, None] * (inverse @ C + beside) @ C.T
        linear = 2 * (np.vdot(off, (back - through) @ dual) - np.vdot(pull, (K - exact) @ dual))
        gaps.append((np.sum(missed(K, back) ** 2) - np.sum(off**2) - linear) / _LABELS)
    return float(np.mean(gaps))


_RIDGES = np.geomspace(1e-4, 30, 25)


def tuned_drop_draw(
    rng: Rng, n: int, k: int, grow: str, exponent: float, target_exponent: float, noise_variance: float
) -> float:
    """Error at the best of 25 ridges, averaged over 4 designs, minus the same with twice the samples or features."""

    def tuned(samples: int, features: int) -> float:
        curves = [shallow_errors(rng, samples, features, _RIDGES, exponent, target_exponent, 1.0, noise_variance)[0]
                  for _ in range(4)]  # fmt: skip
        return float(np.mean(curves, axis=0).min())

    more = (2 * n, k) if grow == "n" else (n, 2 * k)
    return tuned(n, k) - tuned(*more)


def peak_draw(
    rng: Rng, n: int, k: int, grow: str, ridge: float, exponent: float, target_exponent: float, noise_variance: float
) -> float:
    """Error minus the same with twice the samples or features, at a ridge that stays fixed."""
    one = np.array([ridge])
    sizes = ((n, k), (2 * n, k) if grow == "n" else (n, 2 * k))
    before, after = (
        shallow_errors(rng, *size, one, exponent, target_exponent, 1.0, noise_variance)[0][0] for size in sizes
    )
    return float(before - after)


# Power laws with their tails. Beyond _CUT modes the kernel is a multiple of the identity and the target is noise: both
# sums concentrate there, for n far below _CUT.
_CUT = 1500


def power_law_curve(
    rng: Rng, n: int, exponent: float, target_exponent: float, ridges: Array, noise: float, labels: int = _LABELS
) -> tuple[Array, Array]:
    """Test and training error of kernel ridge regression for several ridges, the whole infinite tail."""
    i = np.arange(1.0, _CUT + 1)
    s, power = i**-exponent, i**-target_exponent
    rest = (_CUT + 0.5) ** (1 - exponent) / (exponent - 1)
    unseen = (_CUT + 0.5) ** (1 - target_exponent) / (target_exponent - 1)
    target = np.sqrt(power)[:, None] * (rng.integers(0, 2, (_CUT, labels)) * 2.0 - 1.0)
    X = rng.standard_normal((n, _CUT))
    y = X @ target + np.sqrt(noise + unseen) * rng.standard_normal((n, labels))
    values, Q = np.linalg.eigh((X * s) @ X.T + rest * np.eye(n))
    rotated = Q.T @ y
    test, train = np.empty(ridges.size), np.empty(ridges.size)
    back = (s[:, None] * X.T) @ Q
    for j, ridge in enumerate(ridges):
        dual = rotated / (values + ridge)[:, None]
        # the tail of the kernel predicts nothing at a fresh input, but costs rest * sum s over the tail ~ 0
        test[j] = np.mean(np.sum((back @ dual - target) ** 2, axis=0)) + noise + unseen
        train[j] = np.mean((ridge * dual) ** 2)
    return test, train


def _noiseless_interpolation(n: int, exponent: float, target_exponent: float, rng: Rng) -> float:
    """Test error without ridge and noise, the unit of relative noise: the mean of two draws."""
    zero = np.zeros(1)
    return float(np.mean([power_law_curve(rng, n, exponent, target_exponent, zero, 0.0)[0] for _ in range(2)]))


def learning_curve_draw(rng: Rng, n: int, exponent: float, target_exponent: float) -> float:
    """Noiseless test error of kernel interpolation."""
    return float(power_law_curve(rng, n, exponent, target_exponent, np.zeros(1), 0.0, labels=64)[0][0])


def ratio_slope_draw(
    rng: Rng, n: int, exponent: float, target_exponent: float, relative_noise: float, at: float
) -> float:
    """Slope of the test error in the fitting ratio (training over test error) where that ratio is `at`."""
    noise = relative_noise * _noiseless_interpolation(n, exponent, target_exponent, rng)
    ridges = np.geomspace(1e-4, 10, 60)
    test, train = power_law_curve(rng, n, exponent, target_exponent, ridges, noise)
    ratio = train / test
    j = int(np.clip(np.searchsorted(ratio, at), 1, ridges.size - 2))
    # parabola through three neighbours in the ratio
    fit = np.polynomial.Polynomial.fit(ratio[j - 1 : j + 2], test[j - 1 : j + 2], 2)
    return float(fit.deriv()(at) / test[j])


def overfitting_draw(rng: Rng, n: int, exponent: float, target_exponent: float, relative_noise: float) -> float:
    """How much a small ridge (fitting ratio about 0.002) raises the test error of interpolation, relatively."""
    noise = relative_noise * _noiseless_interpolation(n, exponent, target_exponent, rng)
    ridges = np.r_[0.0, np.geomspace(1e-5, 10, 80)]
    test, train = power_law_curve(rng, n, exponent, target_exponent, ridges, noise)
    j = int(np.searchsorted(train / test, 0.002))
    return float(test[j] / test[0] - 1)


# ---- real networks


def _layers(rng: Rng, d: int, widths: list[int]) -> list[Array]:
    fans = [d, *widths[:-1]]
    return [rng.standard_normal((k, fan)) / np.sqrt(fan) for fan, k in zip(fans, widths, strict=True)]


def _forward(X: Array, weights: list[Array], activation: str) -> Array:
    for W in weights:
        X = ACTIVATIONS[activation](X @ W.T)
    return X / np.sqrt(X.shape[1])


def _regress(rng: Rng, features: Array, labels: Array, ridge: float, noise: float) -> tuple[float, float]:
    """Fit on all but the last _TEST rows; error on those with fresh noise, and training error."""
    n = features.shape[0] - _TEST
    y = labels[:n] + np.sqrt(noise) * rng.standard_normal((n, labels.shape[1]))
    learned = features @ _fits(features[:n], y, np.array([ridge]))[0]
    test = float(np.mean((learned[n:] - labels[n:]) ** 2)) + noise
    return test, float(np.mean((learned[:n] - y) ** 2))


def deep_errors(
    rng: Rng, d: int, widths: tuple[float, ...], activation: str, ratio: float, ridge: float, noise: float
) -> tuple[float, float]:
    """Widths and samples as multiples of d; teacher on the last layer with unit-variance weights."""
    weights = _layers(rng, d, [round(w * d) for w in widths])
    X = rng.standard_normal((round(ratio * d) + _TEST, d)) * np.sqrt(input_eigenvalues(d))
    features = _forward(X, weights, activation)
    labels = features @ rng.standard_normal((features.shape[1], _LABELS))
    return _regress(rng, features, labels, ridge, noise)


def deep_error_draw(
    rng: Rng, d: int, widths: tuple[float, ...], activation: str, ratio: float, ridge: float, noise_variance: float
) -> float:
    """Test error of a real deep network with frozen layers."""
    return deep_errors(rng, d, widths, activation, ratio, ridge, noise_variance)[0]


def deep_train_draw(
    rng: Rng, d: int, widths: tuple[float, ...], activation: str, ratio: float, ridge: float, noise_variance: float
) -> float:
    """Training error of a real deep network with frozen layers."""
    return deep_errors(rng, d, widths, activation, ratio, ridge, noise_variance)[1]


def layer_square_draw(rng: Rng, d: int, widths: tuple[float, ...], activation: str) -> float:
    """tr(Omega_L^2)/k_L of a network's last layer, unbiased: squared overlaps of features of independent inputs."""
    weights = _layers(rng, d, [round(w * d) for w in widths])
    X = rng.standard_normal((400, d)) * np.sqrt(input_eigenvalues(d))
    features = _forward(X, weights, activation) * np.sqrt(weights[-1].shape[0])
    n, k = features.shape
    every = np.sum((features.T @ features) ** 2)  # of all pairs: the Gram matrix of either side has the same norm
    own = np.sum(np.sum(features**2, axis=1) ** 2)
    return float((every - own) / (n * (n - 1) * k))


def equivalence_ratio_draw(
    rng: Rng, d: int, widths: tuple[float, ...], activation: str, slopes: tuple[float, ...], rests: tuple[float, ...],
    ratio: float, ridge: float, noise_variance: float,
) -> float:  # fmt: skip
    """Test error of a real network over that of its linearisation with independent noise, same weights."""
    weights = _layers(rng, d, [round(w * d) for w in widths])
    errors = []
    for real in (True, False):
        total = 0.0
        for _ in range(2):
            X = rng.standard_normal((round(ratio * d) + _TEST, d)) * np.sqrt(input_eigenvalues(d))
            if real:
                features = _forward(X, weights, activation)
            else:
                for W, slope, rest in zip(weights, slopes, rests, strict=True):
                    X = slope * X @ W.T + rest * rng.standard_normal((X.shape[0], W.shape[0]))
                features = X / np.sqrt(X.shape[1])
            labels = features @ rng.standard_normal((features.shape[1], _LABELS))
            total += _regress(rng, features, labels, ridge, noise_variance)[0]
        errors.append(total)
    return errors[0] / errors[1]


def conditional_error_draw(
    rng: Rng, d: int, widths: tuple[float, ...], activation: str, teacher: str, ratio: float, ridge: float,
    noise_variance: float,
) -> float:  # fmt: skip
    """Test error of one given network on a teacher of its own: linear, or with one hidden layer of width d."""
    weights = frozen_network(d, widths, 0)
    X = rng.standard_normal((round(ratio * d) + _TEST, d)) * np.sqrt(input_eigenvalues(d))
    hidden, readout = frozen_teacher(d)
    labels = X @ readout if teacher == "linear" else ACTIVATIONS["erf"](X @ hidden.T) @ readout
    return _regress(rng, _forward(X, weights, activation), labels, ridge, noise_variance)[0]


def relu_error_draw(
    rng: Rng, d: int, psi1: float, psi2: float, lam: float, signal: float, noise_variance: float
) -> float:
    """Excess error of centred ReLU features of isotropic inputs on a linear target, psi1 d features, psi2 d samples.

    Penalty psi1 lam |a|^2 beside the mean squared residual, features not divided.
    """
    k, n = round(psi1 * d), round(psi2 * d)
    (W,) = _layers(rng, d, [k])
    W *= np.sqrt(d) / np.linalg.norm(W, axis=1, keepdims=True) / np.sqrt(d)  # rows on the unit sphere
    X = rng.standard_normal((n + _TEST, d))
    X *= np.sqrt(d) / np.linalg.norm(X, axis=1, keepdims=True)  # on the sphere of radius sqrt(d), as the weights
    features = ACTIVATIONS["centred-relu"](X @ W.T)
    labels = X @ rng.standard_normal((d, _LABELS)) * np.sqrt(signal / d)
    return _regress(rng, features, labels, n * psi1 * lam, noise_variance)[0] - noise_variance
