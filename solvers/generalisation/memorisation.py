r"""Long tails: what not fitting rare examples costs.

A population of N examples draws their frequencies independently from a list and divides them by their sum; n examples
are seen. With a the normalised frequency of one example, one that was seen :math:`\ell` times has expected frequency

.. math:: \tau_\ell=\frac{E[a^{\ell+1}(1-a)^{n-\ell}]}{E[a^\ell(1-a)^{n-\ell}]}.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from solvable.solvers.generalisation.sums_of_draws import compressed, sum_law
from solvable.solvers.validate import as_nonnegative, as_positive, as_whole, refuse, within_range

__all__ = ["excess_from_unfitted", "tail_mass"]

Array = NDArray[np.float64]
# width of the bins, as a ratio, and nodes in each; tried one after another until two agree
_LEVELS = ((1.5, 8), (1.5, 12), (1.25, 14), (1.12, 16))
_AGREE = 1e-10  # of two levels: the finer one is then better by orders


def _at_level(pi: Array, n: int, total: int, orders: Array, ratio: float, nodes: int) -> Array:
    start = compressed(pi, np.full(pi.size, -np.log(pi.size)), ratio, nodes)
    rest, weight = sum_law(start, total - 1, ratio, nodes)
    own, own_weight = start
    left = -np.log1p(own[:, None] / rest)  # of what is seen often the digits of 1 - a count n-fold
    logs = np.log(own[:, None] / rest) + left
    joint = own_weight[:, None] + weight
    found = []
    for order in orders:
        weights = joint + order * logs + (n - order) * left
        weights = weights - weights.max()  # before anything is added: they reach n, and their rounding 1e-16 n
        found.append(logsumexp(weights + logs) - logsumexp(weights))
    return np.exp(found)


@within_range
def tail_mass(frequencies: ArrayLike, n: int, total: int, orders: ArrayLike) -> Array:
    r"""Expected frequency :math:`\tau_\ell` of an example that was seen :math:`\ell` times among n.

    Parameters
    ----------
    frequencies : array_like, shape (k,)
        The list, in any unit; each of the N examples draws one entry, with replacement.
    n : int
        Examples seen.
    total : int
        N, examples of the population, at least 2.
    orders : array_like
        :math:`\ell`, whole numbers from 0 to n.

    Returns
    -------
    ndarray
        In the shape of `orders`: :math:`E[a^{\ell+1}(1-a)^{n-\ell}]/E[a^\ell(1-a)^{n-\ell}]`, a one example's share.

    Raises
    ------
    ValueError
        Frequencies that are not positive, orders beyond n, a law that the finest rule does not resolve.

    Notes
    -----
    The law of the sum of the other N - 1 entries is kept as a Gauss rule in every bin of a geometric grid, and doubled
    until there are N - 1: all weights are positive, nothing cancels, and sums are in logarithms. Rules of two sizes
    must agree to 1e-10; against 50 digits the answer is good to about 1e-12, and 1e-16 n a where larger. The time grows
    with the square of the decades that the list spans: 1 s for 4, 6 s for 10, 20 s for 20 decades.

    References
    ----------
    feldman2020does

    Examples
    --------
    >>> from solvable.solvers import tail_mass
    >>> tail_mass([1.0, 1.0], 100, 50, [0, 3]).round(12)
    array([0.02, 0.02])
    >>> round(float(tail_mass([1.0, 3.0], 1, 2, 1)), 12)
    0.5625
    """
    pi = as_positive("frequencies", frequencies)
    if pi.ndim != 1 or pi.size == 0:
        raise refuse("frequencies.shape", pi.shape, "it must be a non-empty vector")
    seen, size = as_whole("n", n), as_whole("total", total)
    if size < 2:
        raise refuse("total", total, "it must be at least 2: a single example is seen every time")
    order = as_nonnegative("orders", orders)
    if np.any(order != np.floor(order)) or np.any(order > seen):
        raise refuse("orders", order, f"it must hold whole numbers from 0 to n = {seen}")
    distinct, place = np.unique(order, return_inverse=True)
    unit = pi / pi.max()
    previous = None
    for ratio, nodes in _LEVELS:
        found = _at_level(unit, seen, size, distinct, ratio, nodes)
        if previous is not None and np.all(np.abs(found / previous - 1) <= _AGREE):
            return np.asarray(found[place].reshape(order.shape))
        previous = found
    raise refuse("orders", order, "the law of the frequencies is not resolved to 1e-10 for so many repetitions")


@within_range
def excess_from_unfitted(counts: ArrayLike, masses: ArrayLike) -> float:
    r"""Least excess error of a learner that leaves examples unfitted: :math:`\sum_\ell\tau_\ell u_\ell`.

    Parameters
    ----------
    counts : array_like, shape (L,)
        :math:`u_\ell`: unfitted examples that were seen 1, 2, ..., L times.
    masses : array_like, shape (L,)
        :math:`\tau_1,\dots,\tau_L` of `tail_mass`.

    Returns
    -------
    float
        A lower bound of the expected error beyond that of the best learner, in expectation over populations whose
        labels are independent of the frequencies.

    Raises
    ------
    ValueError
        Negative entries, shapes that differ.

    References
    ----------
    feldman2020does

    Examples
    --------
    >>> from solvable.solvers import excess_from_unfitted
    >>> excess_from_unfitted([3, 1], [0.25, 0.5])
    1.25
    """
    unfitted, mass = as_nonnegative("counts", counts), as_nonnegative("masses", masses)
    if unfitted.ndim != 1 or unfitted.shape != mass.shape:
        raise refuse("counts.shape", unfitted.shape, f"it must be a vector as long as masses, {mass.shape}")
    return float(unfitted @ mass)
