"""The Dyson equation in symbols: unknowns merged, eliminated and named, until effective ridges are left.

Steps: symbolic inverse of the small block matrices; unknowns that vanish or coincide at two generic instances are
dropped or merged, and the merged equations verified; unknowns without a trace of their own are substituted; linear
factors s + kappa of denominators name effective ridges; a ridge that the equation of one gives explicitly is put
everywhere; unknowns that enter linearly are solved for (`elimination`); what is left is written in one basis of traces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.equivalents.block_form import BlockForm, block_form
from solvable.analysis.equivalents.elimination import explicit, linear, name_ridges, ridge_first
from solvable.analysis.equivalents.operator_form import OperatorForm, has_dense
from solvable.analysis.equivalents.symbols_of_nodes import declared, node_as_operator, node_as_symbol, scalar_as_symbol
from solvable.analysis.equivalents.symbols_of_traces import cancelled, opaque, pulled, substituted, tidy, unused
from solvable.analysis.equivalents.time_limit import finished
from solvable.solvers.equivalents.matrix_expression import Matrix, leaves
from solvable.solvers.equivalents.matrix_leaves import Space
from solvable.solvers.equivalents.matrix_values import Cell, resized
from solvable.solvers.equivalents.pencil import Pencil
from solvable.solvers.equivalents.ridge_limit import ridges
from solvable.solvers.equivalents.trace_equation import Solved, solved_as_written
from solvable.solvers.equivalents.trace_expression import Trace
from solvable.solvers.validate import refuse

__all__ = ["Equations", "by_blocks", "reduced"]

_SAME = 1e-9  # of two unknowns at a generic instance: the equations are then compared in symbols
_LIST = 5  # eigenvalues of a generic instance


@dataclass
class Equations:
    """A reduced system.

    Attributes
    ----------
    unknowns : dict
        Each unknown with the expression that vanishes at it.
    value : sympy expression
        The trace in terms of the unknowns.
    explicit : dict
        Ridges that an equation gives explicitly, ``lambda = ...``, with the value free of them.
    eliminated : sympy expression or None
        The value with these put in.
    steps : list of str
        What was done, in sentences.
    start : dict
        Values of the unknowns at the cell of the derivation.
    linear : dict
        Where the reduction did not end in time: unknowns between resolvents with what they equal, linear in them.
    blocks : dict
        There too: symbols of the blocks of resolvents, which the equations are written in, with what they equal.
    operators : bool
        Whether matrices and blocks do not commute: a number is then a multiple of the identity.
    spaces : dict
        There, the dimensions of each matrix of blocks.
    """

    unknowns: dict[Any, Any]
    value: Any
    explicit: dict[Any, Any] = field(default_factory=dict)
    eliminated: Any = None
    steps: list[str] = field(default_factory=list)
    start: dict[Any, float] = field(default_factory=dict)
    linear: dict[Any, Any] = field(default_factory=dict)
    blocks: dict[Any, Any] = field(default_factory=dict)
    operators: bool = False
    spaces: dict[Any, list[Any]] = field(default_factory=dict)


class _GenericCell(Cell):
    """A cell a few per cent away, with a short list of eigenvalues: two unknowns that agree here agree always."""

    def __init__(self, cell: Cell, seed: int) -> None:
        """Move sizes, scalars and eigenvalues at random."""
        self._rng = np.random.default_rng(seed)
        moved = lambda values: {k: v * self._rng.uniform(0.95, 1.05) for k, v in values.items()}  # noqa: E731
        super().__init__(cell.spaces, moved(cell.scalars), moved(cell.sizes))
        self._moved: dict[str, Any] = {}

    def multiplicities(self, space: Space) -> Any:
        """Equal ones."""
        return np.full(_LIST, self.sizes[space.name] / _LIST)

    def _given(self, node: Matrix) -> Any:
        data = node.data
        if data.value.ndim == 2:
            raise refuse(data.name, data.value.shape, "symbols need matrices that commute: give joint eigenvalues")
        if data.name not in self._moved:
            value = resized(data.value, data.value.size, _LIST) if data.value.ndim else data.value
            # a number stands for a matrix too: in symbols it is one among the others
            self._moved[data.name] = value * self._rng.uniform(0.9, 1.1, _LIST)
        return np.asarray(self._moved[data.name] ** float(data.power))


def _inverse_blocks(pencil: Pencil, tau: list[Any]) -> dict[tuple[int, int], Any]:
    """Blocks of M in symbols, group by group."""
    found: dict[tuple[int, int], Any] = {}
    for blocks in pencil.groups:
        if len({pencil.spaces[i] for i in blocks}) > 1:
            raise refuse("trace", "a deterministic matrix between two spaces", "symbols need square commuting matrices")
        A: dict[tuple[int, int], Any] = {}
        for (i, j), node in pencil.fixed.items():
            if i in blocks:
                A[i, j] = A.get((i, j), 0) + node_as_symbol(node)
        for target in pencil.targets:
            if target.row in blocks:
                place = (target.row, target.col)
                A[place] = A.get(place, 0) - tau[target.unknown] * node_as_symbol(target.coefficient)
        found.update(_triangular_inverse(A, blocks, pencil))
    return found


def _triangular_inverse(A: dict[tuple[int, int], Any], blocks: list[int], pencil: Pencil) -> dict[tuple[int, int], Any]:
    """Inverse by strongly connected parts: adjugates inside, M_st = -M_ss sum_r A_sr M_rt between them."""
    live = pencil.pattern
    parts: list[list[int]] = []
    for i in blocks:
        part = [j for j in blocks if live[i, j] and live[j, i]]
        if part[0] == i:
            parts.append(part)
    parts.sort(key=lambda part: -int(live[part[0]].sum()))
    M: dict[tuple[int, int], Any] = {(i, j): sp.S.Zero for i in blocks for j in blocks}
    for t, part in enumerate(parts):
        inner = sp.Matrix([[A.get((i, j), sp.S.Zero) for j in part] for i in part])
        inverse = inner.adjugate() / inner.det()
        for a, i in enumerate(part):
            for b, j in enumerate(part):
                M[i, j] = inverse[a, b]
        for s in range(t - 1, -1, -1):
            for j in part:
                right = {
                    i: sum((A[i, k] * M[k, j] for r in parts[s + 1 : t + 1] for k in r if (i, k) in A), sp.S.Zero)
                    for i in parts[s]
                }
                for i in parts[s]:
                    M[i, j] = -sum((M[i, k] * x for k, x in right.items()), sp.S.Zero)
    return M


class _System:
    """Unknowns of all traces together, merged, with their equations."""

    def __init__(self, solved: list[Solved], generic: list[list[Solved]], summands: list[Any]) -> None:
        """Merge what is equal at every instance, and write the equations."""
        names = set().union(*(leaves(node) for _, node in summands))
        self.diagonal = {sp.Symbol(n.data.name, positive=True) for n in names if n.op == "deterministic"}
        self.solved, self.summands, self.taken = solved, summands, declared(summands)
        self.numbers: dict[Any, float] = {}
        self._traces: dict[Any, Any] = {}
        columns = [np.concatenate([s.tau for s in run] or [np.zeros(0)]) for run in (*generic, solved)]
        apart: set[int] = set()  # equal at the root, by other equations
        while True:
            zero, same = _coincidences(columns[:-1], apart)
            tau, right = self._equations(zero, same)
            wrong = {
                q for q, r in enumerate(right)
                if (zero[q] or same[q] != q) and not _vanishes(r if zero[q] else r - right[same[q]])
            }  # fmt: skip
            if not wrong:
                break
            apart |= wrong
        live = [q for q in range(len(tau)) if same[q] == q and not zero[q]]
        self.start = {tau[q]: float(columns[-1][q]) for q in live}
        self.equations = {tau[q]: right[q] for q in live}
        self.unknowns = list(self.equations)
        sizes, lost = ", ".join(str(s.pencil.size) for s in solved), len(tau) - sum(zero) - len(live)
        self.steps = [
            f"Pencils of {sizes} blocks with {len(tau)} unknowns: {sum(zero)} vanish, {lost} have the equations of "
            f"others, {len(live)} are left."
        ]

    def _equations(self, zero: list[bool], same: list[int]) -> tuple[list[Any], list[Any]]:
        """Unknowns as symbols and their right-hand sides; the value, too."""
        live = [q for q in range(len(zero)) if same[q] == q and not zero[q]]
        stem = unused("tau", self.taken)
        symbol = {q: sp.Symbol(f"{stem}_{k + 1}") for k, q in enumerate(live)}
        tau = [sp.S.Zero if z else symbol[same[q]] for q, z in enumerate(zero)]
        right: list[Any] = []
        self.value, self._traces = sp.S.Zero, {}
        for (scalar, _), one in zip(self.summands, self.solved, strict=True):
            pencil = one.pencil
            M = _inverse_blocks(pencil, tau[len(right) : len(right) + len(pencil.unknowns)])
            right += [scalar_as_symbol(u.variance) * self._trace(u, M, pencil) for u in pencil.unknowns]
            inner = sum((self._trace(r, M, pencil) for r in pencil.readouts), sp.S.Zero)
            if pencil.constant is not None:
                inner += pulled(node_as_symbol(pencil.constant), _dimension(pencil.constant.rows), self.diagonal)
            self.value += scalar_as_symbol(scalar) * inner
        return tau, right

    def _trace(self, row: Any, M: dict[tuple[int, int], Any], pencil: Pencil) -> Any:
        key = node_as_symbol(row.weight) * M[row.row, row.col], _dimension(pencil.spaces[row.row])
        if key not in self._traces:  # copies of a resolvent have the same ones
            self._traces[key] = pulled(*key, self.diagonal)
        return self._traces[key]

    def substitute(self, old: Any, new: Any) -> None:
        """Put an expression for a symbol everywhere."""
        self.equations.pop(old, None)
        *equations, self.value = substituted(self.everything, old, new, self.diagonal)
        self.equations = dict(zip(self.equations, equations, strict=True))

    @property
    def everything(self) -> Any:
        """Right-hand sides and the value: what is done to a trace is done once."""
        return sp.Tuple(*self.equations.values(), self.value)


def _vanishes(expression: Any) -> bool:
    """Whether it cancels, its traces as they are."""
    return bool(cancelled(expression) == 0)


def _coincidences(columns: list[Any], apart: set[int]) -> tuple[list[bool], list[int]]:
    """Which unknowns vanish at every instance, and the first one that each is equal to, but for those held apart."""
    zero = [all(abs(c[q]) < 1e-12 * np.abs(c).max() for c in columns) for q in range(len(columns[0]))]
    same = list(range(len(zero)))
    for q in range(len(same)):
        for p in range(q):
            merged = same[p] == p and not (zero[p] or zero[q] or q in apart)
            if merged and all(abs(c[p] - c[q]) <= _SAME * abs(c[q]) for c in columns):
                same[q] = p
                break
    return zero, same


def _dimension(space: Space) -> Any:
    return sp.Symbol(space.name, positive=True)


def reduced(trace: Trace, cell: Cell, ridge: str | None = None, seconds: float = 60.0) -> Equations:
    """Reduce the equations of a trace.

    Where a matrix is dense, the equations are those of the blocks as matrices.

    Parameters
    ----------
    trace : Trace
        What is reduced.
    cell : Cell
        Where the numbers of the start are taken.
    ridge : str, optional
        The scalar that is eliminated; any that an equation gives explicitly by default.
    seconds : float
        After which the reduction is stopped, and the equations are given by blocks.

    Returns
    -------
    Equations
    """
    summands = [(scalar, node) for scalar, node in trace.summands if scalar.number != 0]
    if has_dense(trace):
        return by_operators(summands, cell)
    runs = [solved_as_written(summands, c) for c in (_GenericCell(cell, 1), _GenericCell(cell, 2), cell)]
    found: list[Equations] = []
    if finished(lambda: found.append(_reduced(summands, runs, cell, ridge)), seconds):
        return found[0]
    equations = by_blocks(trace, cell)
    equations.steps.append(f"The reduction did not end within {seconds:g} s: the equations are given by blocks.")
    return equations


def by_blocks(trace: Trace, cell: Cell) -> Equations:
    """Return the equations of first order and the linear ones, not reduced, in the blocks of the resolvents."""
    summands = [(scalar, node) for scalar, node in trace.summands if scalar.number != 0]
    names = set().union(*(leaves(node) for _, node in summands))
    diagonal = {sp.Symbol(n.data.name, positive=True) for n in names if n.op == "deterministic"}
    form = block_form(BlockForm(declared(summands)), summands, solved_as_written(summands, cell), node_as_symbol,
                      scalar_as_symbol, diagonal)  # fmt: skip
    steps = [f"{len(form.first)} equations of first order and {len(form.linear)} linear ones."]
    first = {tau: right - tau for tau, right in form.first.items()}
    return Equations(first, form.value, {}, None, steps, form.start, form.linear, form.blocks)


def by_operators(summands: list[Any], cell: Cell) -> Equations:
    """Return the equations in matrices that do not commute."""
    form = OperatorForm(declared(summands))
    block_form(form, summands, solved_as_written(summands, cell), node_as_operator, scalar_as_symbol, set())
    steps = [
        f"Matrices do not commute: {len(form.first)} equations of first order and {len(form.linear)} linear ones in "
        "traces of blocks, which are matrices; a number is a multiple of the identity."
    ]
    first = {tau: right - tau for tau, right in form.first.items()}
    return Equations(first, form.value, {}, None, steps, form.start, form.linear, form.blocks, True,
                     form.spaces)  # fmt: skip


def _reduced(summands: list[Any], runs: list[list[Solved]], cell: Cell, ridge: str | None) -> Equations:
    system = _System(runs[2], runs[:2], summands)
    system.numbers = {sp.Symbol(name, positive=True): float(v) for name, v in cell.named.items()}
    explicit(system)
    kappas = name_ridges(system)
    names = [ridge] if ridge else ridges(summands)
    ridge_first(system, kappas, names)
    linear(system, kappas)
    unknowns = {}
    for u, right in system.equations.items():
        single = u in kappas or len(system.equations) == 1
        unknowns[u] = _numerator(right - u, u) if single else tidy(right - u)
    value = tidy(system.value)
    start = {u: system.start[u] for u in unknowns}
    found = Equations(unknowns, value, {}, None, system.steps, start)
    _eliminate(found, names)
    _renumber(found, system.unknowns)
    return found


def _renumber(found: Equations, unknowns: list[Any]) -> None:
    """Number the unknowns that are left first, so that nobody asks where tau_1 is."""
    order = [u for u in unknowns if u in found.unknowns] + [u for u in unknowns if u not in found.unknowns]
    new = dict(zip(order, unknowns, strict=True))
    found.unknowns = {new.get(u, u): e.xreplace(new) for u, e in found.unknowns.items()}
    found.start = {new.get(u, u): value for u, value in found.start.items()}
    found.value = found.value.xreplace(new)
    found.explicit = {lam: e.xreplace(new) for lam, e in found.explicit.items()}
    found.eliminated = None if found.eliminated is None else found.eliminated.xreplace(new)
    names = {str(old): str(symbol) for old, symbol in new.items()}
    found.steps = [re.sub(r"\w+", lambda word: names.get(word[0], word[0]), step) for step in found.steps]


def _numerator(equation: Any, unknown: Any) -> Any:
    """Factor of the numerator that has the root: without monomials and spectators."""
    plain, back = opaque(cancelled(equation))
    factors = [f for f, _ in sp.factor_list(sp.numer(plain))[1] if f.has(unknown) and f != unknown]
    with_traces = [f for f in factors if f.free_symbols & set(back)]  # the others are roots of a denominator
    return sp.Mul(*(with_traces or factors)).xreplace(back)


def _eliminate(found: Equations, names: list[str]) -> None:
    """Solve the one equation left for a ridge that it has linearly, and put it into the value."""
    if len(found.unknowns) != 1:
        return
    ((unknown, equation),) = found.unknowns.items()
    plain, back = opaque(equation)
    for lam in (sp.Symbol(name, positive=True) for name in names):
        if lam not in plain.free_symbols:
            continue
        poly = sp.Poly(plain, lam)
        if poly.degree() != 1 or any(lam in t.free_symbols for t in back.values()):
            continue
        right = sp.factor(-poly.coeff_monomial(1) / poly.coeff_monomial(lam))
        both = {trace: dummy for dummy, trace in back.items()}
        value, more = opaque(found.value.xreplace(both))
        found.explicit[lam] = right.xreplace(back)
        found.eliminated = tidy(value.subs(lam, right)).xreplace({**back, **more})
        found.steps.append(f"{lam} is explicit in {unknown} and eliminated from the value.")
        return
