r"""Infinitely deep networks on the sphere: which classifier the tangent kernel becomes.

Inputs of norm 1, no biases, :math:`\phi=\sum_ka_kh_k` in orthonormal Hermite polynomials with :math:`\sum a_k^2=1`:
:math:`\check\phi(\rho)=\sum_ka_k^2\rho^k`, :math:`\Sigma^{l+1}=\check\phi(\Sigma^l)`,
:math:`K^{l+1}=\Sigma^{l+1}+K^l\check\phi'(\Sigma^l)`, :math:`\Sigma^0=K^0=\rho`. Everything is a function of
:math:`a_0^2=\check\phi(0)`, :math:`a_1^2=\check\phi'(0)` and :math:`B'=\check\phi'(1)=\sum ka_k^2`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_nonnegative, as_whole, refuse, within_range

__all__ = ["DeepClassifier", "DeepKernel", "deep_classifier", "deep_ntk", "koenigs", "optimal_activation"]

Array = NDArray[np.float64]
_MOST_LAYERS = 100_000  # of the Koenigs iteration


@record
class DeepClassifier:
    r"""What sign :math:`K_L(x,X)K_L(X,X)^{-1}y` becomes for L to infinity.

    Attributes
    ----------
    kind : str
        ``"nearest-neighbour"``, ``"singular"`` or ``"majority"``.
    exponent : float or None
        :math:`\alpha` of the singular kernel :math:`\|x-x'\|^{-\alpha}`.
    A2, slope0, slope1 : float
        :math:`a_0^2`, :math:`a_1^2` and :math:`B'`.
    """

    kind: str
    exponent: float | None
    A2: float
    slope0: float
    slope1: float


@record
class DeepKernel(OnGrid):
    r"""Tangent kernel of a deep network as ``value * exp(log_scale)``.

    Attributes
    ----------
    value : ndarray
        In the singular case :math:`K_L/(a_1^{2L}L)`, which tends to the Koenigs function; else :math:`K_L/K_L(1)`.
    log_scale : float
        Logarithm of what was divided out.
    """

    value: Array
    log_scale: float


_ROUNDING = 1e-30  # the square of the error of coefficients that were computed in doubles


def _squares(name: str, value: ArrayLike) -> Array:
    """Squared coefficients, normalised to sum to 1."""
    c = as_nonnegative(name, value)
    if c.ndim != 1 or c.size < 2:
        raise refuse(f"{name}.shape", c.shape, "it must be a vector of at least two squared coefficients")
    if abs(c.sum() - 1) > 1e-8:
        raise refuse(f"{name}.sum()", float(c.sum()), "squared coefficients sum to 1: divide them by their sum")
    c = c / c.sum()
    if c[0] <= _ROUNDING:
        c[0] = 0.0
    if np.count_nonzero(c) == 1 and (c[0] or c[1]):
        raise refuse(name, c, "a constant or linear activation has no deep limit")
    return c


def _step(c: Array, delta: Array, rho: Array) -> tuple[Array, Array]:
    """Next 1 - rho and rho, whichever is small from its own formula."""
    k = np.arange(c.size)
    safe = np.minimum(delta, 0.5)
    with np.errstate(under="ignore"):
        gap = -(np.expm1(k * np.log1p(-safe)[..., None]) @ c)
        value = np.polynomial.polynomial.polyval(rho, c)
    near = delta < 0.5
    return np.where(near, gap, 1 - value), np.where(near, 1 - gap, value)


@within_range
def deep_classifier(hermite_squares: ArrayLike) -> DeepClassifier:
    r"""Which classifier an infinitely deep network is, from the squared Hermite coefficients of its activation.

    :math:`a_0=a_1=0`: the nearest neighbour decides. :math:`a_0=0\ne a_1`: the sign of
    :math:`\sum_iy_i\psi(x\cdot x_i)`
    with a kernel that is singular as :math:`\|x-x'\|^{-\alpha}`, :math:`\alpha=-2\log(a_1^2)/\log B'`.
    :math:`a_0\ne0`: the majority of the labels (for :math:`B'<1` with a ridge only).

    Parameters
    ----------
    hermite_squares : array_like, shape (K + 1,)
        :math:`a_0^2,a_1^2,\dots`, which sum to 1. Whether the first two vanish decides: :math:`a_0^2` does up to
        1e-30, the square of rounding; :math:`a_1^2` as given, since the best activation in d dimensions has
        :math:`2^{-d/2}`.

    Returns
    -------
    DeepClassifier

    Raises
    ------
    ValueError
        Negative squares, a sum that is not 1, or a constant or linear activation.

    References
    ----------
    radhakrishnan2023wide (cases as recalled), each derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import deep_classifier
    >>> deep_classifier([0.0, 0.5, 0.0, 0.5]).exponent  # B' = 2
    2.0
    """
    c = _squares("hermite_squares", hermite_squares)
    slope1 = float(np.arange(c.size) @ c)
    if c[0] > 0:
        return DeepClassifier("majority", None, float(c[0]), float(c[1]), slope1)
    if c[1] == 0:
        return DeepClassifier("nearest-neighbour", None, 0.0, 0.0, slope1)
    # log B' from B' - 1, which is a sum of positive terms; log a_1^2 from what is left, where that is small
    grown = float((np.arange(c.size) - 1)[2:] @ c[2:])
    fall = np.log1p(-c[2:].sum()) if c[1] > 0.5 else np.log(c[1])
    return DeepClassifier("singular", float(-2 * fall / np.log1p(grown)), 0.0, float(c[1]), slope1)


@within_range
def koenigs(hermite_squares: ArrayLike, rho: ArrayLike) -> NDArray[np.float64]:
    r"""Koenigs function :math:`\psi(\rho)=\lim_l\check\phi^{\circ l}(\rho)/a_1^{2l}`: the kernel of infinite depth.

    :math:`\psi(\check\phi(\rho))=a_1^2\psi(\rho)`, :math:`\psi'(0)=1`; infinite at :math:`\rho=1`.

    Parameters
    ----------
    hermite_squares : array_like, shape (K + 1,)
        Squared coefficients with :math:`a_0=0\ne a_1`, which sum to 1.
    rho : array_like
        Inner products, in [0, 1].

    Returns
    -------
    ndarray
        In the shape of `rho`.

    Raises
    ------
    ValueError
        Another activation, one so close to linear that the limit takes more than 100,000 layers, or an inner product
        outside [0, 1].

    Notes
    -----
    Near 1 the distance :math:`1-\rho` is iterated. As :math:`\rho\to1` the function is
    :math:`R\,\|x-x'\|^{-\alpha}` with R periodic in :math:`\log(1-\rho)`, period :math:`\log B'`.

    References
    ----------
    radhakrishnan2023wide (limit as recalled), derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import koenigs
    >>> koenigs([0.0, 0.5, 0.5], [0.0, 0.01, 1.0]).round(6)
    array([0.      , 0.010203,      inf])
    """
    c = _squares("hermite_squares", hermite_squares)
    r = as_nonnegative("rho", rho)
    if np.any(r > 1):
        raise refuse("rho", r, "inner products of unit vectors are at most 1")
    if c[0] > 0 or c[1] == 0:
        raise refuse("hermite_squares", c, "the Koenigs function needs a_0 = 0 and a_1 other than 0")
    grown, kept = float((np.arange(c.size) - 1)[2:] @ c[2:]), -float(np.log1p(-c[2:].sum())) if c[1] > 0.5 else 1.0
    steps = 37 / np.log1p(grown) + 60 / kept  # from a gap of rounding to 1/2, and on to what is linear
    if steps > _MOST_LAYERS:
        raise refuse("hermite_squares", c, f"so close to linear it takes {steps:.1g} layers, and {_MOST_LAYERS:,} are "
                     "allowed")  # fmt: skip
    delta, now, log_scale = 1 - r, r.copy(), 0.0
    out = np.where(r == 1, np.inf, 0.0)
    todo = (r < 1) & (r > 0)
    while np.any(todo):
        small = todo & (now < 1e-9 * c[1] * (1 - c[1]))  # what is left is below rounding
        if np.any(small):
            # one more order: psi(rho) = rho + c_2 rho^2/(c_1 (1 - c_1)) + ...
            second = c[2] / (c[1] * (1 - c[1])) if c.size > 2 else 0.0
            out[small] = now[small] * (1 + second * now[small]) * np.exp(log_scale)
        todo &= ~small
        delta, now = _step(c, delta, now)
        log_scale -= np.log(c[1])
    return np.asarray(out)


@gridded("rho")
@within_range
def deep_ntk(hermite_squares: ArrayLike, rho: ArrayLike, depth: int) -> DeepKernel:
    r"""Tangent kernel :math:`K_L(\rho)` of a network of any depth on the sphere, scaled so that nothing overflows.

    :math:`\Sigma^{l+1}=\check\phi(\Sigma^l)`, :math:`K^{l+1}=\Sigma^{l+1}+K^l\check\phi'(\Sigma^l)`.

    Parameters
    ----------
    hermite_squares : array_like, shape (K + 1,)
        :math:`a_0^2,a_1^2,\dots`, which sum to 1.
    rho : array_like
        Inner products, in [0, 1].
    depth : int
        L, from 1.

    Returns
    -------
    DeepKernel

    Raises
    ------
    ValueError
        As `deep_classifier`; an inner product outside [0, 1].

    Notes
    -----
    Outside the singular case the kernel is relative to its value at :math:`\rho=1`, and 0 where it is below 1e-308 of
    that. The limits of depth and distance do not commute: for :math:`L\ll1/(1-\rho)` the kernel grows with exponent
    :math:`\alpha+2`, for :math:`L\gg1/(1-\rho)` with :math:`\alpha`.

    References
    ----------
    radhakrishnan2023wide (setting), derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import deep_ntk
    >>> deep_ntk([0.0, 0.5, 0.5], 0.5, 1).value  # (0.375 + 0.5)/0.5: sigma + rho phi'(rho), over a_1^2
    array(1.75)
    """
    c = _squares("hermite_squares", hermite_squares)
    r = as_finite("rho", rho)
    if np.any((r < 0) | (r > 1)):
        raise refuse("rho", r, "inner products must lie in [0, 1]: the limits hold on the non-negative orthant")
    layers = as_whole("depth", depth, most=10**6)
    slopes = np.asarray(np.polynomial.polynomial.polyder(c), dtype=np.float64)
    if c[0] == 0 and c[1] > 0:
        return _singular(c, slopes, r, layers)
    # one more entry for rho = 1, whose kernel is divided out layer by layer
    delta, now = np.append(1 - r, 0.0), np.append(r, 1.0)
    kernel, log_scale = now.copy(), 0.0
    for _ in range(layers):
        gain = np.polynomial.polynomial.polyval(now, slopes)
        delta, now = _step(c, delta, now)
        with np.errstate(under="ignore"):
            kernel = now * np.exp(-log_scale) + kernel * gain
        top = kernel[-1]
        kernel, log_scale = kernel / top, log_scale + float(np.log(top))
    return DeepKernel(kernel[:-1].reshape(r.shape), log_scale)


def _singular(c: Array, slopes: Array, r: Array, layers: int) -> DeepKernel:
    """Sigma and K in units of a_1^(2l): both decay at that rate."""
    delta, now, sigma, kernel = 1 - r, r.copy(), r.copy(), r.copy()
    for _ in range(layers):
        with np.errstate(under="ignore"):
            gain = np.polynomial.polynomial.polyval(now, slopes) / c[1]
            growth = np.polynomial.polynomial.polyval(now, c[1:]) / c[1]
            delta, now = _step(c, delta, now)
            sigma = sigma * growth
            kernel = sigma + kernel * gain
    return DeepKernel(np.asarray(kernel / layers), float(layers * np.log(c[1]) + np.log(layers)))


@within_range
def optimal_activation(dimension: int) -> NDArray[np.float64]:
    r"""Hermite coefficients of an activation whose infinitely deep network has the singular kernel of exponent d.

    :math:`a_1^2=a_3^2=2^{-d/2}`, :math:`a_2^2=1-2^{1-d/2}`: :math:`B'=2` and :math:`\alpha=d`, the exponent at which
    the Hilbert estimate is consistent on a manifold of dimension d.

    Parameters
    ----------
    dimension : int
        d, from 2.

    Returns
    -------
    ndarray, shape (4,)
        :math:`a_0,\dots,a_3`; its squares go to `deep_classifier` and `koenigs`.

    Raises
    ------
    ValueError
        A dimension below 2.

    References
    ----------
    radhakrishnan2023wide (form as recalled), exponent derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import deep_classifier, optimal_activation
    >>> round(deep_classifier(optimal_activation(4) ** 2).exponent, 12)
    4.0
    """
    d = as_whole("dimension", dimension, most=1000)
    if d < 2:
        raise refuse("dimension", d, "it must be at least 2")
    outer = 2.0 ** (-d / 2)
    return np.sqrt(np.array([0.0, outer, 1 - 2 * outer, outer]))
