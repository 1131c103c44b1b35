"""Blocks of M = A^{-1} and traces of them, for blocks that share a joint eigenvalue list and for those that do not.

`CommutingGroup`: every coefficient is diagonal over one list, so A^{-1} is a batch of small inverses.
`MixedGroup`: block triangular. Strongly connected blocks are inverted together (small inverses where they commute,
after a rotation where a common eigenbasis exists; else one dense inverse); between them
M_st = -M_ss sum_r A_sr M_rt, diagonal and dense matrices mixed entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.matrix_expression import Matrix, Space
from solvable.solvers.equivalents.matrix_values import Cell, added, times, traced
from solvable.solvers.equivalents.pencil import Pencil, Readout, Target, closure
from solvable.solvers.validate import refuse

__all__ = ["CommutingGroup", "MixedGroup", "group_of"]

Array = NDArray[Any]
_LARGEST_DENSE = 4000


def group_of(pencil: Pencil, blocks: list[int], cell: Cell, rows: Sequence[Readout]) -> CommutingGroup | MixedGroup:
    """Return the group of those blocks, with the rows and targets that stand in it."""
    inside = set(blocks)
    own_rows = [k for k, row in enumerate(rows) if row.row in inside]
    own_targets = [k for k, target in enumerate(pencil.targets) if target.row in inside]
    nodes = [node for (i, _), node in pencil.fixed.items() if i in inside]
    nodes += [rows[k].weight for k in own_rows] + [pencil.targets[k].coefficient for k in own_targets]
    one_space = len({pencil.spaces[i] for i in blocks}) == 1
    if one_space and all(cell.matrix(node).ndim < 2 for node in nodes):
        return CommutingGroup(pencil, blocks, cell, rows, own_rows, own_targets, nodes)
    if cell.exact:
        raise refuse("digits", "more than double", "matrices that do not commute are computed in doubles")
    return MixedGroup(pencil, blocks, cell, rows, own_rows, own_targets)


class CommutingGroup:
    """Arrays over (block, block, eigenvalue)."""

    def __init__(
        self, pencil: Pencil, blocks: list[int], cell: Cell, rows: Sequence[Readout], own_rows: list[int],
        own_targets: list[int], nodes: list[Matrix],
    ) -> None:  # fmt: skip
        """Put numbers into arrays."""
        at = {block: k for k, block in enumerate(blocks)}
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
        self.base = np.full((N, N, length), cell.number(0), kind)
        for (i, j), node in pencil.fixed.items():
            if i in at:
                self.base[at[i], at[j]] = cell.matrix(node)
        self.j = np.array([at[rows[k].row] for k in own_rows], int)
        self.k = np.array([at[rows[k].col] for k in own_rows], int)
        self.W = np.empty((len(own_rows), length), kind)
        for r, k in enumerate(own_rows):
            self.W[r] = cell.matrix(rows[k].weight) * weights
        targets = [pencil.targets[k] for k in own_targets]
        self.i = np.array([at[t.row] for t in targets], int)
        self.l = np.array([at[t.col] for t in targets], int)
        self.C = np.empty((len(targets), length), kind)
        for t, target in enumerate(targets):
            self.C[t] = cell.matrix(target.coefficient)
        live = pencil.pattern[np.ix_(blocks, blocks)]
        chain = live[self.j[:, None], self.i[None, :]] & live[self.l[None, :], self.k[:, None]]
        self.r, self.t = np.nonzero(chain)
        self.A = self.M = self.base

    def update(self, strengths: Array, shift: Array) -> None:
        """Invert at those self-energies (one number for each target of the whole equation)."""
        x = strengths[self.target_ids]
        A = self.base + shift[np.ix_(self.blocks, self.blocks)][:, :, None]
        np.subtract.at(A, (self.i, self.l), x[:, None] * self.C)
        self.A, self.x = A, x
        if A.dtype == object:
            self.M = _exact_inverse(A)
        else:
            self.M = np.moveaxis(np.linalg.inv(np.moveaxis(A, 2, 0)), 0, 2)

    def traces(self) -> Array:
        """Return tr(W M_jk) of the rows."""
        return np.asarray(np.sum(self.W * self.M[self.j, self.k], axis=1))

    def chains(self) -> Array:
        """Return tr(W M_ji C M_lk) for rows and targets."""
        r, t = self.r, self.t
        terms = self.W[r] * self.M[self.j[r], self.i[t]] * self.C[t] * self.M[self.l[t], self.k[r]]
        out = np.zeros((len(self.j), len(self.i)), terms.dtype)
        out[r, t] = np.sum(terms, axis=1)
        return out

    def roundings(self) -> Array:
        """Return sum |W| (|M| |A| |M|)_jk, A with its terms in absolute value: rounding errors in units of eps."""
        A = np.abs(self.base)
        np.add.at(A, (self.i, self.l), np.abs(self.x[:, None] * self.C))
        M = np.abs(self.M)
        product = np.einsum("abm,bcm,cdm->adm", M, A, M, optimize=True)
        return np.asarray(np.sum(np.abs(self.W) * product[self.j, self.k], axis=1))

    def magnitudes(self) -> Array:
        """Return sum |W| |M_jk|."""
        return np.asarray(np.sum(np.abs(self.W * self.M[self.j, self.k]), axis=1))

    def diagonal(self, block: int) -> Array:
        """Return the diagonal of a diagonal block."""
        at = self.blocks.index(block)
        return np.asarray(self.M[at, at])


def _exact_inverse(A: Array) -> Array:
    """Gauss-Jordan over the first two axes, pivots by size for every eigenvalue."""
    N, _, m = A.shape
    out = np.empty_like(A)
    for e in range(m):
        rows = [[*A[i, :, e], *(1 if i == j else 0 for j in range(N))] for i in range(N)]
        for c in range(N):
            p = max(range(c, N), key=lambda i: abs(rows[i][c]))
            rows[c], rows[p] = rows[p], rows[c]
            pivot = rows[c][c]
            rows[c] = [x / pivot if x else x for x in rows[c]]
            for i in range(N):
                f = rows[i][c]
                if i != c and f:
                    rows[i] = [x - f * y if y else x for x, y in zip(rows[i], rows[c], strict=True)]
        for i in range(N):
            for j in range(N):
                out[i, j, e] = rows[i][N + j] + 0 * A[i, j, e]
    return out


class MixedGroup:
    """Blocks as numbers, diagonals or dense matrices."""

    def __init__(
        self, pencil: Pencil, blocks: list[int], cell: Cell, rows: Sequence[Readout], own_rows: list[int],
        own_targets: list[int],
    ) -> None:  # fmt: skip
        """Put numbers into blocks."""
        self.blocks, self.row_ids, self.target_ids = blocks, np.array(own_rows, int), np.array(own_targets, int)
        at = {block: k for k, block in enumerate(blocks)}
        self.spaces = [pencil.spaces[i] for i in blocks]
        self.sizes = [int(cell.size(space)) for space in self.spaces]
        live = closure(pencil.pattern[np.ix_(blocks, blocks)])
        both = live & live.T
        self.parts = [np.flatnonzero(row).tolist() for i, row in enumerate(both) if np.flatnonzero(row)[0] == i]
        self.parts.sort(key=lambda part: -int(live[part[0]].sum()))
        self.live, self.part_of = live, {i: a for a, part in enumerate(self.parts) for i in part}
        fixed = {(at[i], at[j]): node for (i, j), node in pencil.fixed.items() if i in at}
        targets = [Target(pencil.targets[k].unknown, at[pencil.targets[k].row], at[pencil.targets[k].col],
                          pencil.targets[k].coefficient) for k in own_targets]  # fmt: skip
        basis = _Bases(cell, self.spaces, fixed, targets, self.part_of)
        self.fixed = {place: basis.turned(node, *place) for place, node in fixed.items()}
        self.rows = [(at[rows[k].row], at[rows[k].col], basis.turned(rows[k].weight, at[rows[k].col], at[rows[k].row]))
                     for k in own_rows]  # fmt: skip
        self.targets = [(t.row, t.col, basis.turned(t.coefficient, t.row, t.col)) for t in targets]
        self.M: dict[tuple[int, int], Array] = {}

    def update(self, strengths: Array, shift: Array) -> None:
        """Invert at those self-energies."""
        A = dict(self.fixed)
        for (i, l, C), x in zip(self.targets, strengths[self.target_ids], strict=True):
            A[i, l] = added(A[i, l], -x * C) if (i, l) in A else -x * C
        for a, i in enumerate(self.blocks):
            for b, j in enumerate(self.blocks):
                if shift[i, j] != 0:
                    A[a, b] = added(A.get((a, b), np.asarray(0.0)), np.asarray(shift[i, j]))
        self.M = {}
        for part in self.parts:
            self._invert(part, A)
        for t, part in enumerate(self.parts):
            for s in range(t - 1, -1, -1):
                self._between(s, t, part, A)

    def _invert(self, part: list[int], A: dict[tuple[int, int], Array]) -> None:
        inner = {place: x for place, x in A.items() if place[0] in part and place[1] in part}
        N = len(part)
        if all(x.ndim < 2 for x in inner.values()) and len({self.spaces[i] for i in part}) == 1:
            length = max([x.size for x in inner.values()], default=1)
            batch = np.zeros((length, N, N), np.result_type(float, *inner.values()))
            for (i, j), x in inner.items():
                batch[:, part.index(i), part.index(j)] = x
            M = np.linalg.inv(batch)
            for a, i in enumerate(part):
                for b, j in enumerate(part):
                    self.M[i, j] = M[:, a, b] if length > 1 else np.asarray(M[0, a, b])
            return
        ends = np.cumsum([0, *(self.sizes[i] for i in part)])
        if ends[-1] > _LARGEST_DENSE:
            raise refuse("size", int(ends[-1]), f"matrices that do not commute inside an inverse make a dense problem "
                         f"of that size, and {_LARGEST_DENSE} is the limit")  # fmt: skip
        dense = np.zeros((ends[-1], ends[-1]), np.result_type(float, *inner.values()))
        where = {i: slice(ends[a], ends[a + 1]) for a, i in enumerate(part)}
        for (i, j), x in inner.items():
            block = dense[where[i], where[j]]
            block[...] = x if x.ndim == 2 else np.diag(np.broadcast_to(x, (self.sizes[i],)))
        M = np.linalg.inv(dense)
        for i in part:
            for j in part:
                self.M[i, j] = M[where[i], where[j]]

    def _between(self, s: int, t: int, part: list[int], A: dict[tuple[int, int], Array]) -> None:
        for j in part:
            right: dict[int, Array] = {}
            for i in self.parts[s]:
                for r in range(s + 1, t + 1):
                    for k in self.parts[r]:
                        if (i, k) in A and (k, j) in self.M:
                            term = times(A[i, k], self.M[k, j])
                            right[i] = added(right[i], term) if i in right else term
            for i in self.parts[s]:
                for k, x in right.items():
                    if self.live[i, k]:
                        term = -times(self.M[i, k], x)
                        self.M[i, j] = added(self.M[i, j], term) if (i, j) in self.M else term

    def traces(self) -> Array:
        """Return tr(W M_jk) of the rows."""
        return np.array([
            traced(W, self.M[j, k], self.sizes[j]) if (j, k) in self.M else 0.0 for j, k, W in self.rows
        ])  # fmt: skip

    def chains(self) -> Array:
        """Return tr(W M_ji C M_lk) for rows and targets."""
        kind = np.result_type(float, *self.M.values())
        out = np.zeros((len(self.rows), len(self.targets)), kind)
        for r, (j, k, W) in enumerate(self.rows):
            for t, (i, l, C) in enumerate(self.targets):
                if (j, i) in self.M and (l, k) in self.M:
                    out[r, t] = traced(times(times(W, self.M[j, i]), C), self.M[l, k], self.sizes[k])
        return out

    def roundings(self) -> Array:
        """Return sum |W| |M_jk|, times the roundings of a product: rounding errors in units of eps."""
        return 8 * self.magnitudes()

    def magnitudes(self) -> Array:
        """Return sum |W| |M_jk|."""
        return np.array([
            traced(np.abs(W), np.abs(self.M[j, k]), self.sizes[j]) if (j, k) in self.M else 0.0
            for j, k, W in self.rows
        ])  # fmt: skip

    def diagonal(self, block: int) -> Array:
        """Return the diagonal of a diagonal block."""
        at = self.blocks.index(block)
        found = self.M[at, at]
        return np.asarray(np.diagonal(found) if found.ndim == 2 else found)


class _Bases:
    """A rotation for each space in which all that stands inside inverses is diagonal, where there is one."""

    def __init__(
        self, cell: Cell, spaces: list[Space], fixed: dict[tuple[int, int], Matrix], targets: list[Target],
        part_of: dict[int, int],
    ) -> None:  # fmt: skip
        self.cell, self.spaces = cell, spaces
        places = [*fixed.items(), *(((t.row, t.col), t.coefficient) for t in targets)]
        inside: dict[Space, dict[Matrix, Array]] = {}
        for (i, j), node in places:
            if part_of[i] == part_of[j]:
                if spaces[i] == spaces[j]:
                    inside.setdefault(spaces[i], {})[node] = cell.matrix(node)
                else:
                    for space in (spaces[i], spaces[j]):
                        inside.setdefault(space, {})[node] = np.zeros((0, 1))  # rectangular: no basis helps
        self.basis: dict[Space, Array] = {}
        self.diagonal: dict[Matrix, Array] = {}
        for space, found in inside.items():
            self._choose(space, found)

    def _choose(self, space: Space, found: dict[Matrix, Array]) -> None:
        wide = {node: x for node, x in found.items() if x.ndim > 0}
        if all(x.ndim == 1 for x in wide.values()):
            return
        square = {node: np.diag(x) if x.ndim == 1 else x for node, x in wide.items()}
        if any(x.shape[0] != x.shape[1] or not np.allclose(x, x.T, rtol=1e-12, atol=1e-12 * np.abs(x).max())
               for x in square.values()):  # fmt: skip
            return
        mixed = np.zeros_like(next(iter(square.values())))
        for k, x in enumerate(square.values()):
            mixed = mixed + x / np.linalg.norm(x) * (1 + 0.6180339887 * k)
        basis = np.linalg.eigh(mixed)[1]
        turned = {node: basis.T @ x @ basis for node, x in square.items()}
        for x in turned.values():
            if np.abs(x - np.diag(np.diagonal(x))).max() > 1e-12 * np.abs(x).max() * len(x):
                return
        self.basis[space] = basis
        self.diagonal.update({node: np.diagonal(x).copy() for node, x in turned.items()})

    def turned(self, node: Matrix, row: int, col: int) -> Array:
        """Value of a coefficient in the bases of its spaces."""
        value = self.cell.matrix(node)
        if node in self.diagonal and self.spaces[row] == self.spaces[col]:
            return self.diagonal[node]
        left, right = self.basis.get(self.spaces[row]), self.basis.get(self.spaces[col])
        if value.ndim == 0 or (left is None and right is None):
            return value
        dense = np.diag(value) if value.ndim == 1 else value
        dense = dense if left is None else left.T @ dense
        return dense if right is None else dense @ right
