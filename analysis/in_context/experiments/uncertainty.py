"""Tasks with uncertain noise: Gaussian conditioning with the full covariance of the labels, ridge, least squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.in_context.settings import LEVELS

__all__ = [
    "drawn_prompts",
    "few_prompts",
    "fitted_likelihood",
    "likelihood",
    "mean_and_variance",
    "mean_variance",
    "mismatched_error",
    "prior_errors",
    "prior_gain",
    "squared_error",
    "true_prompts",
    "wrong_prior_cost",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _noise(rng: Rng, law: str, count: int) -> Array:
    """Variances of the noise of each task: known, one of several, or inverse gamma with a = 4, b = 3."""
    if law == "known":
        return np.full(count, 0.36)
    if law == "discrete":
        return rng.choice(LEVELS[0], count, p=LEVELS[1])
    return np.asarray(3.0 / rng.gamma(4.0, size=count))


def true_prompts(rng: Rng, n: int, d: int, law: str, count: int = 4000, noise: Array | None = None) -> dict[str, Array]:
    """Prompts, queries, their labels without noise and its variance; inverse-gamma noise scales the weights."""
    noise = _noise(rng, law, count) if noise is None else noise
    w = rng.standard_normal((count, d)) * (np.sqrt(noise)[:, None] if law == "inverse-gamma" else 1.0)
    X, x = rng.standard_normal((count, n, d)), rng.standard_normal((count, d))
    y = np.einsum("kni,ki->kn", X, w) + np.sqrt(noise)[:, None] * rng.standard_normal((count, n))
    return {"X": X, "y": y, "x": x, "truth": np.einsum("ki,ki->k", x, w), "noise": noise}


def drawn_prompts(
    rng: Rng, n: int, d: int, law: str, count: int = 4000, noise: Array | None = None
) -> dict[str, Array]:
    """Prompts, queries and their noisy labels."""
    prompts = true_prompts(rng, n, d, law, count, noise)
    prompts["label"] = prompts.pop("truth") + np.sqrt(prompts.pop("noise")) * rng.standard_normal(count)
    return prompts


def _conditioned(X: Array, y: Array, x: Array, noise: float) -> tuple[Array, Array, Array]:
    """Mean and variance of the label, log density of the prompt's labels, all from their joint covariance."""
    n = X.shape[1]
    joint = X @ np.swapaxes(X, 1, 2) + noise * np.eye(n)
    cross = np.einsum("kni,ki->kn", X, x)
    solved = np.linalg.solve(joint, np.stack([y, cross], axis=-1))
    mean = np.einsum("kn,kn->k", cross, solved[..., 0])
    variance = noise + np.sum(x**2, axis=1) - np.einsum("kn,kn->k", cross, solved[..., 1])
    log = -0.5 * (np.einsum("kn,kn->k", y, solved[..., 0]) + np.linalg.slogdet(joint)[1])
    return mean, variance, log


def _posterior(X: Array, y: Array, x: Array, law: str) -> tuple[Array, Array]:
    """Mean and variance of the label; inverse-gamma noise by quadrature over its variance."""
    if law == "known":
        return _conditioned(X, y, x, 0.36)[:2]
    if law == "discrete":
        levels, chances = np.array(LEVELS[0]), np.array(LEVELS[1])
        parts = [_conditioned(X, y, x, level) for level in levels]
    else:  # a grid in the logarithm of the variance; in units of it the prior of the weights is the same
        levels = np.exp(np.linspace(np.log(0.01), np.log(1e5), 240))
        chances = levels**-4.0 * np.exp(-3.0 / levels)
        unit = _conditioned(X, y, x, 1.0)
        square = -2 * (_conditioned(X, 0 * y, x, 1.0)[2] - unit[2])  # y^T C^-1 y at unit noise, with a minus
        n = X.shape[1]
        parts = [(unit[0], unit[1] * level, 0.5 * square / level - 0.5 * n * np.log(level)) for level in levels]
    log = np.array([part[2] + np.log(chance) for part, chance in zip(parts, chances, strict=True)])
    weight = np.exp(log - log.max(axis=0))
    weight /= weight.sum(axis=0)
    mean = np.sum(weight * [part[0] for part in parts], axis=0)
    square = np.sum(weight * [part[1] + part[0] ** 2 for part in parts], axis=0)
    return mean, square - mean**2


def few_prompts(rng: Rng, n: int, d: int, law: str) -> dict[str, Array]:
    """Seven prompts."""
    return true_prompts(rng, n, d, law, 7)


def mean_and_variance(X: Array, y: Array, x: Array, law: str) -> Array:
    """Of the label of each prompt."""
    return np.stack(_posterior(X, y, x, law))


def squared_error(X: Array, y: Array, x: Array, truth: Array, noise: Array, law: str) -> float:
    """Of the posterior mean, averaged over the noise of the label."""
    return float(np.mean((truth - _posterior(X, y, x, law)[0]) ** 2 + noise))


def likelihood(X: Array, y: Array, x: Array, truth: Array, noise: Array, law: str) -> float:
    """Average of log(v)/2 + (y - m)^2/(2 v), over the noise of the label y too."""
    mean, variance = _posterior(X, y, x, law)
    return float(np.mean(0.5 * np.log(variance) + ((truth - mean) ** 2 + noise) / (2 * variance)))


def fitted_likelihood(rng: Rng, law: str, count: int = 100_000, bins: int = 32) -> float:
    """Negative log-likelihood on fresh tasks of the table of frequencies that fits as many drawn ones best.

    Example and query are at input 1; labels are binned evenly in the arc tangent of half their size.
    """

    def pairs() -> tuple[Array, NDArray[np.intp]]:
        noise = _noise(rng, law, count)
        w = rng.standard_normal(count) * (np.sqrt(noise) if law == "inverse-gamma" else 1.0)
        y = w + np.sqrt(noise) * rng.standard_normal((2, count))
        return y[1], np.floor(bins * (0.5 + np.arctan(y / 2) / np.pi)).astype(np.intp)

    _, (shown, asked) = pairs()
    counts = 1e-3 + np.bincount(shown * bins + asked, minlength=bins**2).reshape(bins, bins)
    table = counts / counts.sum(axis=1, keepdims=True)
    label, (shown, asked) = pairs()
    density = table[shown, asked] * bins * 2 / (np.pi * (4 + label**2))
    return float(-np.mean(np.log(density)))


def _fit(X: Array, y: Array, ridge: float) -> Array:
    d = X.shape[2]
    return np.linalg.solve(np.swapaxes(X, 1, 2) @ X + ridge * np.eye(d), np.einsum("kni,kn->ki", X, y)[..., None])[
        ..., 0
    ]


def mean_variance(rng: Rng, d: int, gamma: float, noise_variance: float, count: int = 60) -> float:
    """Predictive variance of the posterior, averaged over queries by the trace and over drawn prompts."""
    n = round(d / gamma)
    X = rng.standard_normal((count, n, d))
    inverse = np.linalg.inv(np.swapaxes(X, 1, 2) @ X + noise_variance * np.eye(d))
    return float(noise_variance * (1 + np.mean(np.trace(inverse, axis1=1, axis2=2))))


def mismatched_error(
    rng: Rng, d: int, gamma: float, noise_variance: float, assumed_noise: float, weight_variance: float,
    count: int = 60,
) -> float:  # fmt: skip
    """Error of the posterior mean under a prior that has another noise and unit weights."""
    n = round(d / gamma)
    X = rng.standard_normal((count, n, d))
    moment = np.swapaxes(X, 1, 2) @ X
    fit = np.linalg.inv(moment + assumed_noise * np.eye(d))  # a - w = (fit M - I)w + fit X^T e, over tasks and noise
    bias = np.sum((fit @ moment - np.eye(d)) ** 2) * weight_variance
    scatter = np.einsum("kij,kjl,kil->", fit, moment, fit, optimize=True) * noise_variance
    return noise_variance + float(bias + scatter) / count


def wrong_prior_cost(rng: Rng, d: int, n: int, noise_variance: float, assumed_noise: float, count: int = 400) -> float:
    """Log of the error under the assumed noise over that under the true one, on the same prompts."""
    X, w = rng.standard_normal((count, n, d)), rng.standard_normal((count, d))
    y = np.einsum("kni,ki->kn", X, w) + np.sqrt(noise_variance) * rng.standard_normal((count, n))
    wrong, right = (
        noise_variance + np.mean(np.sum((_fit(X, y, ridge) - w) ** 2, axis=1))
        for ridge in (assumed_noise, noise_variance)
    )
    return float(np.log(wrong / right))


def prior_errors(rng: Rng, d: int, n: int, count: int) -> list[float]:
    """Errors on noisy labels, noise one of several: of the posterior mean, ridge regression, least squares (n >= d)."""
    prompts = drawn_prompts(rng, n, d, "discrete", count)
    label = prompts.pop("label")
    X, y, x = prompts.values()
    guesses = [_posterior(X, y, x, "discrete")[0], np.einsum("ki,ki->k", _fit(X, y, 0.9), x)]
    if n > d + 1:
        guesses.append(np.einsum("ki,ki->k", _fit(X, y, 0.0), x))
    found = [float(np.mean((label - guess) ** 2)) for guess in guesses]
    return found if n > d + 1 else [*found, float("nan")]


def prior_gain(rng: Rng, d: int, n: int, pair: str, count: int = 1000) -> float:
    """Log of the ratio of errors: ridge of fixed strength over Bayes, or least squares over ridge; noise discrete."""
    prompts = drawn_prompts(rng, n, d, "discrete", count)
    label = prompts.pop("label")
    X, y, x = prompts.values()
    ridge = np.einsum("ki,ki->k", _fit(X, y, 0.9), x)
    if pair == "ridge over Bayes":
        worse, better = ridge, _posterior(X, y, x, "discrete")[0]
    else:
        worse, better = np.einsum("ki,ki->k", _fit(X, y, 0.0), x), ridge
    return float(np.log(np.mean((label - worse) ** 2) / np.mean((label - better) ** 2)))
