r"""Train diagonal linear networks with every variant of gradient descent the theory speaks of, many seeds at once.

Losses are :math:`(1/2n)\|X\beta-y\|^2`, :math:`\beta=w_+^2-w_-^2+\lambda v`, so that a plain step multiplies
:math:`w_\pm` by :math:`1\mp2\gamma g`, g the gradient in :math:`\beta`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit, on_threads
from solvable.solvers.diagonal_networks.descent_run import DescentRun
from solvable.solvers.solution import Status
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_generator,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    read_regression,
    refuse,
    within_range,
)

__all__ = ["diagonal_descent"]

Array = NDArray[np.float64]
# sums may be reordered so that they vectorise; NaN and infinity are kept, or divergence would go unseen
_FAST = {"reassoc", "contract", "nsz"}
_LARGE = 1e100


@njit(inner=True)
def _uniform(state):  # type: ignore[no-untyped-def]
    """xorshift64* from a per-seed state: the same numbers for any number of threads."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True, nogil=True, fastmath=_FAST)
def _single(X, y, steps, times, seed, start, plus, minus):  # type: ignore[no-untyped-def]
    """Batch size one: the update of a step and the residual of the next in one pass over the weights."""
    n, d = X.shape
    p, m = start.copy(), start.copy()
    sample = int(_uniform(seed) * n)
    residual = -y[sample]
    for a in range(d):
        residual += (p[a] * p[a] - m[a] * m[a]) * X[sample, a]
    now = 0
    for k in range(times.size):
        while now < times[k]:
            factor = 2.0 * steps[now] * residual
            following = int(_uniform(seed) * n)
            row = X[sample]
            ahead = X[following]
            dot = 0.0
            for a in range(d):
                move = factor * row[a]
                up = p[a] * (1.0 - move)
                down = m[a] * (1.0 + move)
                p[a] = up
                m[a] = down
                dot += (up * up - down * down) * ahead[a]
            sample = following
            residual = dot - y[sample]
            now += 1
            if not abs(residual) < _LARGE:
                return now
        for a in range(d):
            plus[k, a] = p[a]
            minus[k, a] = m[a]
    return -1


@njit(inner=True, fastmath=_FAST)
def _draw(seed, order, chosen, batch, shuffle):  # type: ignore[no-untyped-def]
    """Put a batch into `chosen`: a partial Fisher-Yates shuffle, or independent samples."""
    n = order.size
    for j in range(batch):
        if shuffle:
            swap = j + int(_uniform(seed) * (n - j))
            order[j], order[swap] = order[swap], order[j]
            chosen[j] = order[j]
        else:
            chosen[j] = int(_uniform(seed) * n)


@njit(inner=True, fastmath=_FAST)
def _gradient(X, y, noise, chosen, batch, w, lam, g):  # type: ignore[no-untyped-def]
    """Gradient in beta of the batch loss with noisy labels, into g; returns the clean batch loss."""
    d = g.size
    for a in range(d):
        g[a] = 0.0
    loss = 0.0
    for j in range(batch):
        row = X[chosen[j]]
        residual = -y[chosen[j]]
        for a in range(d):
            residual += (w[0, a] * w[0, a] - w[1, a] * w[1, a] + lam * w[2, a]) * row[a]
        loss += 0.5 * residual * residual / batch
        residual = (residual - noise[j]) / batch
        for a in range(d):
            g[a] += residual * row[a]
    return loss


@njit(inner=True, fastmath=_FAST)
def _second(X, y, noise, chosen, batch, w, lam, ascent, g, moved, out):  # type: ignore[no-untyped-def]
    """Gradient at w + ascent grad L into `out`, or for ascent 0 its derivative in ascent."""
    d = g.size
    if ascent != 0.0:
        for a in range(d):
            moved[0, a] = w[0, a] * (1.0 + 2.0 * ascent * g[a])
            moved[1, a] = w[1, a] * (1.0 - 2.0 * ascent * g[a])
            moved[2, a] = w[2, a] + ascent * lam * g[a]
        _gradient(X, y, noise, chosen, batch, moved, lam, out)
        return
    for a in range(d):
        out[a] = 0.0
    for j in range(batch):
        row = X[chosen[j]]
        dot = 0.0
        for a in range(d):
            dot += row[a] * g[a] * (4.0 * (w[0, a] * w[0, a] + w[1, a] * w[1, a]) + lam * lam)
        for a in range(d):
            out[a] += dot / batch * row[a]


@njit(inner=True)
def _log_factor(x):  # type: ignore[no-untyped-def]
    """Logarithm of |1 + x|, exact for small x: gains are sums of many of them."""
    return np.log1p(x) if x > -1.0 else np.log(-1.0 - x)


@njit(cache=True, nogil=True, fastmath=_FAST)
def _general(X, y, steps, times, seed, batch, shuffle, options, order, w, moved, velocity, record, sums):  # type: ignore[no-untyped-def]  # fmt: skip
    """Every variant: options are label noise, momentum, penalty, ascent, flood level, lambda, accumulate."""
    amplitude, momentum, penalty, ascent, flood, lam, accumulate = options
    d = X.shape[1]
    g, other = np.empty(d), np.empty(d)
    chosen, noise = order.copy(), np.zeros(order.size)
    now = 0
    for k in range(times.size):
        while now < times[k]:
            if batch < order.size or not shuffle:
                _draw(seed, order, chosen, batch, shuffle and batch > 1)
            if amplitude > 0.0:
                for j in range(batch):
                    noise[j] = amplitude if _uniform(seed) < 0.5 else -amplitude
            loss = _gradient(X, y, noise, chosen, batch, w, lam, g)
            if not loss < _LARGE:
                return now
            step = steps[now] if loss >= flood else -steps[now]
            if penalty != 0.0:
                _second(X, y, noise, chosen, batch, w, lam, ascent, g, moved, other)
            for a in range(d):
                drift = 2.0 * g[a]  # odd part of the relative step, in the range of X^T
                product = g[a] * g[a]
                if penalty != 0.0:
                    if ascent != 0.0:
                        drift += 2.0 * penalty / ascent * (other[a] - g[a])
                        product = g[a] * other[a]
                    else:
                        drift += 2.0 * penalty * other[a]
                even = 4.0 * penalty * product
                for b in range(3):
                    slope = w[0, a] * (drift + even) if b == 0 else w[1, a] * (even - drift)
                    if b == 2:
                        slope = 0.5 * lam * drift
                    velocity[b, a] = momentum * velocity[b, a] + slope
                    w[b, a] -= step * velocity[b, a]
                if accumulate > 0.0:
                    sums[0, a] -= 2.0 * (_log_factor(-step * (drift + even)) + step * drift)
                    sums[1, a] -= 2.0 * (_log_factor(step * (drift - even)) - step * drift)
                    sums[2, a] += step * product
            sums[3, 0] += step * loss
            now += 1
        for b in range(3):
            for a in range(d):
                record[b, k, a] = w[b, a]
    return -1


@within_range
def diagonal_descent(
    X: ArrayLike,
    y: ArrayLike,
    step_size: ArrayLike,
    steps: int,
    initial_scale: ArrayLike,
    batch_size: int | None = None,
    *,
    sampling: str = "without-replacement",
    label_noise: float = 0.0,
    momentum: float = 0.0,
    gradient_penalty: float = 0.0,
    ascent: float = 0.0,
    flooding: float | None = None,
    linear_scale: float = 0.0,
    seeds: int = 1,
    checkpoints: ArrayLike = 200,
    accumulate: bool = False,
    rng: np.random.Generator | int | None = None,
) -> DescentRun:
    r"""Train a diagonal linear network :math:`\beta=w_+^2-w_-^2+\lambda v` from :math:`w_\pm=\alpha`, :math:`v=0`.

    Loss :math:`L=(1/2B)\sum_{i\in batch}(x_i\cdot\beta-y_i)^2`. The update is
    :math:`u\leftarrow\mu u+\nabla L+\rho\,\hat h`, :math:`w\leftarrow w-\gamma u`, with :math:`\hat h` an estimate of
    :math:`\nabla\|\nabla L\|^2/2`: :math:`[\nabla L(w+\epsilon\nabla L)-\nabla L(w)]/\epsilon`, forward for
    :math:`\epsilon>0`, backward for :math:`\epsilon<0`, exact (double backpropagation) for :math:`\epsilon=0`.
    :math:`\rho=\epsilon` is sharpness-aware minimisation without normalisation. Without momentum the run interpolates
    with the implicit bias ``interpolator(X, y, run.effective_scale, offset=run.offset)``, exactly.

    Factors of two: for papers with :math:`\beta=u\odot v`, :math:`u\leftarrow u-\gamma'g\odot v`,
    :math:`\gamma'=2\gamma`.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Design.
    y : array_like, shape (n,)
        Labels.
    step_size : array_like
        :math:`\gamma>0`, one number or a schedule of at least `steps` numbers.
    steps : int
        Number of updates.
    initial_scale : array_like
        :math:`\alpha>0`, one number or one a coordinate.
    batch_size : int, optional
        From 1 to n; all samples if omitted.
    sampling : {"without-replacement", "with-replacement"}
        How the samples of one step are drawn.
    label_noise : float
        Variance :math:`\delta`: every use of a label adds :math:`\pm\sqrt\delta` with a fresh sign.
    momentum : float
        :math:`\mu` in [0, 1).
    gradient_penalty : float
        :math:`\rho\ge0`.
    ascent : float
        :math:`\epsilon`, of either sign.
    flooding : float, optional
        Step uphill whenever the batch loss is below this level.
    linear_scale : float
        :math:`\lambda\ge0`.
    seeds : int
        Independent runs, in parallel; results do not depend on the number of threads.
    checkpoints : array_like
        How many steps to record, spaced logarithmically, or the steps themselves (0 and `steps` are added).
    accumulate : bool
        Also sum gains, losses and gradient products; not with momentum, where the steps are not factors.
    rng : Generator or int, optional
        Source of the seeds.

    Returns
    -------
    DescentRun
        Weights, losses, status and integrals.

    Raises
    ------
    ValueError
        A schedule shorter than the run, a batch size outside 1..n, gains with momentum, wrong shapes or signs.

    References
    ----------
    even2023sgd, andriushchenko2023sgd, karakida2023understanding

    Examples
    --------
    >>> from solvable.solvers import diagonal_descent, interpolator
    >>> X, y = [[1.0, 2.0, -1.0]], [1.0]
    >>> run = diagonal_descent(X, y, 0.1, 2000, 0.3, accumulate=True)
    >>> run.beta[0, -1].round(8)
    array([ 0.15028039,  0.34971961, -0.15028039])
    >>> interpolator(X, y, run.effective_scale[0], offset=run.offset[0]).value.round(8)
    array([ 0.15028039,  0.34971961, -0.15028039])
    """
    design, labels = read_regression(X, y)
    n, d = design.shape
    count = as_whole("steps", steps)
    scale = as_positive("initial_scale", initial_scale)
    if scale.shape not in ((), (d,)):
        raise refuse("initial_scale.shape", scale.shape, f"it must be one number or ({d},)")
    schedule = as_positive("step_size", step_size)
    if schedule.ndim > 1 or (schedule.ndim == 1 and schedule.size < count):
        raise refuse("step_size.shape", schedule.shape, f"it must be one number or a schedule of {count} or more")
    batch = n if batch_size is None else as_whole("batch_size", batch_size)
    if batch > n:
        raise refuse("batch_size", batch, f"it must be a whole number from 1 to n = {n}")
    sampling = as_choice("sampling", sampling, ("without-replacement", "with-replacement"))
    noise = as_scalar("label_noise", label_noise, as_nonnegative)
    mu = as_scalar("momentum", momentum, as_nonnegative)
    if mu >= 1:
        raise refuse("momentum", mu, "it must lie in [0, 1)")
    if accumulate and mu > 0:
        raise refuse("accumulate", accumulate, "with momentum the steps are not factors of the weights")
    rho, epsilon = as_scalar("gradient_penalty", gradient_penalty, as_nonnegative), as_scalar("ascent", ascent)
    flood = -np.inf if flooding is None else as_scalar("flooding", flooding, as_nonnegative)
    lam = as_scalar("linear_scale", linear_scale, as_nonnegative)
    check_room("steps", count, count)  # the schedule
    times = _recorded(checkpoints, count)
    runs = as_whole("seeds", seeds)
    check_room("seeds", runs, 3.0 * runs * times.size * d)
    states = as_generator("rng", rng).integers(1, 2**63, runs).astype(np.uint64)
    start = np.array(np.broadcast_to(scale, d))  # of one entry it would stay read-only: another compilation
    gamma = np.array(np.broadcast_to(schedule, count) if schedule.ndim == 0 else schedule[:count], order="C")
    design, labels = np.ascontiguousarray(design), np.ascontiguousarray(labels)
    options = (noise**0.5, mu, rho, epsilon, flood, lam, float(bool(accumulate)))
    plain = batch == 1 and n > 1 and not any(options[:4]) and lam == 0 and not accumulate and flooding is None
    record, sums = np.zeros((runs, 3, times.size, d)), np.zeros((runs, 4, d))

    def run(r: int) -> int:
        w, seed = np.array([start, start, np.zeros(d)]), states[r : r + 1]
        if plain:
            return int(_single(design, labels, gamma, times, seed, start, record[r, 0], record[r, 1]))
        return int(_general(design, labels, gamma, times, seed, batch, sampling == "without-replacement", options,
                            np.arange(n), w, np.empty_like(w), np.zeros_like(w), record[r], sums[r]))  # fmt: skip

    ends = np.array(on_threads(run, runs))
    # the weights after the last step have not met the test yet
    ends[(ends < 0) & ~np.all(np.abs(record[:, :, -1]) < _LARGE**0.5, axis=(1, 2))] = count
    for r in np.flatnonzero(ends >= 0):  # nothing after a divergence was recorded: the last finite weights
        last = max(np.searchsorted(times, ends[r]) - 1, 0)
        record[r, :, last + 1 :] = record[r, :, last : last + 1]
    plus, minus, branch = record.transpose(1, 0, 2, 3)
    beta = plus**2 - minus**2 + lam * branch
    loss = np.sum((beta @ design.T - labels) ** 2, axis=2) / (2 * n)
    loss[(ends[:, None] >= 0) & (times >= ends[:, None])] = np.inf
    small = loss[:, -1] <= 1e-16 * np.mean(labels**2)
    status = np.where(ends >= 0, Status.DIVERGES, np.where(small, Status.CONVERGED, Status.MAX_ITERATIONS))
    return DescentRun(
        times, plus, minus, branch, beta, loss, status.astype(np.int8), ends, sums[:, :2], sums[:, 3, 0], sums[:, 2]
    )


def _recorded(checkpoints: ArrayLike, steps: int) -> NDArray[np.int64]:
    """Steps to record: a number of log-spaced ones, or the given ones; always the first and the last."""
    given = as_finite("checkpoints", checkpoints)
    if given.ndim == 0:
        number = as_whole("checkpoints", given)
        check_room("checkpoints", number, number)
        wanted = np.geomspace(1, steps, max(number - 1, 1))
    else:
        wanted = given
        if given.ndim > 1 or np.any(given < 0) or np.any(given > steps) or np.any(given != np.round(given)):
            raise refuse("checkpoints", given, f"it must hold whole numbers from 0 to steps = {steps}")
    return np.unique(np.r_[0, np.round(wanted), steps].astype(np.int64))
