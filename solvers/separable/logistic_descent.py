r"""Gradient descent on the logistic loss with any step size, for many step sizes at once.

Rows z = y x and :math:`s(m)=1/(1+e^{-m})`. Weights are kept in units of the step size, so that steps up to 1e300 do
not overflow before their margins saturate.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit, room
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.separable.max_margin import max_margin
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    MOST_STEPS,
    as_choice,
    as_finite,
    as_kind,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)

__all__ = ["LogisticRun", "logistic_descent"]

Array = NDArray[np.float64]
_FAST = {"reassoc", "contract", "nsz"}  # sums vectorise; NaN and infinity are kept
_BLOCK = 32  # step sizes that go through the rows together
_LARGEST = 1e300
_SATURATED = 600.0  # e^-600 times an entry of a row is still a normal number; on others processors stall


@njit(inner=True, fastmath={"contract"})
def _exponential(x):  # type: ignore[no-untyped-def]
    """e^x to 2e-16 for |x| <= 708. Loops over it vectorise: no call is made, and 2^k is put together from bits."""
    shifted = x * 1.4426950408889634 + 6755399441055744.0  # 1.5 * 2^52: rounds to a whole number
    k = shifted - 6755399441055744.0
    r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10
    p = 1.0 / 479001600.0 + r * (1.0 / 6227020800.0)
    p = 1.0 / 3628800.0 + r * (1.0 / 39916800.0 + r * p)
    p = 1.0 / 40320.0 + r * (1.0 / 362880.0 + r * p)
    p = 1.0 / 720.0 + r * (1.0 / 5040.0 + r * p)
    p = 1.0 / 24.0 + r * (1.0 / 120.0 + r * p)
    p = 0.5 + r * (1.0 / 6.0 + r * p)
    exponent = np.int64(np.float64(shifted + 1023.0).view(np.int64)) << 52
    return (1.0 + r * (1.0 + r * p)) * np.int64(exponent).view(np.float64)


@njit(inner=True, error_model="numpy")
def _log_sum(a, b):  # type: ignore[no-untyped-def]
    """ln(e^a + e^b), of which one may be -inf."""
    return max(a, b) + np.log1p(np.exp(-abs(a - b)))


@njit(inner=True, fastmath=_FAST, error_model="numpy")
def _record(M, gains, A, beyond, errors, loss):  # type: ignore[no-untyped-def]
    """Rows that are not right, and the mean of ln(1 + e^-m) over the margins m = gains * M, in the room A and `beyond`.

    `beyond` is the product of the factors 1 + e^-|m|, less one: sums of positive terms.
    """
    n, G = M.shape
    for g in range(G):
        beyond[g] = 0.0
        errors[g] = 0
        loss[g] = 0.0
    for i in range(n):
        for g in range(G):
            m = abs(gains[g] * M[i, g])
            A[i, g] = _exponential(-m) if m < 708.0 else 0.0
    for i in range(n):
        for g in range(G):
            errors[g] += M[i, g] <= 0.0
            loss[g] += max(-gains[g] * M[i, g], 0.0) / n
            beyond[g] += A[i, g] * (1.0 + beyond[g])
        if i == n - 1 or i % 1000 == 999:  # 2^1000 is below the largest number
            for g in range(G):
                loss[g] += np.log1p(beyond[g]) / n
                beyond[g] = 0.0


@njit(cache=True, fastmath=_FAST, error_model="numpy")
def _descend(Z, T, gains, normalised, strength, memory, times, wide, tall, short, lack, weights, loss, errors, first):  # type: ignore[no-untyped-def]
    """Run all step sizes side by side; margins are gains * (Z w); T is Z^T. Divisions are not checked: none is by 0.

    `_room` has made the arrays between `times` and `weights`.
    """
    n, d = Z.shape
    G, kept = gains.size, lack.shape[1]
    W, move, M, A = wide[0], wide[1], tall[0], tall[1]
    least, shrink, total = short[0], short[1], short[2]
    # ln of what the targets lack of one, the label's and the other's: their force is a ratio of vanishing numbers
    fade, fresh = np.log(memory), np.log1p(-memory)
    row = 0
    for step in range(times[-1] + 1):
        np.dot(Z, W, M)
        for g in range(G):
            least[g] = np.inf
        for i in range(n):
            for g in range(G):
                least[g] = min(least[g], M[i, g])
        for g in range(G):
            if least[g] > 0.0 and first[g] < 0:
                first[g] = step
            if not normalised or least[g] < 0.0:
                least[g] = 0.0
        if step == times[row]:
            _record(M, gains, A, short[3], errors[:, row], loss[:, row])
            for g in range(G):
                for k in range(d):
                    weights[g, row, k] = W[k, g]
            row += 1
            if row == times.size:
                return
        if normalised:  # weights relative to the largest: their sum would vanish
            for g in range(G):
                shrink[g] = np.exp(-min(gains[g] * least[g], _SATURATED))
                total[g] = 0.0
        for i in range(n):
            for g in range(G):
                m = min(max(gains[g] * (M[i, g] - least[g]), -_SATURATED), _SATURATED)
                A[i, g] = 1.0 / (_exponential(m) + shrink[g])
        for i in range(kept):
            for g in range(G):
                m = min(max(gains[g] * M[i, g], -_LARGEST), _LARGEST)
                q, p = -_log_sum(0.0, m), -_log_sum(0.0, -m)
                lack[0, i, g] = _log_sum(fade + lack[0, i, g], fresh + q)
                lack[1, i, g] = _log_sum(fade + lack[1, i, g], fresh + p)
                share = np.exp(p + q - _log_sum(p + lack[0, i, g], q + lack[1, i, g]))
                A[i, g] += strength * share * (np.exp(lack[1, i, g]) - np.exp(lack[0, i, g]))
        if normalised:
            for i in range(n):
                for g in range(G):
                    total[g] += A[i, g]  # a sum of rows: no factor
        np.dot(T, A, move)
        for k in range(d):
            for g in range(G):
                W[k, g] += move[k, g] / total[g]


def _room(Z: Array, G: int, factor: float, targets: bool) -> list[Array]:
    """Weights and their step; margins and forces; least margins, shrinkage, divisor, room; what targets lack of one."""
    n, d = Z.shape
    made = room((2, d, G), (2, n, G), (4, G), (2, n if targets else 0, G))
    made[2][1], made[2][2] = 1.0, n / factor
    return made


@record
class LogisticRun(
    OnGrid,
    axes={
        "times": "times",
        "weights": "... *step_sizes times feature",
        "loss": "... *step_sizes times",
        "errors": "... *step_sizes times",
        "first_separated": "... *step_sizes",
        "rows": "... row feature",
        "cosine_to_margin": "... *step_sizes times",
    },
):
    """Descent with every step size; the leading axes are those of the data sets, then of the step sizes.

    Attributes
    ----------
    times : ndarray of int, shape (C,)
        Steps after which the other fields were recorded, from 0 on.
    weights : ndarray, shape (..., C, d)
        The weights themselves, not divided by the step size.
    loss : ndarray, shape (..., C)
        Mean loss of the labels, without the early-learning term.
    errors : ndarray of int, shape (..., C)
        Rows that are wrong or on the boundary.
    first_separated : ndarray of int, shape (...)
        Steps until every row was right for the first time; -1 where that did not happen.
    rows : ndarray, shape (..., n, d)
        Rows y x.
    cosine_to_margin : ndarray, shape (..., C)
        Cosine with the separator of largest margin.
    """

    times: NDArray[np.int64]
    weights: Array
    loss: Array
    errors: NDArray[np.int64]
    first_separated: NDArray[np.int64]
    rows: Array

    @cached_property
    def cosine_to_margin(self) -> Array:
        """Cosine with the separator of largest margin, 0 for zero weights; rows that nothing separates are refused."""
        flat = self.rows.reshape(-1, *self.rows.shape[-2:])
        w = self.weights.reshape(len(flat), -1, self.weights.shape[-1])
        best = np.array([(found := max_margin(Z)).weights * found.margin for Z in flat])
        size = np.abs(w).max(axis=-1, keepdims=True)
        w = w / np.where(size > 0, size, 1.0)
        length = np.linalg.norm(w, axis=-1)
        cosine = np.einsum("scd,sd->sc", w, best) / np.where(length > 0, length, 1.0)
        return np.clip(cosine, -1.0, 1.0).reshape(self.weights.shape[:-1])


def _rows(X: ArrayLike, y: ArrayLike) -> Array:
    """Rows y x of one or many data sets."""
    inputs, labels = as_finite("X", X), as_finite("y", y)
    if inputs.ndim < 2 or 0 in inputs.shape:
        raise refuse("X.shape", inputs.shape, "it must be (n, d) or (..., n, d), not empty")
    if labels.shape != inputs.shape[:-1]:
        raise refuse("y.shape", labels.shape, f"it must be {inputs.shape[:-1]}, one label for each row of X")
    if not np.all(np.abs(labels) == 1):
        raise refuse("y", labels, "labels must be +1 or -1")
    if not np.all(whole := inputs.any(axis=-1)):
        raise refuse(f"X{list(map(int, np.argwhere(~whole)[0]))}", 0.0, "a row of zeros is on every boundary")
    return np.asarray(inputs * labels[..., None])


def recorded_steps(steps: int, most: int) -> NDArray[np.int64]:
    """Zero, one, ... up to `steps`: all of them, or at most `most` of them at nearly equal ratios."""
    if steps < most:
        return np.arange(steps + 1)
    if most == 1:
        return np.array([steps])
    return np.unique(np.concatenate([[0], np.round(np.geomspace(steps, 1, most - 1)[::-1])]).astype(np.int64))


@gridded(X="... row feature", y="... row", step_sizes="*step_sizes")
@within_range
def logistic_descent(
    X: ArrayLike,
    y: ArrayLike,
    step_sizes: ArrayLike,
    steps: int,
    normalised: bool = False,
    loss: str = "logistic",
    label_targets: float | None = None,
    momentum: float = 0.0,
    checkpoints: int = 200,
) -> LogisticRun:
    r"""Gradient descent from zero weights on the logistic loss, for one or many data sets and step sizes.

    .. math:: \theta \leftarrow \theta+\frac{\gamma}{n}\sum_i f\,s(-f z_i^T\theta)\,z_i,\qquad z_i=y_ix_i

    on the mean loss :math:`\frac1n\sum_i\ln(1+e^{-fz_i^T\theta})`, f = 1, or f = 2 with ``loss="tanh"``, whose
    gradient is :math:`\frac1n\sum_ix_i(\tanh x_i^T\theta-y_i)`. Normalised, the sum of the rows is divided by
    :math:`\sum_is(-fz_i^T\theta)` instead of n/f.

    With `label_targets` :math:`\lambda` the objective also has the early-learning term
    :math:`\frac\lambda n\sum_i\ln(1-p_i^Tt_i)`, :math:`p_i` the two probabilities of row i and :math:`t_i` their
    running mean, which starts at 0: :math:`t\leftarrow\beta t+(1-\beta)p` before every step, :math:`\beta` =
    `momentum`. No gradient passes through t.

    Parameters
    ----------
    X : array_like, shape (n, d) or (..., n, d)
        Inputs.
    y : array_like, shape (n,) or (..., n)
        Labels +-1.
    step_sizes : array_like
        :math:`\gamma`, positive, up to 1e300.
    steps : int
        Steps to make.
    normalised : bool
        Divide by the sum of the weights of the rows.
    loss : {"logistic", "tanh"}
        Factor f = 1 or 2.
    label_targets : float, optional
        Strength :math:`\lambda` of the early-learning term.
    momentum : float
        Memory :math:`\beta` of the targets, in [0, 1); only with `label_targets`.
    checkpoints : int
        At most so many steps are recorded, at nearly equal ratios.

    Returns
    -------
    LogisticRun
        What was recorded, with the axes of the data sets and of `step_sizes` in front.

    Raises
    ------
    ValueError
        Labels that are not +-1, a zero row, step sizes out of range, an early-learning term together with
        `normalised`, weights that overflow.

    Notes
    -----
    A margin of exactly 0 has the weight s(0) = 1/2: with huge steps the way depends on this rule, and on rounding where
    margins are near it. Margins beyond 600 have the weight of 600, 1e-261; the early-learning term, a ratio
    of weights, is formed from logarithms and has no such limit.

    References
    ----------
    tyurin2024logistic (large steps), liu2020early (early-learning term)

    Examples
    --------
    >>> from solvable.solvers import logistic_descent
    >>> run = logistic_descent([[2.0, 1.0], [-1.0, 1.0]], [1.0, 1.0], [1.0, 1e100], 50)
    >>> run.first_separated
    array([1, 1])
    >>> run.loss[0, [0, -1]].round(4), run.cosine_to_margin[0, -1].round(3)
    (array([0.6931, 0.0204]), np.float64(0.998))
    """
    Z, count = _rows(X, y), as_whole("steps", steps, MOST_STEPS)
    gammas = as_positive("step_sizes", step_sizes)
    if gammas.size == 0 or gammas.max() > _LARGEST:
        raise refuse("step_sizes", gammas, f"they must be positive, up to {_LARGEST:g}, and at least one")
    share = as_kind("normalised", normalised, bool, "it must be True or False")
    factor = 2.0 if as_choice("loss", loss, ("logistic", "tanh")) == "tanh" else 1.0
    strength = 0.0 if label_targets is None else as_scalar("label_targets", label_targets, as_nonnegative)
    memory = as_scalar("momentum", momentum, as_nonnegative)
    if memory >= 1 or (memory > 0 and label_targets is None):
        raise refuse("momentum", momentum, "it must lie in [0, 1), and there must be label_targets whose memory it is")
    if share and label_targets is not None:
        raise refuse("label_targets", label_targets, "the early-learning term has no normalised form")
    times = recorded_steps(count, as_whole("checkpoints", checkpoints))
    sets, d = Z.reshape(-1, *Z.shape[-2:]), Z.shape[-1]
    shape = (len(sets), gammas.size, len(times))
    check_room("checkpoints", checkpoints, float(np.prod(shape)) * d)
    weights, losses = np.empty((*shape, d)), np.empty(shape)
    errors, first = np.empty(shape, dtype=np.int64), np.full(shape[:2], -1, dtype=np.int64)
    steps_of = gammas.reshape(-1)
    for s, rows in enumerate(sets):
        unit = float(np.abs(rows).max())
        scaled = rows / unit
        with np.errstate(over="ignore"):
            gains = np.minimum(steps_of * unit * unit, _LARGEST)  # beyond, every margin is saturated or 0
        for start in range(0, gammas.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            kept = [array[s, part] for array in (weights, losses, errors, first)]
            made = _room(rows, len(kept[-1]), factor, strength > 0)
            options = factor * gains[part], share, strength, memory, times
            _descend(scaled, np.ascontiguousarray(scaled.T), *options, *made, *kept)
        with np.errstate(over="ignore"):
            weights[s] *= (steps_of * unit)[:, None, None]
    if not np.all(np.isfinite(weights)):
        raise refuse("step_sizes", gammas, "the weights leave the floating-point range")
    out = (*Z.shape[:-2], *gammas.shape)
    return LogisticRun(
        times,
        weights.reshape(*out, len(times), d),
        losses.reshape(*out, len(times)),
        errors.reshape(*out, len(times)),
        first.reshape(out),
        Z,
    )
