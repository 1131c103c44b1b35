"""The Dyson equation in numbers: blocks of M at given unknowns, its residual, its exact Jacobian, rounding errors.

Self-energy and unknowns as in `solvable.solvers.equivalents.pencil`. The Jacobian is analytic,

    d tau_p / d tau_q = v_p sum_{targets (i, l, C) of q} tr(W_p M_{j_p i} C M_{l k_p}),

and the same chains give the derivative of every readout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.commuting_group import CommutingGroup
from solvable.solvers.equivalents.matrix_values import Cell
from solvable.solvers.equivalents.mixed_group import MixedGroup
from solvable.solvers.equivalents.pencil import Pencil, Readout
from solvable.solvers.validate import refuse

__all__ = ["DysonSystem", "scaled_step", "units"]

Array = NDArray[Any]


class DysonSystem:
    """A pencil at the numbers of a cell.

    `update` sets the unknowns; the rows are first those of the unknowns, then the readouts. `scales` are the units of
    the shifts at the corners; Hermitisations keep `limit` of theirs whatever the shift.
    """

    def __init__(self, pencil: Pencil, cell: Cell, scales: Array | None = None, limit: float = 0.0) -> None:
        """Put numbers into the groups."""
        self.pencil, self.cell = pencil, cell
        rows = [*pencil.unknowns, *pencil.readouts]
        self.count = len(pencil.unknowns)
        used = {target.row for target in pencil.targets} | {row.row for row in rows}
        self.groups = [_group_of(pencil, blocks, cell, rows) for blocks in pencil.groups if used & set(blocks)]
        self.places = [np.ix_(group.row_ids, group.target_ids) for group in self.groups]
        kind: Any = object if cell.exact else float
        self.variance = np.array([cell.scalar(u.variance) for u in pencil.unknowns], kind)
        self.unknown_of = np.array([t.unknown for t in pencil.targets], int)
        self.gather = np.zeros((len(pencil.targets), self.count), int if cell.exact else float)
        self.gather[np.arange(len(pencil.targets)), self.unknown_of] = 1
        size = pencil.size
        self.real = np.full((size, size), 0.0, kind)
        self.imaginary = np.zeros((size, size))
        self.held = np.full((size, size), 0.0, kind)
        scales = np.ones(len(pencil.corners)) if scales is None else scales
        for corner, scale in zip(pencil.corners, scales, strict=True):
            self.real[corner.row, corner.col] = corner.sign * scale
            if corner.limit:
                self.held[corner.row, corner.col] = corner.sign * scale * limit
            if corner.row == corner.col and not corner.limit:
                self.imaginary[corner.row, corner.row] = scale

    def update(self, tau: Array, strength: float = 1.0, shift: complex = 0.0) -> None:
        """Compute M at the unknowns, for Gaussians times sqrt(strength) and inverses shifted by `shift` scales."""
        self.strength = strength
        x = tau[self.unknown_of]
        if isinstance(shift, complex):
            moved: Array = self.held + self.real * shift.real + 1j * self.imaginary * shift.imag
        else:
            moved = self.held + self.real * shift
        for group in self.groups:
            group.update(x, moved)

    def _gathered(self, what: str) -> Array:
        parts = [(group.row_ids, getattr(group, what)()) for group in self.groups]
        kind = np.result_type(*(part.dtype for _, part in parts)) if parts else float
        out = np.zeros(self.count + len(self.pencil.readouts), kind)
        for ids, part in parts:
            out[ids] = part
        return out

    def _weighted(self, rows: Array) -> Array:
        rows[: self.count] = rows[: self.count] * self.variance * self.strength
        return rows

    def rows(self) -> Array:
        """Right-hand sides of the unknowns, then the readouts."""
        return self._weighted(self._gathered("traces"))

    def magnitudes(self) -> Array:
        """Sums of absolute terms of the rows."""
        return self._weighted(self._gathered("magnitudes"))

    def roundings(self) -> Array:
        """First-order rounding errors of the rows in units of eps."""
        return self._weighted(self._gathered("roundings"))

    def lost(self) -> bool:
        """Whether doubles are too narrow for what the rows are made of."""
        return not self.cell.exact and any(group.lost() for group in self.groups)

    def jacobian(self) -> Array:
        """Derivatives of the rows with respect to the unknowns."""
        size = self.count + len(self.pencil.readouts)
        parts = [group.chains() for group in self.groups]
        kind = np.result_type(float, *(part.dtype for part in parts))
        out = np.zeros((size, len(self.unknown_of)), kind)
        for place, part in zip(self.places, parts, strict=True):
            out[place] = part
        total = out @ self.gather
        total[: self.count] = total[: self.count] * (self.variance * self.strength)[:, None]
        return np.asarray(total)

    def diagonal(self, block: int) -> Array:
        """Diagonal of a diagonal block of M."""
        (group,) = (group for group in self.groups if block in group.blocks)
        return group.diagonal(block)


def units(tau: Array, magnitudes: Array) -> Array:
    """Scale of every unknown: itself, or what it is a difference of where it vanishes."""
    size, floor = np.abs(tau), 1e-12 * np.abs(magnitudes)
    return np.where(size > floor, size, np.where(magnitudes > 0, magnitudes, 1.0))


def scaled_step(J: Array, right: Array, scale: Array) -> Array:
    """Solve (1 - J) x = right in unknowns and equations in units of `scale`."""
    matrix = np.eye(len(right)) - J * scale[None, :] / scale[:, None]
    return np.asarray(scale * np.linalg.solve(matrix, right / scale))


def _group_of(pencil: Pencil, blocks: list[int], cell: Cell, rows: Sequence[Readout]) -> CommutingGroup | MixedGroup:
    """Return the group of those blocks, with the rows and targets that stand in it."""
    inside = set(blocks)
    own_rows = [k for k, row in enumerate(rows) if row.row in inside]
    own_targets = [k for k, target in enumerate(pencil.targets) if target.row in inside]
    nodes = [node for (i, _), node in pencil.fixed.items() if i in inside]
    nodes += [rows[k].weight for k in own_rows] + [pencil.targets[k].coefficient for k in own_targets]
    one_space = len({pencil.spaces[i] for i in blocks}) == 1
    if one_space and all(cell.matrix(cell.front(node)[1]).ndim < 2 for node in nodes):
        return CommutingGroup(pencil, blocks, cell, rows, own_rows, own_targets, nodes)
    if cell.exact:
        raise refuse("digits", "more than double", "matrices that do not commute are computed in doubles")
    return MixedGroup(pencil, blocks, cell, rows, own_rows, own_targets)
