"""Blocks of M = A^{-1} and traces of them where every coefficient is diagonal over one joint eigenvalue list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.equivalents.matrix_expression import Matrix
from solvable.solvers.equivalents.matrix_values import Cell
from solvable.solvers.equivalents.pencil import Pencil, Readout

__all__ = ["CommutingGroup", "below_range"]

Array = NDArray[Any]
_TINY = float(np.finfo(float).tiny)
SMALLEST_EXPONENT = -304  # of doubles, with room for terms 1e4 times smaller: those below 1e-308 are rounded to 5e-324


@njit(cache=True)
def _inverses(base, shift, x, i, l, C, M):  # type: ignore[no-untyped-def]
    """Put (base + shift - sum x C)^{-1} for every eigenvalue into M, by Gauss-Jordan with pivots.

    Return False where one is singular.
    """
    m, N = base.shape[0], base.shape[1]
    A = np.empty((N, N), M.dtype)
    for e in range(m):
        for a in range(N):
            for b in range(N):
                A[a, b] = base[e, a, b] + shift[a, b]
                M[e, a, b] = 0.0
            M[e, a, a] = 1.0
        for t in range(len(i)):
            A[i[t], l[t]] -= x[t] * C[t, e]
        for c in range(N):
            p = c
            for a in range(c + 1, N):
                if abs(A[a, c]) > abs(A[p, c]):
                    p = a
            pivot = A[p, c]
            if pivot == 0.0 or not np.isfinite(pivot):
                return False
            for b in range(N):
                upper, lower = A[p, b] / pivot, A[c, b]
                A[p, b], A[c, b] = lower, upper
                upper, lower = M[e, p, b] / pivot, M[e, c, b]
                M[e, p, b], M[e, c, b] = lower, upper
            for a in range(N):
                f = A[a, c]
                if a != c and f != 0.0:
                    for b in range(N):
                        A[a, b] -= f * A[c, b]
                        M[e, a, b] -= f * M[e, c, b]
    return True


@njit(cache=True)
def _terms(M, W, j, k, out):  # type: ignore[no-untyped-def]
    """Put W M_jk of every row and eigenvalue into `out`."""
    for r in range(len(j)):
        for e in range(M.shape[0]):
            out[r, e] = W[r, e] * M[e, j[r], k[r]]


@njit(cache=True)
def _chains(M, W, C, j, k, i, l, r, t, out):  # type: ignore[no-untyped-def]
    """Sum W M_ji C M_lk over the eigenvalues into `out` at the pairs (r, t)."""
    for q in range(len(r)):
        a, b, row, target = j[r[q]], k[r[q]], i[t[q]], l[t[q]]
        total = out[r[q], t[q]]
        for e in range(M.shape[0]):
            total += W[r[q], e] * M[e, a, row] * C[t[q], e] * M[e, target, b]
        out[r[q], t[q]] = total


class CommutingGroup:
    """Arrays over (eigenvalue, block, block)."""

    def __init__(
        self, pencil: Pencil, blocks: list[int], cell: Cell, rows: Sequence[Readout], own_rows: list[int],
        own_targets: list[int], nodes: list[Matrix],
    ) -> None:  # fmt: skip
        """Put numbers into arrays."""
        at = {block: k for k, block in enumerate(blocks)}
        self.window = np.ix_(blocks, blocks)
        space = pencil.spaces[blocks[0]]
        self.blocks, self.row_ids, self.target_ids = blocks, np.array(own_rows, int), np.array(own_targets, int)
        length = max([cell.matrix(node).size for node in nodes], default=1)
        counts = cell.multiplicities(space)
        if length == 1:
            weights = cell.array(cell.size(space) if cell.exact else float(cell.size(space))).reshape(1)
        else:
            weights = cell.array(np.ones(length) if counts is None else counts)
        kind = object if cell.exact else float
        N = len(blocks)
        self.base = np.full((length, N, N), cell.number(0), kind)
        for (i, j), node in pencil.fixed.items():
            if i in at:
                self.base[:, at[i], at[j]] = cell.matrix(node)
        self.j = np.array([at[rows[k].row] for k in own_rows], int)
        self.k = np.array([at[rows[k].col] for k in own_rows], int)
        self.W = np.empty((len(own_rows), length), kind)
        for r, k in enumerate(own_rows):
            self.W[r] = cell.matrix(rows[k].weight) * weights
        targets = [pencil.targets[k] for k in own_targets]
        self.i = np.array([at[t.row] for t in targets], int)
        self.l = np.array([at[t.col] for t in targets], int)
        self.place: Any = (slice(None), self.i, self.l)
        self.C = np.empty((len(targets), length), kind)
        for t, target in enumerate(targets):
            self.C[t] = cell.matrix(target.coefficient)
        live = pencil.pattern[np.ix_(blocks, blocks)]
        chain = live[self.j[:, None], self.i[None, :]] & live[self.l[None, :], self.k[:, None]]
        self.r, self.t = np.nonzero(chain)
        self.A = self.M = self.base

    def update(self, strengths: Array, shift: Array) -> None:
        """Invert at those self-energies (one number for each target of the whole equation)."""
        self.x = strengths[self.target_ids]
        moved = shift[self.window]
        if self.base.dtype == object:
            A = self.base + moved
            np.subtract.at(A, self.place, (self.x[:, None] * self.C).T)
            self.M = _exact_inverse(A)
            self.terms = self.W * self.M[:, self.j, self.k].T
        else:
            kind = np.result_type(self.x, moved)
            self.M, self.terms = np.empty(self.base.shape, kind), np.empty(self.W.shape, kind)
            if not _inverses(self.base, moved, self.x, self.i, self.l, self.C, self.M):
                raise np.linalg.LinAlgError("singular blocks")
            _terms(self.M, self.W, self.j, self.k, self.terms)

    def traces(self) -> Array:
        """Return tr(W M_jk) of the rows."""
        return np.asarray(self.terms.sum(axis=1))

    def chains(self) -> Array:
        """Return tr(W M_ji C M_lk) for rows and targets."""
        M, W, C, r, t = self.M, self.W, self.C, self.r, self.t
        out = np.zeros((len(self.j), len(self.i)), M.dtype)
        if M.dtype == object:
            first, second = M[:, self.j[r], self.i[t]].T, M[:, self.l[t], self.k[r]].T
            out[r, t] = np.sum(W[r] * first * C[t] * second, axis=1)
        else:
            _chains(M, W, C, self.j, self.k, self.i, self.l, r, t, out)
        return out

    def roundings(self) -> Array:
        """Return sum |W| (|M| |A| |M|)_jk, A with its terms in absolute value: rounding errors in units of eps."""
        A = np.abs(self.base)
        np.add.at(A, self.place, np.abs(self.x[:, None] * self.C).T)
        M = np.abs(self.M)
        product = M @ A @ M
        return np.asarray(np.sum(np.abs(self.W) * product[:, self.j, self.k].T, axis=1))

    def lost(self) -> bool:
        """Whether products fall below the range of doubles that a row is made of."""
        with np.errstate(divide="ignore"):
            M = np.log10(np.max(np.abs(self.M), axis=0, initial=0))
            W, C = (np.log10(np.max(np.abs(x), axis=1, initial=0)) for x in (self.W, self.C))
            x, rows = np.log10(np.abs(self.x)), np.log10(np.maximum(self.magnitudes(), _TINY))
        r, t = self.r, self.t
        chains = [W[r], M[self.j[r], self.i[t]], C[t], M[self.l[t], self.k[r]]]
        return below_range([W, M[self.j, self.k]]) or below_range(chains, x[t] - rows[r])

    def magnitudes(self) -> Array:
        """Return sum |W| |M_jk|."""
        return np.asarray(np.abs(self.terms).sum(axis=1))

    def diagonal(self, block: int) -> Array:
        """Return the diagonal of a diagonal block."""
        at = self.blocks.index(block)
        return np.asarray(self.M[:, at, at])


def below_range(sizes: Sequence[Array], share: Any = np.inf) -> bool:
    """Whether products of numbers of these decimal exponents, taken from the left, vanish in doubles and matter.

    They do where product times `share`, a decimal exponent too, is above rounding.
    """
    partial = np.cumsum(sizes, axis=0)
    with np.errstate(invalid="ignore"):
        matters = np.isfinite(partial[-1]) & (partial[-1] + share > -18)
    return bool(np.any((np.min(partial, axis=0) < SMALLEST_EXPONENT) & matters))


def _exact_inverse(A: Array) -> Array:
    """Gauss-Jordan for every eigenvalue, in the arithmetic of the entries."""
    m, N, _ = A.shape
    out = np.empty_like(A)
    for e in range(m):
        rows = [[*A[e, i], *(1 if i == j else 0 for j in range(N))] for i in range(N)]
        for c in range(N):
            p = max(range(c, N), key=lambda i: abs(rows[i][c]))
            rows[c], rows[p] = rows[p], rows[c]
            pivot = rows[c][c]
            rows[c] = [x / pivot if x else x for x in rows[c]]
            for i in range(N):
                f = rows[i][c]
                if i != c and f:
                    rows[i] = [x - f * y if y else x for x, y in zip(rows[i], rows[c], strict=True)]
        out[e] = [[rows[i][N + j] + 0 * A[e, i, j] for j in range(N)] for i in range(N)]
    return out
