r"""Representers of high-dimensional estimators: what each sample contributes to a prediction.

:math:`\hat\theta=\arg\min\frac1n\sum_il(y_i,\langle x_i,\theta\rangle)+\lambda r(\theta)` with dual
:math:`\alpha_i=-l'_i/(n\lambda)`: :math:`g=\sum_i\alpha_ix_i` is a subgradient of r there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_matrix,
    as_positive,
    as_scalar,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["Representers", "lasso_representers", "nuclear_representers"]

Array = NDArray[np.float64]


@record
class Representers:
    """A fit as a sum over its samples.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        The dual variables.
    kernel : ndarray, shape (n, n)
        Kernel between samples; it depends on the fit.
    reconstruction_error : float
        Largest distance of kernel times weights from the fit's predictions.
    kkt_residual : float
        By how much the dual misses a subgradient of the penalty.
    """

    weights: Array
    kernel: Array
    reconstruction_error: float
    kkt_residual: float


def _checked(
    fit: Array, weights: Array, kernel: Array, fitted: Array, residual: float, tolerance: float
) -> Representers:
    allowed = as_scalar("tolerance", tolerance, as_positive)
    if residual > allowed:
        off = f"its KKT residual {residual:.3g} exceeds the tolerance {allowed:g}"
        raise refuse("theta", fit, f"the fit is not optimal: {off}")
    return Representers(weights, kernel, float(np.max(np.abs(kernel @ weights - fitted))), residual)


def _duals(dual: ArrayLike, n: int) -> Array:
    weights = as_finite("dual", dual)
    if weights.shape != (n,):
        raise refuse("dual.shape", weights.shape, f"it must be ({n},), one for each sample")
    return weights


@within_range
def lasso_representers(X: ArrayLike, theta: ArrayLike, dual: ArrayLike, tolerance: float = 1e-6) -> Representers:
    r"""Write a lasso fit as a sum over its samples.

    :math:`\langle x,\hat\theta\rangle=\sum_i\alpha_i\sum_j|\hat\theta_j|x_{ij}x_j`.
    At an optimum :math:`\sum_i\alpha_ix_{ij}=\mathrm{sign}(\hat\theta_j)` where :math:`\hat\theta_j\ne0`, and at most
    1 in absolute value elsewhere.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Samples.
    theta : array_like, shape (d,)
        The fit.
    dual : array_like, shape (n,)
        :math:`\alpha_i=-l'_i/(n\lambda)`, for the loss :math:`\frac1{2n}\|y-X\theta\|^2+\lambda\|\theta\|_1`
        :math:`(y_i-x_i^T\theta)/(n\lambda)`.
    tolerance : float
        Largest KKT residual allowed.

    Returns
    -------
    Representers
        Kernel of the samples, weights, errors.

    Raises
    ------
    ValueError
        A fit that is not optimal to the tolerance (the sentence says by how much), shapes that do not fit.

    Notes
    -----
    The error is linear in the KKT residual.

    References
    ----------
    tsai2023representer (this form derived in docs/theory/embeddings.md)

    Examples
    --------
    >>> from solvable.solvers import lasso_representers
    >>> found = lasso_representers([[1.0, 0.0], [0.0, 1.0]], theta=[2.0, 0.0], dual=[1.0, 0.5])
    >>> found.kernel, found.kkt_residual
    (array([[2., 0.],
           [0., 0.]]), 0.0)
    """
    samples = as_matrix("X", X)
    fit = as_finite("theta", theta)
    if fit.shape != (samples.shape[1],):
        raise refuse("theta.shape", fit.shape, f"it must be ({samples.shape[1]},), one for each column of X")
    weights = _duals(dual, len(samples))
    g = samples.T @ weights
    off = np.where(fit != 0, np.abs(g - np.sign(fit)), np.maximum(np.abs(g) - 1, 0.0))
    kernel = samples * np.abs(fit) @ samples.T
    return _checked(fit, weights, kernel, samples @ fit, float(off.max()), tolerance)


@within_range
def nuclear_representers(
    X: ArrayLike, theta: ArrayLike, dual: ArrayLike, tolerance: float = 1e-6, form: str = "symmetric"
) -> Representers:
    r"""Write a fit with nuclear norm as a sum over samples, :math:`\hat\theta=USV^T`.

    Symmetric: :math:`\langle Z,\hat\theta\rangle=\sum_i\alpha_i\langle(USU^T)^{1/2}X_i(VSV^T)^{1/2},Z\rangle`.
    One-sided: :math:`USU^TX_iVV^T` in place of the product, exact as well because :math:`U^TgV=I`.

    Parameters
    ----------
    X : array_like, shape (n, a, b)
        Samples, matrices; for completion one entry is 1.
    theta : array_like, shape (a, b)
        The fit, not 0.
    dual : array_like, shape (n,)
        :math:`\alpha_i=-l'_i/(n\lambda)`.
    tolerance : float
        Largest KKT residual allowed.
    form : {"symmetric", "one-sided"}
        Which kernel.

    Returns
    -------
    Representers
        Kernel of the samples, weights, errors.

    Raises
    ------
    ValueError
        A fit that is not optimal to the tolerance (the sentence says by how much), a fit of 0, shapes that do not fit.

    Notes
    -----
    Singular values below rounding of the largest are taken for zero. The decomposition is not unique.

    References
    ----------
    tsai2023representer (these forms derived in docs/theory/embeddings.md)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import nuclear_representers
    >>> found = nuclear_representers(np.eye(2)[None], theta=np.eye(2), dual=[1.0])
    >>> found.kernel.round(12), found.kkt_residual < 1e-12
    (array([[2.]]), True)
    """
    samples = as_finite("X", X)
    if samples.ndim != 3 or 0 in samples.shape:
        raise refuse("X.shape", samples.shape, "it must be (n, a, b), one matrix for each sample")
    fit = as_matrix("theta", theta, samples.shape[1:])
    weights, kind = _duals(dual, len(samples)), as_choice("form", form, ("symmetric", "one-sided"))
    size = float(np.abs(fit).max())
    if size == 0:
        raise refuse("theta", fit, "a fit of 0 has no representers")
    u, s, v = np.linalg.svd(fit / size, full_matrices=False)
    kept = s > max(fit.shape) * max(data_eps(theta), 1e-13) * s[0]
    u, s, v = u[:, kept], s[kept], v[kept].T
    g = np.einsum("i,iab->ab", weights, samples)
    beyond = float(np.linalg.norm(g, 2)) - 1
    residual = max(float(np.abs(u.T @ g - v.T).max()), float(np.abs(g @ v - u).max()), beyond, 0.0)
    root = np.sqrt(s)
    left, right = (u * root @ u.T, v * root @ v.T) if kind == "symmetric" else (u * s @ u.T, v @ v.T)
    moved = size * np.einsum("ab,ibc,cd->iad", left, samples, right, optimize=True)
    kernel = np.einsum("iab,jab->ji", moved, samples, optimize=True)
    return _checked(fit, weights, kernel, np.einsum("iab,ab->i", samples, fit), residual, tolerance)
