r"""What a network of 2n + d weights fits, and the norm that random labels cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_factor, cho_solve

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_finite,
    as_generator,
    as_matrix,
    as_nonnegative,
    as_scalar,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["InterpolatingNetwork", "interpolating_network", "random_label_norm"]

Array = NDArray[np.float64]
_TRIES = 16


@record
class InterpolatingNetwork:
    r"""Network :math:`f(x)=\sum_jw_j(a\cdot x-b_j)_+` with 2n + d weights.

    Attributes
    ----------
    direction : ndarray, shape (d,)
        a, of unit length.
    biases : ndarray, shape (n,)
        :math:`b_1<z_1=b_2<z_2=b_3<\dots`, z the sorted projections.
    outer : ndarray, shape (n,)
        :math:`w_j`.
    gap : float
        Smallest gap of the projections over their range: labels that differ over it make outer weights large.
    weights : int
        2n + d.
    """

    direction: Array
    biases: Array
    outer: Array
    gap: float

    @property
    def weights(self) -> int:
        """Number of weights, 2n + d."""
        return 2 * self.biases.size + self.direction.size

    @within_range
    def predict(self, X: ArrayLike) -> Array:
        """Return the outputs at inputs.

        Parameters
        ----------
        X : array_like, shape (inputs, d)
            Inputs.

        Returns
        -------
        ndarray, shape (inputs,)

        Raises
        ------
        ValueError
            Inputs of another dimension.
        """
        rows = as_matrix("X", X, (None, self.direction.size))
        return np.asarray(np.maximum(_projected(rows, self.direction)[:, None] - self.biases, 0.0) @ self.outer)


def _projected(rows: Array, direction: Array) -> Array:
    """Projections; every row by the same order of additions, so that equal rows have equal projections."""
    return np.asarray(np.sum(rows * direction, axis=1))


@within_range
def interpolating_network(X: ArrayLike, y: ArrayLike, rng: int | np.random.Generator = 0) -> InterpolatingNetwork:
    r"""Two-layer ReLU network with 2n + d weights that fits any labels of n distinct inputs.

    With distinct projections :math:`z_i=a\cdot x_i` and biases between them the matrix :math:`(z_i-b_j)_+` is
    lower triangular. Biases at the projections themselves make the network the linear interpolation of the labels
    along a: :math:`w_j` is the change of slope there, which no system has to be solved for.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Distinct inputs.
    y : array_like, shape (n,)
        Any labels.
    rng : int or Generator
        Draws 16 directions; the one with the largest smallest gap is kept.

    Returns
    -------
    InterpolatingNetwork

    Raises
    ------
    ValueError
        Shapes that do not fit, inputs that are equal or too near to be told apart along any direction drawn.

    Notes
    -----
    Outputs at the inputs are good to rounding times the sum of the :math:`|w_j|(z_i-b_j)`, about the largest label
    over the smallest gap.

    References
    ----------
    zhang2017understanding

    Examples
    --------
    >>> from solvable.solvers import interpolating_network
    >>> net = interpolating_network([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]], [1.0, -1.0, 2.0])
    >>> net.predict([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]]).round(12), net.weights
    (array([ 1., -1.,  2.]), 8)
    """
    rows, labels = as_matrix("X", X), as_finite("y", y)
    if labels.shape != (len(rows),):
        raise refuse("y.shape", labels.shape, f"it must be ({len(rows)},), one label for each row of X")
    size = float(np.abs(rows).max())
    unit = rows / size if size > 0 else rows
    generator = as_generator("rng", rng)
    best, direction = -1.0, np.zeros(rows.shape[1])
    for _ in range(_TRIES):
        drawn = np.asarray(generator.standard_normal(rows.shape[1]))
        drawn = drawn / np.linalg.norm(drawn)
        z = np.sort(_projected(unit, drawn))
        gap = float(np.min(np.diff(z)) / (z[-1] - z[0])) if len(z) > 1 and z[-1] > z[0] else float(len(z) == 1)
        if gap > best:
            best, direction = gap, drawn
    if best <= 64 * np.finfo(np.float64).eps:  # projections are doubles, whatever the inputs were
        raise refuse("X", rows, "its rows must be distinct: two of them have the same projections to rounding")
    z = _projected(rows, direction)
    order = np.argsort(z)
    z, values = z[order], labels[order]
    spread = z[-1] - z[0] if len(z) > 1 else max(size, 1.0)
    biases = np.concatenate([[z[0] - spread], z[:-1]])
    slopes = np.asarray(np.diff(values, prepend=0.0) / (z - biases))
    return InterpolatingNetwork(direction, biases, np.diff(slopes, prepend=0.0), best)


@within_range
def random_label_norm(kernel: ArrayLike, y: ArrayLike, share: ArrayLike = 1.0, variance: float | None = None) -> Array:
    r"""Expected squared norm of the interpolant of labels a share of which was made random.

    The interpolant of least norm in the kernel's space has :math:`\|f\|^2=y^TK^{-1}y`. Where every label is replaced,
    independently with probability :math:`\rho`, by a random one of mean 0 and variance s,

    .. math:: E\|f\|^2=(1-\rho)^2y^TK^{-1}y+\sum_i(K^{-1})_{ii}\big[\rho(1-\rho)y_i^2+\rho s\big].

    Parameters
    ----------
    kernel : array_like, shape (n, n)
        K, positive definite.
    y : array_like, shape (n,)
        True labels.
    share : array_like
        :math:`\rho`, from 0 to 1.
    variance : float, optional
        s; by default the mean square of y, as of random signs for labels 1 and -1.

    Returns
    -------
    ndarray
        In the shape of `share`.

    Raises
    ------
    ValueError
        A kernel that is not symmetric and positive definite, shapes that do not fit, a share outside [0, 1].

    Notes
    -----
    Loses the condition number of K.

    References
    ----------
    zhang2017understanding

    Examples
    --------
    >>> from solvable.solvers import random_label_norm
    >>> random_label_norm([[2.0, 1.0], [1.0, 2.0]], [1.0, 1.0], [0.0, 1.0]).round(12)
    array([0.66666667, 1.33333333])
    """
    K, labels = as_matrix("kernel", kernel), as_finite("y", y)
    rho = as_nonnegative("share", share)
    if K.shape[0] != K.shape[1] or not is_symmetric(K, data_eps(kernel)):
        raise refuse("kernel.shape", K.shape, "it must be a symmetric matrix")
    if labels.shape != (len(K),):
        raise refuse("y.shape", labels.shape, f"it must be ({len(K)},), one label for each row of the kernel")
    if np.any(rho > 1):
        raise refuse("share", rho, "it must lie in [0, 1]")
    noise = float(np.mean(labels**2)) if variance is None else as_scalar("variance", variance, as_nonnegative)
    try:
        inverse = cho_solve(cho_factor(K, lower=True), np.eye(len(K)))
    except np.linalg.LinAlgError:
        raise refuse("kernel", K, "it must be positive definite") from None
    own = np.asarray(np.diag(inverse))
    kept = float(labels @ inverse @ labels)
    return np.asarray((1 - rho) ** 2 * kept + rho * ((1 - rho) * float(own @ labels**2) + noise * float(own.sum())))
