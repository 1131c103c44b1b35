r"""Simulate SGD and Adam on least squares: what has no closed form.

Loss :math:`(1/2B)\|y_b-X_bw\|^2` on a batch of B rows drawn without replacement at every step. Deterministic methods
are spectral filters (`descent_path`) and need no simulation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.double_descent.spectral_filter import as_times
from solvable.solvers.validate import (
    MOST_STEPS,
    as_choice,
    as_finite,
    as_generator,
    as_matrix,
    as_positive,
    as_scalar,
    as_whole,
    refuse,
    within_range,
)

__all__ = ["optimiser_chain"]

Array = NDArray[np.float64]
OPTIMISERS = ("sgd", "adam")


@njit(inner=True)
def _next(state):  # type: ignore[no-untyped-def]
    """xorshift64*: the same numbers on every machine."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def _run(X, y, w, step, batch, adam, first, second, guard, seed, times):  # type: ignore[no-untyped-def]
    n, p = X.shape
    out = np.empty((times.size, p))
    state = np.full(1, seed, dtype=np.uint64)
    order = np.arange(n)
    gradient = np.empty(p)
    mean = np.zeros(p)
    square = np.zeros(p)
    power_first, power_second = 1.0, 1.0
    now = 0
    for k in range(times.size):
        while now < times[k]:
            for a in range(p):
                gradient[a] = 0.0
            for j in range(batch):
                if batch < n:
                    other = j + int(_next(state) * (n - j))
                    order[j], order[other] = order[other], order[j]
                i = order[j]
                residual = -y[i]
                for a in range(p):
                    residual += X[i, a] * w[a]
                residual /= batch
                for a in range(p):
                    gradient[a] += residual * X[i, a]
            now += 1
            if adam:
                power_first *= first
                power_second *= second
                for a in range(p):
                    mean[a] = first * mean[a] + (1.0 - first) * gradient[a]
                    square[a] = second * square[a] + (1.0 - second) * gradient[a] * gradient[a]
                    scale = np.sqrt(square[a] / (1.0 - power_second)) + guard
                    w[a] -= step * mean[a] / (1.0 - power_first) / scale
            else:
                for a in range(p):
                    w[a] -= step * gradient[a]
        for a in range(p):
            out[k, a] = w[a]
    return out


@within_range
def optimiser_chain(
    X: ArrayLike,
    y: ArrayLike,
    steps: ArrayLike,
    optimiser: str = "sgd",
    *,
    step_size: float,
    batch_size: int | None = None,
    start: ArrayLike | None = None,
    betas: tuple[float, float] = (0.9, 0.999),
    guard: float = 1e-8,
    rng: np.random.Generator | int | None = None,
) -> Array:
    r"""Weights of SGD or Adam on least squares after given numbers of steps.

    Loss :math:`(1/2B)\|y_b-X_bw\|^2` on the batch, so a full batch is gradient descent on :math:`(1/2n)\|y-Xw\|^2`.
    Steps count updates, not epochs.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Rows are samples.
    y : array_like, shape (n,)
        Labels.
    steps : array_like
        Increasing whole numbers of updates.
    optimiser : {"sgd", "adam"}
        Update rule; Adam with bias correction.
    step_size : float
        Positive. Divergence shows as infinite weights, it is not hidden.
    batch_size : int, optional
        From 1 to n; the whole data unless given.
    start : array_like, shape (p,), optional
        Initial weights, 0 unless given.
    betas : tuple of float
        Adam's two averaging constants, in [0, 1).
    guard : float
        Adam's epsilon.
    rng : Generator or int, optional
        Source of the batches.

    Returns
    -------
    ndarray, shape (times, p)
        Weights.

    Raises
    ------
    ValueError
        Shapes that do not match, a batch size outside 1..n, an unknown optimiser, steps that do not increase.

    References
    ----------
    liu2023optimization (the comparison)

    Examples
    --------
    >>> from solvable.solvers import optimiser_chain
    >>> optimiser_chain([[1.0, 0.0], [0.0, 1.0]], [1.0, -1.0], [1, 2], step_size=1.0)  # (1 - 1/2)^t
    array([[ 0.5 , -0.5 ],
           [ 0.75, -0.75]])
    """
    features = np.ascontiguousarray(as_matrix("X", X))  # one compilation for every layout
    n, p = features.shape
    targets = np.ascontiguousarray(as_finite("y", y))
    if targets.shape != (n,):
        raise refuse("y.shape", targets.shape, f"it must be {(n,)}, one label for each row of X")
    as_choice("optimiser", optimiser, OPTIMISERS)
    batch = n if batch_size is None else as_whole("batch_size", batch_size)
    if batch > n:
        raise refuse("batch_size", batch, f"it must be a whole number from 1 to n = {n}")
    moments = as_times("steps", steps)
    if moments[-1] > MOST_STEPS:
        raise refuse("steps", moments, f"up to {MOST_STEPS:,} updates are simulated")
    times = moments.astype(np.int64)
    weights = np.zeros(p) if start is None else as_finite("start", start)
    if weights.shape != (p,):
        raise refuse("start.shape", weights.shape, f"it must be {(p,)}")
    averaging = as_finite("betas", betas)
    if averaging.shape != (2,) or np.any((averaging < 0) | (averaging >= 1)):
        raise refuse("betas", averaging, "it must be two numbers in [0, 1)")
    step, small = as_scalar("step_size", step_size, as_positive), as_scalar("guard", guard, as_positive)
    seed = as_generator("rng", rng).integers(1, 2**63)
    first, second = (float(b) for b in averaging)
    arguments = features, targets, weights.copy(), step, batch, optimiser == "adam", first, second, small
    found = _run(*arguments, np.uint64(seed), times)
    return np.where(np.isnan(found), np.inf, found)  # inf - inf: the weights had diverged
