r"""Gaussian integrals of any activation: kinks are found, integrals split there, errors estimated.

A function is approximated piecewise by Chebyshev polynomials, pieces halved until the last coefficients vanish; where
halving does not end, it has a kink. Between kinks Gauss-Legendre panels in the standardised variables; the inner of
two integrals smooths the outer one over the conditional spread, to which panels are graded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.random_features.activations import Activation, LeakyRelu, activation_function
from solvable.solvers.validate import as_positive, as_scalar, as_whole, refuse, within_range

__all__ = ["dual_of_function", "evaluate", "hermite_coefficients", "line_rule"]

Array = NDArray[np.float64]
Function = Callable[[Array], Array]
_REACH, _PANEL, _DEGREE = 12.0, 0.75, 16
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_ROUGH = np.polynomial.legendre.leggauss(12)
_ROWS = 64  # outer nodes at once: what they need stays in cache
_LOST = 1e-9  # estimated relative error above which an integral is refused
# without a kink anywhere, or with one at 0
_KINK_AT_ZERO = {"relu", "relu2", "abs", "leaky", "sign", "step"}
_SMOOTH = {"identity", "erf", "sin", "cos", "tanh", "gelu", "exp", "gauss"}


@dataclass(frozen=True)
class _Pieces:
    """Chebyshev pieces of a function: edges, coefficients of the derivative, kinks and the largest jump."""

    edges: Array
    slopes: Array
    kinks: Array
    jump: tuple[float, float]

    def derivative(self, u: Array) -> Array:
        """Derivative at any points, by Clenshaw's recursion."""
        piece = np.clip(np.searchsorted(self.edges, u, side="right") - 1, 0, len(self.edges) - 2)
        low, high = self.edges[piece], self.edges[piece + 1]
        t = np.clip(2 * (u - low) / (high - low) - 1, -1, 1)
        ahead = behind = np.zeros_like(u)
        for k in range(self.slopes.shape[1] - 1, 0, -1):
            ahead, behind = self.slopes[piece, k] + 2 * t * ahead - behind, ahead
        return self.slopes[piece, 0] + t * ahead - behind


def evaluate(function: Function, u: Array) -> Array:
    """Values of a user's function, its failures turned into a sentence."""
    with np.errstate(all="ignore"):
        values = np.asarray(function(u))
    if values.shape != u.shape or values.dtype.kind not in "biuf":
        raise refuse("activation", function, f"it must map real arrays to real arrays of the same shape ({u.shape})")
    if not np.all(np.isfinite(values)):
        raise refuse("activation", function, f"it is not finite at {float(u[~np.isfinite(values)][0]):.6g}")
    return values.astype(float)


@lru_cache(maxsize=32)
def _pieces(function: Function, reach: float) -> _Pieces:
    """Halve until resolved or as narrow as rounding allows."""
    t = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    to_coefficients = np.linalg.inv(np.polynomial.chebyshev.chebvander(t, _DEGREE))
    todo = np.linspace(-reach, reach, 33)
    low, high = todo[:-1], todo[1:]
    done: list[tuple[Array, Array, Array]] = []
    jump = (0.0, 0.0)
    middle = np.abs(evaluate(function, np.linspace(-reach / 4, reach / 4, 129))).max()
    for _ in range(60):
        values = evaluate(function, ((low + high) / 2)[:, None] + ((high - low) / 2)[:, None] * t)
        found = values @ to_coefficients.T
        scale = np.abs(found).max(axis=1)
        tail = np.abs(found[:, -3:]).max(axis=1)
        narrow = high - low <= 1e-12 * np.maximum(np.maximum(abs(low), abs(high)), 1e-3 * reach)
        good = (tail <= 1e-12 * scale + 1e-15 * middle) | narrow
        for i in np.flatnonzero(narrow & (tail > 1e-12 * scale + 1e-15 * middle)):
            step = float(values[i].max() - values[i].min())
            jump = max(jump, (step / max(float(scale[i]), 1e-300), float(low[i])))
            found[i, 1:] = 0.0  # a corner as narrow as this carries no weight
        done.append((low[good], high[good], found[good]))
        if good.all():
            break
        if (~good).sum() > 400:
            raise refuse("activation", function, "it is not smooth between a few kinks")
        center = (low + high)[~good] / 2
        low, high = np.r_[low[~good], center], np.r_[center, high[~good]]
    lows, highs, coefficients = (np.concatenate(part) for part in zip(*done, strict=True))
    order = np.argsort(lows)
    slopes = np.polynomial.chebyshev.chebder(coefficients[order], axis=1) * (2 / (highs - lows)[order])[:, None]
    corners = _corners(lows[order], highs[order], coefficients[order], reach)
    jump = max(jump, corners[1])
    kinks = corners[0]
    width = (highs - lows)[order]
    for run in np.split(np.arange(len(width)), np.flatnonzero(np.diff(width < 1e-4 * reach)) + 1):
        if width[run[0]] < 1e-4 * reach:  # halved again and again
            narrowest = order[run[width[run].argmin()]]
            kinks.append(float(lows[narrowest] + highs[narrowest]) / 2)
    return _Pieces(np.r_[lows[order], highs[order][-1]], slopes, np.unique(kinks), jump)


def _corners(low: Array, high: Array, coefficients: Array, reach: float) -> tuple[list[float], tuple[float, float]]:
    """Kinks that lie on an edge, where the value or one of two derivatives jumps; and the largest jump of the value."""
    found, jump, now = np.zeros(len(low) - 1, bool), (0.0, 0.0), coefficients
    wide = np.minimum((high - low)[1:], (high - low)[:-1]) > 1e-4 * reach
    for order in range(3):
        left = np.asarray(np.polynomial.chebyshev.chebval(1.0, now.T))[:-1]
        right = np.asarray(np.polynomial.chebyshev.chebval(-1.0, now.T))[1:]
        step = np.abs(left - right) / max(np.abs(now).max(), 1e-300) * wide
        if order == 0:
            jump = (float(step.max()), float(high[step.argmax()]))
        found |= step > 1e-6
        now = np.polynomial.chebyshev.chebder(now, axis=1) * (2 / (high - low))[:, None]
    return [float(x) for x in high[:-1][found]], jump


def _kinks(activation: Activation, reach: float) -> Array:
    if isinstance(activation, LeakyRelu) or (isinstance(activation, str) and activation in _SMOOTH | _KINK_AT_ZERO):
        return np.zeros(1)
    return np.r_[0.0, _pieces(activation_function(activation), _round_up(reach)).kinks]


def _breaks(activation: Activation, reach: float) -> Array:
    """Kinks, and for a function that nobody knows the halves of the pieces on which a polynomial follows it."""
    kinks = _kinks(activation, reach)
    if kinks.size == 1 and (isinstance(activation, str | LeakyRelu)):
        return kinks
    edges = _pieces(activation_function(activation), _round_up(reach)).edges
    return np.concatenate([kinks, edges, (edges[1:] + edges[:-1]) / 2])


def _round_up(reach: float) -> float:
    """To a power of two, so that few sets of pieces serve all variances."""
    return float(2.0 ** np.ceil(np.log2(1.01 * reach)))


def _rule(edges: Array, nodes: Array, weights: Array) -> tuple[Array, Array]:
    """Composite rule; the last axis of `edges` rises."""
    half = np.diff(edges, axis=-1)[..., None] / 2
    z = edges[..., :-1, None] + half + half * nodes
    w = half * weights * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    flat = (*edges.shape[:-1], -1)
    return z.reshape(flat), w.reshape(flat)


def _edges(*points: Array, panel: float = _PANEL) -> Array:
    base = np.arange(-_REACH, _REACH + panel / 2, panel)
    return np.unique(np.clip(np.concatenate([base, *points]), -_REACH, _REACH))


def line_rule(activation: Activation, scale: float, panel: float = _PANEL) -> tuple[Array, Array]:
    """Nodes z and weights of E over N(0, 1) for functions of phi(scale z): panels end where phi's pieces do."""
    homogeneous = isinstance(activation, str) and activation in _KINK_AT_ZERO | {"identity"}
    panel = panel if homogeneous or isinstance(activation, LeakyRelu) else panel / max(1.0, scale)
    if panel < 1e-3:
        raise refuse("variance", scale**2, f"{activation} is integrated for variances up to 10,000")
    return _rule(_edges(_breaks(activation, _REACH * scale) / scale, panel=panel), _NODES, _WEIGHTS)


def _one_dual(function: Function, kinks: Array, q1: float, q2: float, c: float) -> float:
    a, b = np.sqrt(q1), np.sqrt(q2)
    mean = c / a
    rest = np.sqrt(max(b - abs(mean), 0.0) * (b + abs(mean)))
    results = []
    for nodes, weights in ((_NODES, _WEIGHTS), _ROUGH):
        own, mapped = kinks / a, kinks / mean if mean else np.zeros(0)
        if rest <= 1e-10 * b:
            z, w = _rule(_edges(own, mapped, panel=_PANEL / max(1.0, min(a, 64.0))), nodes, weights)
            results.append(float(w @ (function(a * z) * function(mean * z))))
            continue
        width = rest / abs(mean) if mean else 1.0
        graded = width * 2.0 ** np.arange(-1, max(1, int(np.log2(max(1 / width, 1))) + 1))
        around = (mapped[:, None] + np.r_[-graded[::-1], 0, graded]).ravel()
        z, w = _rule(_edges(own, around, panel=_PANEL / max(1.0, min(a, 16.0))), nodes, weights)
        panel = _edges(panel=_PANEL / max(1.0, min(rest, 16.0)))
        smooth = np.empty_like(z)
        for start in range(0, len(z), _ROWS):
            rows = slice(start, start + _ROWS)
            middle = mean * z[rows, None]
            inner = np.clip((kinks - middle) / rest, -_REACH, _REACH)
            edges = np.sort(np.hstack([np.broadcast_to(panel, (len(middle), len(panel))), inner]), axis=1)
            y, v = _rule(edges, nodes, weights)
            smooth[rows] = np.einsum("ij,ij->i", v, function(middle + rest * y))
        results.append(float(w @ (function(a * z) * smooth)))
    fine, rough = results
    z, w = _rule(_edges(kinks / a), _NODES, _WEIGHTS)
    y, v = _rule(_edges(kinks / b), _NODES, _WEIGHTS)
    size = np.sqrt(w @ function(a * z) ** 2) * np.sqrt(v @ function(b * y) ** 2)
    if abs(fine - rough) > _LOST * size:
        raise refuse("activation", function, f"the integral is known to {abs(fine - rough) / size:.1e} of its bound "
                     f"only, and {_LOST:g} is the limit")  # fmt: skip
    return fine


def dual_of_function(activation: Activation, derivative: bool) -> Callable[[Array, Array, Array], Array]:
    """Dual of any activation, or of its derivative, cell by cell; equal cells are integrated once."""
    function = activation_function(activation)

    def dual(q1: Array, q2: Array, c: Array) -> Array:
        q1, q2, c = np.broadcast_arrays(q1, q2, c)
        pieces = _pieces(function, _round_up(_REACH * np.sqrt(max(q1.max(initial=0.0), q2.max(initial=0.0)))))
        if derivative and pieces.jump[0] > 1e-6:
            raise refuse("activation", activation, f"it jumps at {pieces.jump[1]:.6g}: its derivative is no function")
        used = pieces.derivative if derivative else lambda u: evaluate(function, u)
        triples, place = np.unique(np.stack([q1, q2, c]).reshape(3, -1), axis=1, return_inverse=True)
        values = np.array([_one_dual(used, pieces.kinks, *map(float, triple)) for triple in triples.T])
        return values[place.ravel()].reshape(c.shape)

    return dual


@within_range
def hermite_coefficients(activation: Activation, variance: float = 1.0, degree: int = 60) -> NDArray[np.float64]:
    r"""Coefficients :math:`a_k=E[\phi(\sqrt q\,z)h_k(z)]` in orthonormal Hermite polynomials, k = 0 ... degree.

    :math:`h_k=\mathrm{He}_k/\sqrt{k!}` for a standard normal z. For a Gaussian pair with variances :math:`q_1,q_2` and
    correlation :math:`\rho`, :math:`E[\phi(u)\phi(v)]=\sum_ka_k(q_1)a_k(q_2)\rho^k`.

    Parameters
    ----------
    activation : str, Polynomial or callable
        As `activation_function`; kinks are found.
    variance : float
        q > 0.
    degree : int
        Highest k, up to 2000.

    Returns
    -------
    ndarray, shape (degree + 1,)

    Raises
    ------
    ValueError
        A variance that is not positive or above 10,000, a function that is not smooth between a few kinks, not finite
        within 12 standard deviations, or not square-integrable.

    Notes
    -----
    Gauss-Legendre panels with edges at the kinks. The absolute error is rounding, 1e-15 of the root of
    :math:`E\phi^2`; small coefficients have no relative accuracy, those of the size of rounding are 0: odd and even
    activations have exact zeros. For kinks the coefficients fall algebraically: the
    missing power :math:`E\phi^2-\sum a_k^2` of relu at degree 60 is 2e-4 of the whole.

    References
    ----------
    cho2009kernel (setting); series derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import hermite_coefficients
    >>> hermite_coefficients("relu", degree=2).round(6)  # 1/sqrt(2 pi), 1/2, 1/(2 sqrt(pi))
    array([0.398942, 0.5     , 0.282095])
    """
    scale = float(np.sqrt(as_scalar("variance", variance, as_positive)))
    last = as_whole("degree", degree, most=2000)
    z, w = line_rule(activation, scale, _PANEL / max(1.0, np.sqrt(last) / 12))
    values = evaluate(activation_function(activation), scale * z)
    with np.errstate(over="ignore", invalid="ignore"):
        mass = values**2 * w
    if not np.all(np.isfinite(mass)) or max(mass[0], mass[-1]) > 1e-13 * mass.max():
        raise refuse("activation", activation, f"it is not square-integrable under N(0, {scale**2:.6g}) within doubles")
    damped = np.exp(-z * z / 4)
    weighted = values * w / damped
    out = np.empty(last + 1)
    before, now = np.zeros_like(z), damped
    for k in range(last + 1):
        out[k] = weighted @ now
        if abs(out[k]) <= 4 * np.finfo(float).eps * (np.abs(weighted) @ np.abs(now)):
            out[k] = 0.0  # what the parity of an activation takes away must not come back as rounding
        before, now = now, (z * now - np.sqrt(k) * before) / np.sqrt(k + 1)
    return out
