r"""Sparse function-space representation of a trained network: dual parameters on inducing inputs.

A trained f with likelihood :math:`p(y\mid f)` is written as a Gaussian process through
:math:`\alpha_i=\partial_f\log p`, :math:`\beta_i=-\partial_f^2\log p` at every training input, projected on inducing
inputs Z. Both sums run over data, so that new data are added without training again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

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
    broadcast,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)
from solvable.solvers.wide_networks.student_process import triangular_root

__all__ = ["DualParameters", "DualPrediction", "SparseDuals", "dual_parameters", "predict_from_duals", "sparse_duals"]

Array = NDArray[np.float64]


@record
class DualParameters(OnGrid):
    """Derivatives of the log-likelihood in the function; unpacks as the pair (alpha, beta).

    Attributes
    ----------
    alpha, beta : ndarray
        The first derivative, and minus the second.
    """

    alpha: Array
    beta: Array

    def __iter__(self) -> Iterator[Array]:
        """Alpha, then beta."""
        return iter((self.alpha, self.beta))


@record
class DualPrediction:
    """Of the function at test inputs; unpacks as the pair (mean, variance).

    Attributes
    ----------
    mean, variance : ndarray, shape (m,)
        Mean, and variance without label noise.
    """

    mean: Array
    variance: Array

    def __iter__(self) -> Iterator[Array]:
        """Mean, then variance."""
        return iter((self.mean, self.variance))


@record
class SparseDuals:
    r"""Sums over data, at p inducing inputs; the sum of two is that of all their data.

    Attributes
    ----------
    y_tilde : ndarray, shape (p,)
        :math:`\sum_ik_z(x_i)(\alpha_i+\beta_if_i)`.
    B : ndarray, shape (p, p)
        :math:`\sum_i\beta_ik_z(x_i)k_z(x_i)^T`.
    """

    y_tilde: Array
    B: Array

    def __add__(self, other: SparseDuals) -> SparseDuals:
        """Add the data of another batch, on the same inducing inputs."""
        if not isinstance(other, SparseDuals):
            return NotImplemented
        if self.B.shape != other.B.shape:
            raise refuse("B.shape", other.B.shape, f"both must be on the same inducing inputs, {self.B.shape}")
        return SparseDuals(self.y_tilde + other.y_tilde, self.B + other.B)


@gridded("f", "y")
@within_range
def dual_parameters(
    f: ArrayLike, y: ArrayLike, likelihood: Literal["gaussian", "logistic", "poisson"], noise_variance: float = 1.0
) -> DualParameters:
    r"""Derivatives :math:`\alpha=\partial_f\log p(y\mid f)` and :math:`\beta=-\partial_f^2\log p(y\mid f)`.

    gaussian: :math:`(y-f)/\sigma^2`, :math:`1/\sigma^2`; logistic, y in {0, 1}: :math:`y-s`, :math:`s(1-s)` with
    :math:`s=1/(1+e^{-f})`; poisson, rate :math:`e^f`: :math:`y-e^f`, :math:`e^f`.

    Parameters
    ----------
    f : array_like
        Function values at the training inputs.
    y : array_like
        Labels; they broadcast with `f`.
    likelihood : {"gaussian", "logistic", "poisson"}
        Law of a label given the function.
    noise_variance : float
        :math:`\sigma^2` of the Gaussian likelihood, positive; it must be left alone for the others.

    Returns
    -------
    DualParameters
        alpha and beta.

    Raises
    ------
    ValueError
        Labels that the likelihood does not have.

    References
    ----------
    scannell2024function (definition)

    Examples
    --------
    >>> from solvable.solvers import dual_parameters
    >>> alpha, beta = dual_parameters([0.5], [1.0], "gaussian", 0.25)
    >>> alpha, beta
    (array([2.]), array([4.]))
    """
    value, label = broadcast(f=as_finite("f", f), y=as_finite("y", y))
    law = as_choice("likelihood", likelihood, ("gaussian", "logistic", "poisson"))
    variance = as_scalar("noise_variance", noise_variance, as_positive)
    if law == "gaussian":
        return DualParameters((label - value) / variance, np.full(value.shape, 1 / variance))
    if variance != 1:
        raise refuse("noise_variance", variance, f"the {law} likelihood has none")
    if law == "logistic":
        if np.any((label != 0) & (label != 1)):
            raise refuse("y", label, "labels of the logistic likelihood are 0 or 1")
        small = np.exp(-np.abs(value))
        low = small / (1 + small)  # the smaller of s and 1 - s
        missing = np.where(value > 0, 1 - label, label)  # 1 where the label is the less likely one
        sign = np.where(value > 0, -1.0, 1.0)
        return DualParameters(np.where(missing == 1, sign / (1 + small), -sign * low), low / (1 + small))
    if np.any((label < 0) | (label != np.floor(label))):
        raise refuse("y", label, "labels of the poisson likelihood are whole and not negative")
    rate = np.exp(value)
    return DualParameters(label - rate, rate)


@within_range
def sparse_duals(kernel_zx: ArrayLike, alpha: ArrayLike, beta: ArrayLike, f: ArrayLike) -> SparseDuals:
    r"""Sums of the dual parameters of a batch of data at inducing inputs Z.

    :math:`\tilde y=\sum_ik_z(x_i)(\alpha_i+\beta_if_i)`, :math:`B=\sum_i\beta_ik_z(x_i)k_z(x_i)^T`.

    Parameters
    ----------
    kernel_zx : array_like, shape (p, n)
        Kernel between Z and the data: tangent kernel over the prior precision. Code that divides by the precision times
        the number of data has another kernel: multiply it.
    alpha, beta, f : array_like, shape (n,)
        From `dual_parameters`, beta not negative, and the function values at which they were taken.

    Returns
    -------
    SparseDuals
        Two of them add.

    Raises
    ------
    ValueError
        Shapes that do not fit, a negative beta.

    References
    ----------
    scannell2024function

    Examples
    --------
    >>> from solvable.solvers import sparse_duals
    >>> first = sparse_duals([[1.0]], [2.0], [4.0], [0.5])
    >>> (first + first).y_tilde, first.B
    (array([8.]), array([[4.]]))
    """
    kernel = as_matrix("kernel_zx", kernel_zx)
    a, b, value = as_finite("alpha", alpha), as_nonnegative("beta", beta), as_finite("f", f)
    for name, array in (("alpha", a), ("beta", b), ("f", value)):
        if array.shape != (kernel.shape[1],):
            raise refuse(f"{name}.shape", array.shape, f"it must be {(kernel.shape[1],)}")
    return SparseDuals(kernel @ (a + b * value), (kernel * b) @ kernel.T)


@within_range
def predict_from_duals(K_zz: ArrayLike, duals: SparseDuals, K_xz: ArrayLike, K_xx: ArrayLike) -> DualPrediction:
    r"""Mean and variance at test inputs from sums at inducing inputs.

    :math:`K_{xz}(K_{zz}+B)^{-1}\tilde y` and
    :math:`k_{xx}-K_{xz}\left[K_{zz}^{-1}-(K_{zz}+B)^{-1}\right]K_{zx}`: for a Gaussian likelihood and Z = X
    the posterior of the Gaussian process.

    Parameters
    ----------
    K_zz : array_like, shape (p, p)
        Kernel of the inducing inputs, positive definite.
    duals : SparseDuals
        From `sparse_duals`.
    K_xz : array_like, shape (m, p)
        Kernel between test and inducing inputs.
    K_xx : array_like, shape (m,)
        Kernel of each test input with itself; a matrix (m, m) is taken by its diagonal.

    Returns
    -------
    DualPrediction
        mean and variance, shape (m,).

    Raises
    ------
    ValueError
        Shapes that do not fit, or a kernel that is not positive definite.

    References
    ----------
    scannell2024function

    Examples
    --------
    >>> from solvable.solvers import predict_from_duals, sparse_duals
    >>> duals = sparse_duals([[1.0]], [2.0], [4.0], [0.5])  # one label 1 with noise 1/4, seen from f = 1/2
    >>> mean, variance = predict_from_duals([[1.0]], duals, [[1.0]], [1.0])
    >>> mean.round(12), variance.round(12)
    (array([0.8]), array([0.2]))
    """
    from scipy.linalg import solve_triangular

    if not isinstance(duals, SparseDuals):
        raise TypeError(f"duals = {type(duals).__name__} is not allowed: it must be what sparse_duals returns.")
    size = len(duals.y_tilde)
    inner = as_matrix("K_zz", K_zz, (size, size))
    if not is_symmetric(inner, data_eps(K_zz)):
        raise refuse("K_zz", inner, "it must be symmetric")
    cross = as_matrix("K_xz", K_xz, (None, size))
    test = as_finite("K_xx", K_xx)
    if test.shape == (len(cross), len(cross)):
        test = np.diag(test)
    if test.shape != (len(cross),):
        raise refuse("K_xx.shape", test.shape, f"it must be {(len(cross),)} or {(len(cross), len(cross))}")
    prior = triangular_root("K_zz", inner, data_eps(K_zz))
    posterior = triangular_root("K_zz + B", inner + duals.B, np.finfo(float).eps)
    before = solve_triangular(prior, cross.T, lower=True, check_finite=False)
    after = solve_triangular(posterior, np.column_stack([cross.T, duals.y_tilde]), lower=True, check_finite=False)
    read, labels = after[:, :-1], after[:, -1]
    free = test - np.sum(before**2, axis=0)
    if np.any(free < -max(1e-8, len(inner) * data_eps(K_zz, K_xz, K_xx)) * np.abs(test).max()):
        raise refuse("K_xx", test, "with K_zz and K_xz it must form a positive semidefinite matrix")
    return DualPrediction(read.T @ labels, np.maximum(free, 0.0) + np.sum(read**2, axis=0))
