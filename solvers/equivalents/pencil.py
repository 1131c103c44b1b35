"""Dyson equation of a realisation, as a structure: unknowns, what they enter, what they are read from, and its parts.

M = (D - Sigma)^{-1}; terms A Z B at block (i, j) and A' Z^T B' at (k, l) of one Gaussian of variance v give

    Sigma_il += tau A B',    tau = v tr(A' B M_jk),

one unknown tau for each (j, k, A' B, v). Nothing here knows numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.matrix_expression import Matrix, product
from solvable.solvers.equivalents.matrix_leaves import Space
from solvable.solvers.equivalents.realisation import Corner, Realisation, Term, realise_trace
from solvable.solvers.equivalents.scalar_expression import Scalar

__all__ = ["Pencil", "Readout", "Target", "Unknown", "compiled_pencil"]

Pattern = NDArray[np.bool_]


@dataclass(frozen=True)
class Target:
    """``Sigma_{row, col} += tau coefficient``."""

    unknown: int
    row: int
    col: int
    coefficient: Matrix


@dataclass(frozen=True)
class Readout:
    """``tr(weight M_{row, col})``."""

    row: int
    col: int
    weight: Matrix


@dataclass(frozen=True)
class Unknown(Readout):
    """``tau = variance tr(weight M_{row, col})``."""

    variance: Scalar
    name: str

    @property
    def order(self) -> tuple[int, int, int, str]:
        """What unknowns of a pencil are sorted by."""
        return self.row, self.col, self.weight.serial, repr(self.variance)


def closure(pattern: Pattern) -> Pattern:
    """Reflexive transitive closure."""
    closed = pattern | np.eye(len(pattern), dtype=bool)
    for k in range(len(closed)):
        closed |= closed[:, k : k + 1] & closed[k : k + 1, :]
    return closed


@dataclass
class Pencil:
    """Blocks, deterministic entries, unknowns and readouts of one trace, or of a part of it.

    Attributes
    ----------
    spaces : list of Space
        Of the blocks.
    fixed : dict
        Deterministic matrix at (row, col).
    terms : dict
        Terms in Gaussians at (row, col).
    unknowns, targets, readouts : list
        See the classes.
    corners : list of Corner
        Where shifts act.
    constant : Matrix or None
        Its trace is added.
    """

    spaces: list[Space]
    fixed: dict[tuple[int, int], Matrix]
    terms: dict[tuple[int, int], tuple[Term, ...]]
    corners: list[Corner]
    unknowns: list[Unknown]
    targets: list[Target]
    readouts: list[Readout]
    constant: Matrix | None = None

    @property
    def size(self) -> int:
        """Number of blocks."""
        return len(self.spaces)

    @cached_property
    def pattern(self) -> Pattern:
        """Which blocks of M may be non-zero."""
        return closure(_pattern(self.size, [*self.fixed, *((t.row, t.col) for t in self.targets)]))

    @cached_property
    def groups(self) -> list[list[int]]:
        """Blocks that deterministic entries or the self-energy connect, directly or not.

        In the order in which they are block upper triangular: then no pivot mixes parts, and nothing cancels where
        each part is one block (polynomials).
        """
        links = _pattern(self.size, [*self.fixed, *((t.row, t.col) for t in self.targets)])
        joined = closure(links | links.T)
        reach, both = self.pattern.sum(axis=1), self.pattern & self.pattern.T
        place = [(-reach[i], np.flatnonzero(both[i])[0], i) for i in range(self.size)]
        return [sorted(blocks, key=place.__getitem__) for blocks in _classes(joined)]

    @cached_property
    def parts(self) -> list[list[int]]:
        """Strongly connected blocks, the random entries counted: what one resolvent is made of."""
        random = [place for place, terms in self.terms.items() if terms]
        linked = closure(_pattern(self.size, [*self.fixed, *((t.row, t.col) for t in self.targets), *random]))
        return _classes(linked & linked.T)

    @cached_property
    def resolvents(self) -> list[tuple[Pencil, list[int]]]:
        """Parts that have unknowns: each as an equation by itself, and which of the unknowns it holds."""
        found = [self.part(blocks) for blocks in self.parts]
        return [(part, held) for part, held in found if held]

    def part(self, blocks: list[int]) -> tuple[Pencil, list[int]]:
        """Return the equation of a part by itself, and which of the unknowns it holds."""
        at = {block: k for k, block in enumerate(blocks)}
        inner_targets = [t for t in self.targets if t.row in at and t.col in at]
        found = {t.unknown for t in inner_targets if self.unknowns[t.unknown].row in at}
        # in one order, whatever stands around, so that copies of a resolvent have one key
        held = sorted(found, key=lambda q: self.unknowns[q].order)
        inner_targets.sort(key=lambda t: (t.row, t.col, t.coefficient.serial, self.unknowns[t.unknown].order))
        number = {q: k for k, q in enumerate(held)}
        corners = [c for c in self.corners if c.row in at]
        inner = Pencil(
            [self.spaces[i] for i in blocks],
            {(at[i], at[j]): node for (i, j), node in self.fixed.items() if i in at and j in at},
            {(at[i], at[j]): terms for (i, j), terms in self.terms.items() if i in at and j in at},
            [Corner(at[c.row], at[c.col], c.argument, c.sign, c.limit) for c in corners],
            [Unknown(at[u.row], at[u.col], u.weight, u.variance, u.name) for u in (self.unknowns[q] for q in held)],
            [
                Target(number[t.unknown], at[t.row], at[t.col], t.coefficient)
                for t in inner_targets
                if t.unknown in number
            ],
            [],
        )
        return inner, held

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Equal for copies of one resolvent; it holds the nodes, so that they stay what they are."""
        return (
            tuple(self.spaces),
            tuple(sorted(self.fixed.items(), key=lambda item: item[0])),
            tuple((u.row, u.col, u.weight, u.variance) for u in self.unknowns),
            tuple((t.unknown, t.row, t.col, t.coefficient) for t in self.targets),
            tuple(self.corners),
        )


def _pattern(size: int, places: Iterable[tuple[int, int]]) -> Pattern:
    found = np.zeros((size, size), bool)
    for place in places:
        found[place] = True
    return found


def _classes(equivalent: Pattern) -> list[list[int]]:
    return [[int(j) for j in np.flatnonzero(row)] for i, row in enumerate(equivalent) if np.flatnonzero(row)[0] == i]


def compiled_pencil(node: Matrix, hermitise: bool = False) -> Pencil:
    """Return the Dyson equation of the trace of an expression."""
    made = realise_trace(node, hermitise)
    size = made.size
    fixed = {(i, j): x.fixed for i in range(size) for j in range(size) if (x := made.L[i][j]).fixed is not None}
    terms = {(i, j): made.L[i][j].terms for i in range(size) for j in range(size) if made.L[i][j].terms}
    readouts = [
        Readout(i, j, product([v.fixed, u.fixed]))
        for i, u in enumerate(made.U)
        for j, v in enumerate(made.V)
        if u.fixed is not None and v.fixed is not None
    ]
    unknowns, targets = _paired(size, fixed, terms)
    pencil = Pencil(made.spaces, fixed, terms, made.corners, unknowns, targets, readouts, _constant(made))
    live = pencil.pattern
    pencil.readouts = [r for r in readouts if live[r.row, r.col]]
    return pencil


def _constant(made: Realisation) -> Matrix | None:
    return made.W.fixed


def _paired(
    size: int, fixed: dict[tuple[int, int], Matrix], terms: dict[tuple[int, int], tuple[Term, ...]]
) -> tuple[list[Unknown], list[Target]]:
    """Unknowns and targets whose M_jk is not structurally zero: the least fixed point of the pattern."""
    places = [(i, j, term) for (i, j), found in terms.items() for term in found]
    pairs = []
    for i, j, a in places:
        for k, l, b in places:
            if a.noise.name == b.noise.name and (a.noise.symmetric or a.noise.transposed != b.noise.transposed):
                weight, coefficient = product([b.left, a.right]), product([a.left, b.right])
                pairs.append(((j, k, weight, a.noise.variance), (i, l, coefficient)))
    live: list[bool] = [False] * len(pairs)
    while True:
        on = [target[:2] for (_, target), alive in zip(pairs, live, strict=True) if alive]
        reach = closure(_pattern(size, [*fixed, *on]))
        found = [bool(reach[unknown[0], unknown[1]]) for unknown, _ in pairs]
        if found == live:
            break
        live = found
    numbers: dict[Any, int] = {}
    targets = []
    for (unknown, (row, col, coefficient)), alive in zip(pairs, live, strict=True):
        if alive:
            targets.append(Target(numbers.setdefault(unknown, len(numbers)), row, col, coefficient))
    unknowns = [Unknown(j, k, weight, v, f"tau_{q + 1}") for (j, k, weight, v), q in numbers.items()]
    return unknowns, targets
