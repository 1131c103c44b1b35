"""Deep Gaussian processes of finite width, linear kernels: their posterior by Langevin steps that may be refused."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["INPUT_GRAM", "LABEL_GRAM", "NOISE", "posterior_gram_draw", "posterior_grams"]

Array = NDArray[np.float64]
# three points: Gram matrix of the inputs, of the labels over their number, and the variance of label noise
INPUT_GRAM = ((1.0, 0.3, 0.1), (0.3, 1.0, -0.2), (0.1, -0.2, 1.0))
LABEL_GRAM = ((4.0, 1.0, -0.5), (1.0, 2.0, 0.3), (-0.5, 0.3, 0.6))
NOISE = 0.2


def _minus_log_posterior(F: Array, noise: float) -> tuple[Array, Array]:
    """Energy and gradient of the features of all layers, (chains, layers, points, width), as many labels as width.

    Columns of F_l are N(0, G_(l-1)), G_l = F_l F_l^T/width, those of the labels N(0, G_L + noise).
    """
    width = F.shape[-1]
    G = F @ np.swapaxes(F, -1, -2) / width
    layers = F.shape[1]
    energy = np.zeros(len(F))
    gradient = np.empty_like(F)
    pull = np.empty_like(G)
    for layer in range(layers):
        above = G[:, layer + 1] if layer + 1 < layers else np.array(LABEL_GRAM)
        inner = G[:, layer] if layer + 1 < layers else G[:, layer] + noise * np.eye(G.shape[-1])
        inverse = np.linalg.inv(inner)
        product = inverse @ above
        energy += width / 2 * (np.linalg.slogdet(inner)[1] + np.trace(product, axis1=-2, axis2=-1))
        pull[:, layer] = inverse - product @ inverse
    for layer in range(layers):
        below = np.linalg.inv(G[:, layer - 1]) if layer else np.linalg.inv(np.array(INPUT_GRAM))
        gradient[:, layer] = (below + pull[:, layer]) @ F[:, layer]
    energy += width / 2 * np.trace(np.linalg.inv(np.array(INPUT_GRAM)) @ G[:, 0], axis1=-2, axis2=-1)
    return energy, gradient


def posterior_grams(
    rng: np.random.Generator, width: int, layers: int, chains: int = 8, steps: int = 250, noise: float = NOISE
) -> Array:
    """Mean over the second half of the chains of the Gram matrix of each layer, (layers, points, points).

    The start is the prior of the first layer, in all layers. Steps adapt to 60 % acceptance in the first half.
    """
    root = np.linalg.cholesky(np.array(INPUT_GRAM))
    F = root @ rng.standard_normal((chains, layers, 3, width))
    energy, gradient = _minus_log_posterior(F, noise)
    total = np.zeros((layers, 3, 3))
    h = 0.1
    for step in range(steps):
        new = F - h * gradient + np.sqrt(2 * h) * rng.standard_normal(F.shape)
        new_energy, new_gradient = _minus_log_posterior(new, noise)
        there = np.sum((new - F + h * gradient) ** 2, axis=(1, 2, 3))
        back = np.sum((F - new + h * new_gradient) ** 2, axis=(1, 2, 3))
        accepted = np.log(rng.random(chains)) < energy - new_energy + (there - back) / (4 * h)
        F[accepted], energy[accepted], gradient[accepted] = new[accepted], new_energy[accepted], new_gradient[accepted]
        if step < steps // 2:
            h *= np.exp(0.1 * (accepted.mean() - 0.6))
        else:
            total += np.mean(F @ np.swapaxes(F, -1, -2) / width, axis=0)
    return np.asarray(total / (steps - steps // 2))


def posterior_gram_draw(rng: np.random.Generator, width: int, place: tuple[int, int]) -> float:
    """Posterior mean of the first point's entry of the Gram matrix of a layer, `place` that layer and their number."""
    layer, layers = place
    return float(posterior_grams(rng, int(width), layers)[layer - 1, 0, 0])
