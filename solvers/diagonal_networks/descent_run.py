"""What a run of a diagonal network gives: weights at checkpoints, and the integrals that fix its interpolator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.solution import record

__all__ = ["DescentRun"]

Array = NDArray[np.float64]


@record
class DescentRun:
    r"""Weights of every seed at the checkpoints, and the integrals the theory needs.

    Attributes
    ----------
    times : ndarray of int, shape (T,)
        Steps at which weights were recorded, 0 first and the last step last.
    plus, minus, branch : ndarray, shape (seeds, T, d)
        :math:`w_+, w_-, v`. After a divergence, the last recorded finite ones.
    beta : ndarray, shape (seeds, T, d)
        :math:`w_+^2-w_-^2+\lambda v`.
    train_loss : ndarray, shape (seeds, T)
        :math:`(1/2n)\|X\beta-y\|^2`, clean labels; inf from a divergence on, never NaN.
    status : ndarray of int8, shape (seeds,)
        CONVERGED (loss below 1e-16 of that at :math:`\beta=0`), DIVERGES, or MAX_ITERATIONS.
    diverged_at : ndarray of int, shape (seeds,)
        Step at which the loss overflowed, -1 where it did not.
    gains : ndarray, shape (seeds, 2, d)
        :math:`\sum_k q_\pm`, where :math:`-q_\pm/2` is the log of the factor of a step on :math:`w_\pm` less its odd
        linear part: :math:`q_\pm(x)=\mp2x-\ln(1\mp x)^2` at :math:`x=2\gamma g` for plain descent. Zeros unless
        ``accumulate``.
    loss_integral : ndarray, shape (seeds,)
        :math:`\sum_k\gamma_k L_k`, L the clean loss of the batch. Zeros unless ``accumulate``.
    gradient_products : ndarray, shape (seeds, d)
        :math:`\sum_k\gamma_k g\odot g'`, g' the gradient at the perturbed point. Zeros unless ``accumulate``.
    effective_scale, offset : ndarray, shape (seeds, d)
        Of the interpolator that the run converges to; they need ``accumulate``.
    """

    times: NDArray[np.int64]
    plus: Array
    minus: Array
    branch: Array
    beta: Array
    train_loss: Array
    status: NDArray[np.int8]
    diverged_at: NDArray[np.int64]
    gains: Array
    loss_integral: Array
    gradient_products: Array

    @property
    def effective_scale(self) -> Array:
        """Scale of the interpolator that the run converges to, initial_scale exp(-(gain_+ + gain_-)/4), (seeds, d)."""
        return np.asarray(self.plus[:, 0] * np.exp(-self.gains.sum(axis=1) / 4))

    @property
    def offset(self) -> Array:
        """Offset of that interpolator, alpha_+^2 - alpha_-^2, shape (seeds, d)."""
        squares = self.plus[:, :1] ** 2 * np.exp(-self.gains)
        return np.asarray(squares[:, 0] - squares[:, 1])
