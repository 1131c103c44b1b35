"""Classes that are sampled, information from determinants, and regression on factors of drawn data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.self_supervised.settings import factor_model, sensor

__all__ = [
    "determinant_loss",
    "factor_draw",
    "latent_classes",
    "mean_classifier_loss",
    "random_encoder",
    "regression_excess",
    "sampled_contrastive",
    "sampled_infonce",
    "supervised_draw",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def latent_classes(rng: Rng, classes: int, points: int, kind: str) -> dict[str, Array]:
    """Features of points, their probabilities within classes that overlap, and those of the classes."""
    del kind
    members = rng.dirichlet(np.full(points, 0.5), classes)
    return {
        "features": rng.standard_normal((points, 3)) * rng.choice([0.7, 1.0, 2.0]),
        "members": members / members.sum(axis=1, keepdims=True),
        "rho": rng.dirichlet(np.full(classes, 2.0)),
    }


def _cost(kind: str, margin: Array) -> Array:
    return np.maximum(0.0, 1.0 - margin) if kind == "hinge" else np.log2(1.0 + np.exp(-margin))


def mean_classifier_loss(features: Array, members: Array, rho: Array, kind: str) -> float:
    """Loss of the mean classifier over ordered pairs of different classes, class by class."""
    total, weight = 0.0, 0.0
    for c, one in enumerate(members):
        for other_class, other in enumerate(members):
            if c != other_class:
                margin = features @ (one @ features - other @ features)
                share = rho[c] * rho[other_class]
                total += share * float(one @ _cost(kind, margin))
                weight += share
    return total / weight


def sampled_contrastive(rng: Rng, features: Array, members: Array, rho: Array, kind: str, draws: int = 4000) -> float:
    """Contrastive loss over drawn triples."""
    own, other = (rng.choice(len(rho), draws, p=rho) for _ in range(2))
    levels = np.cumsum(members, axis=1)

    def points(classes: NDArray[np.intp]) -> NDArray[np.intp]:
        passed = np.sum(rng.random(draws)[:, None] > levels[classes], axis=1)
        return np.asarray(np.minimum(passed, members.shape[1] - 1), np.intp)

    x, positive, negative = features[points(own)], features[points(own)], features[points(other)]
    return float(np.mean(_cost(kind, np.sum(x * (positive - negative), axis=1))))


def random_encoder(rng: Rng, d: int, k: int, noise_variance: float) -> dict[str, Array]:
    """Covariance of unequal eigenvalues, an encoder and a direction to predict."""
    del noise_variance
    A = rng.standard_normal((d, d)) * 1.5 ** -np.arange(d)
    return {"covariance": A @ A.T, "encoder": rng.standard_normal((k, d)), "weights": rng.standard_normal(d)}


def _logdet(*blocks: list[Array]) -> float:
    return float(np.linalg.slogdet(np.block(list(blocks)))[1])


def determinant_loss(covariance: Array, encoder: Array, noise_variance: float) -> float:
    """I(x; z) - I(fx; z), each from the determinants of the covariances of the parts and of the whole."""
    d = len(covariance)
    z = covariance + noise_variance * np.eye(d)
    seen, cross = encoder @ covariance @ encoder.T, encoder @ covariance
    whole = _logdet([covariance, covariance], [covariance, z])
    partly = _logdet([seen, cross], [cross.T, z])
    full = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(z)[1] - whole
    coded = np.linalg.slogdet(seen)[1] + np.linalg.slogdet(z)[1] - partly
    return float(full - coded) / 2


def regression_excess(covariance: Array, encoder: Array, weights: Array) -> float:
    """Residual variance of the regression of theta^T x on fx, by its normal equations."""
    cross = encoder @ covariance @ weights
    explained = cross @ np.linalg.solve(encoder @ covariance @ encoder.T, cross)
    return float(weights @ covariance @ weights - explained)


def sampled_infonce(rng: Rng, d: int, samples: int, noise_variance: float, draws: int = 400) -> float:
    """Mean InfoNCE of drawn sets, critic ln p(z|fx) from the covariance of (fx, z)."""
    covariance, encoder = sensor(d)
    x = rng.multivariate_normal(np.zeros(d), covariance, (draws, samples))
    z = x[:, 0] + np.sqrt(noise_variance) * rng.standard_normal((draws, d))
    seen, cross = encoder @ covariance @ encoder.T, encoder @ covariance
    gain = np.linalg.solve(seen, cross).T
    left = covariance + noise_variance * np.eye(d) - gain @ cross
    away = z[:, None] - x @ encoder.T @ gain.T
    critic = -0.5 * np.einsum("tki,ij,tkj->tk", away, np.linalg.inv(left), away, optimize=True)
    top = critic.max(axis=1, keepdims=True)
    return float(np.mean(critic[:, 0] - top[:, 0] - np.log(np.mean(np.exp(critic - top), axis=1))))


def _labelled(rng: Rng, d: int, r: int, labelled: int, noise: float, sets: int) -> tuple[Array, Array]:
    B, beta = factor_model(d, r)
    z = rng.standard_normal((sets, labelled, r))
    X = z @ B.T + rng.standard_normal((sets, labelled, d))
    return X, z @ beta + np.sqrt(noise) * rng.standard_normal((sets, labelled))


def _excess(fit: Array, d: int, r: int) -> float:
    """Mean excess error of weights on x, rows of `fit`, by the population covariance."""
    B, beta = factor_model(d, r)
    covariance = B @ B.T + np.eye(d)
    away = fit - np.linalg.solve(covariance, B @ beta)
    return float(np.mean(np.einsum("ti,ij,tj->t", away, covariance, away, optimize=True)))


def _least_squares(X: Array, y: Array) -> Array:
    right = X.transpose(0, 2, 1) @ y[:, :, None]
    return np.asarray(np.linalg.solve(X.transpose(0, 2, 1) @ X, right)[..., 0])


def factor_draw(rng: Rng, d: int, r: int, labelled: int, unlabelled: float, noise: float, sets: int = 100) -> float:
    """Excess error on principal components of one unlabelled sample, a mean over labelled sets; inf: on the factors."""
    B, _ = factor_model(d, r)
    X, y = _labelled(rng, d, r, labelled, noise, sets)
    if np.isinf(unlabelled):
        basis = np.linalg.qr(B)[0]
    else:
        m = round(unlabelled)
        pool = rng.standard_normal((m, r)) @ B.T + rng.standard_normal((m, d))
        basis = np.linalg.eigh(pool.T @ pool)[1][:, -r:]
    return _excess(_least_squares(X @ basis, y) @ basis.T, d, r)


def supervised_draw(rng: Rng, d: int, r: int, labelled: int, noise: float, sets: int = 100) -> float:
    """Excess error of least squares on raw inputs, a mean over labelled sets."""
    return _excess(_least_squares(*_labelled(rng, d, r, labelled, noise, sets)), d, r)
