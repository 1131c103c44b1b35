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
from solvable.solvers.equivalents.matrix_values import Cell
from solvable.solvers.equivalents.pencil import Pencil, Readout, Target, closure
from solvable.solvers.equivalents.scaled_blocks import Block, Core
from solvable.solvers.validate import refuse

__all__ = ["MixedGroup"]

Array = NDArray[Any]
Blocks = dict[tuple[int, int], Block]
_TINY = float(np.finfo(float).tiny)
_LARGEST_DENSE = 2000  # one takes a minute; the time grows with the cube
_NOTHING = Block()


class MixedGroup:
    """Blocks as diagonals and scaled dense matrices."""

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
        self.row_sizes = [W.size for _, _, W in self.rows]
        self.targets = [(t.row, t.col, basis.turned(t.coefficient, t.row, t.col)) for t in targets]
        self.M: Blocks = {}
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

    def _is_diagonal(self, part: list[int], inner: Sequence[Block]) -> bool:
        return not any(x.dense for x in inner) and len({self.spaces[i] for i in part}) == 1

    def update(self, strengths: Array, shift: Array) -> None:
        """Invert at those self-energies."""
        A, self.x = dict(self.fixed), strengths[self.target_ids]
        self.kind = np.result_type(float, self.x, shift)
        for (i, l, C), x in zip(self.targets, self.x, strict=True):
            A[i, l] = A.get((i, l), _NOTHING).plus(C.scaled(-x))
        if np.any(shift):
            moved = shift[np.ix_(self.blocks, self.blocks)]
            for a, b in np.argwhere(moved).tolist():
                A[a, b] = A.get((a, b), _NOTHING).plus(Block(moved[a, b]))
        self.M = {}
        for part in self.parts:
            self._invert(part, A)
        for t, part in enumerate(self.parts):
            for s in range(t - 1, -1, -1):
                self._between(s, t, part, A)

    def _invert(self, part: list[int], A: Blocks) -> None:
        inner = {(i, j): A[i, j] for i in part for j in part if (i, j) in A}
        N = len(part)
        if self._is_diagonal(part, list(inner.values())):
            diagonals = {place: np.asarray(x.diagonal) for place, x in inner.items()}
            single = diagonals.get((part[0], part[0])) if N == 1 else None
            if single is not None and np.all(single):
                self.M[part[0], part[0]] = Block(1 / single)
                return
            batch = np.zeros((max([x.size for x in diagonals.values()], default=1), N, N), self.kind)
            for (i, j), x in diagonals.items():
                batch[:, part.index(i), part.index(j)] = x
            M = np.linalg.inv(batch)
            for a, i in enumerate(part):
                for b, j in enumerate(part):
                    self.M[i, j] = Block(M[:, a, b] if len(M) > 1 else M[0, a, b])
            return
        ends = np.cumsum([0, *(self.sizes[i] for i in part)])
        dense = np.zeros((ends[-1], ends[-1]), self.kind)
        where = {i: slice(ends[a], ends[a + 1]) for a, i in enumerate(part)}
        for (i, j), block in inner.items():
            dense[where[i], where[j]] = block.entries(self.sizes[i], self.sizes[j])
        M = np.linalg.inv(dense)
        for i in part:
            for j in part:
                self.M[i, j] = Block.of(Core(M[where[i], where[j]]))

    def _between(self, s: int, t: int, part: list[int], A: Blocks) -> None:
        for j in part:
            right: dict[int, Block] = {}
            for i in self.parts[s]:
                for r in range(s + 1, t + 1):
                    for k in self.parts[r]:
                        if (i, k) in A and (k, j) in self.M:
                            right[i] = right.get(i, _NOTHING).plus(A[i, k].times(self.M[k, j]))
            for i in self.parts[s]:
                for k, x in right.items():
                    if self.live[i, k]:
                        self.M[i, j] = self.M.get((i, j), _NOTHING).plus(self.M[i, k].scaled(-1.0).times(x))

    def traces(self) -> Array:
        """Return tr(W M_jk) of the rows."""
        return np.array([
            W.trace_with(self.M[j, k], self.sizes[k]) if (j, k) in self.M else 0.0 for j, k, W in self.rows
        ])  # fmt: skip

    def chains(self) -> Array:
        """Return tr(W M_ji C M_lk) for rows and targets."""
        out = np.zeros((len(self.rows), len(self.targets)), self.kind)
        for r, (j, k, W) in enumerate(self.rows):
            for t, (i, l, C) in enumerate(self.targets):
                if (j, i) not in self.M or (l, k) not in self.M:
                    continue
                out[r, t] = _trace_of_three(W, self.M[j, i], C.times(self.M[l, k]), self.sizes[k], self.sizes[i])
        return out

    def roundings(self) -> Array:
        """Return sum |W| (|M| |A| |M|)_jk and those of products, in units of eps; A and W with rotation errors."""
        A = {place: block.error for place, block in self.fixed.items()}
        for (i, l, C), x in zip(self.targets, self.x, strict=True):
            A[i, l] = A.get((i, l), _NOTHING).plus(C.error.scaled(abs(x)))
        M = {place: block.size for place, block in self.M.items()}
        right: Blocks = {}
        for (a, b), block in A.items():
            for k in {k for _, k, _ in self.rows if (b, k) in M}:
                right[a, k] = right.get((a, k), _NOTHING).plus(block.times(M[b, k]))
        out = np.zeros(len(self.rows))
        for r, ((j, k, W), left) in enumerate(zip(self.rows, self.row_sizes, strict=True)):
            for a in range(len(self.blocks)):
                if (j, a) in M and (a, k) in right:
                    out[r] += _trace_of_three(left, M[j, a], right[a, k], self.sizes[k], self.sizes[a])
            if (j, k) in M:
                out[r] += 8 * W.error.trace_with(M[j, k], self.sizes[k])
        return out

    def lost(self) -> bool:
        """Whether products fall below the range of doubles that a row is made of."""
        with np.errstate(divide="ignore"):
            M = {place: np.log10(x.largest) for place, x in self.M.items()}
            W, C = ([np.log10(x.largest) for *_, x in found] for found in (self.rows, self.targets))
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
            W.trace_with(self.M[j, k].size, self.sizes[k]) if (j, k) in self.M else 0.0
            for (j, k, _), W in zip(self.rows, self.row_sizes, strict=True)
        ])  # fmt: skip

    def diagonal(self, block: int) -> Array:
        """Return the diagonal of a diagonal block."""
        at = self.blocks.index(block)
        found = self.M[at, at]
        parts = [*(term.diagonal for term in found.dense), *([] if found.diagonal is None else [found.diagonal])]
        return np.asarray(sum(parts))


def _trace_of_three(a: Block, b: Block, c: Block, outer: int, inner: int) -> Any:
    """tr(a b c), a with `outer` rows and b with `inner` columns; no dense matrices multiplied that need not be."""
    if a.dense and b.dense and not c.dense:
        return c.times(a).trace_with(b, inner)
    return a.times(b).trace_with(c, outer)


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

    def turned(self, node: Matrix, row: int, col: int) -> Block:
        """Value of a coefficient in the bases of its spaces."""
        left, right = self.basis.get(self.spaces[row]), self.basis.get(self.spaces[col])
        scalar, base = self.cell.front(node)
        if left is not None and left is right:
            if node in left.diagonal:
                return Block(left.diagonal[node])
            if left.origin is not None and _is_power(base, left.origin):
                return Block(np.asarray(scalar * base.data.eigenvalues))
        value = self.cell.matrix(base)
        if value.ndim == 0 or (value.ndim == 1 and left is None and right is None):
            return Block(np.asarray(scalar * value))
        return Block.of(self._rotated(base, left, right), scalar)

    def _rotated(self, base: Matrix, left: _Basis | None, right: _Basis | None) -> Core:
        """Entries in the bases of both sides: kept with a declared matrix, where these are of declared ones too."""
        kept: dict[Any, Any] = self.cell.bases
        key: tuple[Any, ...] = (base, id(left), id(right))  # these bases live as long as the cell
        own = all(self.cell.sizes[space.name] == space.size for space in (base.rows, base.cols))
        if own and base.op == "deterministic" and all(x is None or x.origin is not None for x in (left, right)):
            origins = [x and x.origin.digest for x in (left, right)]
            kept, key = base.data.known, ("core", base.data.power, base.data.transposed, *origins)
        if key not in kept:
            dense = self.cell.matrix(base)
            dense = np.diag(dense) if dense.ndim == 1 else dense
            dense = dense if left is None else left.vectors.T @ dense
            kept[key] = Core(dense if right is None else dense @ right.vectors)
        core: Core = kept[key]
        return core


def _is_power(node: Matrix, origin: Any) -> bool:
    """Whether a node is a positive power of a declared matrix."""
    if node.op != "deterministic" or node.data.power <= 0:
        return False
    return (node.data.name, node.data.digest) == (origin.name, origin.digest)


def _powers_of_one(found: dict[Matrix, Array], cell: Cell) -> _Basis | None:
    """Eigenvectors of a declared matrix, where all are multiples of its positive powers, at its own size."""
    front = {node: cell.front(node) for node in found}
    first = next(iter(front.values()))[1]
    if first.op != "deterministic" or not first.data.symmetric:
        return None
    if not all(_is_power(base, first.data) for _, base in front.values()):
        return None
    if {x.shape for x in found.values()} != {first.data.value.shape}:
        return None
    diagonals = {node: np.asarray(scalar * base.data.eigenvalues) for node, (scalar, base) in front.items()}
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
