"""Blocks of M = A^{-1} and traces of them where matrices do not commute: block triangular.

Strongly connected blocks are inverted together (small inverses where they commute, after a rotation where a common
eigenbasis exists; else one dense inverse); between them M_st = -M_ss sum_r A_sr M_rt, diagonal and dense matrices mixed
entry by entry.
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

__all__ = ["MixedGroup"]

Array = NDArray[Any]
_LARGEST_DENSE = 4000


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
        key = (space, frozenset(found))
        if key not in self.cell.bases:
            self.cell.bases[key] = _common_basis(found)
        known = self.cell.bases[key]
        if known is not None:
            self.basis[space] = known[0]
            self.diagonal.update(known[1])

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


def _common_basis(found: dict[Matrix, Array]) -> tuple[Array, dict[Matrix, Array]] | None:
    """Orthonormal basis in which symmetric matrices that commute are diagonal, and their diagonals."""
    wide = {node: x for node, x in found.items() if x.ndim > 0}
    if all(x.ndim == 1 for x in wide.values()):
        return None
    square = {node: np.diag(x) if x.ndim == 1 else x for node, x in wide.items()}
    for x in square.values():
        if x.shape[0] != x.shape[1] or np.abs(x - x.T).max() > 1e-12 * np.abs(x).max():
            return None
    mixed = np.zeros_like(next(iter(square.values())))
    for k, x in enumerate(square.values()):
        mixed = mixed + x / np.linalg.norm(x) * (1 + 0.6180339887 * k)
    basis = np.linalg.eigh(mixed)[1]
    diagonals = {}
    for node, x in square.items():
        turned = basis.T @ x @ basis
        diagonals[node] = np.diagonal(turned).copy()
        if np.abs(turned - np.diag(diagonals[node])).max() > 1e-12 * np.abs(turned).max() * len(turned):
            return None
    return basis, diagonals
