r"""Limiting density of the eigenvalues of :math:`X^TX/n`: exact edges, and no wrong branch.

In the variable :math:`\kappa` of the effective ridge, continued to complex values, the eigenvalue is
:math:`x(\kappa) = -\kappa(1 - \sum_i c_i s_i/(s_i+\kappa))`, :math:`c_i = m_i/n`.

* Edges are the real roots of :math:`h(\kappa)=\sum c_i s_i^2/(s_i+\kappa)^2=1`. Between two poles
  :math:`-s_i` h is convex, so there are none or two, and Newton from the pole's side is monotone. At a root
  :math:`x = \kappa^2\sum c_i s_i/(s_i+\kappa)^2`, which does not cancel.
* With :math:`\delta = \kappa - \kappa_e` from an edge the equation :math:`x(\kappa)=x` becomes, exactly,
  :math:`x - x_e = -\delta^2 \sum c_i s_i^2/[(s_i+\kappa_e)^2(s_i+\kappa_e+\delta)]`: the square root at the
  edge is explicit and keeps its relative accuracy.
* Inside the support this equation has exactly one root below the real axis, all others being real but for
  its conjugate. So whatever Newton finds with negative imaginary part is right; only a fall on a real root
  has to be refused, by halving the step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.certificates.mode_roots import certify_edge
from solvable.solvers.compiled import njit
from solvable.solvers.solution import Certificate, OnFailure, Solution, Status, record, report_failures
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_positive, as_real, refuse, within_range

__all__ = ["SampleDensity", "sample_covariance_density", "support_edges"]

Array = NDArray[np.float64]
_EPS = 2.220446049250313e-16


@njit(cache=True)
def _moments(s, c, reference, sign, t):  # type: ignore[no-untyped-def]
    """h(kappa) and -h'(kappa)/2 at kappa = -reference + sign*t."""
    h = 0.0
    third = 0.0
    for i in range(s.size):
        e = (s[i] - reference) + sign * t
        g = s[i] / e
        h += c[i] * g * g
        third += c[i] * g * g / e
    return h, third


@njit(cache=True)
def _from_pole(s, c, reference, sign, t):  # type: ignore[no-untyped-def]
    """Root of h = 1 by Newton in t, from a point between pole and root (h >= 1): monotone, as h is convex."""
    for _ in range(200):
        h, third = _moments(s, c, reference, sign, t)
        step = (h - 1.0) / (2.0 * sign * third)
        if not step > 2.0 * _EPS * t:
            break
        t += step
    return t


@njit(cache=True)
def _lowest(s, c, balance):  # type: ignore[no-untyped-def]
    """Root of h = 1 right of -s_min, as (reference, t) with kappa = -reference + t; balance = rank/n - 1.

    Near kappa = 0 (n close to rank) h - 1 = balance - kappa sum c (2s + kappa)/(s + kappa)^2 keeps its accuracy.
    """
    t = _from_pole(s, c, s[0], 1.0, s[0] * np.sqrt(c[0]))
    kappa = t - s[0]
    if kappa < -0.5 * s[0]:
        return s[0], t
    if balance == 0.0:
        return 0.0, 0.0
    for _ in range(100):
        gap = balance
        slope = 0.0
        for i in range(s.size):
            e = s[i] + kappa
            gap -= kappa * c[i] * (2.0 * s[i] + kappa) / (e * e)
            slope += 2.0 * c[i] * s[i] * s[i] / (e * e * e)
        step = gap / slope
        kappa += step
        if abs(step) <= 2.0 * _EPS * abs(kappa):
            break
    return 0.0, kappa


@njit(cache=True)
def _gap(s, c, i):  # type: ignore[no-untyped-def]
    """Whether h dips below 1 between the poles -s[i+1] and -s[i]."""
    width = s[i + 1] - s[i]
    a = (c[i] * s[i] * s[i]) ** (1.0 / 3.0)
    b = (c[i + 1] * s[i + 1] * s[i + 1]) ** (1.0 / 3.0)
    if (a + b) ** 3 >= width * width:  # the two neighbouring poles alone keep h above 1
        return False
    low, high, t = 0.0, width, width * a / (a + b)
    for _ in range(100):
        h, third = _moments(s, c, s[i], -1.0, t)
        if h < 1.0:
            return True
        fourth = 0.0
        for j in range(s.size):
            e = (s[j] - s[i]) - t
            g = s[j] / e
            fourth += 3.0 * c[j] * g * g / (e * e)
        # dh/dt = 2 third, increasing in t: Newton on it inside a bracket
        if third > 0.0:
            high = t
        else:
            low = t
        new = t - third / fourth
        if not (low < new < high):
            new = 0.5 * (low + high)
        if abs(new - t) <= 4.0 * _EPS * width:
            return False
        t = new
    return False


@njit(cache=True)
def _edges(s, c, balance):  # type: ignore[no-untyped-def]
    """All edges in increasing x: columns x_e, reference, offset with kappa = -reference + offset."""
    out = np.empty((2 * s.size, 3))
    reference, offset = _lowest(s, c, balance)
    out[0, 1], out[0, 2] = reference, offset
    count = 1
    for i in range(s.size - 1):
        if _gap(s, c, i):
            out[count, 1] = s[i]
            out[count, 2] = -_from_pole(s, c, s[i], -1.0, s[i] * np.sqrt(c[i]))
            out[count + 1, 1] = s[i + 1]
            out[count + 1, 2] = _from_pole(s, c, s[i + 1], 1.0, s[i + 1] * np.sqrt(c[i + 1]))
            count += 2
    top = s.size - 1
    out[count, 1] = s[top]
    out[count, 2] = -_from_pole(s, c, s[top], -1.0, s[top] * np.sqrt(c[top]))
    count += 1
    for k in range(count):
        total = 0.0
        for i in range(s.size):
            e = (s[i] - out[k, 1]) + out[k, 2]
            total += c[i] * s[i] / (e * e)
        kappa = out[k, 2] - out[k, 1]
        out[k, 0] = kappa * kappa * total
    return out[:count]


@njit(cache=True)
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
    return complex(t_re, t_im), complex(d_re, d_im)


@njit(cache=True)
def _newton(p, e, gap, start):  # type: ignore[no-untyped-def]
    """Solve delta^2 T(delta) + gap = 0 below the real axis; returns delta, T, T', iterations (0: failed)."""
    delta = start
    for count in range(1, 60):
        T, dT = _sums(p, e, delta.real, delta.imag)
        slope = delta * (2.0 * T + delta * dT)
        if slope == 0.0:
            return delta, T, dT, 0
        step = -(delta * delta * T + gap) / slope
        size = abs(step)
        if size <= 4.0 * _EPS * abs(delta) and abs(delta.imag) > 8.0 * size:
            return delta, T, dT, count
        new = delta + step
        # keep off the real axis, where every other root lies; a step that was cut cannot be the last one
        cut = new.imag > 0.1 * delta.imag
        if cut:
            new = delta + abs(0.9 * delta.imag / (delta.imag - new.imag)) * step
        delta = new
        if size <= 1e-9 * abs(delta) and not cut:  # one more step is below rounding: quadratic convergence
            T, dT = _sums(p, e, delta.real, delta.imag)
            return delta, T, dT, count + 1
    return delta, T, dT, 0


@njit(cache=True)
def _descend(p, e, kappa_e, x_e, gap):  # type: ignore[no-untyped-def]
    """Fallback for a neck between bulks: come down from x + i eta, trying the real axis at every stage."""
    eta = 4.0
    delta = -complex(x_e + gap, eta) - kappa_e
    spent = 0
    for _ in range(120):
        new, T, dT, count = _newton(p, e, complex(gap, eta), delta)
        spent += count if count > 0 else 60
        if count > 0:
            delta = new
        found, T, dT, count = _newton(p, e, complex(gap, 0.0), delta)
        spent += count if count > 0 else 60
        if count > 0 and found.imag < 0.0:
            return found, T, dT, spent
        eta *= 0.6
    return delta, T, dT, 0


@njit(cache=True)
def _march(s, c, x_e, reference, offset, gaps, out, residual, iterations):  # type: ignore[no-untyped-def]
    """Solve at the given distances from one edge, nearest first; out holds Re and Im of kappa."""
    size = s.size
    e = np.empty(size)
    p = np.empty(size)
    T0 = 0.0
    for i in range(size):
        e[i] = (s[i] - reference) + offset
        p[i] = c[i] * (s[i] / e[i]) ** 2
        T0 += p[i] / e[i]
    delta = complex(0.0, 0.0)
    last = 0.0
    T = complex(T0, 0.0)
    dT = complex(0.0, 0.0)
    for j in range(gaps.size):
        goal = gaps[j]
        if last == 0.0:
            start = complex(0.0, -np.sqrt(abs(goal / T0)))
        else:
            start = delta * np.exp(np.log(goal / last) / (2.0 + delta * dT / T))
            if start.imag >= 0.0:
                start = complex(start.real, 0.5 * delta.imag)
        new, newT, newdT, spent = _newton(p, e, complex(goal, 0.0), start)
        if spent == 0 or new.imag >= 0.0:
            new, newT, newdT, spent = _descend(p, e, offset - reference, x_e, goal)
        delta, T, dT, last = new, newT, newdT, goal
        out[j, 0] = (offset - reference) + delta.real
        out[j, 1] = delta.imag
        iterations[j] = spent
        residual[j] = abs(delta * delta * T + goal) / abs(goal)


@record
class SampleDensity:
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


def _normalised(spectrum: Spectrum, n: float) -> tuple[Array, Array, float, float]:
    """Distinct eigenvalues relative to the largest, c = m/n, the scale, and rank/n - 1."""
    as_spectrum(spectrum)
    count = as_positive("n", n)
    if count.ndim:
        raise refuse("n", count, "it must be a single number")
    if spectrum.rank > 1e12:
        raise refuse(
            "spectrum.rank",
            spectrum.rank,
            "the law of X^T X/n needs a finite dimension; build with tail=False",
        )
    levels, place = np.unique(spectrum.eigenvalues, return_inverse=True)
    multiplicities = np.bincount(place, weights=spectrum.multiplicities)
    scale = float(levels[-1])
    return levels / scale, multiplicities / float(count), scale, (spectrum.rank - float(count)) / float(count)


@within_range
def support_edges(spectrum: Spectrum, n: float) -> Array:
    r"""Edges of the support of the limiting spectral law of :math:`X^TX/n`, the atom at zero apart.

    Parameters
    ----------
    spectrum : Spectrum
        Population eigenvalues of the rows of X.
    n : float
        Number of rows.

    Returns
    -------
    ndarray, shape (bulks, 2)
        Intervals in ascending order, to rounding; where two bulks touch, to the square root of rounding.

    Raises
    ------
    ValueError
        Non-positive n, or a spectrum with an infinite tail.

    References
    ----------
    silverstein1995analysis

    Examples
    --------
    >>> from solvable.solvers import Spectrum, support_edges
    >>> support_edges(Spectrum.isotropic(100), 400)  # (1 -+ sqrt(1/4))^2
    array([[0.25, 2.25]])
    """
    s, c, scale, balance = _normalised(spectrum, n)
    return np.asarray(scale * _edges(s, c, balance)[:, 0].reshape(-1, 2))


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
    s, c, scale, balance = _normalised(spectrum, n)
    x = as_real("grid", grid)
    edges = _edges(s, c, balance)
    points = x.ravel() / scale
    density, residual = np.zeros(points.size), np.zeros(points.size)
    status, iterations = np.zeros(points.size, dtype=np.int8), np.zeros(points.size, dtype=np.int64)
    order = np.argsort(points, kind="stable")
    ordered = points[order]
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        first, last = np.searchsorted(ordered, low[0], "right"), np.searchsorted(ordered, high[0], "left")
        middle = np.searchsorted(ordered, (low[0] + high[0]) / 2)
        middle = min(max(middle, first), max(last, first))
        for edge, chosen in ((low, order[first:middle]), (high, order[middle:last][::-1])):
            if chosen.size:
                kappa, left = np.empty((chosen.size, 2)), np.empty(chosen.size)
                spent = np.empty(chosen.size, dtype=np.int64)
                _march(s, c, edge[0], edge[1], edge[2], points[chosen] - edge[0], kappa, left, spent)
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
    proof = partial(_certificate, spectrum, float(n), s, edges, scale)
    law = SampleDensity(solution.value, atom, scale * edges[:, 0].reshape(-1, 2), solution, prover=proof)
    return replace(law, certificate=law.certify()) if certify else law


def _certificate(spectrum: Spectrum, n: float, s: Array, edges: Array, scale: float) -> Certificate:
    """Certificate of the edges -kappa (n - df1)/n, on the eigenvalues as they were given."""
    levels = np.r_[0.0, np.unique(spectrum.eigenvalues)]
    reference = levels[np.searchsorted(np.r_[0.0, s], edges[:, 1])]
    with np.errstate(over="ignore"):
        samples, distance, value = np.full(len(edges), n), edges[:, 2] * scale, -n * (scale * edges[:, 0])
    proof = certify_edge(spectrum, samples, distance, value, "sample_covariance_density", reference)
    ends = [np.nextafter(-end / n, side) for end, side in ((proof.upper, -np.inf), (proof.lower, np.inf))]
    exact = value == 0
    lower, upper = (np.where(exact, 0.0, end).reshape(-1, 2) for end in ends)
    return Certificate(lower, upper, proof.proved.reshape(-1, 2))
