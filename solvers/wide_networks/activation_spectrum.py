r"""The spectrum that random features of an activation have on given data: from their kernel for infinite width."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from solvable.solvers.random_features.activations import Activation
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import as_matrix, as_nonnegative, as_positive, as_scalar, refuse, within_range
from solvable.solvers.wide_networks.duals import dual_activation

__all__ = ["activation_spectrum"]


@within_range
def activation_spectrum(
    X: ArrayLike,
    y: ArrayLike,
    activation: Activation = "relu",
    *,
    weight_variance: float = 1.0,
    bias_variance: float = 0.0,
) -> Spectrum:
    r"""Spectrum and target power of random features :math:`\phi(w^Tx+b)` on given data, for `random_feature_risk`.

    With :math:`w\sim N(0,\sigma_w^2I)` and :math:`b\sim N(0,\sigma_b^2)` the features' kernel is

    .. math:: K_{ij} = E[\phi(u_i)\phi(u_j)],\qquad \mathrm{Cov}(u_i,u_j) = \sigma_w^2\,x_i^Tx_j+\sigma_b^2,

    and its eigenvalues, divided by N, are those of the features' covariance as their number grows. There is no factor
    1/d: divide `weight_variance` by d for rows of square length d. The mean feature is a mode like the others.

    Parameters
    ----------
    X : array_like, shape (N, d)
        Inputs, one row a point, none of them zero where `bias_variance` is 0.
    y : array_like, shape (N,)
        Target at the same points; centre it yourself if you mean to.
    activation : str, Polynomial or callable
        As `dual_activation`.
    weight_variance, bias_variance : float
        :math:`\sigma_w^2>0` and :math:`\sigma_b^2\ge0`.

    Returns
    -------
    Spectrum
        As `Spectrum.from_kernel` gives it: honest for n much smaller than N.

    Raises
    ------
    ValueError
        A row without variance, y of another length, an unknown activation, what `dual_activation` refuses.

    Notes
    -----
    k features divided by :math:`\sqrt k` have this covariance in the mean, which is the convention of
    `random_feature_risk`. That theory takes the features for Gaussian: with a small ridge real ones can be far from it.

    References
    ----------
    cho2009kernel, simon2024more

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import activation_spectrum, random_feature_risk
    >>> X = np.random.default_rng(0).standard_normal((300, 5))
    >>> spectrum = activation_spectrum(X, X[:, 0], "erf")
    >>> bool(random_feature_risk(spectrum, n=30, k=[20, 200], ridge=0.01).test[1] < 1)
    True
    """
    rows = as_matrix("X", X)
    covariance = as_scalar("weight_variance", weight_variance, as_positive) * (rows @ rows.T)
    covariance += as_scalar("bias_variance", bias_variance, as_nonnegative)
    variance = np.diagonal(covariance)
    if np.any(variance <= 0):
        row = int(np.argmin(variance))
        raise refuse(f"X[{row}]", rows[row], "a row of zeros needs a bias_variance: its features would be constant")
    upper = np.triu_indices(len(rows))
    kernel = np.empty_like(covariance)
    kernel[upper] = dual_activation(activation, variance[upper[0]], variance[upper[1]], covariance[upper])
    kernel.T[upper] = kernel[upper]
    return Spectrum.from_kernel(kernel, y)
