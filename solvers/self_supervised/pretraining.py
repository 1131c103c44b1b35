r"""What unlabelled data are worth: regression on factors learned from them, against regression on raw inputs.

:math:`x=Bz+e`, :math:`z\sim N(0,I_r)`, :math:`e\sim N(0,I_d)`, label :math:`y=\beta^Tz+N(0,\sigma^2)`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    broadcast,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["FactorPretraining", "factor_pretraining_risk"]

Array = NDArray[np.float64]


@record
class FactorPretraining(OnGrid):
    """Excess errors over the best predictor from x, arrays over the grid.

    Attributes
    ----------
    true : ndarray
        Least squares on the true r factors' means given x.
    pretrained : ndarray
        Least squares on the r leading principal components of the unlabelled inputs, to first order in 1/m.
    supervised : ndarray
        Least squares on the d raw inputs.
    """

    true: Array
    pretrained: Array
    supervised: Array


@gridded("noise", "labelled", "unlabelled")
@within_range
def factor_pretraining_risk(
    loadings: ArrayLike, beta: ArrayLike, noise: ArrayLike, labelled: ArrayLike, unlabelled: ArrayLike = np.inf
) -> FactorPretraining:
    r"""Excess squared error with true factors, with factors from unlabelled data, and without factors.

    Least squares without intercept, excess of :math:`E(y-\hat y)^2` (no factor one half) over the conditional variance
    :math:`v_y=\beta^T(B^TB+I)^{-1}\beta+\sigma^2`. With N labels: :math:`v_yr/(N-r-1)` on true factors and
    :math:`v_yd/(N-d-1)` on raw inputs, both exact. Principal components of m unlabelled inputs miss part of the signal,

    .. math:: A = \frac{d-r}{m}\sum_i w_i^2\frac{\ell_i}{(\ell_i-1)^2},

    :math:`\ell_i` the leading eigenvalues of :math:`BB^T+I`, :math:`w_i` the components there of
    :math:`w=B(B^TB+I)^{-1}\beta`, and cost :math:`A+(v_y+A)r/(N-r-1)`, to first order in 1/m.

    Parameters
    ----------
    loadings : array_like, shape (d, r)
        B, of full column rank, r < d.
    beta : array_like, shape (r,)
        Weights of the label on the factors.
    noise : array_like
        :math:`\sigma^2`, variance of the label noise.
    labelled : array_like
        N, above d + 1: below, least squares on raw inputs has no finite error.
    unlabelled : array_like
        m, above d; inf for the true subspace.

    Returns
    -------
    FactorPretraining
        Arrays over the broadcast noise, labelled and unlabelled.

    Raises
    ------
    ValueError
        N at or below d + 1, m at or below d, loadings without full column rank, shapes that do not fit.

    Notes
    -----
    First order in 1/m: small against 1 must be :math:`(d/m)\,\ell_i/(\ell_i-1)^2` for the weakest factor.

    References
    ----------
    ge2024provable (the setting; these forms derived in docs/theory/self_supervised.md)

    Examples
    --------
    >>> from solvable.solvers import factor_pretraining_risk
    >>> found = factor_pretraining_risk([[2.0], [0.0], [0.0]], [1.0], 0.1, labelled=20, unlabelled=1000)
    >>> [round(float(part), 6) for part in (found.true, found.pretrained, found.supervised)]
    [0.016667, 0.016772, 0.05625]
    """
    B = as_matrix("loadings", loadings)
    d, r = B.shape
    weights = as_finite("beta", beta)
    if weights.shape != (r,):
        raise refuse("beta.shape", weights.shape, f"it must be ({r},), one for each factor")
    if r >= d:
        raise refuse("loadings.shape", B.shape, "it must have more rows than columns: fewer factors than inputs")
    sigma2, N, m = broadcast(
        noise=as_nonnegative("noise", noise),
        labelled=as_positive("labelled", labelled),
        unlabelled=as_positive("unlabelled", unlabelled, infinite=True),
    )
    if np.any(d + 1 >= N):
        raise refuse("labelled", N, f"it must be above d + 1 = {d + 1}, or raw inputs have no finite error")
    if np.any(m <= d):
        raise refuse("unlabelled", m, f"it must be above d = {d}")
    _, s, v = np.linalg.svd(B, full_matrices=False)
    if s[-1] <= d * data_eps(loadings) * s[0]:
        raise refuse("loadings", B, "its columns must be linearly independent")
    along = v @ weights
    strength = s**2
    variance = float(np.sum(along**2 / (1 + strength))) + sigma2
    # w_i^2 l_i/(l_i - 1)^2 with w_i = s b/(1 + s^2), l_i = 1 + s^2
    missed = (d - r) / m * float(np.sum(along**2 / (1 + strength) / strength))
    rate = r / (N - r - 1)
    true = np.asarray(variance * rate)
    return FactorPretraining(true, true + missed * (1 + rate), np.asarray(variance * d / (N - d - 1)))
