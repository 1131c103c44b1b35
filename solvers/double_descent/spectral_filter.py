r"""Least squares by gradient methods as a filter on the spectrum: every time from one decomposition.

Loss :math:`(1/2n)\|y-Xw\|^2`, :math:`S=X^TX/n` with eigenvalues s, start at 0. In each eigendirection the fit is
:math:`1-r_t(s)` times least squares, and the residual filter r depends on the method alone:

======================  ==============================================================================
gradient-descent        :math:`(1-\eta s)^t`
gradient-flow           :math:`e^{-ts}`
heavy-ball              :math:`r_{t+1}=(1+\mu-\eta s)r_t-\mu r_{t-1}`
nesterov                :math:`r_{t+1}=(1-\eta s)[(1+\mu)r_t-\mu r_{t-1}]`
ridge                   :math:`1/(1+ts)`, the normalised ridge being 1/t
======================  ==============================================================================

with :math:`r_0=r_{-1}=1`. The two recursions have roots L and M with :math:`(1-L)(1-M)=\eta s`; with L the larger
:math:`r_t = L^t + (1-L)M\,(L^t-M^t)/(L-M)`. 1 - L is found without subtracting, so times of :math:`10^7` keep their
accuracy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    data_eps,
    refuse,
    within_range,
)

__all__ = [
    "METHODS",
    "DescentPath",
    "SpectralFilter",
    "as_times",
    "check_step",
    "descent_path",
    "evaluate_filter",
    "spectral_response",
]

Array = NDArray[np.float64]
METHODS = ("gradient-descent", "gradient-flow", "heavy-ball", "nesterov", "ridge")
_WHOLE = ("gradient-descent", "heavy-ball", "nesterov")
_ZERO = -800.0  # stands for log 0: its exponential is 0, its product with a time is not NaN


@record
class SpectralFilter(
    OnGrid, axes={"residual": "... *eigenvalues", "learned": "... *eigenvalues", "gain": "... *eigenvalues"}
):
    """What a method has made of every eigendirection after every time; times first, scalars have no axis.

    Attributes
    ----------
    residual : ndarray
        r: the part of the target that is not learned yet.
    learned : ndarray
        1 - r, with relative accuracy where it is small.
    gain : ndarray
        (1 - r)/s, its limit where s = 0: the weights are this times :math:`X^Ty/n`.
    """

    residual: Array
    learned: Array
    gain: Array


def as_times(name: str, value: ArrayLike, whole: bool = True) -> Array:
    """Validate increasing non-negative times, whole numbers for methods that step."""
    times = np.atleast_1d(as_nonnegative(name, value))
    if times.ndim != 1 or times.size == 0 or np.any(np.diff(times) <= 0):
        raise refuse(name, times, "times must increase")
    return as_steps(name, times) if whole else times


def as_steps(name: str, value: ArrayLike) -> Array:
    """Validate numbers of steps, in any shape and order."""
    steps = as_nonnegative(name, value)
    if np.any(steps != np.round(steps)):
        raise refuse(name, steps, "this method counts steps: times must be whole numbers")
    return steps


def check_step(largest: float, step_size: float, momentum: float, method: str, which: str) -> None:
    """Refuse a step size at which the largest eigenvalue does not contract."""
    factor, formula = {
        "gradient-descent": (2.0, "2/s_max"),
        "heavy-ball": (2 * (1 + momentum), "2(1 + momentum)/s_max"),
        "nesterov": (2 * (1 + momentum) / (1 + 2 * momentum), "2(1 + momentum)/((1 + 2 momentum) s_max)"),
    }[method]
    limit = factor / largest
    if not step_size < limit:
        raise refuse("step_size", step_size, f"it must be below {formula} = {limit:.6g}, with s_max the {which}")


def _settings(method: str, momentum: float | None) -> float:
    """Check that method and momentum fit together; return the momentum as a number."""
    as_choice("method", method, METHODS)
    needed = method in ("heavy-ball", "nesterov")
    if needed != (momentum is not None):
        raise refuse("momentum", momentum, "heavy-ball and nesterov need one, the other methods have none")
    mu = 0.0 if momentum is None else as_scalar("momentum", momentum, as_nonnegative)
    if mu >= 1:
        raise refuse("momentum", mu, "it must be below 1")
    return mu


def _log1p(z: NDArray[Any]) -> NDArray[Any]:
    """Complex log(1 + z), accurate near 0 where NumPy's is not."""
    x, y = z.real, z.imag
    return np.asarray(0.5 * np.log1p(2 * x + x * x + y * y) + 1j * np.arctan2(y, 1 + x))


def _descent(z: NDArray[Any], times: Array) -> tuple[NDArray[Any], NDArray[Any]]:
    """r and 1 - r of gradient descent at z = step*eigenvalue, real or complex."""
    if np.iscomplexobj(z):
        exponent = times[:, None] * _log1p(-z)
        residual = np.exp(exponent)
        learned = 1 - residual
        small = np.abs(exponent) < 0.5  # where the difference would lose digits
        learned[small] = -np.expm1(exponent[small])
        return residual, learned
    with np.errstate(divide="ignore"):
        level = np.where(z == 1, _ZERO, np.log1p(-np.where(z < 1, z, 2 - z)))  # log |1 - z|
    exponent = times[:, None] * level
    flips = (z > 1) & (times[:, None] % 2 == 1)  # an odd power of a negative number
    return np.where(flips, -1, 1) * np.exp(exponent), np.where(flips, 1 + np.exp(exponent), -np.expm1(exponent))


def _two_step(z: NDArray[Any], times: Array, mu: float, method: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """r and 1 - r of heavy ball or Nesterov: roots of x^2 - b x + c with 1 - b + c = z."""
    z = z.astype(complex)
    b, c = (1 + mu - z, np.full_like(z, mu)) if method == "heavy-ball" else ((1 - z) * (1 + mu), (1 - z) * mu)
    # b^2 - 4c = (2 - b)^2 - 4z, from whichever cancels less
    spread = np.sqrt(np.where(np.abs(b) < np.abs(2 - b), b * b - 4 * c, (2 - b) ** 2 - 4 * z))
    spread = np.where((np.conj(b) * spread).real < 0, -spread, spread)
    large = (b + spread) / 2
    large = np.where(large == 0, 1e-300, large)
    small, gap, t = c / large, spread / large, times[:, None]
    far = (2 - b + spread) / 2  # 1 - M, and near = 1 - L: their product is z
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.where((np.conj(2 - b) * spread).real >= 0, z / far, (2 - b - spread) / 2)
        near = np.where(z == 0, 0, near)
        log_large = np.where(np.abs(near) < 0.5, _log1p(-near), np.log(large))
        log_ratio = np.where(np.abs(gap) < 0.5, _log1p(-gap), np.log(small / large))
        log_ratio = np.where(small == 0, _ZERO, log_ratio)
        series = np.where(gap == 0, t, np.expm1(t * log_ratio) / -gap)
    # (L^t - M^t)/(L - M)
    quotient = np.where(t == 0, 0, np.exp(np.maximum(t - 1, 0) * log_large) * series)
    rest = near * small * quotient
    return np.exp(t * log_large) + rest, -np.expm1(t * log_large) - rest


def evaluate_filter(
    eigenvalues: NDArray[Any], times: Array, method: str, step_size: float, momentum: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """r and 1 - r at real or complex eigenvalues, shape (times, eigenvalues); arguments already checked."""
    with np.errstate(under="ignore"):
        if method == "gradient-descent" or (momentum == 0 and method in ("heavy-ball", "nesterov")):
            return _descent(step_size * eigenvalues, times)
        if method == "gradient-flow":
            exponent = -times[:, None] * eigenvalues
            return np.exp(exponent), -np.expm1(exponent)
        if method == "ridge":
            product = times[:, None] * eigenvalues
            return 1 / (1 + product), product / (1 + product)
        residual, learned = _two_step(step_size * eigenvalues, times, momentum, method)
    return (residual, learned) if np.iscomplexobj(eigenvalues) else (residual.real, learned.real)


@gridded("times", eigenvalues="*eigenvalues")
@within_range
def spectral_response(
    eigenvalues: ArrayLike,
    times: ArrayLike,
    method: str = "gradient-descent",
    step_size: float | None = None,
    momentum: float | None = None,
) -> SpectralFilter:
    r"""Residual filter of a gradient method, or of ridge, at given eigenvalues of :math:`X^TX/n`.

    Loss :math:`(1/2n)\|y-Xw\|^2` (the gradient is :math:`X^T(Xw-y)/n`), start at 0:
    :math:`w_t = V\,\frac{1-r_t(s)}{s}\,V^T X^Ty/n`. Exact for any data; no step is ever taken.

    Parameters
    ----------
    eigenvalues : array_like, shape (m,) or ()
        Non-negative eigenvalues s of :math:`X^TX/n`.
    times : array_like
        A time, or increasing ones. Steps (whole numbers) for gradient-descent, heavy-ball and nesterov; the time of
        the flow; 1/lambda for ridge, lambda the normalised ridge.
    method : {"gradient-descent", "gradient-flow", "heavy-ball", "nesterov", "ridge"}
        Which filter.
    step_size : float, optional
        For the methods that step; 1/s_max unless given. It must be below 2/s_max for gradient descent,
        2(1+momentum)/s_max for heavy ball and 2(1+momentum)/((1+2 momentum) s_max) for Nesterov, s_max being the
        largest of `eigenvalues`.
    momentum : float, optional
        In [0, 1), for heavy-ball and nesterov.

    Returns
    -------
    SpectralFilter
        r, 1 - r and (1 - r)/s, shape (times, m), without the axis of what is a scalar.

    Raises
    ------
    ValueError
        Negative eigenvalues, times that do not increase, a step size at or above its limit, a momentum outside [0, 1)
        or given to a method without one.

    Notes
    -----
    The relative error of 1 - r is of order eps/(1 - momentum).

    References
    ----------
    ali2019continuous (flow and ridge); the closed form of the two-step methods is derived

    Examples
    --------
    >>> from solvable.solvers import spectral_response
    >>> spectral_response([1.0, 1e-9], [1, 10**9], step_size=0.5).residual.round(4)
    array([[0.5   , 1.    ],
           [0.    , 0.6065]])
    """
    s = np.atleast_1d(as_nonnegative("eigenvalues", eigenvalues))
    if s.ndim != 1 or s.size == 0:
        raise refuse("eigenvalues.shape", s.shape, "it must be a non-empty vector")
    mu = _settings(method, momentum)
    moments = as_times("times", times, method in _WHOLE)
    top = float(s.max())
    step = 1.0
    if method in _WHOLE:
        step = (1 / top if top > 0 else 1.0) if step_size is None else as_scalar("step_size", step_size, as_positive)
        if top > 0:
            check_step(top, step, mu, method, "largest of eigenvalues")
    elif step_size is not None:
        raise refuse("step_size", step_size, f"{method} has none")
    # what is below 1e-150 s_max is not seen in any double, and stands in for the limit s -> 0 of the gain
    lifted = np.maximum(s, 1e-150 * top) if top > 0 else np.full_like(s, 1e-150)
    residual, learned = evaluate_filter(lifted, moments, method, step, mu)
    gain = learned / lifted
    rows = np.where(s == 0, 1.0, residual), np.where(s == 0, 0.0, learned), gain
    shape = np.shape(times) + np.shape(eigenvalues)
    return SpectralFilter(*(row.reshape(shape) for row in rows))


@record
class DescentPath:
    """A gradient method on one data set at many times, first axis over the times.

    Attributes
    ----------
    times : ndarray, shape (m,)
        As asked for.
    step_size : float
        The one used; 0 for methods without one.
    coefficients : ndarray, shape (m, p[, q])
        Weights at each time.
    train : ndarray, shape (m[, q])
        Mean squared training residual, without the factor one half of the loss.
    eigenvalues : ndarray
        Eigenvalues of :math:`X^TX/n`, descending; the null space apart.
    """

    times: Array
    step_size: float
    coefficients: Array
    train: Array
    eigenvalues: Array


@within_range
def descent_path(
    X: ArrayLike,
    y: ArrayLike,
    times: ArrayLike,
    method: str = "gradient-descent",
    step_size: float | None = None,
    momentum: float | None = None,
    start: ArrayLike | None = None,
) -> DescentPath:
    r"""Weights and training error of a gradient method on a data set, at all times from one SVD.

    Loss :math:`(1/2n)\|y-Xw\|^2`. Equal to iterating up to rounding, at any number of steps.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Rows are samples.
    y : array_like, shape (n,) or (n, q)
        One target, or several.
    times : array_like
        As in `spectral_response`.
    method : {"gradient-descent", "gradient-flow", "heavy-ball", "nesterov", "ridge"}
        Which filter.
    step_size : float, optional
        1/s_max unless given, s_max the largest eigenvalue of :math:`X^TX/n`; limits as in `spectral_response`.
    momentum : float, optional
        In [0, 1), for heavy-ball and nesterov.
    start : array_like, shape (p,) or (p, q), optional
        Initial weights, 0 unless given. For ridge the penalty is on the distance from it.

    Returns
    -------
    DescentPath
        Coefficients, training error, eigenvalues.

    Raises
    ------
    ValueError
        As `spectral_response`; shapes that do not match, data that are not finite or vanish.

    References
    ----------
    liu2023optimization (the setting), ali2019continuous

    Examples
    --------
    >>> from solvable.solvers import descent_path
    >>> path = descent_path([[1.0, 0.0], [0.0, 0.1]], [1.0, 1.0], [1, 1000, 10**6])
    >>> path.coefficients.round(3)
    array([[ 1. ,  0.1],
           [ 1. , 10. ],
           [ 1. , 10. ]])
    """
    as_choice("method", method, METHODS)
    features = as_matrix("X", X)
    n, p = features.shape
    targets = as_finite("y", y)
    if targets.ndim not in (1, 2) or targets.shape[0] != n or targets.size == 0:
        raise refuse("y.shape", targets.shape, f"it must be ({n},) or ({n}, q), one row for each row of X")
    shape = (p, *targets.shape[1:])
    origin = np.zeros(shape) if start is None else as_finite("start", start)
    if origin.shape != shape:
        raise refuse("start.shape", origin.shape, f"it must be {shape}")
    y2 = (targets - features @ origin).reshape(n, -1)
    U, singular, Vt = np.linalg.svd(features / np.sqrt(n), full_matrices=False)
    keep = singular > max(n, p) * data_eps(X) * singular[0]
    if not keep.any():
        raise refuse("X", features, "it must not vanish")
    U, singular, Vt = U[:, keep], singular[keep], Vt[keep]
    s = singular**2
    step = 1 / float(s[0]) if step_size is None and method in _WHOLE else step_size
    found = spectral_response(s, times, method, step, momentum)
    z = U.T @ y2 / np.sqrt(n)
    moments, q = found.gain.shape[0], y2.shape[1]
    filtered = (found.gain * singular)[:, :, None] * z  # (m, r, q)
    weights = (Vt.T @ filtered.transpose(1, 0, 2).reshape(s.size, -1)).reshape(p, moments, q).transpose(1, 0, 2)
    # the part of y out of reach, exactly none where U spans everything
    beyond = np.mean((y2 - np.sqrt(n) * U @ z) ** 2, axis=0) if s.size < n else np.zeros(q)
    train = np.sum((found.residual[:, :, None] * z) ** 2, axis=1) + beyond
    return DescentPath(
        np.atleast_1d(as_finite("times", times)),
        0.0 if step is None else float(step),
        origin + weights.reshape(moments, *shape),
        train.reshape(moments, *shape[1:]),
        s,
    )
