r"""Attention as a support vector machine: the weights of least norm that put the selected token first everywhere.

Prompts i have tokens :math:`x_{it}` and a query :math:`z_i`; attention weighs the tokens by
softmax(:math:`x_{it}^TWz_i`). Descent on W picks a token in each prompt and runs to infinity along

.. math:: W = \arg\min\|W\|\ \ \text{s.t.}\ \ (x_{i\alpha_i}-x_{it})^TWz_i\ge1 \ \ (t\ne\alpha_i),

in the Frobenius norm, or for W = K Q^T trained in its factors in the nuclear norm. Only products of token differences
and queries count, so both are solved in the coordinates these span. Any :math:`\lambda\ge0` bounds the norm from below,
by :math:`\sum\lambda/\|\sum\lambda_{it}(x_{i\alpha_i}-x_{it})z_i^T\|_*` in the dual norm: that is the certificate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.separable.max_margin import project_onto_margin
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import as_choice, as_finite, as_nonnegative, as_real, as_scalar, refuse, within_range

__all__ = ["AttentionMargin", "attention_margin", "locally_optimal"]

Array = NDArray[np.float64]
_ITERATIONS, _GAP = 4000, 1e-9
_RANK = 1e-7  # of the largest singular value; below it lies what the iteration leaves


@record
class AttentionMargin:
    """Attention weights of least norm.

    Attributes
    ----------
    weights : ndarray, shape (d, d)
        W, scores are x.W.z.
    norm : float
        Of the weights, Frobenius or nuclear.
    margins : ndarray, shape (n, T)
        By how much the selected token leads each other one, at least 1; inf at the selected and at masked tokens.
    rank : int
        Singular values above 1e-7 of the largest.
    dual : ndarray, shape (n, T)
        Multipliers of the constraints, not negative. Frobenius: the weights are their sum over the rows
        (x_selected - x) z^T. Nuclear: that sum has operator norm one, and they add up to the certificate.
    certificate : float
        Lower bound on the norm of all feasible weights, proved by the multipliers.
    solution : Solution
        The norm, its gap to the certificate, relative, status and iterations.
    """

    weights: Array
    norm: float
    margins: Array
    rank: int
    dual: Array
    certificate: float
    solution: Solution


def _read(
    tokens: ArrayLike, queries: ArrayLike, selected: ArrayLike, mask: ArrayLike | None
) -> tuple[Array, Array, NDArray[np.intp], NDArray[np.bool_]]:
    x, z, chosen = as_finite("tokens", tokens), as_finite("queries", queries), as_finite("selected", selected)
    if x.ndim != 3 or 0 in x.shape or x.shape[1] < 2:
        raise refuse("tokens.shape", x.shape, "it must be (n, T, d) with at least two tokens")
    if z.shape != (x.shape[0], x.shape[2]):
        raise refuse("queries.shape", z.shape, f"it must be {(x.shape[0], x.shape[2])}, one query for each prompt")
    if chosen.shape != x.shape[:1]:
        raise refuse("selected.shape", chosen.shape, f"it must be {x.shape[:1]}, one token for each prompt")
    if np.any((chosen != np.floor(chosen)) | (chosen < 0) | (chosen >= x.shape[1])):
        raise refuse("selected", chosen, f"tokens are numbered from 0 to {x.shape[1] - 1}")
    index = chosen.astype(np.intp)
    counts = np.ones(x.shape[:2], dtype=bool)
    if mask is not None:
        given = as_real("mask", mask)
        if given.shape != x.shape[:2] or np.any((given != 0) & (given != 1)):
            raise refuse("mask.shape", given.shape, f"it must be booleans of shape {x.shape[:2]}")
        counts = given == 1
    counts[np.arange(len(x)), index] = False
    if not counts.any():
        raise refuse("mask", counts, "no token is left to be led by the selected ones")
    return x, z, index, counts


def _basis(rows: Array) -> Array:
    """Orthonormal basis of the span of rows."""
    _, s, Vt = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(Vt[s > max(rows.shape) * np.finfo(float).eps * s[0]])


def _soft(W: Array, threshold: float) -> Array:
    """Singular values lowered by the threshold."""
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    return np.asarray((U * np.maximum(s - threshold, 0.0)) @ Vt)


def _nuclear(A: Array, shape: tuple[int, int], start: Array) -> tuple[Array, Array, float, float, int]:
    """ADMM: projection onto the constraints, singular values thresholded; the gap is checked every ten rounds."""
    from scipy.optimize import nnls

    size = float(np.linalg.norm(start, 2))
    rho = np.sqrt(min(shape)) / size  # thresholds of the size of a singular value
    Z, Y = start.copy(), np.zeros(shape)
    best = (start, np.zeros(len(A)), float(np.linalg.svd(start, compute_uv=False).sum()), 0.0)
    count = 0
    for count in range(1, _ITERATIONS + 1):
        W = project_onto_margin(A, (Z - Y).ravel(), on_failure="ignore").value.reshape(shape)
        Z = _soft(W + Y, 1 / rho)
        Y = Y + W - Z
        if count % 10:
            continue
        least = float((A @ Z.ravel()).min())
        if least > 0 and (norm := float(np.linalg.svd(Z / least, compute_uv=False).sum())) <= best[2]:
            best = (Z / least, best[1], norm, best[3])
        dual = nnls(A.T, rho * Y.ravel(), maxiter=100 * A.shape[1])[0]
        bound = dual.sum() / np.linalg.norm((dual @ A).reshape(shape), 2) if dual.any() else 0.0
        if bound > best[3]:
            best = (best[0], dual / np.linalg.norm((dual @ A).reshape(shape), 2), best[2], float(bound))
        if best[2] - best[3] <= _GAP * best[2]:
            break
    return (*best, count)


def _constraints(
    x: Array, z: Array, index: NDArray[np.intp], counts: NDArray[np.bool_]
) -> tuple[Array, Array, Array, float, float]:
    """Rows (x_selected - x_t) z^T, in the bases L and R that they span and the units of the largest entries."""
    lead = x[np.arange(len(x)), index][:, None] - x
    prompt, token = np.nonzero(counts)
    left, right = lead[prompt, token], z[prompt]
    if not right.any(axis=1).all():
        zero = int(prompt[np.argmin(right.any(axis=1))])
        raise refuse(f"queries[{zero}]", 0.0, "with a query of 0 no token leads: mask its prompt")
    if not left.any(axis=1).all():
        row = int(np.argmin(left.any(axis=1)))
        allowed = f"it equals token {index[prompt[row]]}, the selected one, which cannot lead it: mask it"
        raise refuse(f"tokens[{prompt[row]}, {token[row]}]", x[prompt[row], token[row]], allowed)
    unit, scale = float(np.abs(left).max()), float(np.abs(right).max())
    L, R = _basis(left / unit), _basis(right / scale)
    A = ((left / unit) @ L.T)[:, :, None] * ((right / scale) @ R.T)[:, None, :]
    return L, R, A.reshape(len(prompt), -1), unit, scale


def _infeasible(multipliers: Array, A: Array, counts: NDArray[np.bool_], index: NDArray[np.intp]) -> ValueError:
    """Name the constraints whose combination, each scaled to length one, vanishes."""
    share = multipliers * np.linalg.norm(A, axis=1)
    share, pairs = share / share.sum(), np.argwhere(counts)
    order = [k for k in np.argsort(-share)[:4] if share[k] > 0]
    text = " + ".join(f"{share[k]:.3g} of ({pairs[k][0]}, {pairs[k][1]})" for k in order)
    text += " + ..." if np.count_nonzero(share) > len(order) else ""
    return refuse("selected", index, f"nothing separates them: of the constraints (prompt, token) {text} vanishes")


@within_range
def attention_margin(
    tokens: ArrayLike,
    queries: ArrayLike,
    selected: ArrayLike,
    norm: str = "frobenius",
    mask: ArrayLike | None = None,
    *,
    on_failure: OnFailure = "warn",
) -> AttentionMargin:
    r"""Attention weights of least norm that score the selected token above all others by a margin of one.

    .. math:: \arg\min\|W\|\ \ \text{s.t.}\ \ (x_{i\alpha_i}-x_{it})^TWz_i\ge1

    What gradient descent on W (Frobenius), or on K and Q with W = K Q^T (nuclear), tends to in direction, whatever the
    loss that falls with the scores. Solved by non-negative least squares, or by alternating directions (ADMM).

    Parameters
    ----------
    tokens : array_like, shape (n, T, d)
        :math:`x_{it}`.
    queries : array_like, shape (n, d)
        :math:`z_i`.
    selected : array_like of int, shape (n,)
        :math:`\alpha_i`, from 0.
    norm : {"frobenius", "nuclear"}
        Which norm is least.
    mask : array_like of bool, shape (n, T), optional
        Tokens that must be led; leave out those of tied scores.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the gap of the nuclear norm stays above 1e-9 after 4000 rounds.

    Returns
    -------
    AttentionMargin
        Weights, norm, margins, rank, multipliers, the bound they prove.

    Raises
    ------
    ValueError
        Infeasible: a combination of constraints (prompt, token) that vanishes is named; a token equal to the selected
        one, a query of 0; shapes that do not match; no token left.

    Notes
    -----
    Feasible for generic tokens where d >= max(T - 1, n) (recalled; sufficient, not necessary). The rank is at most the
    number of prompts with a constraint. Relative accuracy 1e-9, the condition that of the active constraints.

    References
    ----------
    tarzanagh2023transformers

    Examples
    --------
    >>> from solvable.solvers import attention_margin
    >>> found = attention_margin([[[1.0, 0.0], [0.0, 0.0]]], [[0.0, 2.0]], [0])
    >>> found.weights, found.norm, found.rank
    (array([[0. , 0.5],
           [0. , 0. ]]), 0.5, 1)
    """
    as_choice("norm", norm, ("frobenius", "nuclear"))
    x, z, index, counts = _read(tokens, queries, selected, mask)
    L, R, A, unit, scale = _constraints(x, z, index, counts)
    found = project_onto_margin(A, np.zeros(A.shape[1]), on_failure="ignore")
    multipliers = np.asarray(found.multipliers)
    if found.status == Status.NO_SOLUTION:
        raise _infeasible(multipliers, A, counts, index)
    W, count = found.value.reshape(len(L), len(R)), int(found.iterations)
    size = float(np.linalg.norm(W))
    bound = float(multipliers.sum()) / float(np.linalg.norm(multipliers @ A))
    if norm == "nuclear":
        W, multipliers, size, bound, count = _nuclear(A, (len(L), len(R)), W)
    gap = max(1 - bound / size, 0.0)
    status = Status.CONVERGED if gap <= 2 * _GAP else Status.MAX_ITERATIONS
    solution = Solution(np.array(size / (unit * scale)), np.array(gap), np.array(status, np.int8), np.array(count))
    report_failures(solution, "attention_margin", on_failure)
    s = np.linalg.svd(W, compute_uv=False)
    weights = L.T @ W @ R / (unit * scale)
    margins, dual = np.full(counts.shape, np.inf), np.zeros(counts.shape)
    margins[counts] = A @ W.ravel()
    # W is a sum of rows times multipliers; those of the nuclear norm have rows that sum to operator norm one
    dual[counts] = multipliers / ((unit * scale) ** 2 if norm == "frobenius" else unit * scale)
    rank = int(np.sum(s > _RANK * s[0]))
    return AttentionMargin(
        np.asarray(weights), size / (unit * scale), margins, rank, dual, bound / (unit * scale), solution
    )


@within_range
def locally_optimal(
    tokens: ArrayLike, scores: ArrayLike, selected: ArrayLike, queries: ArrayLike, tolerance: float = 1e-6
) -> bool:
    r"""Whether descent can stay at a selection: its tokens beat all their support tokens in score.

    Support tokens have a margin of exactly 1 in the program :math:`(x_{i\alpha_i}-x_{it})^TWz_i\ge1` of the selection;
    they are the last that attention lets go of.

    Parameters
    ----------
    tokens : array_like, shape (n, T, d)
        :math:`x_{it}`.
    scores : array_like, shape (n, T)
        :math:`Y_iv^Tx_{it}`, by which a token lowers the loss.
    selected : array_like of int, shape (n,)
        :math:`\alpha_i`, from 0.
    queries : array_like, shape (n, d)
        :math:`z_i`.
    tolerance : float
        Margins below 1 + tolerance are those of support tokens.

    Returns
    -------
    bool
        False also where no weights put the selected tokens first.

    Raises
    ------
    ValueError
        As `attention_margin`; scores of support tokens that are tied with the selected one; a negative tolerance.

    References
    ----------
    tarzanagh2023transformers

    Examples
    --------
    >>> from solvable.solvers import locally_optimal
    >>> locally_optimal([[[1.0, 0.0], [0.0, 0.0]]], [[0.3, 0.1]], [0], [[0.0, 2.0]])
    True
    """
    x, z, index, counts = _read(tokens, queries, selected, None)
    g, limit = as_finite("scores", scores), as_scalar("tolerance", tolerance, as_nonnegative)
    if g.shape != x.shape[:2]:
        raise refuse("scores.shape", g.shape, f"it must be {x.shape[:2]}, one score for each token")
    A = _constraints(x, z, index, counts)[2]
    found = project_onto_margin(A, np.zeros(A.shape[1]), on_failure="ignore")
    if found.status == Status.NO_SOLUTION:
        return False
    report_failures(found, "locally_optimal", "warn")
    margins = np.full(counts.shape, np.inf)
    margins[counts] = A @ found.value
    support = margins <= 1 + limit
    own = g[np.arange(len(x)), index][:, None]
    if np.any(support & (g == own)):
        raise refuse("scores", g, "a support token is tied with the selected one")
    return bool(np.all(own > np.where(support, g, -np.inf)))
