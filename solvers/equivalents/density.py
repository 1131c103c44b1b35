r"""Limiting density of the eigenvalues of :math:`X^TX/n`: exact edges, and no wrong branch.

In the variable :math:`\kappa` of the effective ridge, continued to complex values, the eigenvalue is
:math:`x(\kappa) = -\kappa(1 - \sum_i c_i s_i/(s_i+\kappa))`, :math:`c_i = m_i/n`.

* Edges come from `support_edges`.
* With :math:`\delta = \kappa - \kappa_e` from an edge the equation :math:`x(\kappa)=x` becomes, exactly,
  :math:`x - x_e = -\delta^2 \sum c_i s_i^2/[(s_i+\kappa_e)^2(s_i+\kappa_e+\delta)]`: the square root at the
  edge is explicit and keeps its relative accuracy.
* Inside the support this equation has exactly one root below the real axis, all others being real but for
  its conjugate. So whatever Newton finds with negative imaginary part is right; only a fall on a real root
  has to be refused, by halving the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import field, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.equivalents.support_edges import certified_edges, edge_table, normalised
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import Certificate, OnFailure, Solution, Status, record, report_failures
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import as_real, within_range

__all__ = ["SampleDensity", "sample_covariance_density"]

Array = NDArray[np.float64]
_EPS = 2.220446049250313e-16


@njit(inner=True)
def _sums(p, e, re, im):  # type: ignore[no-untyped-def]
    """T = sum p/(e + delta) and T' = -sum p/(e + delta)^2 for complex delta."""
    # written out: it runs inside a compiled Newton iteration, which cannot call the arrays of `Modes`
    t_re = t_im = d_re = d_im = 0.0
    for i in range(p.size):
        a = e[i] + re
        q = 1.0 / (a * a + im * im)
        u = a * q
        w = -im * q
        t_re += p[i] * u
        t_im += p[i] * w
        d_re -= p[i] * (u * u - w * w)
        d_im -= p[i] * 2.0 * u * w
    return t_re, t_im, d_re, d_im


@njit(inner=True)
def _quotient(a, b, c, d):  # type: ignore[no-untyped-def]
    """(a + ib)/(c + id), divided by the larger part first; complex types would compile twice as long."""
    if abs(c) >= abs(d):
        ratio = d / c
        size = c + d * ratio
        return (a + b * ratio) / size, (b - a * ratio) / size
    ratio = c / d
    size = c * ratio + d
    return (a * ratio + b) / size, (b * ratio - a) / size


@njit(inner=True)
def _newton(p, e, gap, eta, re, im):  # type: ignore[no-untyped-def]
    """Solve delta^2 T(delta) + gap + i eta = 0 below the real axis, from re + i im.

    Returns the real and imaginary parts of delta, T and T', and iterations (0: failed).
    """
    for count in range(1, 60):
        t_re, t_im, d_re, d_im = _sums(p, e, re, im)
        a, b = 2.0 * t_re + (re * d_re - im * d_im), 2.0 * t_im + (re * d_im + im * d_re)
        slope_re, slope_im = re * a - im * b, re * b + im * a
        if slope_re == 0.0 and slope_im == 0.0:
            break
        a, b = re * re - im * im, re * im + im * re
        a, b = _quotient(-(a * t_re - b * t_im + gap), -(a * t_im + b * t_re + eta), slope_re, slope_im)
        size, near = math.hypot(a, b), math.hypot(re, im)
        if size <= 4.0 * _EPS * near and abs(im) > 8.0 * size:
            return re, im, t_re, t_im, d_re, d_im, count
        # keep off the real axis, where every other root lies; a step that was cut cannot be the last one
        cut = im + b > 0.1 * im
        if cut:
            share = abs(0.9 * im / (im - (im + b)))
            a, b = share * a, share * b
        re, im = re + a, im + b
        if size <= 1e-9 * math.hypot(re, im) and not cut:  # one more step is below rounding: quadratic convergence
            t_re, t_im, d_re, d_im = _sums(p, e, re, im)
            return re, im, t_re, t_im, d_re, d_im, count + 1
    return re, im, t_re, t_im, d_re, d_im, 0


@njit(inner=True)
def _descend(p, e, kappa_e, x_e, gap):  # type: ignore[no-untyped-def]
    """Fallback for a neck between bulks: come down from x + i eta, trying the real axis at every stage."""
    eta = 4.0
    re, im = -(x_e + gap) - kappa_e, -eta
    spent = 0
    for trial in range(240):
        high = eta if trial % 2 == 0 else 0.0
        a, b, t_re, t_im, d_re, d_im, count = _newton(p, e, gap, high, re, im)
        spent += count if count > 0 else 60
        if high == 0.0:
            if count > 0 and b < 0.0:
                return a, b, t_re, t_im, d_re, d_im, spent
            eta *= 0.6
        elif count > 0:
            re, im = a, b
    return re, im, t_re, t_im, d_re, d_im, 0


@njit(cache=True)
def _march(s, c, x_e, reference, offset, gaps, e, p, out, residual, iterations):  # type: ignore[no-untyped-def]
    """Solve at the given distances from one edge, nearest first; out holds Re and Im of kappa, e and p are room."""
    T0 = 0.0
    for i in range(s.size):
        e[i] = (s[i] - reference) + offset
        share = s[i] / e[i]
        p[i] = c[i] * (share * share)
        T0 += p[i] / e[i]
    re, im, t_re, t_im, d_re, d_im, last = 0.0, 0.0, T0, 0.0, 0.0, 0.0, 0.0
    for j in range(gaps.size):
        goal = gaps[j]
        if last == 0.0:
            a, b = 0.0, -math.sqrt(abs(goal / T0))
        else:  # delta (goal/last)^{1/(2 + delta T'/T)}
            a, b = _quotient(re * d_re - im * d_im, re * d_im + im * d_re, t_re, t_im)
            a, b = _quotient(math.log(goal / last), 0.0, 2.0 + a, b)
            size, turn = math.exp(a), b
            a, b = size * math.cos(turn), size * math.sin(turn)
            a, b = re * a - im * b, re * b + im * a
            if b >= 0.0:
                b = 0.5 * im
        re, im, t_re, t_im, d_re, d_im, spent = _newton(p, e, goal, 0.0, a, b)
        if spent == 0 or im >= 0.0:
            re, im, t_re, t_im, d_re, d_im, spent = _descend(p, e, offset - reference, x_e, goal)
        last = goal
        out[j, 0] = (offset - reference) + re
        out[j, 1] = im
        iterations[j] = spent
        a, b = re * re - im * im, re * im + im * re
        residual[j] = math.hypot(a * t_re - b * t_im + goal, a * t_im + b * t_re) / abs(goal)


@record
class SampleDensity(OnGrid, axes={"edges": "bulk end"}):
    """Limiting spectral law of the sample covariance.

    Attributes
    ----------
    density : ndarray
        Continuous density at the grid points, in the grid's shape.
    atom : float
        Mass at zero, ``max(0, 1 - n/rank)``.
    edges : ndarray, shape (bulks, 2)
        Support intervals of the continuous part, ascending.
    solution : Solution
        Residual, status and iterations for each grid point; `value` is the density.
    certificate : Certificate or None
        Proved enclosures of `edges`, where ``certify=True`` asked for them.
    prover : callable
        What `certify` asks.
    """

    density: Array
    atom: float
    edges: Array
    solution: Solution
    certificate: Certificate | None = None
    prover: Callable[[], Certificate] | None = field(default=None, repr=False)

    def certify(self) -> Certificate:
        """Prove the edges as ``certify=True`` does, asked for later.

        Examples
        --------
        >>> from solvable.solvers import Spectrum, sample_covariance_density
        >>> sample_covariance_density(Spectrum.isotropic(100), 200, [1.0]).certify().complete
        True
        """
        if self.certificate is not None:
            return self.certificate
        if self.prover is None:
            raise ValueError("law.prover = None is not allowed: take the law from sample_covariance_density.")
        return self.prover()


@gridded("grid")
@within_range
def sample_covariance_density(
    spectrum: Spectrum, n: float, grid: ArrayLike, *, on_failure: OnFailure = "warn", certify: bool = False
) -> SampleDensity:
    r"""Limiting density of the eigenvalues of :math:`X^TX/n` (generalised Marchenko-Pastur law).

    X has n independent rows with population eigenvalues `spectrum`; d = rank. With
    :math:`v = 1/\kappa` the companion Stieltjes transform, the density is
    :math:`(n/d)\,\mathrm{Im}\,v(x)/\pi`; together with the atom its mass is 1.

    Parameters
    ----------
    spectrum : Spectrum
        Population eigenvalues with multiplicities.
    n : float
        Number of rows.
    grid : array_like
        Where to evaluate, any shape and order. Outside the support the density is 0.
    on_failure : {"warn", "raise", "ignore"}
        What to do where Newton did not converge.
    certify : bool
        Prove in interval arithmetic (python-flint) that each edge lies within 1e-12 of an edge, the only one there:
        `certificate` holds the enclosures. Not proved: that there are no more edges, and the density itself.

    Returns
    -------
    SampleDensity
        Density, atom at zero, support edges and the solver's report. At x = 0 with n = rank the density is
        inf, status ``DIVERGES``.

    Raises
    ------
    ValueError
        Non-positive n, NaN in the grid, a spectrum with an infinite tail.

    Notes
    -----
    Solved from the nearest edge in the variable in which the edge's square root is explicit, so the density
    keeps its relative accuracy up to the edge (as far as x itself determines x - edge).

    References
    ----------
    silverstein1995limiting, marchenko1967distribution

    Examples
    --------
    >>> from solvable.solvers import Spectrum, sample_covariance_density
    >>> law = sample_covariance_density(Spectrum.isotropic(100), 200, [1.0])
    >>> round(float(law.density[0]), 6), law.atom  # sqrt((b-1)(1-a))/(2 pi gamma), gamma = 1/2
    (0.421084, 0.0)
    """
    s, c, scale, balance = normalised(spectrum, n)
    x = as_real("grid", grid)
    edges = edge_table(s, c, balance)
    points = x.ravel() / scale
    density, residual = np.zeros(points.size), np.zeros(points.size)
    status, iterations = np.zeros(points.size, dtype=np.int8), np.zeros(points.size, dtype=np.int64)
    order, room = np.argsort(points, kind="stable"), np.empty((2, s.size))
    ordered = points[order]
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        first, last = np.searchsorted(ordered, low[0], "right"), np.searchsorted(ordered, high[0], "left")
        middle = np.searchsorted(ordered, (low[0] + high[0]) / 2)
        middle = min(max(middle, first), max(last, first))
        for edge, chosen in ((low, order[first:middle]), (high, order[middle:last][::-1])):
            if chosen.size:
                kappa, left = np.empty((chosen.size, 2)), np.empty(chosen.size)
                spent = np.empty(chosen.size, dtype=np.int64)
                _march(s, c, *edge, points[chosen] - edge[0], *room, kappa, left, spent)
                density[chosen] = -kappa[:, 1] / (np.pi * (kappa[:, 0] ** 2 + kappa[:, 1] ** 2))
                residual[chosen], iterations[chosen] = left, spent
                status[chosen] = np.where(left <= 1e-10, Status.CONVERGED, Status.MAX_ITERATIONS)
    if balance == 0:
        density[points == 0] = np.inf
        status[points == 0] = Status.DIVERGES
    density /= c.sum() * scale
    solution = Solution.shaped(x.shape, density, residual, status, iterations)
    report_failures(solution, "sample_covariance_density", on_failure)
    atom = max(0.0, balance / (1 + balance))
    proof = partial(certified_edges, spectrum, float(n), s, edges, scale)
    law = SampleDensity(solution.value, atom, scale * edges[:, 0].reshape(-1, 2), solution, prover=proof)
    return replace(law, certificate=law.certify()) if certify else law
