r"""A linear network with one hidden layer in the maximal update parametrisation, exact at every width.

:math:`f(\xi)=\frac1n\sum_iv_iu_i\cdot\xi`, squared loss ½, :math:`u_i\leftarrow u_i-\eta\chi v_i\xi`,
:math:`v_i\leftarrow v_i-\eta\chi u_i\cdot\xi` at once, :math:`\chi=f-y`. The moments
:math:`S_{uu}=\frac1n\sum uu^T`, :math:`S_{uv}=\frac1n\sum uv`, :math:`S_{vv}=\frac1n\sum v^2` follow a recursion of
their own; the width enters through their start alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    MOST_STEPS,
    as_covariance,
    as_finite,
    as_kind,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    read_regression,
    refuse,
    within_range,
)

__all__ = ["MupMoments", "maximal_update_moments"]

Array = NDArray[np.float64]
_LARGEST = 1e150  # of an output: its square and products with it are still numbers


@njit(cache=True)
def _descend(X, y, step_size, batch, suu, suv, svv, largest, outputs):  # type: ignore[no-untyped-def]
    """Run to the end, in place; the second moment of v, and the step at which outputs left the range or -1."""
    n, d = X.shape
    steps = outputs.shape[0] - 1
    g, pull = np.zeros(d), np.zeros(d)
    for step in range(steps + 1):
        for i in range(n):
            found = 0.0
            for j in range(d):
                found += X[i, j] * suv[j]
            outputs[step, i] = found
            if not abs(found) < largest:
                return svv, step
        if step == steps:
            break
        for j in range(d):
            g[j] = 0.0
        first = 0 if batch == n else step % n
        for i in range(first, first + batch):
            slope = step_size / batch * (outputs[step, i] - y[i])
            for j in range(d):
                g[j] += slope * X[i, j]
        along, square = 0.0, 0.0
        for j in range(d):
            along += g[j] * suv[j]
            found = 0.0
            for k in range(d):
                found += suu[j, k] * g[k]
            pull[j] = found
            square += g[j] * found
        for j in range(d):
            for k in range(d):
                suu[j, k] += -(g[j] * suv[k] + suv[j] * g[k]) + svv * g[j] * g[k]
        for j in range(d):
            suv[j] += -(svv * g[j] + pull[j]) + along * g[j]
        svv += -2 * along + square
    return svv, -1


@record
class MupMoments:
    r"""Moments of the weights after the last step, and outputs along the way.

    Attributes
    ----------
    suu : ndarray, shape (d, d)
        :math:`E\,uu^T` over the neurons.
    suv : ndarray, shape (d,)
        :math:`E\,uv`; the network is :math:`f(\xi)=S_{uv}\cdot\xi`.
    svv : float
        :math:`E\,v^2`.
    outputs : ndarray, shape (steps + 1, m)
        Outputs at the rows of X before every step, and after the last.
    """

    suu: Array
    suv: Array
    svv: float
    outputs: Array


def _begin(variances: Any, start: Any, d: int) -> tuple[Array, Array, float]:
    if start is None:
        pair = as_nonnegative("variances", variances)
        if pair.shape != (2,):
            raise refuse("variances", variances, "it must be a pair (of u, of v)")
        return pair[0] * np.eye(d), np.zeros(d), float(pair[1])
    allowed = "it must be three moments (suu, suv, svv)"
    three = as_kind("start", start, tuple | list, allowed)
    if len(three) != 3:
        raise refuse("start", start, allowed)
    suu, suv = as_covariance("start[0]", three[0], d), as_finite("start[1]", three[1])
    if suv.shape != (d,):
        raise refuse("start[1].shape", suv.shape, f"it must be ({d},), as a row of X")
    svv = as_scalar("start[2]", three[2], as_nonnegative)
    return suu.copy(), suv.copy(), svv


@within_range
def maximal_update_moments(
    X: ArrayLike,
    y: ArrayLike,
    step_size: float,
    steps: int,
    variances: ArrayLike = (1.0, 1.0),
    batch: int | str = 1,
    start: tuple[ArrayLike, ArrayLike, float] | None = None,
) -> MupMoments:
    r"""Train the linear network of the maximal update parametrisation, at infinite width or at a given one.

    For a squared loss ½, with :math:`g=\eta\sum_\mu\chi_\mu\xi_\mu` over a batch, in mean:
    :math:`S_{uv}'=S_{uv}-(gS_{vv}+S_{uu}g)+g(g\cdot S_{uv})`,
    :math:`S_{uu}'=S_{uu}-(gS_{uv}^T+S_{uv}g^T)+gg^TS_{vv}`,
    :math:`S_{vv}'=S_{vv}-2g\cdot S_{uv}+g^TS_{uu}g`. Of infinitely many neurons, independent normal ones,
    :math:`S_{uu}=\sigma_u^2I`, :math:`S_{uv}=0`, :math:`S_{vv}=\sigma_v^2` at the start; of n neurons their own sums.

    Parameters
    ----------
    X : array_like, shape (m, d)
        Inputs :math:`\xi`.
    y : array_like, shape (m,)
        Labels.
    step_size : float
        :math:`\eta>0`, in the units in which every neuron moves by order one.
    steps : int
        Steps.
    variances : pair of float
        :math:`\sigma_u^2` of every entry and :math:`\sigma_v^2`, of the limit; not used where `start` is given.
    batch : 1 or "full"
        One row a step, in turn, or the mean over all rows.
    start : (suu, suv, svv), optional
        Moments of the neurons at the start of a finite network.

    Returns
    -------
    MupMoments
        Moments at the end, outputs at every step.

    Raises
    ------
    ValueError
        Shapes that do not match, a batch of another size, steps so large that outputs leave the range of doubles.

    Notes
    -----
    A finite network agrees to rounding: both sides are the same polynomials of its weights. Beyond the edge of
    stability rounding grows with the run.

    References
    ----------
    yang2021tensor (these moments derived in docs/theory/feature_learning.md)

    Examples
    --------
    >>> from solvable.solvers import maximal_update_moments
    >>> found = maximal_update_moments([[1.0]], [1.0], step_size=0.1, steps=2)
    >>> found.outputs[:, 0].round(12), round(found.svv, 12)
    (array([0.     , 0.2    , 0.36288]), 1.048464)
    """
    design, labels = read_regression(X, y)
    eta, count = as_scalar("step_size", step_size, as_positive), as_whole("steps", steps, MOST_STEPS)
    m, d = design.shape
    if batch != "full" and (isinstance(batch, bool) or batch != 1):
        raise refuse("batch", batch, 'it must be 1 or "full"')
    check_room("steps", steps, (count + 1.0) * m)
    suu, suv, svv = _begin(variances, start, d)
    outputs = np.empty((count + 1, m))
    size = m if batch == "full" else 1
    svv, stopped = _descend(design, labels, eta, size, suu, suv, svv, _LARGEST, outputs)
    if stopped >= 0:
        raise refuse("step_size", eta, f"outputs leave the range of doubles at step {stopped}: choose a smaller one")
    return MupMoments(suu, suv, float(svv), outputs)
