r"""Data with a simple and a complex feature: one coordinate that a line separates, one that takes several slabs.

Everything lies in [-1, 1]. Labels y = +-1 are equally likely. The linear coordinate is y times a uniform number in
[m, 1]. The slab coordinate lies in one of 3, 5 or 7 slabs of equal width, gaps of twice the slab margin between them,
which belong to the two classes in turn, the middle one to y = -1; both signs are equally likely. The other coordinates
are uniform and carry nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.equivalents.fixed_point import effective_ridge
from solvable.solvers.solution import record
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import (
    as_finite,
    as_generator,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    broadcast,
    check_room,
    refuse,
    within_range,
)

__all__ = ["SlabData", "SlabMoments", "kernel_staircase", "slab_data", "slab_moments"]

Array = NDArray[np.float64]
_SLABS = (3, 5, 7)
_DEGREES = 60  # of the kernel that are kept; the rest acts as a ridge


@record
class SlabData:
    """Inputs and labels.

    Attributes
    ----------
    X : ndarray, shape (n, d)
        Linear coordinate, slab coordinate, d - 2 uniform ones.
    y : ndarray, shape (n,)
        Labels +-1.
    """

    X: Array
    y: Array


def _ring(linear_margin: float, slab_margin: float, slabs: int, corrupt: float) -> tuple[float, float, float]:
    """Checked margins and share, with the width of a slab after it: (m, share, width)."""
    if as_whole("slabs", slabs) not in _SLABS:
        raise refuse("slabs", slabs, "it must be 3, 5 or 7")
    m = as_scalar("linear_margin", linear_margin, as_nonnegative)
    if m >= 1:
        raise refuse("linear_margin", linear_margin, "it must lie in [0, 1), the coordinate ends at 1")
    gap = as_scalar("slab_margin", slab_margin, as_nonnegative)
    if gap * (2 * slabs - 2) >= 2:
        raise refuse(
            "slab_margin", slab_margin, f"it must lie in [0, {1 / (slabs - 1):.4g}), or the slabs have no width"
        )
    share = as_scalar("corrupt_linear", corrupt, as_nonnegative)
    if share >= 0.5:
        raise refuse("corrupt_linear", corrupt, "it must lie in [0, 1/2): beyond, the labels change their names")
    return m, share, (2 - gap * (2 * slabs - 2)) / slabs


def _slabs_of(slabs: int, width: float, gap: float) -> tuple[Array, Array]:
    """Inner end of the slabs right of the middle, from the middle on, and the weight of each in its class."""
    index = np.arange((slabs + 1) // 2)
    start = np.where(index > 0, (index - 0.5) * width + 2 * gap * index, 0.0)
    return start, 1.0 / np.where(index % 2 == 1, (index.size) // 2, (index.size + 1) // 2)


@within_range
def slab_data(
    n: int,
    d: int,
    rng: np.random.Generator | int,
    linear_margin: float,
    slab_margin: float,
    slabs: int = 3,
    corrupt_linear: float = 0.0,
) -> SlabData:
    r"""Draw inputs with a linear and a slab coordinate.

    Parameters
    ----------
    n, d : int
        Rows; coordinates, at least 2.
    rng : Generator or int
        Source of randomness.
    linear_margin : float
        m in [0, 1): the linear coordinate is y times a uniform number in [m, 1].
    slab_margin : float
        Half the gap between slabs, in [0, 1/(slabs - 1)).
    slabs : {3, 5, 7}
        Slabs of the second coordinate.
    corrupt_linear : float
        Share of rows, rounded to a whole number of them, whose linear coordinate changes its sign, in [0, 1/2).

    Returns
    -------
    SlabData
        Inputs (n, d) and labels.

    Raises
    ------
    ValueError
        Another number of slabs, margins that leave no width, a share from 1/2 on.

    Notes
    -----
    As the authors' generator draws them with width 1, where all slabs of a class are as likely.

    References
    ----------
    shah2020pitfalls (and its published code)

    Examples
    --------
    >>> from solvable.solvers import slab_data
    >>> data = slab_data(1000, 5, 0, 0.1, 0.1)
    >>> bool((data.y * data.X[:, 0]).min() >= 0.1), bool((abs(data.X[:, 1]) > 0.3)[data.y > 0].all())
    (True, True)
    """
    count, size = as_whole("n", n), as_whole("d", d)
    if size < 2:
        raise refuse("d", d, "there are two coordinates at least")
    check_room("n", n, float(count) * size)
    m, share, width = _ring(linear_margin, slab_margin, slabs, corrupt_linear)
    generator = as_generator("rng", rng)
    y = generator.choice([-1.0, 1.0], count)
    X = generator.uniform(-1.0, 1.0, (count, size))
    X[:, 0] = y * (m + (1 - m) * generator.random(count))
    X[generator.choice(count, round(share * count), replace=False), 0] *= -1
    start = _slabs_of(slabs, width, slab_margin)[0]
    for label, first in ((-1.0, 0), (1.0, 1)):
        rows = np.flatnonzero(y == label)
        chosen = generator.choice(np.arange(first, start.size, 2), rows.size)
        place = start[chosen] + np.where(chosen > 0, width, width / 2) * generator.random(rows.size)
        X[rows, 1] = place * generator.choice([-1.0, 1.0], rows.size)
    return SlabData(X, y)


@record
class SlabMoments:
    """Exact moments with the label.

    Attributes
    ----------
    linear : float
        E[y x] of the linear coordinate.
    linear_square : float
        E[y x^2] of the linear coordinate: 0.
    slab : float
        E[y x] of the slab coordinate: 0.
    slab_square : float
        E[y x^2] of the slab coordinate.
    """

    linear: float
    linear_square: float
    slab: float
    slab_square: float


@within_range
def slab_moments(linear_margin: float, slab_margin: float, slabs: int = 3, corrupt_linear: float = 0.0) -> SlabMoments:
    r"""Moments of the two coordinates of `slab_data` with the label.

    :math:`E[yx]=(1-2\epsilon)(1+m)/2` for the linear coordinate, a share :math:`\epsilon` of it corrupted; 0 for the
    slab coordinate, which is even. A linear reader, and a first gradient step from small weights, sees only the former.

    Parameters
    ----------
    linear_margin, slab_margin : float
        As of `slab_data`.
    slabs : {3, 5, 7}
        Slabs of the second coordinate.
    corrupt_linear : float
        Share :math:`\epsilon`.

    Returns
    -------
    SlabMoments
        First and second moments.

    Raises
    ------
    ValueError
        As `slab_data`.

    References
    ----------
    shah2020pitfalls (the data; these moments are derived)

    Examples
    --------
    >>> from solvable.solvers import slab_moments
    >>> found = slab_moments(0.1, 0.1)
    >>> found.linear, found.slab, round(found.slab_square, 6)
    (0.55, 0.0, 0.268889)
    """
    m, share, width = _ring(linear_margin, slab_margin, slabs, corrupt_linear)
    start, weight = _slabs_of(slabs, width, slab_margin)
    end = start + np.where(np.arange(start.size) > 0, width, width / 2)
    squares = (start * start + start * end + end * end) / 3
    signs = np.where(np.arange(start.size) % 2 == 1, 0.5, -0.5)
    return SlabMoments((1 - 2 * share) * (1 + m) / 2, 0.0, 0.0, float(np.sum(signs * weight * squares)))


@within_range
def kernel_staircase(n: ArrayLike, d: int, decay: float, degrees: ArrayLike, ridge: float = 0.0) -> Array:
    r"""Share of one mode of a product kernel that regression on n rows learns, against the mode's degree.

    Kernel :math:`\prod_{j\le d}\sum_{l\ge0}q^lP_l(x_j)P_l(x_j')` with an orthonormal polynomial of each degree l for
    the law of every coordinate. A mode is a product of them; its eigenvalue is :math:`q^L`, L the sum of the degrees,
    and :math:`\binom{d+L-1}{L}` modes have it. The share is :math:`q^L/(q^L+\kappa)`, with :math:`\kappa` of
    `effective_ridge`: degrees are learned one after another, each when n reaches the number of modes below.

    Parameters
    ----------
    n : array_like
        Rows.
    d : int
        Coordinates.
    decay : float
        q in (0, 1).
    degrees : array_like of int
        L, from 0 to 60: 1 for a linear coordinate, 2 at least for an even one.
    ridge : float
        Added to the kernel matrix, which is a sum over modes with no 1/n.

    Returns
    -------
    ndarray
        On the broadcast grid of `n` and `degrees`.

    Raises
    ------
    ValueError
        A decay outside (0, 1), degrees that are no whole numbers in 0..60.

    Notes
    -----
    Degrees above 60 are taken as a ridge of their trace. Where that exceeds 1e-3 of the trace of the kernel, q is
    refused. Simulated with ten coordinates on the circle, products of 1, 2 and 3 of them are within 0.03 of this; a
    square of one coordinate is learned up to 0.04 better than a product of two.

    References
    ----------
    shah2020pitfalls (the question), derived (with the deterministic equivalent of `effective_ridge`)

    Examples
    --------
    >>> from solvable.solvers import kernel_staircase
    >>> kernel_staircase([[10], [100], [1000]], 10, 0.05, [1, 2, 3]).round(2)
    array([[0.53, 0.05, 0.  ],
           [0.99, 0.8 , 0.17],
           [1.  , 1.  , 0.98]])
    """
    size, q = as_whole("d", d), as_scalar("decay", decay, as_positive)
    rows, degree = broadcast(n=as_positive("n", n), degrees=as_finite("degrees", degrees))
    if not np.all((degree == np.floor(degree)) & (degree >= 0) & (degree <= _DEGREES)):
        raise refuse("degrees", degree, f"they must be whole numbers in 0..{_DEGREES}")
    if q >= 1:
        raise refuse("decay", decay, "it must lie in (0, 1)")
    level = np.arange(_DEGREES + 1)
    counts = np.cumprod(np.concatenate([[1.0], (size + level[:-1]) / (level[:-1] + 1)]))
    rest = (1 - q) ** -float(size) - float(np.sum(counts * q**level))
    if rest > 1e-3 * (1 - q) ** -float(size):
        raise refuse("decay", decay, f"degrees above {_DEGREES} hold more than 1e-3 of the trace in {size} dimensions")
    spectrum = Spectrum(q**level, np.zeros(level.size), counts)
    lam = as_scalar("ridge", ridge, as_nonnegative) + max(rest, 0.0)
    kappa = effective_ridge(spectrum, rows, lam, on_failure="raise").value
    return np.asarray(q**degree / (q**degree + kappa))
