r"""Mixtures of Gaussians on subspaces: the best denoiser, and the loss of a denoiser that projects on one subspace.

Points :math:`x\sim\sum_k\pi_kN(0,U_kU_k^T)` in n dimensions, :math:`U_k` with :math:`d_k` orthonormal columns, are
seen as :math:`x_t=sx+ge`, :math:`e\sim N(0,I)`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.denoising.responsibilities import Denoised, as_points, as_weights, from_logs
from solvable.solvers.gridded import gridded
from solvable.solvers.validate import (
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    broadcast,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["single_subspace_loss", "subspace_denoiser"]

Array = NDArray[np.float64]


def _basis(name: str, value: ArrayLike, size: int) -> Array:
    """Orthonormal columns, to the rounding of how they were given."""
    U = as_matrix(name, value, (size, None))
    if U.shape[1] > size:
        raise refuse(f"{name}.shape", U.shape, f"a subspace has at most {size} dimensions")
    off = float(np.abs(U.T @ U - np.eye(U.shape[1])).max())
    if off > max(1e-8, 10 * size * data_eps(value)):
        raise refuse(name, U, f"its columns must be orthonormal (products off by {off:.2g})")
    return U


@gridded(x="... coordinate")
@within_range
def subspace_denoiser(
    x: ArrayLike, bases: Sequence[ArrayLike], weights: ArrayLike, scale: float, noise: float
) -> Denoised:
    r"""Posterior mean of a point on one of several subspaces.

    .. math::
        E[x\mid x_t]=\frac{s}{s^2+g^2}\sum_kw_kU_kU_k^Tx_t,\qquad
        w_k\propto\pi_k\Big(1+\frac{s^2}{g^2}\Big)^{-d_k/2}\exp\frac{s^2\|U_k^Tx_t\|^2}{2g^2(s^2+g^2)}

    Parameters
    ----------
    x : array_like, shape (..., n)
        Noisy points :math:`x_t`.
    bases : sequence of array_like, each of shape (n, d_k)
        :math:`U_k`, orthonormal columns.
    weights : array_like, shape (K,)
        :math:`\pi_k`; they sum to 1.
    scale : float
        s, not negative.
    noise : float
        g, the standard deviation of the noise, positive.

    Returns
    -------
    Denoised
        Posterior mean and responsibilities :math:`w_k`.

    Raises
    ------
    ValueError
        Bases that are not orthonormal or have more columns than rows, weights that do not sum to 1, no noise.

    Notes
    -----
    Weights are kept as logarithms, so that small noise does not overflow them.

    References
    ----------
    wang2024subspace

    Examples
    --------
    >>> from solvable.solvers import subspace_denoiser
    >>> found = subspace_denoiser([2.0, 1.0], [[[1.0], [0.0]], [[0.0], [1.0]]], [0.5, 0.5], 1.0, 1.0)
    >>> found.estimate.round(4), found.responsibilities.round(4)
    (array([0.6792, 0.1604]), array([0.6792, 0.3208]))
    """
    points = as_points(x)
    if isinstance(bases, str) or not isinstance(bases, list | tuple | np.ndarray) or len(bases) == 0:
        raise refuse("bases", bases, "it must be a sequence of matrices with orthonormal columns")
    U = [_basis(f"bases[{k}]", basis, points.shape[-1]) for k, basis in enumerate(bases)]
    probabilities = as_weights(weights, len(U))
    s, g = as_scalar("scale", scale, as_nonnegative), as_scalar("noise", noise, as_positive)
    unit = float(np.hypot(s, g))
    inside = [points @ basis / unit for basis in U]  # unit variance where the component is the right one
    ratio, dims = s / g, np.array([basis.shape[1] for basis in U])
    logs = np.stack([0.5 * np.sum((ratio * z) ** 2, axis=-1) for z in inside], axis=-1)
    # ln(1 + ratio^2), whose square may overflow
    logs = logs - dims * (np.log(unit) - np.log(g))
    shares = from_logs(probabilities, logs)
    parts = (shares[..., k, None] * (z @ basis.T) for k, (z, basis) in enumerate(zip(inside, U, strict=True)))
    return Denoised(np.asarray(s / unit * sum(parts)), shares)


@within_range
def single_subspace_loss(X: ArrayLike, basis: ArrayLike, scale: ArrayLike, noise: ArrayLike) -> Array:
    r"""Mean squared error of :math:`\frac{s}{s^2+g^2}UU^Tx_t` on rows, averaged over the noise; no factor one half.

    .. math::
        \frac1N\sum_i\|x_i-UU^Tx_i\|^2+(1-\kappa)^2\frac1N\sum_i\|U^Tx_i\|^2+\kappa(1-\kappa)d,\qquad
        \kappa=\frac{s^2}{s^2+g^2}.

    It falls with :math:`\sum_i\|U^Tx_i\|^2`: at every noise level the best subspace is that of the leading principal
    components.

    Parameters
    ----------
    X : array_like, shape (N, n)
        Clean rows :math:`x_i`; no mean is removed.
    basis : array_like, shape (n, d)
        U, orthonormal columns.
    scale, noise : array_like
        s and g, not negative, not both zero.

    Returns
    -------
    ndarray
        On the broadcast grid of `scale` and `noise`.

    Raises
    ------
    ValueError
        A basis that is not orthonormal, scale and noise that vanish together.

    References
    ----------
    wang2024subspace

    Examples
    --------
    >>> from solvable.solvers import single_subspace_loss
    >>> float(single_subspace_loss([[1.0, 1.0]], [[1.0], [0.0]], 1.0, 1.0))
    1.5
    """
    rows = as_matrix("X", X)
    U = _basis("basis", basis, rows.shape[1])
    s, g = broadcast(scale=as_nonnegative("scale", scale), noise=as_nonnegative("noise", noise))
    if np.any((s == 0) & (g == 0)):
        raise refuse("noise", g, "scale and noise must not vanish together")
    unit = np.hypot(s, g)
    kept, lost = (s / unit) ** 2, (g / unit) ** 2
    inside = rows @ U
    left = rows - inside @ U.T
    count = len(rows)
    return np.asarray(np.sum(left**2) / count + lost**2 * (np.sum(inside**2) / count) + kept * lost * float(U.shape[1]))
