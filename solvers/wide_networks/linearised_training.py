r"""Gradient flow of a network that is linear in its parameters: infinitely wide, or linearised at the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_kind,
    as_matrix,
    as_nonnegative,
    as_scalar,
    check_room,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["LinearisedPrediction", "as_blocks", "linearised_training", "positive_eigensystem"]

Array = NDArray[np.float64]
Blocks = Sequence[ArrayLike]


@record
class LinearisedPrediction(OnGrid, axes={"mean": "... test", "covariance": "... test other_test"}):
    """Predictions at the test inputs, with the leading axis of `times` where that is an array.

    Attributes
    ----------
    mean : ndarray, shape (times, m)
        Mean over initialisations.
    covariance : ndarray, shape (times, m, m)
        Covariance over initialisations.
    train_loss : ndarray, shape (times,)
        Mean over initialisations of half of the sum of squared training residuals.
    """

    mean: Array
    covariance: Array
    train_loss: Array


def as_blocks(name: str, kernels: Blocks, n: int | None = None, m: int | None = None) -> tuple[Array, Array, Array]:
    """Check (train, train), (test, train), (test, test), the outer ones symmetric."""
    given = as_kind(name, kernels, tuple | list, "it must hold the blocks (train, train), (test, train), (test, test)")
    if len(given) != 3:
        raise refuse(
            f"len({name})", len(given), "it must hold three blocks: (train, train), (test, train), (test, test)"
        )
    train = as_matrix(f"{name}[0]", given[0], (n, n))
    cross = as_matrix(f"{name}[1]", given[1], (m, len(train)))
    test = as_matrix(f"{name}[2]", given[2], (len(cross), len(cross)))
    for index, block in ((0, train), (2, test)):
        if not is_symmetric(block, data_eps(given[index])):
            raise refuse(f"{name}[{index}]", block, "it must be symmetric")
    return train, cross, test


def positive_eigensystem(name: str, matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues and vectors; what is negative beyond rounding is refused, what is rounding is 0."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    rounding = 8 * len(values) * np.finfo(float).eps * np.abs(values).max()
    if values[0] < -1e4 * rounding:
        raise refuse(name, float(values[0]), "it must be positive semidefinite, and this is its least eigenvalue")
    return np.where(values <= rounding, 0.0, values), vectors


@gridded("times")
@within_range
def linearised_training(
    ntk: Sequence[ArrayLike],
    nngp: Sequence[ArrayLike] | None,
    times: ArrayLike,
    y: ArrayLike,
    ridge: float = 0.0,
    start: Literal["gaussian-process", "zero"] = "gaussian-process",
) -> LinearisedPrediction:
    r"""Predictions of an infinitely wide network under gradient flow at a time t.

    Loss :math:`\tfrac12\sum_i(f(x_i)-y_i)^2+\tfrac\lambda2\|\theta-\theta_0\|^2`, flow :math:`\dot\theta=-\nabla`. With
    :math:`\Theta` the tangent kernel and :math:`f_0` the function at the start,

    .. math::
        f_t(x)=f_0(x)+\Theta_{xX}(\Theta+\lambda)^{-1}\left(1-e^{-(\Theta+\lambda)t}\right)(y-f_0(X)),

    averaged over :math:`f_0\sim N(0,\Sigma)` or with :math:`f_0=0`.

    Parameters
    ----------
    ntk : tuple of array_like
        Blocks of :math:`\Theta`: (train, train), (test, train), (test, test).
    nngp : tuple of array_like or None
        The same of :math:`\Sigma`; None is allowed where `start` is ``"zero"``.
    times : array_like
        t >= 0, inf allowed; a number or a vector.
    y : array_like, shape (n,)
        Training labels.
    ridge : float
        :math:`\lambda\ge0`.
    start : {"gaussian-process", "zero"}
        Law of the function at the start; ``"zero"`` is a network from which its own start is subtracted.

    Returns
    -------
    LinearisedPrediction

    Raises
    ------
    ValueError
        Blocks that do not fit, are not symmetric or not positive semidefinite, a negative time or ridge.

    Notes
    -----
    One eigendecomposition for all times. Directions in which the tangent kernel vanishes to rounding do not learn:
    without a ridge the limit t = inf is the pseudo-inverse.

    References
    ----------
    jacot2018neural; mean and covariance derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import linearised_training
    >>> kernel = ([[2.0]], [[1.0]], [[2.0]])
    >>> found = linearised_training(kernel, kernel, [0.0, float("inf")], [1.0])
    >>> found.mean.ravel(), found.covariance.ravel()  # the same kernel twice: the posterior of a Gaussian process
    (array([0. , 0.5]), array([2. , 1.5]))
    """
    labels = as_finite("y", y)
    if labels.ndim != 1:
        raise refuse("y.shape", labels.shape, "it must be a vector")
    t = as_nonnegative("times", times, infinite=True)
    if t.ndim > 1 or t.size == 0:
        raise refuse("times.shape", t.shape, "it must be a number or a vector that is not empty")
    penalty = as_scalar("ridge", ridge, as_nonnegative)
    random = as_choice("start", start, ("gaussian-process", "zero")) == "gaussian-process"
    tangent, cross, _ = as_blocks("ntk", ntk, labels.size)
    check_room("times.shape", t.shape, float(t.size) * len(cross) * (len(cross) + labels.size))
    if nngp is None:
        if random:
            raise refuse("nngp", None, "a start drawn from a Gaussian process needs its covariance")
        prior = prior_cross = prior_test = np.zeros(())
    else:
        prior, prior_cross, prior_test = as_blocks("nngp", nngp, labels.size, len(cross))
        positive_eigensystem("nngp[0]", prior)
    values, vectors = positive_eigensystem("ntk[0]", tangent)
    rates = values + penalty
    progress = np.zeros((t.size, values.size))  # (1 - exp(-rate t))/rate; where nothing moves it is not asked for
    moving = rates > 0
    progress[:, moving] = -np.expm1(-rates[moving] * t.reshape(-1, 1)) / rates[moving]
    projected = cross @ vectors
    spread = np.einsum("ik,ik->k", vectors, prior @ vectors) if random else np.zeros(len(values))
    mean, covariance, loss = [], [], []
    for part in progress:
        read = (projected * part) @ vectors.T
        left = 1 - values * part
        mean.append(read @ labels)
        residual = left * (vectors.T @ labels)
        loss.append(residual @ residual / 2)
        if not random:
            covariance.append(np.zeros((len(cross), len(cross))))
            continue
        mixed = read @ prior_cross.T
        covariance.append(prior_test - mixed - mixed.T + read @ prior @ read.T)
        loss[-1] += spread @ left**2 / 2
    shape = t.shape
    return LinearisedPrediction(
        np.array(mean).reshape(*shape, -1),
        np.array(covariance).reshape(*shape, len(cross), len(cross)),
        np.array(loss).reshape(shape),
    )
