r"""Subgradient descent on a factorised matrix from few, partly corrupted measurements.

Measurements :math:`y_i=\langle A_i,X_*\rangle+s_i`; losses :math:`\frac1m\sum_i|\langle A_i,UU^T\rangle-y_i|` ("l1")
and :math:`\frac1{2m}\sum_i(\langle A_i,UU^T\rangle-y_i)^2` ("l2"); a step is :math:`U\leftarrow U-\eta_t(D+D^T)U`,
:math:`D=\frac1m\sum_ig_iA_i`, g the sign of the residual or the residual.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    MOST_STEPS,
    as_choice,
    as_finite,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    broadcast,
    check_room,
    refuse,
    within_range,
)

__all__ = ["LearningBudget", "SubgradientRun", "learning_budget", "sign_factor", "subgradient_descent"]

Array = NDArray[np.float64]
# sums may be reordered so that they vectorise; NaN and infinity are kept, or divergence would go unseen
_FAST = {"reassoc", "contract", "nsz"}


@njit(cache=True, nogil=True, fastmath=_FAST)
def _one(A, y, schedule, times, squared, U, factors, losses):  # type: ignore[no-untyped-def]
    """Descend from U; the first step at which the loss is not finite, or -1. A holds packed symmetric parts."""
    m, packed = A.shape
    d, rank = U.shape
    X, D, moved = np.empty(packed), np.empty(packed), np.empty((d, rank))
    now = 0
    for step in range(times[-1] + 1):
        place = 0
        for a in range(d):
            for b in range(a, d):
                total = 0.0
                for k in range(rank):
                    total += U[a, k] * U[b, k]
                X[place] = total
                D[place] = 0.0
                place += 1
        loss = 0.0
        for i in range(m // 4):  # four rows at a time: X and D are loaded once for all of them
            a0, a1, a2, a3 = A[4 * i], A[4 * i + 1], A[4 * i + 2], A[4 * i + 3]
            r0, r1, r2, r3 = -y[4 * i], -y[4 * i + 1], -y[4 * i + 2], -y[4 * i + 3]
            for j in range(packed):
                r0 += a0[j] * X[j]
                r1 += a1[j] * X[j]
                r2 += a2[j] * X[j]
                r3 += a3[j] * X[j]
            if squared:
                loss += 0.5 * (r0 * r0 + r1 * r1 + r2 * r2 + r3 * r3)
            else:
                loss += abs(r0) + abs(r1) + abs(r2) + abs(r3)
                r0, r1, r2, r3 = np.sign(r0), np.sign(r1), np.sign(r2), np.sign(r3)
            for j in range(packed):
                D[j] += r0 * a0[j] + r1 * a1[j] + r2 * a2[j] + r3 * a3[j]
        for i in range(m - m % 4, m):
            row = A[i]
            residual = -y[i]
            for j in range(packed):
                residual += row[j] * X[j]
            loss += 0.5 * residual * residual if squared else abs(residual)
            pull = residual if squared else np.sign(residual)
            for j in range(packed):
                D[j] += pull * row[j]
        if not loss < np.inf:
            return step
        if step == times[now]:
            losses[now] = loss / m
            for a in range(d):
                for k in range(rank):
                    factors[now, a, k] = U[a, k]
            now += 1
            if now == times.size:
                return -1
        pace = schedule[step] / m
        for a in range(d):
            for k in range(rank):
                moved[a, k] = 0.0
        place = 0
        for a in range(d):
            for b in range(a, d):
                for k in range(rank):  # D + D^T: the packed entry off the diagonal, twice that on it
                    moved[a, k] += D[place] * U[b, k]
                    moved[b, k] += D[place] * U[a, k]
                place += 1
        for a in range(d):
            for k in range(rank):
                U[a, k] -= pace * moved[a, k]
    return -1


@record
class SubgradientRun(
    OnGrid,
    axes={
        "times": "times",
        "factors": "... times row factor",
        "loss": "... times",
        "matrices": "... times row column",
    },
):
    r"""Factors along the descent.

    Attributes
    ----------
    times : ndarray of int64, shape (T,)
        Steps after which they were recorded, from 0 to the last.
    factors : ndarray, shape (..., T, d, rank)
        U.
    loss : ndarray, shape (..., T)
        Loss that is descended.
    matrices : ndarray, shape (..., T, d, d)
        :math:`UU^T`.
    """

    _derived = ("matrices",)

    times: NDArray[np.int64]
    factors: Array
    loss: Array

    @property
    def matrices(self) -> Array:
        """The matrices that the factors make."""
        return self.factors @ np.swapaxes(self.factors, -1, -2)


def _read(A: ArrayLike, y: ArrayLike) -> tuple[Array, Array, bool]:
    """Measurements with a first axis of seeds, packed symmetric parts, and whether there was such an axis."""
    matrices, labels = as_finite("A", A), as_finite("y", y)
    if matrices.ndim not in (3, 4) or 0 in matrices.shape or matrices.shape[-1] != matrices.shape[-2]:
        raise refuse("A.shape", matrices.shape, "it must be (m, d, d), or (seeds, m, d, d)")
    m = matrices.shape[-3]
    seeds = labels.shape[:1] if labels.ndim == 2 else ()
    if labels.ndim not in (1, 2) or labels.shape[-1] != m or 0 in labels.shape:
        raise refuse("y.shape", labels.shape, f"it must be ({m},), or (seeds, {m}), one label for each measurement")
    if matrices.ndim == 4 and seeds != matrices.shape[:1]:
        raise refuse("y.shape", labels.shape, f"it must be {matrices.shape[:2]}, as the measurements")
    rows, columns = np.triu_indices(matrices.shape[-1])
    halves = np.where(rows == columns, 0.5, 1.0)
    packed = halves * matrices[..., rows, columns] + halves * matrices[..., columns, rows]
    packed = packed.reshape(-1, m, rows.size)
    return np.ascontiguousarray(packed), np.ascontiguousarray(labels.reshape(-1, m)), bool(seeds)


@gridded(A="... measurement row column", y="... measurement")
@within_range
def subgradient_descent(
    A: ArrayLike,
    y: ArrayLike,
    rank: int,
    scale: float,
    schedule: ArrayLike,
    loss: str = "l1",
    start: ArrayLike | None = None,
    checkpoints: int = 200,
) -> SubgradientRun:
    r"""Descend on the mean absolute or the halved mean squared residual of a factorised symmetric matrix.

    From :math:`U_0=\alpha I_{d\times r'}`, :math:`U_{t+1}=U_t-\eta_t(D+D^T)U_t` with
    :math:`D=\frac1m\sum_i\mathrm{sign}(\langle A_i,UU^T\rangle-y_i)A_i` for "l1", and the residual in place of its sign
    for "l2": the gradients of :math:`\frac1m\sum_i|\cdot|` and :math:`\frac1{2m}\sum_i(\cdot)^2` in U.

    Parameters
    ----------
    A : array_like, shape (m, d, d) or (seeds, m, d, d)
        Measurement matrices; only their symmetric parts matter.
    y : array_like, shape (m,) or (seeds, m)
        Labels. Seeds run in parallel, with the same bits for any number of threads.
    rank : int
        r', columns of U, at most d.
    scale : float
        :math:`\alpha`, size of the start.
    schedule : array_like, shape (steps,)
        Step sizes :math:`\eta_t`.
    loss : {"l1", "l2"}
        What is descended.
    start : array_like, shape (d, rank), optional
        In place of the identity, times `scale`.
    checkpoints : int
        Steps that are recorded, evenly spaced, at most.

    Returns
    -------
    SubgradientRun
        Factors and losses at the recorded steps.

    Raises
    ------
    ValueError
        Shapes that do not fit, a rank above d, step sizes that are not positive, a descent that leaves the range.

    Notes
    -----
    Zero is a saddle: below the budget of `learning_budget` nothing is learned, whatever the measurements.

    References
    ----------
    ma2023global

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import subgradient_descent
    >>> rng = np.random.default_rng(0)
    >>> A = rng.standard_normal((300, 5, 5))
    >>> truth = np.outer([1, 2, 0, 0, 1], [1, 2, 0, 0, 1])
    >>> y = np.einsum("iab,ab->i", A, truth) + np.where(rng.random(300) < 0.1, 10.0, 0.0)
    >>> run = subgradient_descent(A, y, 5, 1e-6, 0.5 * 0.97 ** np.arange(600))
    >>> bool(np.linalg.norm(run.matrices[-1] - truth) < 1e-5)
    True
    """
    packed, labels, many = _read(A, y)
    d = np.shape(A)[-1]
    columns = as_whole("rank", rank)
    if columns > d:
        raise refuse("rank", rank, f"it must be at most d = {d}")
    alpha = as_scalar("scale", scale, as_positive)
    steps = as_positive("schedule", schedule)
    if steps.ndim != 1 or not steps.size:
        raise refuse("schedule.shape", steps.shape, "it must be one step size for each step")
    squared = as_choice("loss", loss, ("l1", "l2")) == "l2"
    first = np.eye(d, columns) if start is None else as_finite("start", start)
    if first.shape != (d, columns):
        raise refuse("start.shape", first.shape, f"it must be {(d, columns)}")
    kept = min(as_whole("checkpoints", checkpoints, MOST_STEPS), steps.size)
    seeds = len(labels)
    check_room("checkpoints", checkpoints, float(kept + 1) * seeds * d * columns)
    times = np.unique(np.linspace(0, steps.size, kept + 1).round().astype(np.int64))
    factors = np.empty((seeds, times.size, d, columns))
    losses, pace = np.empty((seeds, times.size)), np.ascontiguousarray(steps)

    def descend(s: int) -> int:
        rows = packed[min(s, len(packed) - 1)]
        return int(_one(rows, labels[s], pace, times, squared, alpha * first, factors[s], losses[s]))

    with ThreadPoolExecutor(min(seeds, numba.get_num_threads())) as pool:
        failed = [at for at in pool.map(descend, range(seeds)) if at >= 0]
    if failed or not np.isfinite(factors).all():
        at = min(failed, default=steps.size)
        raise refuse("schedule", steps, f"the descent leaves the range of doubles at step {at}; take smaller steps")
    return SubgradientRun(times, factors if many else factors[0], losses if many else losses[0])


@within_range
def sign_factor(delta: ArrayLike, outlier_rate: ArrayLike, outlier_std: ArrayLike) -> Array:
    r"""Factor between the expected sign direction and the unit vector towards the error.

    With Gaussian A of unit entries, :math:`E[\mathrm{sign}(\langle A,\Delta\rangle-s)A]=\varphi\Delta/\|\Delta\|_F`,
    :math:`\varphi=\sqrt{2/\pi}\,\bigl(1-p+p/\sqrt{1+\sigma^2/\|\Delta\|_F^2}\bigr)` for outliers s that are 0 with
    probability 1 - p and Gaussian of standard deviation :math:`\sigma` else.

    Parameters
    ----------
    delta : array_like
        Frobenius norm of the error.
    outlier_rate : array_like
        p in [0, 1].
    outlier_std : array_like
        :math:`\sigma`; infinite for gross outliers.

    Returns
    -------
    ndarray
        :math:`\varphi` on the broadcast grid.

    Raises
    ------
    ValueError
        A norm that is not positive, a rate outside [0, 1], a negative standard deviation.

    References
    ----------
    ma2023global (this form derived)

    Examples
    --------
    >>> from solvable.solvers import sign_factor
    >>> round(float(sign_factor(0.7, 0.3, 6.0)), 5)
    0.58626
    """
    norm, rate = as_positive("delta", delta), _rate(outlier_rate)
    spread = as_nonnegative("outlier_std", outlier_std, infinite=True)
    norm, rate, spread = broadcast(delta=norm, outlier_rate=rate, outlier_std=spread)
    top = np.maximum(norm, np.where(np.isinf(spread), norm, spread))
    cosine = np.where(np.isinf(spread), 0.0, norm / top / np.hypot(norm / top, np.minimum(spread / top, 1.0)))
    return np.asarray(np.sqrt(2 / np.pi) * (1 - rate + rate * cosine))


def _rate(outlier_rate: ArrayLike) -> Array:
    rate = as_nonnegative("outlier_rate", outlier_rate)
    if (rate > 1).any():
        raise refuse("outlier_rate", rate, "it is a probability: it must lie in [0, 1]")
    return rate


@record
class LearningBudget:
    r"""What a schedule can amplify.

    Attributes
    ----------
    growth : ndarray, shape (r,)
        Logarithm of the factor by which each direction of the target grows from a small start.
    needed : ndarray, shape (r,)
        :math:`\ln(\sqrt{\lambda_i}/\alpha)`: what it takes to reach the target.
    learned : ndarray of bool, shape (r,)
        Whether the first exceeds the second.
    """

    growth: Array
    needed: Array

    @property
    def learned(self) -> NDArray[np.bool_]:
        """Whether each direction grows to the size of the target."""
        return np.asarray(self.growth > self.needed)


@within_range
def learning_budget(
    schedule: ArrayLike, eigenvalues: ArrayLike, outlier_rate: float, scale: float, outlier_std: float = np.inf
) -> LearningBudget:
    r"""Growth that a schedule of step sizes gives to the directions of the target, against what is needed.

    For Gaussian A of unit entries. Near zero the error is the target, and a step multiplies the part of U along its
    eigenvector i by :math:`1+2\varphi\eta_t\lambda_i/\|X_*\|_F`, :math:`\varphi` of
    `sign_factor` at :math:`\|X_*\|_F`. Unless
    :math:`\sum_t\ln(\cdot)>\ln(\sqrt{\lambda_i}/\alpha)` the direction is not learned, whatever comes later.

    Parameters
    ----------
    schedule : array_like, shape (steps,)
        Step sizes :math:`\eta_t` of `subgradient_descent` with the loss "l1".
    eigenvalues : array_like, shape (r,)
        Positive eigenvalues :math:`\lambda_i` of the target.
    outlier_rate : float
        p in [0, 1].
    scale : float
        :math:`\alpha`.
    outlier_std : float
        Of the outliers; infinite by default, as for gross ones.

    Returns
    -------
    LearningBudget
        Growth and need of each direction.

    Raises
    ------
    ValueError
        As `sign_factor`; step sizes or eigenvalues that are not positive.

    Notes
    -----
    A lower estimate: growth is that of an error as large as the target, and it quickens as the error falls.

    References
    ----------
    ma2023global (this form derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import learning_budget
    >>> short, long = 0.1 * 0.99 ** np.arange(2000), 0.2 * 0.99 ** np.arange(2000)
    >>> [bool(learning_budget(s, [1.0, 1.0], 0.1, 1e-6).learned.all()) for s in (short, long)]
    [False, True]
    """
    steps, values = as_positive("schedule", schedule), as_positive("eigenvalues", eigenvalues)
    for name, array in (("schedule", steps), ("eigenvalues", values)):
        if array.ndim != 1 or not array.size:
            raise refuse(f"{name}.shape", array.shape, "it must be one row of numbers")
    alpha, rate = as_scalar("scale", scale, as_positive), float(_rate(as_scalar("outlier_rate", outlier_rate)))
    top = float(values.max())
    norm = top * float(np.linalg.norm(values / top))
    spread = as_scalar("outlier_std", outlier_std, lambda name, v: as_nonnegative(name, v, infinite=True))
    pace = 2 * sign_factor(norm, rate, spread) * (values / norm)
    check_room("schedule", steps.shape, float(steps.size) * values.size)
    growth = np.sum(np.log1p(np.multiply.outer(steps, pace)), axis=0)
    return LearningBudget(growth, np.log(values) / 2 - np.log(alpha))
