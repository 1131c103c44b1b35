"""Integrals that claims about feature learning compare with."""

from __future__ import annotations

import numpy as np

__all__ = ["gaussian_accuracy", "random_participation"]


def random_participation(p: int) -> float:
    r"""Mean inverse participation ratio of p independent normal numbers, p odd.

    Powers are exponential, with mean 1, at (p - 1)/2 frequencies, and the square of a normal number at 0. With
    :math:`1/s^2=\int ue^{-us}du`, :math:`E\sum a^4/(\sum a^2)^2=\int u[(p-1)(1+u)^{-K-2}(1+2u)^{-1/2}
    +3(1+u)^{-K}(1+2u)^{-5/2}]du`, K = (p - 1)/2; here u = w/(1 - w).
    """
    K = (p - 1) // 2
    nodes, weights = np.polynomial.legendre.leggauss(200)
    w = (1 + nodes) / 2
    u = w / (1 - w)
    inner = 2 * K * (1 + u) ** (-K - 2) * (1 + 2 * u) ** -0.5 + 3 * (1 + u) ** -float(K) * (1 + 2 * u) ** -2.5
    return float(np.sum(weights / 2 * u * inner / (1 - w) ** 2))


def gaussian_accuracy(p: int, width: float) -> float:
    r"""Probability that the answer has the largest logit, were logits independent normal numbers.

    Variances of a neuron's part: 17/16 for the answer, whose mean is 1/2, and 9/8 for the p - 1 others.
    """
    from scipy.special import log_ndtr

    z, weights = np.polynomial.hermite_e.hermegauss(120)
    place = (0.5 * np.sqrt(width) + z * np.sqrt(17 / 16)) / np.sqrt(9 / 8)
    return float(weights @ np.exp((p - 1) * log_ndtr(place)) / weights.sum())
