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
from scipy.linalg.lapack import dgesdd

from solvable.solvers.attention.nuclear_margin import least_nuclear_norm
from solvable.solvers.compiled import njit
from solvable.solvers.separable.max_margin import shortest_move
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import as_choice, as_finite, as_nonnegative, as_real, as_scalar, refuse, within_range

__all__ = ["AttentionMargin", "attention_margin", "locally_optimal"]

Array = NDArray[np.float64]
_GAP = 1e-9
_LEAST = 1e-280  # margins wanted, in units of the largest; below it all are 0 in doubles
_WIDE = 24  # token entries above which products of tokens and queries are written in the basis of their span
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


@njit(inner=True)
def _scale(row):  # type: ignore[no-untyped-def]
    """Bring a row to length one in place and return the length it had; squares of its entries may not be numbers."""
    most, total = 0.0, 0.0
    for k in range(row.size):
        most = max(most, abs(row[k]))
    if most == 0.0 or most == np.inf:
        return most
    for k in range(row.size):
        row[k] /= most
        total += row[k] * row[k]
    length = total**0.5
    for k in range(row.size):
        row[k] /= length
    return most * length


@njit(cache=True)
def _unit_rows(x, z, index, counts, left, right, far, long):  # type: ignore[no-untyped-def]
    """Fill in the differences of tokens and the queries of all constraints at length one, and their lengths.

    Returns the least length of each, and the largest of all.
    """
    row, least, shortest, most = 0, np.inf, np.inf, 0.0
    for i in range(x.shape[0]):
        for t in range(x.shape[1]):
            if counts[i, t]:
                for k in range(x.shape[2]):
                    left[row, k] = x[i, index[i], k] - x[i, t, k]
                    right[row, k] = z[i, k]
                far[row], long[row] = _scale(left[row]), _scale(right[row])
                least, shortest = min(least, far[row]), min(shortest, long[row])
                most = max(most, far[row], long[row])
                row += 1
    return least, shortest, most


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
    if chosen.min() < 0 or chosen.max() >= x.shape[1] or np.any(chosen != np.floor(chosen)):
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


def _constraints(
    x: Array, z: Array, index: NDArray[np.intp], counts: NDArray[np.bool_], spanned: bool
) -> tuple[Array | None, Array | None, Array, Array, float]:
    """Rows (x_selected - x_t) z^T of length one, and L and R whose span they are written in; margins wanted, unit.

    The margins are 1 at most, and W of the tokens is the unit times that of the rows. L and R are None where the rows
    are written as they are: `spanned` is False, and they have few entries.
    """
    m, d = int(np.count_nonzero(counts)), x.shape[2]
    left, right, far, long = np.empty((m, d)), np.empty((m, d)), np.empty(m), np.empty(m)
    least, shortest, longest = _unit_rows(x, z, index, counts, left, right, far, long)
    if least == 0 or shortest == 0:
        raise _vanishing(x, index, counts, far, long)
    if longest == np.inf:
        raise OverflowError("the length of a token or query is none")
    wanted = np.maximum((least / far) * (shortest / long), _LEAST)
    most = float(wanted.max())
    L, R = None, None
    if spanned or d > _WIDE:
        L, R = _basis(left), _basis(right)
        left, right = left @ L.T, right @ R.T
    A = left[:, :, None] * right[:, None, :]
    return L, R, A, wanted / most, most / least / shortest


def _vanishing(x: Array, index: NDArray[np.intp], counts: NDArray[np.bool_], far: Array, long: Array) -> ValueError:
    """Name the query, or else the token, that is nothing."""
    prompt, token = np.nonzero(counts)
    if not long.all():
        return refuse(f"queries[{prompt[np.argmin(long)]}]", 0.0, "with a query of 0 no token leads: mask its prompt")
    at = prompt[np.argmin(far)], token[np.argmin(far)]
    allowed = f"it equals token {index[at[0]]}, the selected one, which cannot lead it: mask it"
    return refuse(f"tokens[{at[0]}, {at[1]}]", x[at], allowed)


def _least_norm(A: Array, wanted: Array) -> tuple[Array | None, Array, float, int]:
    """W of least Frobenius norm, multipliers of the rows, residual and rounds; None where nothing separates them."""
    move, multipliers, residual, count = shortest_move(A.reshape(len(A), -1), wanted, float(np.finfo(float).eps))
    return None if move is None else move.reshape(A.shape[1:]), multipliers, residual, count


def _infeasible(share: Array, counts: NDArray[np.bool_], index: NDArray[np.intp]) -> ValueError:
    """Name the constraints whose combination, each scaled to length one, vanishes."""
    pairs = np.argwhere(counts)
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
    loss that falls with the scores. Solved by non-negative least squares, or along the central path of the dual.

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
        What to do where the gap to the certificate stays above 1e-9.

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
    number of prompts with a constraint. Relative accuracy 1e-9, the condition that of the active constraints. Each
    constraint is solved at length one: margins are 1 up to the rounding of W times their own length.

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
    L, R, A, wanted, unit = _constraints(x, z, index, counts, norm == "nuclear")
    W, multipliers, _, count = _least_norm(A, wanted)
    if W is None:
        raise _infeasible(multipliers, counts, index)
    size = float(np.linalg.norm(W))
    rows = A.reshape(len(A), -1)
    bound = float(multipliers @ wanted) / float(np.linalg.norm(multipliers @ rows))
    if norm == "nuclear":
        W, multipliers, size, bound, count = least_nuclear_norm(A, wanted)
    gap = max(1 - bound / size, 0.0)
    status = Status.CONVERGED if gap <= _GAP else Status.MAX_ITERATIONS
    solution = Solution(np.array(unit * size), np.array(gap), np.array(status, np.int8), np.array(count))
    report_failures(solution, "attention_margin", on_failure)
    s = dgesdd(W, compute_uv=0)[1]  # NumPy's wrapper costs as much as it
    margins, dual = np.full(counts.shape, np.inf), np.zeros(counts.shape)
    margins[counts] = rows @ W.ravel() / wanted
    # W is a sum of rows times multipliers; those of the nuclear norm have rows that sum to operator norm one
    shares = unit * (wanted * multipliers)
    dual[counts] = unit * shares if norm == "frobenius" else shares
    rank = int(np.count_nonzero(s > _RANK * s[0]))
    weights = unit * (W if L is None or R is None else L.T @ W @ R)
    return AttentionMargin(weights, unit * size, margins, rank, dual, unit * bound, solution)


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
    _, _, A, wanted, _ = _constraints(x, z, index, counts, False)
    W, _, residual, count = _least_norm(A, wanted)
    if W is None:
        return False
    status = Status.CONVERGED if residual <= _GAP else Status.MAX_ITERATIONS
    found = Solution(W, np.array(residual), np.array(status, np.int8), np.array(count))
    report_failures(found, "locally_optimal", "warn")
    margins = np.full(counts.shape, np.inf)
    margins[counts] = A.reshape(len(A), -1) @ W.ravel() / wanted
    support = margins <= 1 + limit
    own = g[np.arange(len(x)), index][:, None]
    if np.any(support & (g == own)):
        raise refuse("scores", g, "a support token is tied with the selected one")
    return bool(np.all(own > np.where(support, g, -np.inf)))
