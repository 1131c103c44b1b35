r"""Bounds around the exact mean-square threshold: coherence, divergence, traces and norms of the Hessian.

All for :math:`\theta_{t+1}=(I-\eta\hat H_t)\theta_t`, losses :math:`(1/2n)\sum r_i^2`, H the mean Hessian.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.sgd_stability.hessians import batch_sizes, read_curvature, sampling_weights
from solvable.solvers.solution import record
from solvable.solvers.validate import as_positive, as_real, as_whole, broadcast, refuse, within_range

__all__ = ["StabilityConditions", "coherence", "divergence_step_size", "group_threshold", "stability_conditions"]

Array = NDArray[np.float64]


@within_range
def coherence(hessians: ArrayLike, loss: str = "squared") -> Array:
    r"""Coherence :math:`\sigma=\lambda_1(S)/\max_i\lambda_1(H_i)`, :math:`S_{ij}=\sqrt{\mathrm{tr}(H_iH_j)}`.

    1 where the Hessians are mutually orthogonal, n where rank-one Hessians coincide: how much single steps reinforce
    each other. With higher rank it can exceed n (up to :math:`n\sqrt r`).

    Parameters
    ----------
    hessians : array_like
        As in `stability_threshold`.
    loss : {"squared", "squared-without-half"}
        As in `stability_threshold`; the coherence does not depend on it.

    Returns
    -------
    ndarray, shape ()
        The coherence.

    Raises
    ------
    ValueError
        As `stability_threshold`.

    References
    ----------
    dexter2024precise

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import coherence
    >>> coherence(np.eye(5)), round(float(coherence(np.ones((5, 2)))), 12)
    (array(1.), 5.0)
    """
    factors = read_curvature(hessians, loss).factors
    n, r, k = factors.shape
    flat = factors.transpose(1, 0, 2).reshape(r, n * k)
    squares = ((flat.T @ flat) ** 2).reshape(n, k, n, k).sum(axis=(1, 3))  # tr(H_i H_j)
    largest = np.linalg.norm(factors, ord=2, axis=(1, 2)).max() ** 2
    return np.asarray(np.linalg.eigvalsh(np.sqrt(squares))[-1] / largest)


@within_range
def divergence_step_size(
    hessians: ArrayLike, batch_size: ArrayLike, loss: str = "squared", sampling: str = "bernoulli"
) -> Array:
    r"""Step size above which the second moment diverges for sure, from the coherence :math:`\sigma` alone.

    Loss :math:`(1/2n)\sum r_i^2` (``squared``), sampling as named.

    .. math:: \eta > \min\{2/\lambda_1(H),\ \sigma\,(n/B-1)^{-1/2}/\lambda_1(H)\}

    for Bernoulli sampling. For the others, with the weights :math:`c_0` and p of `stability_threshold`'s noise,

    .. math:: \eta > \frac{2}{\lambda_1(H)}\min\Big\{1,\ \frac{1}{c_0u+np/(\sigma^2u)}\Big\}, \qquad
              u = \min\{1, \sqrt{np/c_0}/\sigma\}.

    Parameters
    ----------
    hessians : array_like
        As in `stability_threshold`.
    batch_size : array_like
        Whole numbers from 1 to n; at B = n only the first bound is left.
    loss : {"squared", "squared-without-half"}
        As in `stability_threshold`.
    sampling : {"bernoulli", "without-replacement", "with-replacement"}
        How batches are drawn.

    Returns
    -------
    ndarray
        An upper bound on the exact threshold, in the shape of `batch_size`.

    Raises
    ------
    ValueError
        As `stability_threshold`.

    Notes
    -----
    For the top eigenvector v of the sharpest Hessian, with eigenvalue l, the quotient of vv^T bounds :math:`2/\eta^*`
    by :math:`c_0h+pl^2/(nh)`, :math:`h=v^THv\le\lambda_1(H)`, and :math:`l\ge n\lambda_1(H)/\sigma`. The
    published form is the minimum over all h > 0.

    References
    ----------
    dexter2024precise (its Bernoulli form; other samplings: derived, see Notes)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import divergence_step_size
    >>> divergence_step_size(np.eye(5), [1, 5])
    array([ 2.5, 10. ])
    """
    curvature = read_curvature(hessians, loss)
    sizes = batch_sizes(curvature, batch_size)
    top = curvature.eigenvalues[0]
    sigma = coherence(hessians, loss)
    c0, p = sampling_weights(curvature.n, sizes, sampling)
    with np.errstate(divide="ignore", invalid="ignore"):
        if sampling == "bernoulli":
            noisy = sigma / np.sqrt(curvature.n / sizes - 1)
        else:
            drive = curvature.n * p / sigma**2
            u = np.minimum(1.0, np.sqrt(drive / c0))
            noisy = 2 / np.where(p > 0, c0 * u + drive / u, 1.0)
    return np.asarray(np.minimum(2.0, noisy) / top)


@within_range
def group_threshold(
    largest_eigenvalue: ArrayLike, coherence: ArrayLike, n: int, batch_size: ArrayLike, sampling: str = "bernoulli"
) -> Array:
    r"""Threshold of :math:`n/\sigma` orthogonal groups of :math:`\sigma` equal rank-one Hessians.

    .. math:: \eta^* = \frac{2}{\lambda_1}\,\frac{1}{c_0 + p\,n/\sigma}, \qquad
              \text{Bernoulli: } \frac{2\sigma}{\lambda_1\,(\sigma + n/B - 1)}

    Exact for that set, so no bound in these quantities can be sharper: below it a stable set
    with the same :math:`\lambda_1` and coherence exists.

    Parameters
    ----------
    largest_eigenvalue, coherence : array_like
        :math:`\lambda_1(H)` and :math:`1\le\sigma\le n`; broadcast with `batch_size`.
    n : int
        Number of samples.
    batch_size : array_like
        From 1 to n.
    sampling : {"without-replacement", "with-replacement", "bernoulli"}
        How batches are drawn.

    Returns
    -------
    ndarray
        Step sizes.

    Raises
    ------
    ValueError
        Coherence outside [1, n], batch size outside 1..n.

    References
    ----------
    dexter2024precise (its Bernoulli form; other samplings: derived)

    Examples
    --------
    >>> from solvable.solvers import group_threshold
    >>> float(group_threshold(1.0, 4.0, n=20, batch_size=1))  # 8/(4 + 19)
    0.34782608695652173
    """
    top, sigma = as_positive("largest_eigenvalue", largest_eigenvalue), as_positive("coherence", coherence)
    sizes, n = as_real("batch_size", batch_size), as_whole("n", n)
    broadcast(largest_eigenvalue=top, coherence=sigma, batch_size=sizes)
    if np.any((sigma < 1) | (sigma > n)):
        raise refuse("coherence", sigma, f"it must lie between 1 and n = {n}")
    if np.any((sizes < 1) | (sizes > n)):
        raise refuse("batch_size", sizes, f"it must lie between 1 and n = {n}")
    c0, p = sampling_weights(n, sizes, sampling)
    return np.asarray(2 / (top * (c0 + p * n / sigma)))


@record
class StabilityConditions(OnGrid):
    """Step sizes that bracket the exact threshold; all but `sufficient` are upper bounds on it.

    Attributes
    ----------
    top_eigenvalue : float
        :math:`2/\\lambda_{max}(H)`: gradient descent.
    necessary : ndarray
        :math:`2\\,\\mathrm{tr}H/[c_0\\|H\\|_F^2 + (p/n)\\sum\\|H_i\\|_F^2]`, a Rayleigh quotient, for each batch size.
    trace : float
        :math:`2/\\mathrm{tr}H`: an upper bound for rank-one Hessians at batch size 1, attained by orthogonal gradients
        of equal norm.
    sufficient : float
        :math:`2/\\max_i\\lambda_{max}(H_i)`: stable at every batch size without or with replacement.
    frobenius : float
        :math:`1/\\|H\\|_F`: to be multiplied by :math:`\\sqrt{B/\\mu}`, :math:`\\mu` the alignment of gradient noise.
    """

    top_eigenvalue: float
    necessary: Array
    trace: float
    sufficient: float
    frobenius: float


@gridded("batch_size")
@within_range
def stability_conditions(
    hessians: ArrayLike, batch_size: ArrayLike, sampling: str = "without-replacement", loss: str = "squared"
) -> StabilityConditions:
    r"""Closed-form conditions around `stability_threshold`, from traces and norms only.

    Loss :math:`(1/2n)\sum r_i^2` unless `loss` says otherwise.

    Parameters
    ----------
    hessians : array_like
        As in `stability_threshold`.
    batch_size : array_like
        Whole numbers from 1 to n.
    sampling : {"without-replacement", "with-replacement", "bernoulli"}
        How batches are drawn.
    loss : {"squared", "squared-without-half"}
        As in `stability_threshold`.

    Returns
    -------
    StabilityConditions
        Upper and lower bounds.

    Raises
    ------
    ValueError
        As `stability_threshold`.

    References
    ----------
    wu2023implicit (trace), wu2022alignment (Frobenius); the Rayleigh quotient is derived

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import stability_conditions
    >>> stability_conditions(np.eye(4), 1).necessary, stability_conditions(np.eye(4), 1).trace
    (array(2.), 2.0)
    """
    curvature = read_curvature(hessians, loss)
    sizes = batch_sizes(curvature, batch_size)
    c0, p = sampling_weights(curvature.n, sizes, sampling)
    eigenvalues, factors = curvature.eigenvalues, curvature.factors
    inner = np.matmul(factors.transpose(0, 2, 1), factors)
    single = float(np.sum(inner**2)) / curvature.n  # mean of ||H_i||_F^2
    square = float(eigenvalues @ eigenvalues)
    largest = float(np.linalg.norm(factors, ord=2, axis=(1, 2)).max() ** 2)
    return StabilityConditions(
        top_eigenvalue=float(2 / eigenvalues[0]),
        necessary=np.asarray(2 * eigenvalues.sum() / (c0 * square + p * single)),
        trace=float(2 / eigenvalues.sum()),
        sufficient=2 / largest,
        frobenius=float(1 / np.sqrt(square)),
    )
