"""Blocks of M = A^{-1} and traces of them where matrices do not commute: block triangular.

Strongly connected blocks are inverted together (small inverses where they commute, after a rotation where a common
eigenbasis exists; else one dense inverse); between them M_st = -M_ss sum_r A_sr M_rt, diagonal and dense matrices mixed
entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.commuting_group import below_range
from solvable.solvers.equivalents.matrix_expression import Matrix
from solvable.solvers.equivalents.matrix_leaves import Space
from solvable.solvers.equivalents.matrix_values import Cell, added, times, traced
from solvable.solvers.equivalents.pencil import Pencil, Readout, Target, closure
from solvable.solvers.validate import refuse

__all__ = ["MixedGroup"]

Array = NDArray[Any]
_TINY = float(np.finfo(float).tiny)
_LARGEST_DENSE = 2000  # one takes a minute; the time grows with the cube


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
        self._check_size()

    def _check_size(self) -> None:
        """Refuse a dense inverse that would take minutes, before it is begun."""
        places = [*self.fixed.items(), *(((i, l), C) for i, l, C in self.targets)]
        for part in self.parts:
            inner = [x for (i, j), x in places if i in part and j in part]
            size = sum(self.sizes[i] for i in part)
            if size > _LARGEST_DENSE and not self._is_diagonal(part, inner):
                blocks = " + ".join(f"{self.sizes[i]} ({self.spaces[i].name})" for i in part)
                raise refuse("size", size, f"matrices that do not commute inside an inverse make a dense problem of "
                             f"{blocks} rows, and {_LARGEST_DENSE} is the limit")  # fmt: skip

    def _is_diagonal(self, part: list[int], inner: Sequence[Array]) -> bool:
        return all(x.ndim < 2 for x in inner) and len({self.spaces[i] for i in part}) == 1

    def update(self, strengths: Array, shift: Array) -> None:
        """Invert at those self-energies."""
        A, self.x = dict(self.fixed), strengths[self.target_ids]
        for (i, l, C), x in zip(self.targets, self.x, strict=True):
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
        if self._is_diagonal(part, list(inner.values())):
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
        """Return sum |W| (|M| |A| |M|)_jk and those of products, in units of eps; A and W with rotation errors."""
        A = {place: basis_error(x) for place, x in self.fixed.items()}
        for (i, l, C), x in zip(self.targets, self.x, strict=True):
            size = abs(x) * basis_error(C)
            A[i, l] = added(A[i, l], size) if (i, l) in A else size
        M = {place: np.abs(x) for place, x in self.M.items()}
        right: dict[tuple[int, int], Array] = {}
        for (a, b), x in A.items():
            for k in {k for _, k, _ in self.rows if (b, k) in M}:
                term = times(x, M[b, k])
                right[a, k] = added(right[a, k], term) if (a, k) in right else term
        out = np.zeros(len(self.rows))
        for r, (j, k, W) in enumerate(self.rows):
            left = np.abs(W)
            for a in range(len(self.blocks)):
                if (j, a) in M and (a, k) in right:
                    out[r] += traced(times(left, M[j, a]), right[a, k], self.sizes[k])
            if (j, k) in M:
                out[r] += 8 * traced(basis_error(W), M[j, k], self.sizes[j])
        return out

    def lost(self) -> bool:
        """Whether products fall below the range of doubles that a row is made of."""
        with np.errstate(divide="ignore"):
            M = {place: np.log10(np.max(np.abs(x))) for place, x in self.M.items()}
            W, C = ([np.log10(np.max(np.abs(x))) for *_, x in found] for found in (self.rows, self.targets))
            x, rows = np.log10(np.abs(self.x)), np.log10(np.maximum(self.magnitudes(), _TINY))
        own = [(W[r], M[j, k]) for r, (j, k, _) in enumerate(self.rows) if (j, k) in M]
        chains = [
            (W[r], M[j, i], C[t], M[l, k], x[t] - rows[r])
            for r, (j, k, _) in enumerate(self.rows)
            for t, (i, l, _) in enumerate(self.targets)
            if (j, i) in M and (l, k) in M
        ]
        *sizes, share = np.array(chains).reshape(-1, 5).T
        return below_range(list(np.array(own).reshape(-1, 2).T)) or below_range(sizes, share)

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


class _Basis(NamedTuple):
    """Orthonormal vectors, diagonals in them, and the declared matrix whose eigenvectors they are, if they are."""

    vectors: Array
    diagonal: dict[Matrix, Array]
    origin: Any = None


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
        self.basis: dict[Space, _Basis] = {}
        for space, found in inside.items():
            key = (space, frozenset(found))
            if key not in cell.bases:
                cell.bases[key] = _common_basis(found, cell)
            if cell.bases[key] is not None:
                self.basis[space] = cell.bases[key]

    def turned(self, node: Matrix, row: int, col: int) -> Array:
        """Value of a coefficient in the bases of its spaces."""
        left, right = self.basis.get(self.spaces[row]), self.basis.get(self.spaces[col])
        if left is not None and left is right:
            if node in left.diagonal:
                return left.diagonal[node]
            scalar, base = _front(node, self.cell)
            if left.origin is not None and _is_power(base, left.origin):
                return np.asarray(scalar * _eigenvalues(base))
        value = self.cell.matrix(node)
        if value.ndim == 0 or (left is None and right is None):
            return value
        scalar, base = _front(node, self.cell)
        key = (base, id(left), id(right))  # the bases live as long as the cell
        if key not in self.cell.bases:
            inner = self.cell.matrix(base)
            dense = np.diag(inner) if inner.ndim == 1 else inner
            dense = dense if left is None else left.vectors.T @ dense
            self.cell.bases[key] = dense if right is None else dense @ right.vectors
        return np.asarray(self.cell.bases[key] if scalar == 1 else scalar * self.cell.bases[key])


def _front(node: Matrix, cell: Cell) -> tuple[Any, Matrix]:
    """Take the scalar in front of a matrix off."""
    if node.op == "sum" and len(node.args) == 1:
        return cell.scalar(node.args[0][0]), node.args[0][1]
    return 1, node


def _is_power(node: Matrix, origin: Any) -> bool:
    """Whether a node is a positive power of a declared matrix."""
    if node.op != "deterministic" or node.data.power <= 0:
        return False
    return (node.data.name, node.data.digest) == (origin.name, origin.digest)


def _eigenvalues(node: Matrix) -> Array:
    """Of a positive power of a dense symmetric matrix; what has a root is positive but for rounding."""
    eigenvalues = node.data.eigen[0]
    if node.data.power.denominator != 1:
        eigenvalues = np.where(eigenvalues < 0, 0.0, eigenvalues)
    return np.asarray(eigenvalues ** float(node.data.power))


def basis_error(value: Array) -> Array:
    """Entries in absolute value, and what a rotation adds to each: rounding errors of the size of the whole matrix."""
    size = np.abs(value)
    if value.ndim == 0 or not size.any():
        return size
    if value.ndim == 1:
        return np.asarray(np.broadcast_to(size.max(), size.shape))
    return np.asarray(size + np.linalg.norm(size) / np.sqrt(size.size))


def _powers_of_one(found: dict[Matrix, Array], cell: Cell) -> _Basis | None:
    """Eigenvectors of a declared matrix, where all are multiples of its positive powers, at its own size."""
    front = {node: _front(node, cell) for node in found}
    first = next(iter(front.values()))[1]
    if first.op != "deterministic" or not first.data.symmetric:
        return None
    if not all(_is_power(base, first.data) for _, base in front.values()):
        return None
    if {x.shape for x in found.values()} != {first.data.value.shape}:
        return None
    diagonals = {node: np.asarray(scalar * _eigenvalues(base)) for node, (scalar, base) in front.items()}
    return _Basis(first.data.eigen[1], diagonals, first.data)


def _common_basis(found: dict[Matrix, Array], cell: Cell) -> _Basis | None:
    """Orthonormal basis in which symmetric matrices that commute are diagonal, and their diagonals."""
    wide = {node: x for node, x in found.items() if x.ndim > 0}
    if all(x.ndim == 1 for x in wide.values()):
        return None
    one = _powers_of_one(wide, cell)
    if one is not None:
        return one
    square = {node: np.diag(x) if x.ndim == 1 else x for node, x in wide.items()}
    for x in square.values():
        if x.shape[0] != x.shape[1] or np.abs(x - x.T).max() > 1e-12 * np.abs(x).max():
            return None
    mixed = np.zeros_like(next(iter(square.values())))
    for k, x in enumerate(square.values()):
        mixed = mixed + x / np.linalg.norm(x) * (1 + 0.6180339887 * k)
    probe = np.cos(np.arange(len(mixed)))  # what fails here has no common basis, and need not be rotated
    if any(np.abs(x @ (mixed @ probe) - mixed @ (x @ probe)).max() > 1e-6 * np.abs(x).max() for x in square.values()):
        return None
    basis = np.linalg.eigh(mixed)[1]
    diagonals = {}
    for node, x in square.items():
        turned = basis.T @ x @ basis
        diagonals[node] = np.diagonal(turned).copy()
        if np.abs(turned - np.diag(diagonals[node])).max() > 1e-12 * np.abs(turned).max() * len(turned):
            return None
    return _Basis(basis, diagonals)
