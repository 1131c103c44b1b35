r"""A two-layer quadratic network that learns a quadratic target, lazily or by its features: test loss and flow.

:math:`f(x)=\frac\alpha N\sum_i\phi(w_i\cdot x)`, :math:`\phi(h)=h+\frac\epsilon2h^2`, inputs :math:`x\sim N(0,I_D/D)`,
target :math:`y=\frac12(\beta\cdot x)^2` with :math:`|\beta|^2=D`. What is trained is f, or :math:`f-f_0` (centred),
:math:`f_0` the network at its start. The weights enter through :math:`\bar w=\frac1N\sum w_i` and
:math:`M=\frac1N\sum w_iw_i^T` alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import room
from solvable.solvers.feature_learning.quadratic_kernels import flow
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_finite,
    as_kind,
    as_nonnegative,
    as_positive,
    as_scalar,
    check_room,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["QuadraticFlow", "QuadraticLoss", "quadratic_network_flow", "quadratic_network_risk"]

Array = NDArray[np.float64]
_RTOL = 1e-11  # of a step, relative to the size of the moments
_MOST_STEPS = 1_000_000
_REST = 1e-10  # of the moments: what a flow that has come to rest may still move them


@record
class QuadraticLoss(OnGrid):
    r"""Test loss :math:`\frac12E(f-y)^2` and its three parts, which add up; arrays over the leading axes.

    Attributes
    ----------
    test : ndarray
        :math:`\frac12[\alpha^2|\delta\bar w|^2/D+\frac1{4D^2}((\mathrm{tr}A)^2+2\,\mathrm{tr}A^2)]`.
    linear : ndarray
        Power of the linear part, :math:`\alpha^2|\delta\bar w|^2/2D`: the target has none.
    alignment_error : ndarray
        Of the quadratic part, what is missing or too much along the target's own function:
        :math:`(2\beta^TA\beta/D+\mathrm{tr}A)^2/24D^2`.
    variance : ndarray
        The quadratic part orthogonal to the target, not negative.
    """

    test: Array
    linear: Array
    alignment_error: Array
    variance: Array


@record
class QuadraticFlow:
    r"""Moments of the weights along the flow, and the test loss there.

    Attributes
    ----------
    mean : ndarray, shape (T, D)
        :math:`\bar w`.
    second : ndarray, shape (T, D, D)
        M.
    risk : QuadraticLoss
        Arrays of shape (T,).
    """

    mean: Array
    second: Array
    risk: QuadraticLoss


def _target(beta: ArrayLike) -> Array:
    direction = as_finite("beta", beta)
    if direction.ndim != 1 or direction.size == 0:
        raise refuse("beta.shape", direction.shape, "it must be a vector, not empty")
    D = direction.size
    with np.errstate(over="ignore"):
        size = float(np.sum(direction**2))
    if not abs(size - D) <= 4 * D * max(data_eps(beta), 1e-12) * D:
        raise refuse("beta", direction, f"its square must be D = {D}, it is {size:.6g}; scale it by sqrt(D)/|beta|")
    return direction


def _moments(names: tuple[str, str], mean: ArrayLike, second: ArrayLike, D: int) -> tuple[Array, Array]:
    """Means (..., D) and second moments (..., D, D) that some set of weights could have."""
    w, M = as_finite(names[0], mean), as_finite(names[1], second)
    if w.shape[-1:] != (D,):
        raise refuse(f"{names[0]}.shape", w.shape, f"its last axis must be {D}, the size of beta")
    if M.shape[-2:] != (D, D) or M.shape[:-2] != w.shape[:-1]:
        raise refuse(f"{names[1]}.shape", M.shape, f"it must be {(*w.shape[:-1], D, D)}")
    unit = data_eps(mean, second)
    if not is_symmetric(M, unit):
        raise refuse(names[1], M, "it must be symmetric")
    largest = max(float(np.abs(M).max(initial=0.0)), float(np.abs(w).max(initial=0.0)) ** 2)
    spread = M - w[..., :, None] * w[..., None, :]
    least = float(np.linalg.eigvalsh(spread).min(initial=0.0))
    if least < -1e3 * D * max(unit, 1e-12) * largest:
        raise refuse(names[1], M, f"it must be at least the outer square of {names[0]} (least eigenvalue {least:.3g})")
    return w, M


def _square(matrices: Array) -> Array:
    """Sum of the squares of the entries; einsum would not tell when it leaves the range."""
    return np.asarray((matrices * matrices).sum(axis=(-2, -1)))


def _parts(
    mean: Array, second: Array, start: tuple[Array, Array] | None, beta: Array, alpha: Array, eps: Array
) -> QuadraticLoss:
    D = beta.size
    if start is not None:
        mean, second = mean - start[0], second - start[1]
    own = (alpha * eps)[..., None, None] * second
    A = own - beta[:, None] * beta
    trace = np.einsum("...ii->...", A)
    along = (A @ beta) @ beta / D
    linear = alpha**2 * (mean * mean).sum(axis=-1) / (2 * D)
    whole = (trace**2 + 2 * _square(A)) / (8 * D**2)
    aligned = (2 * along + trace) ** 2 / (24 * D**2)
    # what is orthogonal to the target is a sum of squares, and the target has no part in it
    u = beta / np.sqrt(beta @ beta)
    turned = own @ u
    across = turned - (turned @ u)[..., None] * u
    rest = own - across[..., None] * u - u[:, None] * turned[..., None, :]
    tail = np.einsum("...ii->...", rest)
    sides = (across * across).sum(axis=-1)
    variance = (2 * tail**2 / 3 + 4 * sides + 2 * _square(rest)) / (8 * D**2)
    return QuadraticLoss(linear + whole, linear, aligned, variance)


@gridded("output_scale", "alignment", mean="... row", second="... row column")
@within_range
def quadratic_network_risk(
    mean: ArrayLike,
    second: ArrayLike,
    start: tuple[ArrayLike, ArrayLike] | None,
    beta: ArrayLike,
    output_scale: ArrayLike,
    alignment: ArrayLike,
) -> QuadraticLoss:
    r"""Test loss :math:`\frac12E(f-y)^2` of the quadratic network from the first two moments of its weights.

    :math:`f-y=\alpha\,\delta\bar w\cdot x+\frac12x^TAx` with :math:`A=\alpha\epsilon\,\delta M-\beta\beta^T`, where
    :math:`\delta` subtracts the start of a centred network; then Gaussian fourth moments. The quadratic part is split
    orthogonally in :math:`L^2(x)`, into its projection on :math:`(\beta\cdot x)^2` and the rest.

    Parameters
    ----------
    mean : array_like, shape (..., D)
        :math:`\bar w`.
    second : array_like, shape (..., D, D)
        M, at least :math:`\bar w\bar w^T`.
    start : pair of array_like, or None
        Moments of the weights at the start, (D,) and (D, D), where :math:`f-f_0` is trained; None for f itself.
    beta : array_like, shape (D,)
        :math:`\beta`, with square D.
    output_scale : array_like
        :math:`\alpha>0`, over the leading axes of the moments; the larger, the lazier.
    alignment : array_like
        :math:`\epsilon\ge0`, over the leading axes: how much of the kernel at the start is quadratic.

    Returns
    -------
    QuadraticLoss
        With the factor one half.

    Raises
    ------
    ValueError
        :math:`|\beta|^2` other than D, a scale that is not positive, moments that no weights have.

    Notes
    -----
    `variance` is a sum of squares; `test` is good to rounding relative to the squares of :math:`\alpha\epsilon\delta M`
    and :math:`\beta\beta^T`, whose difference it measures. Losses of the literature without ½ are twice these.

    References
    ----------
    kumar2024grokking (this form derived in docs/theory/feature_learning.md)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import quadratic_network_risk
    >>> beta, nothing = np.array([np.sqrt(2), 0.0]), np.zeros((2, 2))
    >>> risk = quadratic_network_risk(np.zeros(2), nothing, None, beta, output_scale=1.0, alignment=0.5)
    >>> float(risk.test.round(12)), float(risk.variance)  # 3/8, half the mean square of the target
    (0.375, 0.0)
    """
    b = _target(beta)
    w, M = _moments(("mean", "second"), mean, second, b.size)
    alpha, eps = as_positive("output_scale", output_scale), as_nonnegative("alignment", alignment)
    begun = None if start is None else _start(start, b.size)
    try:
        alpha, eps = np.broadcast_arrays(alpha, eps)
        np.broadcast_shapes(alpha.shape, w.shape[:-1])
    except ValueError:
        raise refuse(
            "output_scale, alignment shapes", (np.shape(output_scale), np.shape(alignment)),
            f"they must broadcast with {w.shape[:-1]}, the leading axes of the moments",
        ) from None  # fmt: skip
    found = _parts(w, M, begun, b, alpha, eps)
    return QuadraticLoss(*(np.asarray(part) for part in np.broadcast_arrays(*vars(found).values())))


def _start(start: Any, D: int) -> tuple[Array, Array]:
    allowed = "it must be a pair (mean, second), or None for a network that is not centred"
    pair = as_kind("start", start, tuple | list, allowed)
    if len(pair) != 2:
        raise refuse("start", start, allowed)
    w, M = _moments(("start[0]", "start[1]"), pair[0], pair[1], D)
    if w.ndim != 1:
        raise refuse("start[0].shape", w.shape, f"it must be ({D},)")
    return w, M


def _settled(state: Array, alpha: float, eps: float) -> float:
    """Loss from which on the moments move by at most `_REST` of their size, however long the flow goes on; or 0.

    With s the least eigenvalue of the weights' covariance and V their root mean square speed,
    V^2 >= r L for r = alpha^2 min(min(1, s/2|w|^2)/D, 2 s eps^2/D^2), so that they go at most 2 sqrt(L/r) further.
    """
    M, w, D = state[:-1], state[-1], state.shape[1]
    size = float(np.trace(M))
    spread = float(np.linalg.eigvalsh(M - np.outer(w, w))[0]) - 10 * _REST * size
    if spread <= 0:
        return 0.0
    along = min(1.0, spread / max(2 * float(w @ w), spread))
    return (alpha * _REST / 4) ** 2 * size * min(along / D, 2 * spread * (eps / D) ** 2)


@cache
def _rule() -> tuple[Array, Array, Array]:
    """Weights of the stages and, last, of the step; those of the two differences that estimate its error."""
    from scipy.integrate import DOP853

    return np.vstack([DOP853.A, DOP853.B]), DOP853.E5, DOP853.E3


def _follow(state: Array, begun: Array, b: Array, alpha: float, eps: float, t: Array, path: Array) -> None:
    """Fill the path; where the flow has come to rest the state stands for all later times."""
    rule, D = _rule(), b.size
    slopes, pull = room((len(rule[0]) + 3, D + 1, D), (D, D))
    views = state.reshape(-1), slopes, slopes.reshape(len(slopes), -1), pull
    first, now, least = 0, 0.0, _settled(state, alpha, eps)
    while first < t.size:
        left, since = path[first:], t[first:] - now
        spent, reached, more = flow(state, begun, b, alpha, eps, since, _RTOL, _MOST_STEPS, least, *rule, *views, left)
        if spent >= 0:
            missed = f"{spent:,} steps did not reach time {t[-1]:g}"
            raise ArithmeticError(f"quadratic_network_flow: {missed}: choose a smaller one, or rescale.")
        first, now = first + reached, now + more
        if first == t.size:
            return
        before, least = least, _settled(state, alpha, eps)
        if least >= before:
            path[first:] = state
            return


@within_range
def quadratic_network_flow(
    mean0: ArrayLike,
    second0: ArrayLike,
    beta: ArrayLike,
    output_scale: float,
    alignment: float,
    times: ArrayLike,
    centred: bool = True,
) -> QuadraticFlow:
    r"""Gradient flow of the quadratic network on infinitely many samples, closed in the moments of its weights.

    :math:`\dot w_i=-N\partial L/\partial w_i` (unit speed for each neuron) with :math:`L=\frac12E(f-y)^2`:
    :math:`\dot w_i=-\alpha[\frac\alpha D\delta\bar w+Bw_i]`, :math:`B=\frac\epsilon{2D^2}(\mathrm{tr}A\,I+2A)`, hence
    :math:`\dot{\bar w}=-\alpha[\frac\alpha D\delta\bar w+B\bar w]` and
    :math:`\dot M=-\alpha[\frac\alpha D(\delta\bar w\bar w^T+\bar w\delta\bar w^T)+BM+MB]`. Any number of neurons, and
    infinitely many, follow the same equations from their own moments.

    Parameters
    ----------
    mean0, second0 : array_like, shapes (D,), (D, D)
        Moments of the weights at the start; zeros and the identity for infinitely many standard normal ones.
    beta : array_like, shape (D,)
        :math:`\beta`, with square D.
    output_scale : float
        :math:`\alpha>0`. At a learning rate of :math:`1/\alpha^2` compare at equal :math:`\alpha^2t`.
    alignment : float
        :math:`\epsilon\ge0`.
    times : array_like, shape (T,)
        Increasing, from 0 on.
    centred : bool
        Whether :math:`f-f_0` is trained, or f.

    Returns
    -------
    QuadraticFlow
        Moments and test loss at the times.

    Raises
    ------
    ValueError
        As `quadratic_network_risk`; times that do not increase.
    ArithmeticError
        More than a million steps: a smaller last time, or a smaller scale.

    Notes
    -----
    Adaptive steps of order 8, error 1e-11 of the moments a step; about 1e-10 of them at the end. Losses below 1e-16
    of the first one are rounding. Once the loss is so small that the flow cannot move the moments by 1e-10 any more
    they stand: weights whose covariance stays positive definite reach any time. Others slow down as a power of time.

    References
    ----------
    kumar2024grokking (the flow derived in docs/theory/feature_learning.md), prince1981high

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import quadratic_network_flow
    >>> beta = np.array([2.0, 0.0, 0.0, 0.0])
    >>> flow = quadratic_network_flow(np.zeros(4), np.eye(4), beta, 1.0, 1.0, [0.0, 10.0, 100.0])
    >>> flow.risk.test.round(6)
    array([0.375   , 0.000422, 0.      ])
    """
    b = _target(beta)
    w, M = _moments(("mean0", "second0"), mean0, second0, b.size)
    if w.ndim != 1:
        raise refuse("mean0.shape", w.shape, f"it must be ({b.size},)")
    alpha = as_scalar("output_scale", output_scale, as_positive)
    eps = as_scalar("alignment", alignment, as_nonnegative)
    as_kind("centred", centred, bool, "it must be True or False")
    t = np.atleast_1d(as_nonnegative("times", times))
    if t.ndim != 1 or t.size == 0 or (t[1:] <= t[:-1]).any():
        raise refuse("times", t, "they must increase from 0 on")
    if not M.any():
        raise refuse("second0", M, "weights that all vanish do not move")
    check_room("times", t, float(t.size) * b.size**2)
    state = np.vstack([M, w])
    begun, path = state * (1.0 if centred else 0.0), np.empty((t.size, *state.shape))
    _follow(state, begun, b, alpha, eps, t, path)
    risk = _parts(path[:, -1], path[:, :-1], (w, M) if centred else None, b, np.array(alpha), np.array(eps))
    return QuadraticFlow(path[:, -1].copy(), path[:, :-1].copy(), risk)
