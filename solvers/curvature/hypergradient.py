r"""Derivative of a validation loss in a hyperparameter, through the minimiser of a training loss.

With :math:`w(\lambda)=\arg\min_wL(w,\lambda)` and an outer loss g(w),

.. math:: \frac{dg}{d\lambda}=-\big(\partial_\lambda\nabla_wL\big)^TH^{-1}\nabla g,\qquad H=\nabla_w^2L.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    data_eps,
    is_symmetric,
    read_regression,
    refuse,
    within_range,
)

__all__ = [
    "ImplicitHypergradient",
    "RidgeHypergradient",
    "implicit_hypergradient",
    "neumann_error",
    "ridge_hypergradient",
]

Array = NDArray[np.float64]
_MOST_TERMS = 10**7
_WELL = 1e-3  # least over largest eigenvalue of a Gram matrix whose eigenvectors are taken


@record
class RidgeHypergradient(OnGrid):
    r"""Validation loss of ridge regression and its derivative, in the shape of the ridges.

    Attributes
    ----------
    loss : ndarray
        :math:`\tfrac12\|X_{val}w-y_{val}\|^2`.
    gradient : ndarray
        Its derivative in the logarithm of the ridge.
    """

    loss: Array
    gradient: Array


@record
class ImplicitHypergradient:
    r"""A hypergradient and the linear solve behind it.

    Attributes
    ----------
    value : ndarray
        :math:`-C^Ts`, one number for each hyperparameter.
    solution : ndarray, shape (d,)
        s in place of :math:`H^{-1}\nabla g`.
    residual : float
        :math:`\|Hs-\nabla g\|/\|\nabla g\|`, recomputed from s.
    """

    value: Array
    solution: Array
    residual: float


def _directions(X: Array, y: Array, held: Array, least: float) -> tuple[Array, Array, Array]:
    """Singular values above `least` of the largest, labels along the left vectors, held rows along the right ones."""
    n, d = X.shape
    values, vectors = np.linalg.eigh(X.T @ X if n >= d else X @ X.T)
    if values[0] > _WELL * values[-1]:  # three digits at most are lost, in a third of the time
        s = np.sqrt(values)
        if n >= d:
            return s, vectors.T @ (X.T @ y) / s, held @ vectors
        return s, vectors.T @ y, held @ X.T @ vectors / s
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    kept = s > least * s[0]
    return s[kept], U[:, kept].T @ y, held @ Vt[kept].T


@gridded("log_ridges")
@within_range
def ridge_hypergradient(
    X: ArrayLike, y: ArrayLike, X_val: ArrayLike, y_val: ArrayLike, log_ridges: ArrayLike
) -> RidgeHypergradient:
    r"""Validation loss of ridge regression and its derivative in the log-ridge, for all ridges from one decomposition.

    :math:`w=(X^TX+e^\ell I)^{-1}X^Ty` (a sum, no factor one half or 1/n in front of the ridge) and
    :math:`g=\tfrac12\|X_{val}w-y_{val}\|^2`:

    .. math:: \frac{dg}{d\ell}=-e^\ell\,w^T(X^TX+e^\ell I)^{-1}X_{val}^T(X_{val}w-y_{val}).

    Parameters
    ----------
    X : array_like, shape (n, d)
        Training inputs.
    y : array_like, shape (n,)
        Training labels.
    X_val : array_like, shape (v, d)
        Validation inputs.
    y_val : array_like, shape (v,)
        Validation labels.
    log_ridges : array_like
        :math:`\ell`, natural logarithms.

    Returns
    -------
    RidgeHypergradient

    Raises
    ------
    ValueError
        Shapes that do not fit, inputs that vanish.

    Notes
    -----
    One eigendecomposition of the smaller Gram matrix where its condition is below 1e3, else one singular value
    decomposition of X; each ridge costs O(v min(n, d)). Directions below max(n, d) roundings of the largest singular
    value carry no data and are left out, as at ridge 0.

    References
    ----------
    pedregosa2016hyperparameter (the derivative; for all ridges at once derived)

    Examples
    --------
    >>> from solvable.solvers import ridge_hypergradient
    >>> found = ridge_hypergradient([[1.0], [1.0]], [1.0, 3.0], [[1.0]], [1.0], [0.0])
    >>> found.loss.round(4), found.gradient.round(4)
    (array([0.0556]), array([-0.1481]))
    """
    design, labels = read_regression(X, y)
    held = as_matrix("X_val", X_val, (None, design.shape[1]))
    targets = as_finite("y_val", y_val)
    if targets.shape != (len(held),):
        raise refuse("y_val.shape", targets.shape, f"it must be ({len(held)},), one label for each row of X_val")
    logs = as_finite("log_ridges", log_ridges)
    unit = float(np.abs(design).max())
    s, along, images = _directions(design / unit, labels, held, max(design.shape) * data_eps(X))
    # shrinkage 1/(1 + e^l/s^2) and what it leaves, from logarithms: no ridge overflows
    excess = logs.reshape(-1, 1) - 2 * (np.log(s) + np.log(unit))
    shrink, left = expit(-excess), expit(excess)
    fitted = along / s / unit
    residual = (fitted * shrink) @ images.T - targets
    gradient = -np.sum(left * shrink * fitted * (residual @ images), axis=1)
    return RidgeHypergradient(
        np.asarray(0.5 * np.sum(residual**2, axis=1)).reshape(logs.shape), np.asarray(gradient).reshape(logs.shape)
    )


def _product(hvp: Any, size: int) -> tuple[Callable[[Array], Array], Array | None]:
    """A function that multiplies by the Hessian, and its matrix where it was given as one."""
    if not callable(hvp):
        matrix = as_matrix("hvp", hvp, (size, size))
        if not is_symmetric(matrix, data_eps(hvp)):
            raise refuse("hvp", matrix, "a Hessian is symmetric")
        return (lambda v: matrix @ v), matrix

    def product(v: Array) -> Array:
        found = as_finite("hvp(v)", hvp(v))
        if found.shape != v.shape:
            raise refuse("hvp(v).shape", found.shape, f"it must be {v.shape}, as that of v")
        return found

    return product, None


def _dense(product: Callable[[Array], Array], matrix: Array | None, size: int) -> Array:
    if matrix is not None:
        return matrix
    columns = [product(unit) for unit in np.eye(size)]
    return np.asarray(np.column_stack(columns))


def _exact(H: Array, gradient: Array) -> Array:
    values = np.linalg.eigvalsh(H)
    if values[0] <= len(H) * np.finfo(float).eps * max(values[-1], 0.0):
        raise refuse("hvp", H, f"the Hessian must be positive definite (least eigenvalue {values[0]:.3g})")
    return np.asarray(np.linalg.solve(H, gradient))


def _neumann(product: Callable[[Array], Array], gradient: Array, terms: int, step: float) -> Array:
    """Step times the sum of (I - step H)^j gradient, j = 0..terms, refusing a step whose terms grow."""
    term, total = gradient.copy(), gradient.copy()
    size = float(np.linalg.norm(gradient))
    for _ in range(terms):
        term = term - step * product(term)
        after = float(np.linalg.norm(term))
        if after > size * (1 + 1e-9):
            raise refuse("step", step, "it must be below 2 over the largest curvature: the series grows")
        size = after
        total = total + term
    return step * total


def _conjugate(product: Callable[[Array], Array], gradient: Array, terms: int) -> Array:
    """Conjugate gradients from zero, up to the given number of steps."""
    unit = float(np.abs(gradient).max())
    found, residual = np.zeros_like(gradient), gradient / unit
    direction, size = residual.copy(), float(residual @ residual)
    goal = size * np.finfo(float).eps ** 2
    for _ in range(terms):
        if size <= goal:
            break
        image = product(direction)
        curvature = float(direction @ image)
        if curvature <= 0:
            raise refuse("hvp", curvature, "the Hessian must be positive definite along every direction met")
        found = found + size / curvature * direction
        residual = residual - size / curvature * image
        after = float(residual @ residual)
        direction, size = residual + after / size * direction, after
    return unit * found


def _unrolled(product: Callable[[Array], Array], cross: Array, terms: int, step: float) -> Array:
    """Derivative of the weights after terms + 1 steps of descent from the minimiser, carried forward."""
    moved = np.zeros_like(cross)
    for _ in range(terms + 1):
        images = np.column_stack([product(column) for column in moved.T])
        moved = moved - step * (images + cross)
    return moved


def _check_terms(method: str, terms: int | None) -> int:
    if terms is None:
        raise refuse("terms", terms, f"{method} needs them: a whole number from 0")
    return 0 if as_scalar("terms", terms, as_nonnegative) == 0 else as_whole("terms", terms, _MOST_TERMS)


def _check_step(matrix: Array | None, step: float) -> float:
    number = as_scalar("step", step, as_positive)
    if matrix is not None:
        most = float(np.linalg.eigvalsh(matrix)[-1])
        if number * most >= 2:
            raise refuse("step", step, f"it must be below 2 over the largest curvature, {2 / most:.6g}")
    return number


def _read(cross: ArrayLike, gradient: ArrayLike) -> tuple[Array, Array, tuple[int, ...]]:
    outer = as_finite("gradient", gradient)
    if outer.ndim != 1 or outer.size == 0 or not outer.any():
        raise refuse("gradient", outer, "it must be a vector that does not vanish")
    mixed = as_finite("cross", cross)
    if mixed.ndim not in (1, 2) or len(mixed) != len(outer) or mixed.size == 0:
        raise refuse("cross.shape", mixed.shape, f"it must be ({len(outer)},) or ({len(outer)}, q)")
    return mixed.reshape(len(outer), -1), outer, mixed.shape[1:]


@within_range
def implicit_hypergradient(
    hvp: ArrayLike | Callable[[Array], ArrayLike],
    cross: ArrayLike,
    gradient: ArrayLike,
    method: str = "exact",
    terms: int | None = None,
    step: float | None = None,
) -> ImplicitHypergradient:
    r"""Derivative :math:`-C^TH^{-1}\nabla g` of an outer loss in hyperparameters, H solved exactly or in part.

    "neumann" replaces :math:`H^{-1}` by :math:`\alpha\sum_{j=0}^J(I-\alpha H)^j`, step :math:`\alpha`, J `terms`;
    "unrolled" carries the derivative through J + 1 steps of gradient descent from the minimiser, which is the same
    number; "cg" makes J steps of conjugate gradients from zero.

    Parameters
    ----------
    hvp : array_like of shape (d, d), or callable
        The Hessian of the training loss in the weights, or v -> Hv.
    cross : array_like, shape (d,) or (d, q)
        C: derivative of the training gradient in each hyperparameter.
    gradient : array_like, shape (d,)
        :math:`\nabla g`, of the outer loss in the weights.
    method : {"exact", "neumann", "cg", "unrolled"}
        How to solve.
    terms : int, optional
        J from 0, needed but for "exact".
    step : float, optional
        :math:`\alpha`, needed for "neumann" and "unrolled"; below two over the largest curvature.

    Returns
    -------
    ImplicitHypergradient
        For "unrolled", whose solve is implicit, the solution is that of the series, from the same step and terms.

    Raises
    ------
    ValueError
        A step of :math:`2/\lambda_{max}` or more (given a callable: where the series is seen to grow), shapes that
        do not fit, a Hessian that is not positive definite ("exact", "cg").

    Notes
    -----
    `neumann_error` gives what the series leaves. A callable is turned into a matrix for "exact": d products.

    References
    ----------
    lorraine2020optimizing

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import implicit_hypergradient
    >>> H, C, g = np.diag([1.0, 2.0]), [1.0, 1.0], [1.0, 2.0]
    >>> implicit_hypergradient(H, C, g).value
    array(-2.)
    >>> implicit_hypergradient(H, C, g, "neumann", terms=1, step=0.5).value
    array(-1.75)
    """
    mixed, outer, shape = _read(cross, gradient)
    product, matrix = _product(hvp, len(outer))
    as_choice("method", method, ("exact", "neumann", "cg", "unrolled"))
    if method == "exact":
        solution = _exact(_dense(product, matrix, len(outer)), outer)
    else:
        count = _check_terms(method, terms)
        if method == "cg":
            solution = _conjugate(product, outer, count)
        else:
            if step is None:
                raise refuse("step", step, f"{method} needs one: a positive number")
            alpha = _check_step(matrix, step)
            solution = _neumann(product, outer, count, alpha)
    value = -(mixed.T @ solution)
    if method == "unrolled":
        value = _unrolled(product, mixed, count, alpha).T @ outer
    residual = float(np.linalg.norm(product(solution) - outer) / np.linalg.norm(outer))
    return ImplicitHypergradient(np.asarray(value.reshape(shape)), solution, residual)


@within_range
def neumann_error(
    hvp: ArrayLike | Callable[[Array], ArrayLike], cross: ArrayLike, gradient: ArrayLike, terms: ArrayLike, step: float
) -> Array:
    r"""Error of the truncated Neumann series, exactly: :math:`C^T(I-\alpha H)^{J+1}H^{-1}\nabla g`.

    What `implicit_hypergradient` with "neumann" is above the exact hypergradient; also the error of
    differentiating through J + 1 unrolled steps.

    Parameters
    ----------
    hvp, cross, gradient
        As in `implicit_hypergradient`; the Hessian must be positive definite.
    terms : array_like
        Whole numbers J from 0.
    step : float
        :math:`\alpha`.

    Returns
    -------
    ndarray
        Of shape ``terms.shape``, followed by the number of hyperparameters where `cross` is a matrix.

    Raises
    ------
    ValueError
        A step of :math:`2/\lambda_{max}` or more, a Hessian that is not positive definite, terms that are not whole.

    Notes
    -----
    From the eigenvalues of H: relative to its own largest term good to rounding times the condition of H.

    References
    ----------
    lorraine2020optimizing (the series; this form of its error is derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import neumann_error
    >>> neumann_error(np.diag([1.0, 2.0]), [1.0, 1.0], [1.0, 2.0], [1, 3], 0.5)
    array([0.25  , 0.0625])
    """
    mixed, outer, shape = _read(cross, gradient)
    product, matrix = _product(hvp, len(outer))
    H = _dense(product, matrix, len(outer))
    alpha = _check_step(H, step)
    counts = as_finite("terms", terms)
    if np.any(counts < 0) or np.any(counts != np.floor(counts)):
        raise refuse("terms", counts, "it must hold whole numbers from 0")
    values, vectors = np.linalg.eigh(H)
    if values[0] <= len(H) * np.finfo(float).eps * values[-1]:
        raise refuse("hvp", H, f"the Hessian must be positive definite (least eigenvalue {values[0]:.3g})")
    weights = (vectors.T @ mixed) * (vectors.T @ outer / values)[:, None]
    powers = (1 - alpha * values) ** (counts.reshape(-1, 1) + 1)
    return np.asarray((powers @ weights).reshape((*counts.shape, *shape)))
