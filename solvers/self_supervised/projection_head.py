r"""What a projection head hides: linear spectral contrastive learning, its layers, probes before and after the head.

Population loss of :math:`f(x)=Wx` with :math:`M=E[xx^T]`, :math:`C=E[xx_+^T]`:
:math:`L=-2\,\mathrm{tr}(WCW^T)+\mathrm{tr}(WMW^TWMW^T)`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.ridge.risk import ridge_risk
from solvable.solvers.ridge.tuning import optimal_ridge
from solvable.solvers.self_supervised.pair_spectrum import EqualModesWarning
from solvable.solvers.solution import record, warn_caller
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import (
    as_covariance,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["HeadProbe", "SpectralContrastive", "layer_weights", "robust_probe_risk", "spectral_contrastive"]

Array = NDArray[np.float64]


@record
class SpectralContrastive:
    """Minimiser of the linear spectral contrastive loss.

    Attributes
    ----------
    gram : ndarray, shape (d, d)
        :math:`W^TW`.
    loss : float
        Least loss, minus the sum of the squares of what is selected.
    selected : ndarray, shape (k,)
        Correlations q of the directions that are learned, falling; k below the dimension where fewer are positive.
    """

    gram: Array
    loss: float
    selected: Array


@record
class HeadProbe:
    """Optimally regularised probes on the inputs and after every layer.

    Attributes
    ----------
    excess : ndarray, shape (L + 1,)
        Test error without the label noise; the first on raw inputs, the last after the head.
    ridges : ndarray, shape (L + 1,)
        Ridge that each probe takes.
    pre : float
        Excess before the last layer.
    post : float
        Excess after it.
    """

    excess: Array
    ridges: Array

    @property
    def pre(self) -> float:
        """Excess before the last layer."""
        return float(self.excess[-2])

    @property
    def post(self) -> float:
        """Excess after the last layer."""
        return float(self.excess[-1])


@within_range
def spectral_contrastive(M: ArrayLike, C: ArrayLike, dim: int) -> SpectralContrastive:
    r"""Minimise the population spectral contrastive loss of a linear encoder.

    :math:`L(W)=-2\,\mathrm{tr}(WCW^T)+\mathrm{tr}(WMW^TWMW^T)`. With Q the positive part of the p leading eigenpairs of
    :math:`M^{-1/2}CM^{-1/2}`, eigenvalues q: :math:`W^TW=M^{-1/2}QM^{-1/2}`, :math:`L=-\sum q^2`. For independent
    features of variance :math:`v_i`, of which :math:`\varphi_i^2` is shared by a pair: :math:`q_i=\varphi_i^2/v_i`,
    weight :math:`q_i/v_i`. Selection is by q, not by variance.

    Parameters
    ----------
    M : array_like, shape (d, d)
        Second moment of the inputs, positive definite.
    C : array_like, shape (d, d)
        Second moment between the two of a pair, symmetric.
    dim : int
        Rows p of W, 1..d.

    Returns
    -------
    SpectralContrastive
        Gram matrix of the encoder, loss, and the q that are selected.

    Raises
    ------
    ValueError
        A singular or asymmetric matrix, a dimension outside 1..d.

    Warns
    -----
    EqualModesWarning
        The p-th and the next q are equal to rounding: the minimiser is not unique, the loss is.

    Notes
    -----
    The loss is good to rounding of 1 times the condition of M; the Gram matrix to that divided by the gap
    :math:`q_p-q_{p+1}`.

    References
    ----------
    xue2024investigating (the setting; this form derived in docs/theory/self_supervised.md)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import spectral_contrastive
    >>> found = spectral_contrastive(np.diag([4.0, 1.0]), np.diag([2.0, 0.8]), dim=1)
    >>> found.selected.round(12), round(found.loss, 12)  # the smaller feature, with the larger q
    (array([0.8]), -0.64)
    """
    moment = as_covariance("M", M)
    pair = as_matrix("C", C, moment.shape)
    if not is_symmetric(pair, data_eps(C)):
        raise refuse("C.shape", pair.shape, "it must be a symmetric matrix")
    d, p = len(moment), as_whole("dim", dim)
    if p > d:
        raise refuse("dim", dim, f"it must lie in 1..{d}, the dimension")
    size = float(np.abs(moment).max())
    values, vectors = np.linalg.eigh((moment + moment.T) / (2 * size))
    if values[0] <= d * data_eps(M) * values[-1]:
        raise refuse("M", moment, "it must be positive definite, and its least eigenvalue is rounding")
    inverse = vectors / np.sqrt(values) @ vectors.T
    shared = inverse @ (pair / size) @ inverse
    q, modes = np.linalg.eigh((shared + shared.T) / 2)
    q, modes = q[::-1], modes[:, ::-1]
    rounding = d * max(data_eps(M, C), data_eps()) * max(abs(q[0]), abs(q[-1])) * float(values[-1] / values[0])
    if p < d and q[p - 1] > rounding and q[p - 1] - q[p] <= rounding:
        warn_caller(
            f"The correlations number {p} and {p + 1} are equal: which of them is learned is not determined.",
            EqualModesWarning,
        )
    kept = q[:p] > rounding
    chosen, directions = q[:p][kept], inverse @ modes[:, :p][:, kept]
    gram = directions * chosen @ directions.T / size
    return SpectralContrastive((gram + gram.T) / 2, -float(np.sum(chosen**2)), chosen)


@within_range
def layer_weights(gram: ArrayLike, layers: int, layer: int) -> Array:
    r"""Gram matrix of the first l of L balanced linear layers whose product has Gram matrix :math:`W^TW`.

    :math:`(W^TW)^{l/L}`: gradient flow conserves :math:`W_lW_l^T-W_{l+1}^TW_{l+1}`, and from a small start, as at the
    least :math:`\sum_l\|W_l\|_F^2`, these vanish. Before a head of one layer (L = 2, l = 1) features have square-root
    weights: more equal ones.

    Parameters
    ----------
    gram : array_like, shape (d, d)
        :math:`W^TW` of all layers, as from `spectral_contrastive`.
    layers : int
        L.
    layer : int
        l, 1..L.

    Returns
    -------
    ndarray, shape (d, d)

    Raises
    ------
    ValueError
        A matrix that is not positive semi-definite, a layer outside 1..L.

    Notes
    -----
    Eigenvalues below d roundings of the largest are zero: their roots would not be small. A start of size
    :math:`s_0` leaves errors of order :math:`s_0^2`.

    References
    ----------
    xue2024investigating (the setting; derived in docs/theory/self_supervised.md)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import layer_weights
    >>> layer_weights(np.diag([9.0, 4.0, 0.0]), layers=2, layer=1)
    array([[3., 0., 0.],
           [0., 2., 0.],
           [0., 0., 0.]])
    """
    matrix = as_covariance("gram", gram)
    depth, index = as_whole("layers", layers), as_whole("layer", layer)
    if index > depth:
        raise refuse("layer", layer, f"it must lie in 1..{depth}, the number of layers")
    size = float(np.abs(matrix).max())
    values, vectors = np.linalg.eigh((matrix + matrix.T) / (2 * size))
    cut = len(matrix) * data_eps(gram) * values[-1]
    power = index / depth
    raised = np.where(values > cut, np.abs(values) ** power, 0.0)
    return np.asarray(size**power * (vectors * raised @ vectors.T))


@within_range
def robust_probe_risk(
    correlations: ArrayLike, variances: ArrayLike, target: ArrayLike, n: float, noise: float, layers: int = 2
) -> HeadProbe:
    r"""Excess error of ridge probes before and after a projection head, each with its optimal ridge.

    Independent Gaussian features of variance :math:`v_i` with pair correlation :math:`q_i`, all of them learned. After
    l of L layers feature i has weight :math:`(q_i/v_i)^{l/L}`, hence variance :math:`v_i^{1-l/L}q_i^{l/L}`: the
    spectrum of `ridge_risk`. Raw inputs are l = 0, features before a head of one layer l = L - 1.

    Parameters
    ----------
    correlations : array_like, shape (d,)
        :math:`q_i` in (0, 1].
    variances : array_like, shape (d,)
        :math:`v_i`, positive.
    target : array_like, shape (d,)
        Power of the target in each feature, not negative, not all 0; their sum is its variance.
    n : float
        Labelled samples.
    noise : float
        Variance of the label noise, positive.
    layers : int
        L.

    Returns
    -------
    HeadProbe
        Excess errors and ridges of the probes (un-normalised ridge).

    Raises
    ------
    ValueError
        Correlations outside (0, 1], shapes that differ, no target, no noise.

    Notes
    -----
    A deterministic equivalent; the ridge minimises it, so that errors of the ridge enter squared.

    References
    ----------
    xue2024investigating (the setting; derived in docs/theory/self_supervised.md), simon2023eigenlearning

    Examples
    --------
    >>> from solvable.solvers import robust_probe_risk
    >>> probe = robust_probe_risk([0.95, 0.9, 0.6, 0.5], [4.0, 1.0, 0.5, 0.3], [1.0, 0.0, 0.0, 0.0], n=20, noise=0.5)
    >>> round(probe.pre, 4), round(probe.post, 4)  # the target is the feature with most augmentation noise
    (0.0773, 0.0997)
    """
    q, v = as_positive("correlations", correlations), as_positive("variances", variances)
    power = as_nonnegative("target", target)
    if q.ndim != 1 or not q.size:
        raise refuse("correlations.shape", q.shape, "it must be (d,)")
    for name, array in (("variances", v), ("target", power)):
        if array.shape != q.shape:
            raise refuse(f"{name}.shape", array.shape, f"it must be {q.shape}, one for each correlation")
    if q.max() > 1:
        raise refuse("correlations", q, "they must lie in (0, 1]: a pair shares at most all of a feature")
    if not power.any():
        raise refuse("target", power, "a target without power has nothing to learn")
    samples, sigma2 = as_scalar("n", n, as_positive), as_scalar("noise", noise, as_positive)
    depth = as_whole("layers", layers, 10**6)
    excess, ridges = np.empty(depth + 1), np.empty(depth + 1)
    for index in range(depth + 1):
        share = index / depth
        spectrum = Spectrum(v ** (1 - share) * q**share, power)
        ridges[index] = float(optimal_ridge(spectrum, samples, sigma2))
        excess[index] = ridge_risk(spectrum, samples, ridges[index], sigma2).excess
    return HeadProbe(excess, ridges)
