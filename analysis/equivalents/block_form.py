"""The equations of traces where they are not reduced: resolvents with their unknowns, and linear ones between them.

The blocks of M inside a resolvent stand for themselves, so that nothing large is inverted: the first-order unknowns tau
are given by traces of these blocks, the others, x, by equations that are linear level by level, the value by traces of
products of blocks.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from solvable.analysis.equivalents.symbols_of_traces import Tr, unused
from solvable.solvers.equivalents.pencil import Pencil

__all__ = ["BlockForm", "block_form"]

Places = dict[tuple[int, int], Any]


class BlockForm:
    """Blocks, first-order equations, linear equations and value.

    Attributes
    ----------
    blocks : dict
        Symbol of a block with its expression in the matrices and the first-order unknowns.
    first, linear : dict
        Unknown with what it equals.
    value : sympy expression
        The trace.
    start : dict
        Values of all unknowns at the cell of the derivation.
    """

    def __init__(self, taken: set[str]) -> None:
        """Start with nothing but the names that are declared."""
        self.blocks: dict[Any, Any] = {}
        self.first: dict[Any, Any] = {}
        self.linear: dict[Any, Any] = {}
        self.value: Any = sp.S.Zero
        self.start: dict[Any, float] = {}
        self.taken = taken
        self.between: set[Any] = set()
        self._names: dict[Any, list[list[Any]]] = {}
        self._resolvents: dict[Any, list[Any]] = {}

    def unknowns(self, pencil: Pencil, tau: Any) -> list[Any]:
        """Symbols of the unknowns of a pencil: one for all copies of a resolvent."""
        found: list[Any] = [None] * len(pencil.unknowns)
        for part, held in pencil.resolvents:
            if part.key not in self._resolvents:
                count, tau_ = sum(map(len, self._resolvents.values())), unused("tau", self.taken)
                self._resolvents[part.key] = [sp.Symbol(f"{tau_}_{count + k + 1}") for k in range(len(held))]
            for q, symbol in zip(held, self._resolvents[part.key], strict=True):
                found[q] = symbol
        for q, symbol in enumerate(found):
            if symbol is None:
                found[q] = sp.Symbol(f"{unused('x', self.taken)}_{len(self.between) + 1}")
                self.between.add(found[q])
            self.start[found[q]] = float(tau[q])
        return found

    def inner(self, diagonal: set[Any]) -> set[Any]:
        """Symbols that stay inside traces."""
        return diagonal | set(self.blocks)

    def connecting(self, block: Any) -> Any:
        """Block between two parts as it is written from then on."""
        return block

    def named(self, A: Places, part: list[int], spaces: list[Any]) -> list[list[Any]]:
        """Blocks of the inverse of one strongly connected part, as symbols with their expressions."""
        inner = sp.ImmutableMatrix([[A.get((i, j), sp.S.Zero) for j in part] for i in part])
        if inner not in self._names:
            inverse = inner.adjugate() / inner.det()
            rows = []
            for a in range(len(part)):
                row = []
                for b in range(len(part)):
                    entry = sp.factor(inverse[a, b])
                    if entry.is_number:
                        row.append(entry)
                        continue
                    symbol = sp.Symbol(f"{unused('M', self.taken)}_{len(self.blocks) + 1}")
                    self.blocks[symbol] = entry
                    row.append(symbol)
                rows.append(row)
            self._names[inner] = rows
        return self._names[inner]


def block_form(
    form: BlockForm, summands: list[Any], solved: list[Any], node: Any, scalar: Any, diagonal: set[Any]
) -> BlockForm:
    """Write the equations of traces into a form; `node` and `scalar` give the symbols of matrices and scalars."""
    for (factor, _), one in zip(summands, solved, strict=True):
        pencil = one.pencil
        tau = form.unknowns(pencil, one.tau)
        M = _inverse(form, pencil, tau, node)
        own = form.inner(diagonal)

        def traced(row: Any, M: Places = M, pencil: Pencil = pencil, own: set[Any] = own) -> Any:
            space = sp.Symbol(pencil.spaces[row.row].name, positive=True)
            return _traced(node(row.weight) * M.get((row.row, row.col), 0), space, own)

        for symbol, unknown in zip(tau, pencil.unknowns, strict=True):
            home = form.linear if symbol in form.between else form.first
            home[symbol] = scalar(unknown.variance) * traced(unknown)
        inner = sum((traced(row) for row in pencil.readouts), sp.S.Zero)
        if pencil.constant is not None:
            space = sp.Symbol(pencil.constant.rows.name, positive=True)
            inner += _traced(node(pencil.constant), space, own)
        form.value += scalar(factor) * inner
    return form


def _inverse(form: BlockForm, pencil: Pencil, tau: list[Any], node: Any) -> Places:
    A: Places = {place: node(matrix) for place, matrix in pencil.fixed.items()}
    for target in pencil.targets:
        place = (target.row, target.col)
        A[place] = A.get(place, 0) - tau[target.unknown] * node(target.coefficient)
    live = pencil.pattern
    parts: list[list[int]] = []
    for i in range(pencil.size):
        part = [j for j in range(pencil.size) if live[i, j] and live[j, i]]
        if part[0] == i:
            parts.append(part)
    parts.sort(key=lambda part: -int(live[part[0]].sum()))
    M: Places = {}
    for t, part in enumerate(parts):
        names = form.named(A, part, [sp.Symbol(pencil.spaces[i].name, positive=True) for i in part])
        M.update({(i, j): names[a][b] for a, i in enumerate(part) for b, j in enumerate(part)})
        for s in range(t - 1, -1, -1):
            _between(form, M, A, parts[s : t + 1], pencil)
    return M


def _between(form: BlockForm, M: Places, A: Places, parts: list[list[int]], pencil: Pencil) -> None:
    """M_st = -M_ss sum_r A_sr M_rt."""
    first, last = parts[0], parts[-1]
    for j in last:
        right = {
            i: sum((A[i, k] * M.get((k, j), 0) for r in parts[1:] for k in r if (i, k) in A), sp.S.Zero) for i in first
        }
        for i in first:
            if pencil.pattern[i, j]:
                M[i, j] = form.connecting(sp.expand(-sum((M[i, k] * x for k, x in right.items()), sp.S.Zero)))


def _traced(f: Any, space: Any, own: set[Any]) -> Any:
    total = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(f)):
        outside, inside = term.as_independent(*own, as_Add=False)
        total += outside * (Tr(inside, space) if inside != 1 else space)
    return total
