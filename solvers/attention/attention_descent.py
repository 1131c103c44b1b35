r"""Softmax attention trained by gradient descent, with a gradient that does not round to nothing.

Loss :math:`L=\frac1n\sum_i\log(1+e^{-f_i})`, :math:`f_i=\sum_ts_{it}g_{it}`, s = softmax of :math:`x_{it}^TWz_i`. With
the leading token :math:`\alpha` and :math:`D_t=g_\alpha-g_t`, :math:`\delta=\sum_ts_tD_t`: :math:`f=g_\alpha-\delta`,
:math:`d\delta/da_t=s_t(D_t-\delta)`. Weights :math:`s_t` are carried as logarithms and divided by the largest that does
not lead, which a normalised step does not see. The naive gradient, :math:`s_t(g_t-f)`, is rounding once s_alpha is 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit, on_threads, room
from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_generator,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    refuse,
    within_range,
)

__all__ = ["AttentionDescent", "attention_descent"]

Array = NDArray[np.float64]
_MOST_WORK = 10**10


@record
class AttentionDescent:
    """A run of descent for each seed, C checkpoints.

    Attributes
    ----------
    weights : ndarray, shape (seeds, C, d, d)
        W.
    steps : ndarray of int64, shape (C,)
        Steps before each checkpoint.
    selected : ndarray of int64, shape (seeds, n)
        Token with the largest weight at the end.
    peak : ndarray, shape (seeds, C)
        Largest softmax weight, averaged over prompts.
    loss : ndarray, shape (seeds, C)
        L.
    """

    weights: Array
    steps: NDArray[np.int64]
    selected: NDArray[np.int64]
    peak: Array
    loss: Array


@njit(inner=True, error_model="numpy")
def _slopes(x, z, g, W, naive, v, logs, coefficient, selected):  # type: ignore[no-untyped-def]
    """d L/d a_it up to a common factor into `coefficient`; loss and mean peak. `v` and `logs` are room."""
    n, T, d = x.shape
    top, loss, peak = -np.inf, 0.0, 0.0
    for i in range(n):
        for a in range(d):
            v[a] = 0.0
            for b in range(d):
                v[a] += W[a, b] * z[i, b]
        best = 0
        for t in range(T):
            logs[i, t] = 0.0
            for a in range(d):
                logs[i, t] += x[i, t, a] * v[a]
            if logs[i, t] > logs[i, best]:
                best = t
        selected[i] = best
        rest = 0.0
        lead = logs[i, best]
        for t in range(T):
            logs[i, t] -= lead
            if t != best:
                rest += math.exp(logs[i, t])
        shift = math.log1p(rest)
        peak += 1 / (1 + rest) / n
        for t in range(T):
            logs[i, t] -= shift
            if t != best and logs[i, t] > top:
                top = logs[i, t]
    if naive:
        top = 0.0
    for i in range(n):
        best = selected[i]
        delta, true = 0.0, 0.0
        for t in range(T):
            if t != best:
                weight = math.exp(logs[i, t] - top)
                delta += weight * (g[i, best] - g[i, t])
        true = delta * math.exp(top)
        f = g[i, best] - true
        loss += (math.log1p(math.exp(-abs(f))) + max(-f, 0.0)) / n
        slope = 1 / (1 + math.exp(f)) if f < 0 else math.exp(-f) / (1 + math.exp(-f))
        if naive:
            f = 0.0
            for t in range(T):
                f += math.exp(logs[i, t]) * g[i, t]
            for t in range(T):
                coefficient[i, t] = -slope / n * math.exp(logs[i, t]) * (g[i, t] - f)
        else:
            for t in range(T):
                if t == best:
                    coefficient[i, t] = -slope / n * math.exp(logs[i, t]) * delta
                else:
                    coefficient[i, t] = slope / n * math.exp(logs[i, t] - top) * (g[i, best] - g[i, t] - true)
    return loss, peak


@njit(inner=True, error_model="numpy")
def _gradient(x, z, coefficient, v, G):  # type: ignore[no-untyped-def]
    n, T, d = x.shape
    for a in range(d):
        for b in range(d):
            G[a, b] = 0.0
    for i in range(n):
        for a in range(d):
            v[a] = 0.0
        for t in range(T):
            for a in range(d):
                v[a] += coefficient[i, t] * x[i, t, a]
        for a in range(d):
            for b in range(d):
                G[a, b] += v[a] * z[i, b]


@njit(inner=True, error_model="numpy")
def _step(P, G, eta):  # type: ignore[no-untyped-def]
    """P - eta G/|G|; nothing where the gradient vanishes."""
    largest, square = 0.0, 0.0
    for a in range(P.shape[0]):
        for b in range(P.shape[1]):
            largest = max(largest, abs(G[a, b]))
    if largest > 0:  # squares of small gradients underflow
        for a in range(P.shape[0]):
            for b in range(P.shape[1]):
                share = G[a, b] / largest
                square += share * share
        size = math.sqrt(square)
        for a in range(P.shape[0]):
            for b in range(P.shape[1]):
                P[a, b] -= eta * (G[a, b] / largest / size)


@njit(inner=True, error_model="numpy")
def _product(K, Q, W):  # type: ignore[no-untyped-def]
    for a in range(W.shape[0]):
        for b in range(W.shape[1]):
            W[a, b] = 0.0
            for m in range(K.shape[1]):
                W[a, b] += K[a, m] * Q[b, m]


@njit(inner=True, error_model="numpy")
def _copy(source, target):  # type: ignore[no-untyped-def]
    # entry by entry: the message for unequal shapes of a slice assignment takes four seconds to compile
    for a in range(source.shape[0]):
        for b in range(source.shape[1]):
            target[a, b] = source[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def _descend(  # type: ignore[no-untyped-def]
    x, z, g, first, second, factored, naive, eta, marks, v, square, slopes, scores, weights, selected, peak, loss
):
    """One seed; `first` and `second` are W and nothing, or K and Q, and change in place; `_room` makes v to scores."""
    d, m = second.shape
    W, G, GK, GQ, coefficient = square[0], square[1], slopes[0], slopes[1], scores[0]
    mark = 0
    for step in range(marks[-1] + 1):
        if factored:
            _product(first, second, W)
        else:
            _copy(first, W)
        now_loss, now_peak = _slopes(x, z, g, W, naive, v, scores[1], coefficient, selected)
        if step == marks[mark]:
            _copy(W, weights[mark])
            peak[mark], loss[mark] = now_peak, now_loss
            mark += 1
        if step == marks[-1]:
            break
        _gradient(x, z, coefficient, v, G)
        if factored:
            for a in range(d):
                for b in range(m):
                    GK[a, b] = 0.0
                    GQ[a, b] = 0.0
                    for c in range(d):
                        GK[a, b] += G[a, c] * second[c, b]
                        GQ[a, b] += G[c, a] * first[c, b]
            _step(first, GK, eta)
            _step(second, GQ, eta)
        else:
            _step(first, G, eta)


def _room(x: Array, m: int) -> list[Array]:
    """A vector, W and its gradient, the gradients of its factors, the slopes in the scores, logarithms of weights."""
    n, T, d = x.shape
    return room((d,), (2, d, d), (2, d, m), (2, n, T))


def as_scored_prompts(tokens: ArrayLike, queries: ArrayLike, scores: ArrayLike) -> tuple[Array, Array, Array]:
    """Tokens, queries and scores of one shape, the best token of each prompt untied."""
    x, z, g = as_finite("tokens", tokens), as_finite("queries", queries), as_finite("scores", scores)
    if x.ndim != 3 or 0 in x.shape or x.shape[1] < 2:
        raise refuse("tokens.shape", x.shape, "it must be (n, T, d) with at least two tokens")
    for name, array, shape in (("queries", z, (x.shape[0], x.shape[2])), ("scores", g, x.shape[:2])):
        if array.shape != shape:
            raise refuse(f"{name}.shape", array.shape, f"it must be {shape}")
    for name, array in (("tokens", x), ("queries", z), ("scores", g)):
        if float(np.abs(array).max()) > 1e75:
            raise refuse(name, float(np.abs(array).max()), "entries beyond 1e75 lead beyond the range of doubles")
    order = np.sort(g, axis=1)
    if np.any(order[:, -1] == order[:, -2]):
        raise refuse("scores", g, "the best token of a prompt must not be tied with another")
    return np.ascontiguousarray(x), np.ascontiguousarray(z), np.ascontiguousarray(g)


@within_range
def attention_descent(
    tokens: ArrayLike,
    queries: ArrayLike,
    scores: ArrayLike,
    step_size: float,
    steps: int,
    parametrisation: str = "weights",
    gradient: str = "stable",
    initial_scale: float = 0.01,
    *,
    seeds: int = 1,
    checkpoints: int = 20,
    rng: np.random.Generator | int = 0,
) -> AttentionDescent:
    r"""Normalised gradient descent on the attention weights of a fixed linear readout.

    .. math:: L=\frac1n\sum_i\log(1+e^{-f_i}),\qquad f_i=\sum_tg_{it}\,\mathrm{softmax}_t(x_{it}^TWz_i), \qquad
        W\leftarrow W-\eta\,\nabla L/\|\nabla L\|

    with :math:`g_{it}=Y_iv^Tx_{it}`. Of K and Q in W = K Q^T each is normalised by itself.

    Parameters
    ----------
    tokens : array_like, shape (n, T, d)
        :math:`x_{it}`.
    queries : array_like, shape (n, d)
        :math:`z_i`.
    scores : array_like, shape (n, T)
        :math:`g_{it}`, the largest of each prompt not tied.
    step_size : float
        :math:`\eta`.
    steps : int
        Updates.
    parametrisation : {"weights", "key-query"}
        What is trained: W, or K and Q of shape (d, d).
    gradient : {"stable", "naive"}
        The naive one rounds to noise once softmax rounds to 1, at margins of about 36.
    initial_scale : float
        Standard deviation of the entries at the start.
    seeds : int
        Runs, in parallel.
    checkpoints : int
        How many are kept, spread evenly in the logarithm of the step, first and last included.
    rng : Generator or int
        Draws the starts.

    Returns
    -------
    AttentionDescent
        Weights, peaks and losses at the checkpoints, tokens selected at the end.

    Raises
    ------
    ValueError
        Shapes that do not match, tied scores, too much work.

    References
    ----------
    tarzanagh2023transformers (descent as in its experiments; stable gradient derived)

    Examples
    --------
    >>> from solvable.solvers import attention_descent
    >>> run = attention_descent([[[1.0, 0.0], [0.0, 1.0]]], [[1.0, 0.0]], [[1.0, 0.0]], 0.1, 1000)
    >>> run.selected, bool(run.peak[0, -1] > 0.999)
    (array([[0]]), True)
    """
    x, z, g = as_scored_prompts(tokens, queries, scores)
    factored = as_choice("parametrisation", parametrisation, ("weights", "key-query")) == "key-query"
    naive = as_choice("gradient", gradient, ("stable", "naive")) == "naive"
    eta, scale = as_scalar("step_size", step_size, as_positive), as_scalar("initial_scale", initial_scale, as_positive)
    length, runs, count = as_whole("steps", steps), as_whole("seeds", seeds), as_whole("checkpoints", checkpoints)
    d = x.shape[2]
    work = float(length) * runs * (x.size + d * d * (len(x) + (3 * d if factored else 0)))
    if work > _MOST_WORK:
        raise refuse("steps", length, f"{work:.2g} operations are asked for, and {_MOST_WORK:.0e} are the limit")
    check_room("checkpoints", count, float(min(count, length + 1)) * runs * d * d)
    generator = as_generator("rng", rng)
    marks = np.unique(np.round(np.geomspace(1, length + 1, count)).astype(np.int64) - 1) if count > 1 else np.array([0])
    marks = np.unique(np.append(marks, length)) if count > 1 else np.array([length], dtype=np.int64)
    first = scale * generator.standard_normal((runs, d, d))
    second = scale * generator.standard_normal((runs, d, d)) if factored else np.zeros((runs, d, 1))
    weights, peak, loss = np.empty((runs, len(marks), d, d)), np.empty((runs, len(marks))), np.empty((runs, len(marks)))
    selected = np.empty((runs, len(x)), dtype=np.int64)

    def run(s: int) -> None:
        made, kept = _room(x, second.shape[-1]), (array[s] for array in (weights, selected, peak, loss))
        _descend(x, z, g, first[s], second[s], factored, naive, eta, marks, *made, *kept)

    on_threads(run, runs)
    return AttentionDescent(weights, marks, selected, peak, loss)
