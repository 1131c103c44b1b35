r"""Linear response of collapsed features to a change of what they are attached to: rates, gains, operator.

Setting and normalisation as in `solvable.solvers.neural_collapse.feature_flow`: the minimiser over H of

.. math:: \frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W}{2K}\|W\|^2+\frac{\lambda_H}{2Kn}\|H\|^2+\frac\beta{2Kn}\|H-H_0\|^2,

W optimal, moves by :math:`\beta(\beta I+T)^{-1}\delta H_0` when H_0 does; T is Kn times the Hessian at :math:`\beta=0`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.neural_collapse.feature_flow import best_classifier, read_balanced
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import (
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    broadcast,
    refuse,
    within_range,
)

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

__all__ = ["ResponseSpectrum", "feature_response", "response_operator", "response_spectrum"]

Array = NDArray[np.float64]
_NAMES = (
    "rotations and means out of the span",
    "within a class, out of the span",
    "within a class, in the span",
    "symmetric changes of the means",
)


@record
class ResponseSpectrum(
    OnGrid,
    axes={
        "names": "names",
        "rates": "... names",
        "multiplicities": "names",
        "block_rates": "... block",
        "block_multiplicities": "block",
    },
):
    """Relaxation rates of perturbations of collapsed features, with multiplicities.

    The four rates of the whole space: turning the frame or moving means out of its span; within-class deviations out
    of the span; within-class deviations in the span; symmetric changes of the means.

    Attributes
    ----------
    names : tuple of str
        The four kinds of perturbation.
    rates : ndarray, shape (..., 4)
        Eigenvalues of T; the response to a change of H_0 is :math:`\\beta/(\\beta+rate)` for every beta.
    multiplicities : ndarray, shape (4,)
        They sum to K n d.
    block_rates : ndarray, shape (..., 5)
        Eigenvalues of :math:`\\beta(I-F_{kk})`, the response of one class to its own change at first order.
    block_multiplicities : ndarray, shape (5,)
        They sum to n d.
    cross_rate : ndarray
        The only singular value of :math:`\\beta F_{kk'}`, between two classes.
    """

    names: tuple[str, ...]
    rates: Array
    multiplicities: NDArray[np.int64]
    block_rates: Array
    block_multiplicities: NDArray[np.int64]
    cross_rate: Array

    @within_range
    def gains(self, attachment: ArrayLike) -> Array:
        """Exact response of each kind to a small change of H_0, for any attachment beta > 0."""
        beta, _ = broadcast(attachment=as_positive("attachment", attachment), rates=self.rates[..., 0])
        return np.asarray(beta[..., None] / (beta[..., None] + self.rates))

    @within_range
    def isotropic_gain(self, attachment: ArrayLike, classes: int, dimension: int) -> Array:
        """Factor by which the trace of Sigma_W of an isotropic change of H_0 shrinks."""
        gains = self.gains(attachment)
        share = as_whole("classes", classes) / as_whole("dimension", dimension)
        if share > 1:
            raise refuse("classes", classes, f"it must not exceed dimension = {dimension}")
        return np.asarray(share * gains[..., 2] ** 2 + (1 - share) * gains[..., 1] ** 2)


@gridded("weight_decay", "feature_decay")
@within_range
def response_spectrum(
    classes: int, samples: int, dimension: int, weight_decay: ArrayLike, feature_decay: ArrayLike
) -> ResponseSpectrum:
    r"""Full spectrum of the linear response around exact collapse, in closed form.

    H_0 = H*, the global minimum; :math:`c=\sqrt{\lambda_W\lambda_H}<1`, :math:`s=\sqrt{\lambda_H/\lambda_W}`. A small
    change :math:`\delta H_0` moves the minimiser by :math:`\beta(\beta I+T)^{-1}\delta H_0`; T has the eigenvalues 0,
    :math:`\lambda_H`, s and :math:`4(1-c)\lambda_H`. At first order in :math:`1/\beta` the blocks of F = I - T/beta
    have 5 and 1 nonzero singular values. Normalisation: :math:`\frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W}{2K}\|W\|^2+
    \frac{\lambda_H}{2Kn}\|H\|^2`.

    Parameters
    ----------
    classes, samples, dimension : int
        K >= 2, n and d >= K.
    weight_decay, feature_decay : array_like
        :math:`\lambda_W,\lambda_H>0` with product below one; broadcast together.

    Returns
    -------
    ResponseSpectrum
        Rates, multiplicities, and gains for any attachment.

    Raises
    ------
    ValueError
        d < K, sizes above a million, decays that are not positive, :math:`\lambda_W\lambda_H\ge 1`, where features
        collapse to zero.

    References
    ----------
    tirer2023perturbation (extreme singular values of the blocks; the full spectrum is derived)

    Examples
    --------
    >>> from solvable.solvers import response_spectrum
    >>> found = response_spectrum(4, 6, 9, 0.8, 0.3)
    >>> found.rates.round(6), found.multiplicities
    (array([0.      , 0.3     , 0.612372, 0.612122]), array([ 26, 100,  80,  10]))
    """
    # products of three of them are counted in 64 bits
    sizes = {"classes": classes, "samples": samples, "dimension": dimension}
    k, n, d = (as_whole(name, value, 10**6) for name, value in sizes.items())
    if k < 2:
        raise refuse("classes", classes, "at least two are needed")
    if d < k:
        raise refuse("dimension", dimension, f"orthogonal features of {k} classes need at least {k}")
    lw, lh = broadcast(
        weight_decay=as_positive("weight_decay", weight_decay),
        feature_decay=as_positive("feature_decay", feature_decay),
    )
    c, s, zero = np.sqrt(lw * lh), np.sqrt(lh / lw), np.zeros(lw.shape)
    if np.any(c >= 1):
        raise refuse("weight_decay * feature_decay", lw * lh, "it must be below 1, or the features are zero")
    symmetric = 4 * (1 - c) * lh
    return ResponseSpectrum(
        names=_NAMES,
        rates=np.stack([zero, lh, s, symmetric], axis=-1),
        multiplicities=np.array(
            [k * (d - k) + k * (k - 1) // 2, k * (n - 1) * (d - k), k**2 * (n - 1), k * (k + 1) // 2]
        ),
        block_rates=np.stack([zero, lh, symmetric / 2, symmetric, s], axis=-1),
        block_multiplicities=np.array([d - k, (n - 1) * (d - k), k - 1, 1, k * (n - 1)]),
        cross_rate=symmetric / 2,
    )


@within_range
def response_operator(
    features: ArrayLike, labels: ArrayLike, weight_decay: float, feature_decay: float
) -> LinearOperator:
    r"""The map T of the linear response, matrix-free: Kn times the Hessian of the loss with W at its optimum.

    Loss :math:`\frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W}{2K}\|W\|^2+\frac{\lambda_H}{2Kn}\|H\|^2`.
    With :math:`E=WH-Y,\ W=W^*(H)`:
    :math:`T[D]=\lambda_HD+W^TWD+W^TdW\,H+dW^TE,\ dW=-(WDH^T+ED^T)(HH^T+n\lambda_WI)^{-1}`. Symmetric.

    Parameters
    ----------
    features : array_like, shape (N, d)
        Samples in rows.
    labels : array_like, shape (N,)
        Whole numbers 0..K-1, equally many of each.
    weight_decay, feature_decay : float
        :math:`\lambda_W>0`, :math:`\lambda_H\ge 0`.

    Returns
    -------
    LinearOperator, shape (N d, N d)
        Acts on features flattened row by row.

    Raises
    ------
    ValueError
        Decays out of range, labels that are not balanced.

    References
    ----------
    tirer2023perturbation (the response as a matrix; the matrix-free form is derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import response_operator
    >>> T = response_operator(np.eye(2), [0, 1], 0.5, 0.1) @ np.eye(4)
    >>> bool(np.allclose(T, T.T))
    True
    """
    from scipy.linalg import cho_factor, cho_solve
    from scipy.sparse.linalg import LinearOperator

    X, Y = read_balanced(features, labels)
    lw, lh = (
        as_scalar("weight_decay", weight_decay, as_positive),
        as_scalar("feature_decay", feature_decay, as_nonnegative),
    )
    W = best_classifier(X, Y, lw)
    E = X @ W.T - Y
    factor = cho_factor(X.T @ X + len(X) / Y.shape[1] * lw * np.eye(X.shape[1]))

    def apply(flat: Array) -> Array:
        D = flat.reshape(X.shape)
        dW = -cho_solve(factor, X.T @ (D @ W.T) + D.T @ E).T
        return np.asarray((lh * D + (D @ W.T) @ W + (X @ dW.T) @ W + E @ dW).ravel())

    return LinearOperator((X.size, X.size), matvec=apply, rmatvec=apply, dtype=np.float64)


@within_range
def feature_response(
    features: ArrayLike,
    labels: ArrayLike,
    weight_decay: float,
    feature_decay: float,
    attachment: float,
    change: ArrayLike,
    *,
    rtol: float = 1e-12,
    on_failure: OnFailure = "warn",
) -> Solution:
    r"""Linear response of the features to a change of H_0: :math:`(\beta I+T)\,\delta H=\beta\,\delta H_0` by CG.

    `features` must be a minimiser for its own H_0 (any one; at collapse every beta has H_0 = H*). Exact in beta; first
    order in the change. Normalisation:
    :math:`\frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W}{2K}\|W\|^2+\frac{\lambda_H}{2Kn}\|H\|^2`.

    Parameters
    ----------
    features : array_like, shape (N, d)
        Features at the stationary point.
    labels : array_like, shape (N,)
        Whole numbers 0..K-1, equally many of each.
    weight_decay, feature_decay : float
        :math:`\lambda_W>0`, :math:`\lambda_H\ge 0`.
    attachment : float
        :math:`\beta>0`.
    change : array_like, shape (N, d)
        :math:`\delta H_0`.
    rtol : float
        Relative residual at which CG stops.
    on_failure : {"warn", "raise", "ignore"}
        What to do when CG does not reach it.

    Returns
    -------
    Solution
        `value` of shape (N, d); `residual` is relative and recomputed.

    Raises
    ------
    ValueError
        Arguments out of range, a change of another shape.

    References
    ----------
    tirer2023perturbation

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import feature_response
    >>> feature_response(np.eye(2), [0, 1], 0.5, 0.1, 1e9, np.ones((2, 2))).value.round(6)  # H follows H_0
    array([[1., 1.],
           [1., 1.]])
    """
    from scipy.sparse.linalg import LinearOperator, cg

    operator = response_operator(features, labels, weight_decay, feature_decay)
    shape = np.shape(features)
    step = as_matrix("change", change, (shape[0], shape[1]))
    beta = as_scalar("attachment", attachment, as_positive)
    rtol = as_scalar("rtol", rtol, as_positive)
    shifted = LinearOperator(operator.shape, matvec=lambda v: v + operator.matvec(v) / beta, dtype=np.float64)
    count = [0]
    found, _ = cg(shifted, step.ravel(), rtol=rtol, atol=0.0, maxiter=10 * step.size,
                  callback=lambda _: count.__setitem__(0, count[0] + 1))  # fmt: skip
    size = float(np.linalg.norm(step))
    residual = float(np.linalg.norm(shifted.matvec(found) - step.ravel())) / size if size else 0.0
    status = np.array(Status.CONVERGED if residual <= 10 * rtol else Status.MAX_ITERATIONS)
    solution = Solution(
        found.reshape(shape), np.array(residual), status.astype(np.int8), np.array(count[0], dtype=np.int64)
    )
    report_failures(solution, "feature_response", on_failure)
    return solution
