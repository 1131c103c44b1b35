r"""Gradients of a recurrent network through time: powers of the recurrent matrix, their bounds, clipping.

:math:`x_{t+1}=W\sigma(x_t)+b_t`: the derivative of :math:`x_t` by :math:`x_0` is a product of t factors
:math:`W\,\mathrm{diag}(\sigma')`, which is :math:`W^t` for a linear network.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_matrix, as_positive, as_scalar, refuse, within_range

__all__ = ["GradientNorms", "JacobianBounds", "clip", "gradient_norms", "jacobian_bounds"]

Array = NDArray[np.float64]
_MOST = 100_000  # powers: minutes for a small matrix


@record
class GradientNorms(OnGrid):
    """Sizes of the powers of a matrix, shapes as of the steps.

    Attributes
    ----------
    spectral : ndarray
        Largest singular value of W^k: the worst direction.
    mean_square : ndarray
        Mean square of the norm of W^k v over unit vectors v: the squared Frobenius norm over n.
    """

    spectral: Array
    mean_square: Array


def _square(W: ArrayLike) -> Array:
    matrix = as_matrix("W", W)
    if matrix.shape[0] != matrix.shape[1]:
        raise refuse("W.shape", matrix.shape, "it must be a square matrix")
    return matrix


@gridded("steps")
@within_range
def gradient_norms(W: ArrayLike, steps: ArrayLike) -> GradientNorms:
    r"""Norms of the gradient of a linear recurrent network after given numbers of steps.

    :math:`\|W^k\|_2` and :math:`\|W^k\|_F^2/n`, the mean of :math:`\|W^kv\|^2` over unit vectors. For independent
    Gaussian entries of variance :math:`g^2/n` the latter tends to :math:`g^{2k}`, while the spectral radius tends to g
    and the norm of W to 2g: gradients may grow before they vanish.

    Parameters
    ----------
    W : array_like, shape (n, n)
        Recurrent matrix.
    steps : array_like of int
        Numbers of steps k, at most 100,000.

    Returns
    -------
    GradientNorms
        Norms, 0 where they fall below the range of doubles.

    Raises
    ------
    ValueError
        A matrix that is not square, steps that are no whole numbers, growth beyond the range.

    References
    ----------
    pascanu2013difficulty

    Examples
    --------
    >>> from solvable.solvers import gradient_norms
    >>> found = gradient_norms([[0.5, 2.0], [0.0, 0.5]], [1, 3])
    >>> found.spectral.round(4)
    array([2.118 , 1.5103])
    """
    matrix, counts = _square(W), as_finite("steps", steps)
    if not np.all((counts >= 0) & (counts == np.floor(counts)) & (counts <= _MOST)):
        raise refuse("steps", counts, f"they must be whole numbers in 0..{_MOST:,}")
    wanted, place = np.unique(counts, return_inverse=True)
    unit = float(np.abs(matrix).max()) or 1.0
    scaled, power, log_size, done = matrix / unit, np.eye(len(matrix)), 0.0, 0
    spectral, square = np.empty(wanted.size), np.empty(wanted.size)
    for i, count in enumerate(wanted):
        for _ in range(int(count) - done):
            power = scaled @ power
            size = float(np.abs(power).max())
            log_size += np.log(unit)
            if size > 0:
                power, log_size = power / size, log_size + np.log(size)
        done = int(count)
        spectral[i] = np.linalg.norm(power, 2) * np.exp(log_size)
        square[i] = np.sum(power**2) / len(matrix) * np.exp(2 * log_size)
    return GradientNorms(spectral[place].reshape(counts.shape), square[place].reshape(counts.shape))


@record
class JacobianBounds:
    """What the recurrent matrix says about gradients.

    Attributes
    ----------
    largest : float
        Largest singular value of W.
    radius : float
        Spectral radius of W.
    per_step : float
        Slope times the largest singular value: no step back multiplies a gradient by more.
    vanishes : bool
        Whether that is below 1: sufficient for gradients to vanish.
    may_explode : bool
        Whether it is above 1: necessary for gradients to explode.
    """

    largest: float
    radius: float
    per_step: float
    vanishes: bool
    may_explode: bool


@within_range
def jacobian_bounds(W: ArrayLike, slope: float = 1.0) -> JacobianBounds:
    r"""Bounds of the factor by which one step back in time multiplies a gradient.

    With :math:`|\sigma'|\le\gamma` every factor is at most :math:`\gamma\|W\|_2`, so that k steps multiply a gradient
    by at most its power k. Below 1 gradients vanish; they explode only if it is above 1. For a linear network the
    spectral radius decides in the end: :math:`\rho^k\le\|W^k\|_2\le\|W\|_2^k`.

    Parameters
    ----------
    W : array_like, shape (n, n)
        Recurrent matrix.
    slope : float
        :math:`\gamma`, the largest slope of the activation: 1 for tanh, 1/4 for the logistic function.

    Returns
    -------
    JacobianBounds
        Norms and what follows from them.

    Raises
    ------
    ValueError
        A matrix that is not square, a slope that is not positive, norms beyond the range of doubles.

    References
    ----------
    pascanu2013difficulty

    Examples
    --------
    >>> from solvable.solvers import jacobian_bounds
    >>> found = jacobian_bounds([[0.5, 2.0], [0.0, 0.5]])
    >>> found.radius, found.vanishes, found.may_explode
    (0.5, False, True)
    """
    matrix, gamma = _square(W), as_scalar("slope", slope, as_positive)
    unit = float(np.abs(matrix).max()) or 1.0
    largest = unit * float(np.linalg.norm(matrix / unit, 2))
    bound = gamma * largest
    if not max(largest, bound) < np.inf:
        raise refuse("W", matrix, f"its norm, or that times slope = {gamma:g}, is beyond the range of doubles")
    radius = unit * float(np.abs(np.linalg.eigvals(matrix / unit)).max())
    return JacobianBounds(largest, radius, bound, bool(bound < 1), bool(bound > 1))


@within_range
def clip(gradient: ArrayLike, threshold: float) -> Array:
    r"""Shorten a gradient to a threshold, its direction kept.

    :math:`g\min(1,c/\|g\|)`, the norm over all entries.

    Parameters
    ----------
    gradient : array_like
        Gradient of any shape.
    threshold : float
        c.

    Returns
    -------
    ndarray
        The gradient, or its multiple of norm c.

    Raises
    ------
    ValueError
        A threshold that is not positive.

    References
    ----------
    pascanu2013difficulty

    Examples
    --------
    >>> from solvable.solvers import clip
    >>> clip([3.0, 4.0], 1.0)
    array([0.6, 0.8])
    """
    g, most = as_finite("gradient", gradient), as_scalar("threshold", threshold, as_positive)
    unit = float(np.abs(g).max(initial=0.0))
    if unit == 0:
        return g.copy()
    direction = g / unit
    size = float(np.linalg.norm(direction.ravel()))
    return np.asarray(direction * (most / size)) if most / unit < size else g.copy()
