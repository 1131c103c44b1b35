r"""Simulate linearised SGD, :math:`\theta_{t+1} = (I - (\eta/B)\sum_{i\in batch} g_i g_i^T)\theta_t`, many chains.

Mean-square and almost-sure growth differ: the mean of :math:`\|\theta\|^2` is carried by rare chains. Norms are kept as
logarithms, so neither growth nor decay can overflow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit, on_threads
from solvable.solvers.sgd_stability.hessians import SAMPLINGS
from solvable.solvers.validate import (
    MOST_STEPS,
    as_choice,
    as_generator,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)

__all__ = ["linearised_sgd"]

_BLOCKS = 64  # of chains that one thread runs in one call


@njit(inner=True)
def _next(state):  # type: ignore[no-untyped-def]
    """xorshift64* from a per-chain state: the same numbers for any number of threads."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return (x * np.uint64(2685821657736338717)) >> np.uint64(11)


@njit(cache=True, nogil=True)
def _run(gradients, step, batch, scheme, start, seeds, steps):  # type: ignore[no-untyped-def]
    n, d = gradients.shape
    chains = seeds.size
    logs = np.empty((chains, steps.size))
    for chain in range(chains):
        state = np.empty(1, dtype=np.uint64)
        state[0] = seeds[chain]
        theta = start[chain].copy()
        order = np.arange(n)
        chosen = np.empty(n, dtype=np.int64)
        move = np.empty(d)
        level = 0.0
        now = 0
        for k in range(steps.size):
            while now < steps[k]:
                count = 0
                if scheme == 2:  # each sample with probability batch/n
                    for i in range(n):
                        if _next(state) * (1.0 / 9007199254740992.0) * n < batch:
                            chosen[count] = i
                            count += 1
                else:
                    for j in range(batch):
                        if scheme == 1:
                            chosen[count] = int(_next(state) * (1.0 / 9007199254740992.0) * n)
                        else:  # partial Fisher-Yates
                            other = j + int(_next(state) * (1.0 / 9007199254740992.0) * (n - j))
                            order[j], order[other] = order[other], order[j]
                            chosen[count] = order[j]
                        count += 1
                for a in range(d):
                    move[a] = 0.0
                for j in range(count):
                    dot = 0.0
                    for a in range(d):
                        dot += gradients[chosen[j], a] * theta[a]
                    for a in range(d):
                        move[a] += dot * gradients[chosen[j], a]
                size = 0.0
                for a in range(d):
                    theta[a] -= step / batch * move[a]
                    size += theta[a] * theta[a]
                if size > 1e100 or (0.0 < size < 1e-100):
                    root = np.sqrt(size)
                    level += np.log(root)
                    for a in range(d):
                        theta[a] /= root
                now += 1
            size = 0.0
            for a in range(d):
                size += theta[a] * theta[a]
            logs[chain, k] = 2.0 * level + (np.log(size) if size > 0.0 else -np.inf)
    return logs


@within_range
def linearised_sgd(
    gradients: ArrayLike,
    step_size: float,
    batch_size: int,
    steps: ArrayLike,
    chains: int,
    rng: np.random.Generator | int | None = None,
    sampling: str = "without-replacement",
) -> NDArray[np.float64]:
    r"""Simulate chains of linearised SGD from random unit vectors; return :math:`\log\|\theta_t\|^2`.

    Rank-one Hessians :math:`g_i g_i^T`, loss :math:`(1/2n)\sum r_i^2`.

    Parameters
    ----------
    gradients : array_like, shape (n, d)
        Gradients of the model's outputs at the minimum.
    step_size : float
        Positive.
    batch_size : int
        From 1 to n.
    steps : array_like
        Increasing times at which norms are recorded.
    chains : int
        Independent chains, run in parallel; the result does not depend on the number of threads.
    rng : Generator or int, optional
        Source of the chains' seeds and starting points.
    sampling : {"without-replacement", "with-replacement", "bernoulli"}
        How batches are drawn.

    Returns
    -------
    ndarray, shape (chains, times)
        Log squared norms; -inf where a chain reached exactly zero.

    Raises
    ------
    ValueError
        A batch size outside 1..n, times that do not increase, an unknown sampling.

    References
    ----------
    wu2023implicit

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import linearised_sgd
    >>> linearised_sgd(np.eye(1), 3.0, 1, [1, 2], chains=1, rng=0).round(6)  # factor (1 - 3)^2 a step
    array([[1.386294, 2.772589]])
    """
    G = as_matrix("gradients", gradients)
    sampling = as_choice("sampling", sampling, SAMPLINGS)
    batch = as_whole("batch_size", batch_size)
    if batch > len(G):
        raise refuse("batch_size", batch, f"it must be a whole number from 1 to n = {len(G)}")
    times = np.atleast_1d(as_nonnegative("steps", steps))
    if times.ndim != 1 or times.size == 0 or np.any(np.diff(times) <= 0) or np.any(times != np.round(times)):
        raise refuse("steps", times, "it must hold increasing whole numbers")
    if times[-1] > MOST_STEPS:
        raise refuse("steps", times, f"up to {MOST_STEPS:,} steps are simulated")
    generator, count = as_generator("rng", rng), as_whole("chains", chains)
    check_room("chains", count, float(count) * max(G.shape[1], times.size))
    start = generator.standard_normal((count, G.shape[1]))
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    seeds = generator.integers(1, 2**63, len(start)).astype(np.uint64)
    step = as_scalar("step_size", step_size, as_positive)
    G, scheme, marks = np.ascontiguousarray(G), SAMPLINGS.index(sampling), times.astype(np.int64)
    blocks = np.array_split(np.arange(count), min(count, _BLOCKS))

    def run(block: int) -> NDArray[np.float64]:
        own = blocks[block]
        return np.asarray(_run(G, step, batch, scheme, start[own], seeds[own], marks))

    logs = np.concatenate(on_threads(run, len(blocks)))
    if np.isnan(logs).any():
        raise refuse("gradients", G, "steps of this size leave the range of doubles at once")
    return logs
