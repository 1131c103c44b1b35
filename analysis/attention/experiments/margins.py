"""Token selection by descent and by general-purpose optimisers; nothing here solves a margin program by its dual."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.attention.settings import best_tokens, selection_problem, token_rows
from solvable.solvers import attention_descent, regularisation_path
from solvable.solvers.attention.attention_descent import AttentionDescent

__all__ = [
    "descended",
    "descended_direction",
    "direction_distance",
    "easy_problem",
    "feasibility_gain",
    "feasible_margin",
    "key_query_norm",
    "least_squares_rank",
    "naive_loss",
    "path_slope",
    "programmed",
    "run_problem",
    "selected_margin",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def easy_problem(rng: Rng, n: int, T: int, d: int) -> dict[str, Any]:
    """A problem whose best tokens can all be put first: a linear program says so."""
    while True:
        problem = selection_problem(rng, n, T, d)
        if feasible_margin(**problem) > 1e-3:
            return problem


def feasible_margin(tokens: Array, queries: Array, scores: Array) -> float:
    """Largest margin of the best tokens for weights with entries in [-1, 1], by a linear program."""
    from scipy.optimize import linprog

    A = token_rows(tokens, queries, best_tokens(scores))
    cost = np.zeros(A.shape[1] + 1)
    cost[-1] = -1.0
    found = linprog(cost, np.column_stack([-A, np.ones(len(A))]), np.zeros(len(A)),
                    bounds=[(-1, 1)] * A.shape[1] + [(None, 1)])  # fmt: skip
    return float(-found.fun)


def programmed(tokens: Array, queries: Array, scores: Array) -> Array:
    """Norm and least margin of the weights of least norm, by sequential quadratic programming."""
    W = _programmed(tokens, queries, scores)
    return np.array([np.linalg.norm(W), np.min(token_rows(tokens, queries, best_tokens(scores)) @ W)])


def _programmed(tokens: Array, queries: Array, scores: Array) -> Array:
    from scipy.optimize import minimize

    A = token_rows(tokens, queries, best_tokens(scores))
    found = minimize(
        lambda w: 0.5 * w @ w, A.mean(axis=0), jac=lambda w: w, method="SLSQP",
        constraints={"type": "ineq", "fun": lambda w: A @ w - 1, "jac": lambda w: A},
        options={"ftol": 1e-14, "maxiter": 1000},
    )  # fmt: skip
    return np.asarray(found.x)


def least_squares_rank(tokens: Array, queries: Array, scores: Array) -> float:
    """Rank of the weights of least Frobenius norm, singular values above 1e-5 of the largest."""
    d = queries.shape[1]
    s = np.linalg.svd(_programmed(tokens, queries, scores).reshape(d, d), compute_uv=False)
    return float(np.sum(s > 1e-5 * s[0]))


def descended_direction(tokens: Array, queries: Array, scores: Array, steps: int = 8000) -> Array:
    """W over its norm after normalised gradient descent."""
    W = attention_descent(tokens, queries, scores, 0.1, steps, checkpoints=1).weights[0, -1]
    return np.asarray(W / np.linalg.norm(W))


def direction_distance(rng: Rng, steps: int, n: int, T: int, d: int) -> float:
    """One minus the correlation of W at `steps` and at eight times as many, of one problem from a random start.

    The later W is nearer by a factor that is the same at all `steps`, and the exponent does not see it.
    """
    problem = easy_problem(np.random.default_rng(3), n, T, d)
    start = int(rng.integers(2**31))
    early, late = (
        attention_descent(**problem, step_size=0.1, steps=s, checkpoints=1, rng=start, initial_scale=0.3).weights[0, -1]
        for s in (steps, 8 * steps)
    )
    difference = early / np.linalg.norm(early) - late / np.linalg.norm(late)
    return float(0.5 * np.sum(difference**2))


def run_problem(rng: Rng, n: int, T: int, d: int, parametrisation: str) -> dict[str, Any]:
    """What a run of descent starts from."""
    del parametrisation
    return easy_problem(rng, n, T, d)


def descended(
    rng: Rng, tokens: Array, queries: Array, scores: Array, parametrisation: str, steps: int = 4000,
    checkpoints: int = 20,
) -> AttentionDescent:  # fmt: skip
    """A run from a random start, smaller for W than for its factors."""
    step, scale = (0.1, 0.01) if parametrisation == "weights" else (0.05, 0.1)
    return attention_descent(tokens, queries, scores, step, steps, parametrisation=parametrisation,
                             initial_scale=scale, checkpoints=checkpoints, rng=rng)  # fmt: skip


def _descended(
    rng: Rng, tokens: Array, queries: Array, scores: Array, parametrisation: str
) -> tuple[Array, float, dict[str, Array]]:
    """Weights after descent from a random start, the least margin of their selection, and what they are."""
    run = descended(rng, tokens, queries, scores, parametrisation, checkpoints=1)
    weights, selected = run.weights[0, -1], run.selected[0]
    least = float(np.min(token_rows(tokens, queries, selected) @ weights.ravel()))
    return weights, least, {"selected": selected, "weights": weights}


def selected_margin(
    rng: Rng, tokens: Array, queries: Array, scores: Array, parametrisation: str, **_: Any
) -> tuple[float, dict[str, Array]]:
    """Least margin by which descended weights put their selection first, over their norm; and the run's end."""
    weights, least, end = _descended(rng, tokens, queries, scores, parametrisation)
    return least / float(np.linalg.norm(weights)), end


def key_query_norm(
    rng: Rng, tokens: Array, queries: Array, scores: Array, parametrisation: str, **_: Any
) -> tuple[float, dict[str, Array]]:
    """Nuclear norm of descended weights, scaled to a least margin of one for the tokens they select; the run's end."""
    weights, least, end = _descended(rng, tokens, queries, scores, parametrisation)
    return float(np.linalg.svd(weights, compute_uv=False).sum()) / least, end


def naive_loss(rng: Rng, n: int, T: int, d: int) -> float:
    """Log of the normalised margin that the stable gradient reaches over that of the naive one."""
    problem = easy_problem(rng, n, T, d)
    margins = []
    for gradient in ("stable", "naive"):
        W = attention_descent(**problem, step_size=0.1, steps=2000, gradient=gradient, checkpoints=1).weights[0, -1]
        rows = token_rows(problem["tokens"], problem["queries"], best_tokens(problem["scores"]))
        margins.append(max(np.min(rows @ W.ravel()) / np.linalg.norm(W), 1e-3))
    return float(np.log(margins[0] / margins[1]))


def path_slope(tokens: Array, queries: Array, scores: Array, radius: float) -> float:
    """log(L - L_*)/R at the least loss in the ball of radius R."""
    return float(regularisation_path(tokens, queries, scores, [radius]).log_excess[0]) / radius


def feasibility_gain(rng: Rng, T: int, n: int, low: int, high: int, draws: int = 8) -> float:
    """Difference of the shares of feasible problems in `high` and in `low` dimensions."""
    shares = [np.mean([feasible_margin(**selection_problem(rng, n, T, d)) > 1e-9 for _ in range(draws)])
              for d in (low, high)]  # fmt: skip
    return float(shares[1] - shares[0])
