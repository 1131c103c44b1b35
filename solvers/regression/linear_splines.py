r"""Least squares with a total-variation penalty on the slope: linear splines, and the ReLU networks that they are.

.. math:: \min_f\ \tfrac12\sum_i(y_i-f(x_i))^2+\mathrm{ridge}\cdot\mathrm{TV}(f')

A minimiser is a linear spline with knots at inner data points. Its values minimise the objective with
:math:`\mathrm{TV}=\|D u\|_1`, :math:`(Du)_i` the change of slope at :math:`x_i`; the dual is a box,
:math:`\min_{|z|\le\mathrm{ridge}}\tfrac12\|y-D^Tz\|^2` with :math:`u=y-D^Tz`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.regression.spline_kernels import active_knots, knot_duals
from solvable.solvers.solution import record
from solvable.solvers.validate import as_finite, as_kind, as_nonnegative, as_scalar, refuse, within_range

__all__ = ["SplineFit", "SplineNetwork", "linear_spline_fit", "minimal_total_variation", "spline_network"]

Array = NDArray[np.float64]


@record
class SplineFit:
    """A linear spline fitted to data.

    Attributes
    ----------
    x : ndarray, shape (n,)
        Inputs, rising.
    values : ndarray, shape (n,)
        Of the spline at x.
    knots : ndarray, shape (K,)
        Where the slope changes; at most n - 2 of the inner inputs.
    slopes : ndarray, shape (K + 1,)
        Between the knots, from left to right.
    objective : float
        Half the squared residuals plus ridge times the total variation of the slope.
    dual_gap : float
        Objective less its lower bound from the dual, at the variables that the residuals give.
    """

    x: Array
    values: Array
    knots: Array
    slopes: Array
    objective: float
    dual_gap: float


@record
class SplineNetwork:
    r"""Weights of a ReLU network with a linear term, :math:`f(x)=c_0+c_1x+\sum_kv_k\,(w_kx-b_k)_+`.

    Attributes
    ----------
    inner, thresholds, outer : ndarray, shape (K,)
        :math:`w_k`, :math:`b_k` and :math:`v_k`; :math:`w_k=|v_k|`.
    offset, slope : float
        :math:`c_0` and :math:`c_1`.
    penalty : float
        :math:`\tfrac12\sum_k(w_k^2+v_k^2)`, the total variation of the slope.
    """

    inner: Array
    thresholds: Array
    outer: Array
    offset: float
    slope: float
    penalty: float

    @within_range
    def output(self, points: ArrayLike) -> Array:
        """Return the network's output.

        Parameters
        ----------
        points : array_like
            Inputs.

        Returns
        -------
        ndarray
            In the shape of `points`.

        Raises
        ------
        ValueError
            Points that are not finite.
        """
        x = as_finite("points", points)
        hidden = np.maximum(x[..., None] * self.inner - self.thresholds, 0.0)
        return np.asarray(self.offset + self.slope * x + hidden @ self.outer)


def _data(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """Points sorted by x, which must all differ."""
    places, labels = as_finite("x", x), as_finite("y", y)
    if places.ndim != 1 or places.size < 2:
        raise refuse("x.shape", places.shape, "it must be (n,), n at least 2")
    if labels.shape != places.shape:
        raise refuse("y.shape", labels.shape, f"it must be {places.shape}, one label for each x")
    order = np.argsort(places, kind="stable")
    places, labels = places[order], labels[order]
    tied = np.flatnonzero(np.diff(places) <= 0)
    if tied.size:
        raise refuse("x", float(places[tied[0]]), "it occurs twice: inputs must differ")
    return places, labels


def _units(x: Array, y: Array) -> tuple[Array, Array, float, float]:
    """Inputs in [0, 1] and labels of size 1, with the units."""
    length = float(x[-1] - x[0])
    t = (x - x[0]) / length
    size = float(np.abs(y).max()) or 1.0
    return t, y / size, length, size


@within_range
def linear_spline_fit(x: ArrayLike, y: ArrayLike, ridge: float) -> SplineFit:
    r"""Linear spline that minimises half the squared residuals plus ridge times the total variation of its slope.

    The same minimum as training :math:`c_0+c_1x+\sum_kv_k(w_kx-b_k)_+` with weight decay
    :math:`\tfrac{\mathrm{ridge}}2\sum_k(w_k^2+v_k^2)`, biases and the linear term free, any width
    from n - 2 on.

    Parameters
    ----------
    x : array_like, shape (n,)
        Inputs, in any order, all different.
    y : array_like, shape (n,)
        Labels.
    ridge : float
        Not negative; 0 interpolates.

    Returns
    -------
    SplineFit

    Raises
    ------
    ValueError
        Inputs that occur twice, fewer than two, a negative ridge.

    Notes
    -----
    Knots enter where the dual leaves its box and go where a change of slope has the wrong sign; between, a tridiagonal
    solve in the knots' values and two running sums, O(n) each. It ends at a minimum of the finite problem, and the dual
    gap, recomputed from the residuals, is at the rounding of the objective. Values and objective are unique; the spline
    between the data is not where neighbouring changes of slope have one sign: compare objectives, not knots.

    References
    ----------
    parhi2023deep

    Examples
    --------
    >>> from solvable.solvers import linear_spline_fit
    >>> fit = linear_spline_fit([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 1.0, 0.0], 0.1)
    >>> fit.values.round(4), fit.knots, fit.dual_gap < 1e-15
    (array([0.1, 0.9, 0.9, 0.1]), array([1., 2.]), True)
    """
    places, labels = _data(x, y)
    strength = as_scalar("ridge", ridge, as_nonnegative)
    t, target, length, size = _units(places, labels)
    level = strength / (size * length)
    knots, values = np.ones_like(t), target
    if level > 0 and len(t) > 2:
        room = np.empty((9, len(t)))
        active_knots(t, target, level, np.empty(len(t), dtype=np.int64), room)
        knots, values = room[:2]
    at = np.flatnonzero(knots[1:-1]) + 1
    ends = np.concatenate([[0], at, [len(t) - 1]])
    slopes = np.diff(values[ends]) / np.diff(t[ends])
    kinks = np.diff(slopes)
    residual = target - values
    objective = 0.5 * float(residual @ residual) + level * float(np.abs(kinks).sum())
    gap = _gap(t, target, residual, level, objective)
    scale = size * size
    return SplineFit(places, size * values, places[at], size / length * slopes, scale * objective, scale * gap)


def _gap(t: Array, target: Array, residual: Array, level: float, objective: float) -> float:
    """Objective less the dual's value at the residuals, shrunk into the box."""
    z = np.empty_like(t)
    knot_duals(t, residual, z)
    most = float(np.abs(z).max(initial=0.0))
    inside = residual * min(1.0, level / most) if most > 0 else residual
    return max(objective - float(inside @ (target - 0.5 * inside)), 0.0)


@within_range
def minimal_total_variation(x: ArrayLike, y: ArrayLike) -> float:
    r"""Least total variation of the slope of a function through the points.

    :math:`\sum_i|s_{i+1}-s_i|` over the slopes :math:`s_i` between neighbouring points; also the least
    :math:`\tfrac12\sum_k(w_k^2+v_k^2)` of an interpolating ReLU network with a free linear term.

    Parameters
    ----------
    x : array_like, shape (n,)
        Inputs, in any order, all different.
    y : array_like, shape (n,)
        Labels.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Inputs that occur twice, fewer than two.

    Notes
    -----
    Relative to the largest slope it is good to a rounding for each point.

    References
    ----------
    parhi2023deep

    Examples
    --------
    >>> from solvable.solvers import minimal_total_variation
    >>> minimal_total_variation([0.0, 1.0, 2.0], [0.0, 1.0, 0.0])
    2.0
    """
    places, labels = _data(x, y)
    return float(np.abs(np.diff(np.diff(labels) / np.diff(places))).sum())


@within_range
def spline_network(fit: SplineFit) -> SplineNetwork:
    r"""Weights of the ReLU network that is a fitted spline: a unit for each knot, both its weights :math:`\sqrt{|a|}`.

    Parameters
    ----------
    fit : SplineFit
        From `linear_spline_fit`; a is the change of slope at a knot.

    Returns
    -------
    SplineNetwork

    Raises
    ------
    TypeError
        Anything but a fit.

    References
    ----------
    parhi2023deep

    Examples
    --------
    >>> from solvable.solvers import linear_spline_fit, spline_network
    >>> net = spline_network(linear_spline_fit([0.0, 1.0, 2.0], [0.0, 1.0, 0.0], 0.0))
    >>> net.penalty, net.output([0.5, 1.5])
    (2.0, array([0.5, 0.5]))
    """
    fit = as_kind("fit", fit, SplineFit, "it must come from linear_spline_fit")
    changes = np.diff(fit.slopes)
    inner = np.sqrt(np.abs(changes))
    slope = float(fit.slopes[0])
    offset = float(fit.values[0] - slope * fit.x[0])
    return SplineNetwork(
        inner, inner * fit.knots, np.sign(changes) * inner, offset, slope, float(np.abs(changes).sum())
    )
