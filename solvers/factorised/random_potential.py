r"""Walks in a random potential: how long they take, what they must climb, and potentials with a given roughness.

A walk on 0, 1, 2, ... steps from i to i + 1 with probability :math:`p_i` and to i - 1 with :math:`q_i=1-p_i`; at 0 it
waits instead of stepping to -1. Its potential is :math:`V_i=\sum_{1\le j\le i}\ln(q_j/p_j)`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.validate import (
    as_finite,
    as_generator,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)

__all__ = ["barrier", "fractional_potential", "quenched_passage_time"]

Array = NDArray[np.float64]


@njit(cache=True)
def _passage(p, out):  # type: ignore[no-untyped-def]
    """Sum of the mean times from each site to the next, for every row of probabilities."""
    for row in range(p.shape[0]):
        step = 1.0 / p[row, 0]
        total = step
        for i in range(1, p.shape[1]):
            step = 1.0 / p[row, i] + (1.0 - p[row, i]) / p[row, i] * step
            total += step
        out[row] = total


@within_range
def quenched_passage_time(p_right: ArrayLike) -> Array:
    r"""Mean time to reach site n from site 0 in a given environment.

    :math:`u_0=1/p_0`, :math:`u_i=1/p_i+(q_i/p_i)u_{i-1}`, and their sum: u is the mean time from a site to the next.

    Parameters
    ----------
    p_right : array_like, shape (..., n)
        Probabilities :math:`p_0,\dots,p_{n-1}` in (0, 1); at site 0 the walk waits with probability :math:`1-p_0`.

    Returns
    -------
    ndarray, shape (...)
        Mean times, over the walk and not over environments.

    Raises
    ------
    ValueError
        Probabilities outside (0, 1), a time beyond the range of doubles.

    Notes
    -----
    A sum of positive terms: the relative error is at most 3 n roundings.

    References
    ----------
    hoffer2017train (the question; the recursion is classical, derived in the theory page)

    Examples
    --------
    >>> from solvable.solvers import quenched_passage_time
    >>> float(quenched_passage_time([0.5, 0.5, 0.5]))
    12.0
    """
    p = as_positive("p_right", p_right)
    if p.ndim < 1 or 0 in p.shape:
        raise refuse("p_right.shape", p.shape, "it must hold one site at least")
    if (p >= 1).any():
        raise refuse("p_right", p, "probabilities must lie in (0, 1)")
    times = np.empty(p.shape[:-1])
    flat = np.empty(times.size)
    with np.errstate(all="ignore"):
        _passage(np.ascontiguousarray(p.reshape(-1, p.shape[-1])), flat)
    if not np.isfinite(flat).all():
        raise refuse("p_right", p, "the passage takes longer than a double can hold")
    return flat.reshape(times.shape)


@within_range
def barrier(potential: ArrayLike) -> Array:
    r"""Largest climb on the way along a potential.

    :math:`\max_{i\le j}(V_j-V_i)`. The mean passage time lies between its exponential and
    :math:`n^2` times that over the least probability of a step to the right.

    Parameters
    ----------
    potential : array_like, shape (..., n)
        V along the last axis.

    Returns
    -------
    ndarray, shape (...)
        The climb, 0 for a potential that falls.

    Raises
    ------
    ValueError
        No site.

    References
    ----------
    hoffer2017train (the potential), derived

    Examples
    --------
    >>> from solvable.solvers import barrier
    >>> float(barrier([0.0, 2.0, -1.0, 1.5, 1.0]))
    2.5
    """
    V = as_finite("potential", potential)
    if V.ndim < 1 or 0 in V.shape:
        raise refuse("potential.shape", V.shape, "it must hold one site at least")
    return np.asarray((V - np.minimum.accumulate(V, axis=-1)).max(axis=-1))


@within_range
def fractional_potential(n: int, hurst: float, rng: np.random.Generator | int) -> Array:
    r"""Draw a Gaussian potential whose increments have the variance :math:`|x-y|^{2H}`.

    :math:`E(V_x-V_y)^2=|x-y|^{\alpha}`, :math:`\alpha=2H`: independent steps for H = 1/2, a straight line of random
    slope for H = 1. Exact: the increments are drawn from a circulant matrix that holds their covariance.

    Parameters
    ----------
    n : int
        Steps.
    hurst : float
        H in (0, 1].
    rng : Generator or int
        Source of randomness.

    Returns
    -------
    ndarray, shape (n + 1,)
        The potential, from 0 at site 0.

    Raises
    ------
    ValueError
        H outside (0, 1].

    References
    ----------
    davies1987tests (the method), hoffer2017train (the potential)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import fractional_potential
    >>> draws = [fractional_potential(16, 0.75, seed)[-1] for seed in range(2000)]
    >>> bool(abs(np.mean(np.square(draws)) / 16**1.5 - 1) < 0.1)
    True
    """
    count, H = as_whole("n", n), as_scalar("hurst", hurst, as_positive)
    if H > 1:
        raise refuse("hurst", hurst, "it must lie in (0, 1]")
    check_room("n", n, 8.0 * count)
    generator = as_generator("rng", rng)
    if H == 1:
        return np.asarray(np.arange(count + 1) * generator.standard_normal())
    k = np.arange(count + 1, dtype=float)
    covariance = (np.abs(k + 1) ** (2 * H) + np.abs(k - 1) ** (2 * H)) / 2 - k ** (2 * H)
    spectrum = np.fft.rfft(np.concatenate([covariance, covariance[-2:0:-1]])).real
    white = np.fft.rfft(generator.standard_normal(2 * count))
    steps = np.fft.irfft(white * np.sqrt(np.maximum(spectrum, 0.0)), 2 * count)[:count]
    return np.concatenate([[0.0], np.cumsum(steps)])
