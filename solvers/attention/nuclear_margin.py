r"""Least nuclear norm under linear constraints, by the central path of the dual.

.. math:: \min\{\|W\|_*: \langle A_i,W\rangle\ge h_i\} = \max\{h^T\lambda: \lambda\ge0,\ \|M\|\le1\},
    \qquad M=\sum_i\lambda_iA_i,

in the spectral norm. The maximum of :math:`h^T\lambda+\mu[\log\det(I-MM^T)+\sum\log\lambda_i]` gives
:math:`W=2\mu(I-MM^T)^{-1}M`, feasible by its stationarity, and a gap of :math:`\mu` times the number of constraints and
of singular values at most. W loses the digits that 1 - s of the singular values s loses; they come back by solving the
active constraints as equations for :math:`W=USV^T`, S symmetric and U, V the vectors of the largest s.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.separable.max_margin import project_onto_margin

__all__ = ["least_nuclear_norm"]

Array = NDArray[np.float64]
_GAP = 1e-10  # of the central path, relative
_STEPS = 500  # of Newton; sixty to a hundred are usual
_CENTRED = 0.1  # squared Newton decrement at which the path goes on
_CUTS = (1e-4, 1e-7, 1e-10)  # singular values of W, of the largest, taken into the face: the best is kept
_LEVELS = (1.0, 100.0, 1e4, 0.01)  # multipliers of active constraints, likewise


def _height(rows: Array, wanted: Array, weights: Array, mu: float) -> tuple[float, tuple[Array, Array, Array]]:
    """Barrier over mu, -inf outside; singular value decomposition of M."""
    U, s, V = np.linalg.svd(np.tensordot(weights, rows, 1))
    if weights.min() <= 0 or s[0] >= 1:
        return -np.inf, (U, s, V)
    return float(wanted @ weights / mu + np.sum(np.log((1 - s) * (1 + s))) + np.sum(np.log(weights))), (U, s, V)


def _newton(rows: Array, wanted: Array, weights: Array, mu: float, parts: tuple[Array, Array, Array]) -> Array:
    """Step relative to the weights, and its squared decrement as last entry; in the frame of the singular vectors."""
    U, s, V = parts
    room = (1 - s) * (1 + s)
    turned = U.T @ rows @ V.T
    square = turned[:, :, : len(s)]
    slope = weights * (wanted / mu + 1 / weights - 2 * np.einsum("kii,i->k", square, s / room))
    bent = turned.copy()  # (E + s s^T * E^T)/(room room^T), of the columns beyond the square E/room
    bent[:, :, : len(s)] = (square + s[:, None] * s * np.swapaxes(square, 1, 2)) / room
    bent /= room[:, None]
    curvature = turned.reshape(len(rows), -1) @ bent.reshape(len(rows), -1).T
    step = np.linalg.solve(2 * weights[:, None] * curvature * weights + np.eye(len(rows)), slope)
    return np.append(step, slope @ step)


def _central_path(rows: Array, wanted: Array) -> tuple[Array, float, int]:
    """Multipliers near the end of the path, mu there, and Newton steps."""
    weights = np.ones(len(rows))
    weights *= 0.5 / np.linalg.norm(np.tensordot(weights, rows, 1), 2)
    mu = float(wanted @ weights) / len(rows)
    height, parts = _height(rows, wanted, weights, mu)
    for count in range(1, _STEPS + 1):
        *direction, decrement = _newton(rows, wanted, weights, mu, parts)
        share = 1.0
        while share > 1e-3:
            new = weights * (1 + share * np.array(direction))
            reached, there = _height(rows, wanted, new, mu)
            if reached >= height + 0.1 * share * decrement - 1e-8:
                break
            share /= 2
        else:  # rounding
            return weights, mu, count
        weights, height, parts = new, reached, there
        if decrement < _CENTRED:
            if mu * (len(rows) + len(parts[1])) <= _GAP * float(wanted @ weights):
                return weights, mu, count
            mu *= 0.1
            height = _height(rows, wanted, weights, mu)[0]
    return weights, mu, count


def _on_face(rows: Array, wanted: Array, active: NDArray[np.bool_], U: Array, s: Array, V: Array) -> Array:
    """W = U S V with the active constraints as equations; S nearest to diag(s)."""
    i, j = np.triu_indices(len(s))
    turned = U.T @ rows @ V.T
    system = np.where(i == j, turned[:, i, j], (turned[:, i, j] + turned[:, j, i]) / np.sqrt(2))[active]
    entries = np.where(i == j, s[i], 0.0)
    for _ in range(2):  # the second pass removes the rounding of the first
        entries += np.linalg.lstsq(system, wanted[active] - system @ entries, rcond=None)[0]
    S = np.zeros((len(s), len(s)))
    S[i, j] = S[j, i] = np.where(i == j, entries, entries / np.sqrt(2))
    return np.asarray(U @ S @ V)


def least_nuclear_norm(rows: Array, wanted: Array) -> tuple[Array, Array, float, float, int]:
    """W, multipliers with M of norm one, nuclear norm, the bound below that they prove, and Newton steps.

    `rows` (m, p, q) of length one, `wanted` (m,) in (0, 1], feasible.
    """
    flat = rows.reshape(len(rows), -1)
    first = np.unique(np.column_stack([flat, wanted]), axis=0, return_index=True)[1]
    if len(first) < len(rows):  # a constraint given twice has no multiplier of its own: steps would be singular
        W, part, size, bound, count = least_nuclear_norm(rows[first], wanted[first])
        weights = np.zeros(len(rows))
        weights[first] = part
        return W, weights, size, bound, count
    if rows.shape[1] > rows.shape[2]:
        W, weights, size, bound, count = least_nuclear_norm(np.swapaxes(rows, 1, 2), wanted)
        return W.T, weights, size, bound, count
    weights, mu, count = _central_path(rows, wanted)
    U, s, V = np.linalg.svd(np.tensordot(weights, rows, 1), full_matrices=False)
    lengths = 2 * mu * s / ((1 - s) * (1 + s))  # singular values of W
    level = np.sqrt(mu / lengths.sum())  # where multiplier and slack are as large
    bound, best, least = float(wanted @ weights) / float(s[0]), np.zeros(rows.shape[1:]), np.inf
    for factor, cut in product(_LEVELS, _CUTS):
        kept = lengths > cut * lengths.max()
        W = _on_face(rows, wanted, weights > factor * level, U[:, kept], lengths[kept], V[kept])
        W = project_onto_margin(flat / wanted[:, None], W.ravel(), on_failure="ignore").value.reshape(W.shape)
        size = float(np.linalg.svd(W, compute_uv=False).sum())
        if size < least:
            best, least = W, size
        if least - bound <= _GAP * least:
            break
    return best, weights / s[0], least, bound, count
