r"""Edges of the support of the limiting law of :math:`X^TX/n`: all of them, to rounding.

In the variable :math:`\kappa` of the effective ridge the eigenvalue is
:math:`x(\kappa) = -\kappa(1 - \sum_i c_i s_i/(s_i+\kappa))`, :math:`c_i = m_i/n`. Edges are the real roots of
:math:`h(\kappa)=\sum c_i s_i^2/(s_i+\kappa)^2=1`. Between two poles :math:`-s_i` h is convex, so there are none or two,
and Newton from the pole's side is monotone. At a root :math:`x = \kappa^2\sum c_i s_i/(s_i+\kappa)^2`, which does not
cancel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.certificates.mode_roots import certify_edge
from solvable.solvers.compiled import njit
from solvable.solvers.solution import Certificate
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_positive, refuse, within_range

__all__ = ["certified_edges", "edge_table", "normalised", "support_edges"]

Array = NDArray[np.float64]
_EPS = 2.220446049250313e-16


@njit(inner=True)
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


@njit(inner=True)
def _from_pole(s, c, reference, sign, t):  # type: ignore[no-untyped-def]
    """Root of h = 1 by Newton in t, from a point between pole and root (h >= 1): monotone, as h is convex."""
    for _ in range(200):
        h, third = _moments(s, c, reference, sign, t)
        step = (h - 1.0) / (2.0 * sign * third)
        if not step > 2.0 * _EPS * t:
            break
        t += step
    return t


@njit(inner=True)
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


@njit(inner=True)
def _gap(s, c, i):  # type: ignore[no-untyped-def]
    """Whether h dips below 1 between the poles -s[i+1] and -s[i]."""
    width = s[i + 1] - s[i]
    a = (c[i] * s[i] * s[i]) ** (1.0 / 3.0)
    b = (c[i + 1] * s[i + 1] * s[i + 1]) ** (1.0 / 3.0)
    if (a + b) * (a + b) * (a + b) >= width * width:  # the two neighbouring poles alone keep h above 1
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
def _edges(s, c, balance, out):  # type: ignore[no-untyped-def]
    """All edges in increasing x and how many: columns x_e, reference, offset with kappa = -reference + offset."""
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
    return count


def normalised(spectrum: Spectrum, n: float) -> tuple[Array, Array, float, float]:
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


def edge_table(s: Array, c: Array, balance: float) -> Array:
    """Rows (x, the pole next to it, the distance from it) of the edges, of normalised eigenvalues."""
    table = np.empty((2 * s.size, 3))
    return table[: _edges(s, c, balance, table)]


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
    s, c, scale, balance = normalised(spectrum, n)
    return np.asarray(scale * edge_table(s, c, balance)[:, 0].reshape(-1, 2))


def certified_edges(spectrum: Spectrum, n: float, s: Array, edges: Array, scale: float) -> Certificate:
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
