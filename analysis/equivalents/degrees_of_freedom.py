"""A reduced system in the quantities that authors write: kappa, df1, df2, at any precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.equivalents.export import evaluated
from solvable.analysis.equivalents.operator_form import check_operators
from solvable.analysis.equivalents.reduction import Equations
from solvable.analysis.equivalents.symbols_of_traces import Tr
from solvable.solvers.equivalents.matrix_expression import leaves
from solvable.solvers.equivalents.matrix_values import Cell
from solvable.solvers.equivalents.trace_expression import Trace
from solvable.solvers.validate import refuse

__all__ = ["check_reduction", "formula_and_quantities", "in_degrees_of_freedom", "joint_lists", "root"]

Lists = Mapping[str, tuple[Any, Any]]


def root(equations: Equations, values: Mapping[str, Any], lists: Lists) -> tuple[str, Any]:
    """Name and value of the one unknown, by bisection-safe secants from its value at the derivation's cell."""
    import mpmath as mp

    if len(equations.unknowns) != 1:
        raise refuse("unknowns", list(map(str, equations.unknowns)), "only a system in one unknown is solved here")
    ((unknown, equation),) = equations.unknowns.items()
    start = mp.mpf(equations.start[unknown])

    def at(log: Any) -> Any:
        return evaluated(equation, {**values, str(unknown): start * mp.exp(log)}, lists)

    found = mp.findroot(at, (mp.mpf(0), mp.mpf("0.01")), solver="secant", tol=mp.eps**1.5, verify=False)
    return str(unknown), start * mp.exp(found)  # of one sign: blocks may be negative


def in_degrees_of_freedom(equations: Equations) -> tuple[Any, Any] | None:
    """Return the value in n, kappa, df1, df2 and the matrix they belong to, where nothing else is in it."""
    if len(equations.unknowns) != 1:
        return None
    (kappa,) = equations.unknowns
    value = equations.value if equations.eliminated is None else equations.eliminated
    if {"df1", "df2"} & set(map(str, value.free_symbols)):  # declared, as something else
        return None
    df1, df2 = sp.symbols("df1 df2", positive=True)
    found, matrices = {}, set()
    for trace in value.atoms(Tr):
        names = trace.args[0].free_symbols - {kappa}
        if len(names) != 1:
            return None
        (s,) = names
        known = {s / (s + kappa): df1, s / (s + kappa) ** 2: (df1 - df2) / kappa, s**2 / (s + kappa) ** 2: df2}
        if trace.args[0] not in known:
            return None
        matrices.add((str(s), str(trace.args[1])))
        found[trace] = known[trace.args[0]]
    if len(matrices) != 1:
        return None
    return sp.factor(value.xreplace(found)), matrices.pop()


def joint_lists(trace: Trace, cell: Cell) -> dict[str, tuple[dict[str, Any], Any]]:
    """Diagonal matrices over the joint list of every space, and the multiplicities."""
    nodes = set().union(*(leaves(node) for _, node in trace.summands))
    found: dict[str, tuple[dict[str, Any], Any]] = {}
    for name, space in cell.spaces.items():
        own = {n.data.name: n for n in nodes if n.op == "deterministic" and n.rows == space}
        values = {key: cell.matrix(node) ** (1 / float(node.data.power)) for key, node in own.items()}
        length = max([v.size for v in values.values()], default=1)
        counts = cell.multiplicities(space)
        if length == 1:
            counts = np.array([float(cell.size(space))])
        found[name] = (
            {key: np.broadcast_to(v, (length,)) for key, v in values.items()},
            np.ones(length) if counts is None else counts,
        )
    return found


def formula_and_quantities(trace: Trace, equations: Equations) -> tuple[Any, Callable[[Cell], dict[str, Any]]]:
    """Return the value in kappa, df1 and df2 (None where it has other traces), and these at a cell."""
    if equations.operators:
        raise refuse("symbols", True, "a formula is compared where matrices commute in each space")
    written = in_degrees_of_freedom(equations)

    def quantities(cell: Cell) -> dict[str, Any]:
        lists = joint_lists(trace, cell)
        name, kappa = root(equations, cell.named, lists)
        found = {name: kappa}
        if written is not None:
            matrix, space = written[1]
            s, k = sp.Symbol(matrix, positive=True), sp.Symbol(name, positive=True)
            values = {**cell.named, name: kappa}
            for q in (1, 2):
                found[f"df{q}"] = evaluated(Tr((s / (s + k)) ** q, sp.Symbol(space, positive=True)), values, lists)
        return found

    return (None if written is None else written[0]), quantities


def _with_blocks(equations: Equations, values: Mapping[str, Any], lists: Lists) -> Lists:
    """Joint lists that also hold the blocks of resolvents, of every space whose matrices stand in them."""
    found = {space: (dict(matrices), counts) for space, (matrices, counts) in lists.items()}
    for symbol, expression in equations.blocks.items():
        symbols = sorted(expression.free_symbols, key=str)
        names, function = list(map(str, symbols)), sp.lambdify(symbols, expression)
        for matrices, counts in found.values():
            own = [name for name in names if name in matrices]
            if own or not any(name in other for other, _ in lists.values() for name in names):
                at = [matrices[name] if name in matrices else float(values[name]) for name in names]
                matrices[str(symbol)] = np.broadcast_to(np.asarray(function(*at), float), np.shape(counts))
    return found


def check_reduction(trace: Trace, cell: Cell, equations: Equations, value: float) -> None:
    """Hold the reduced system against the value of the unreduced one.

    Raises
    ------
    ArithmeticError
        They differ, or an equation does not vanish.
    """
    if equations.operators:
        check_operators(trace, cell, equations, value)
        return
    lists: Lists = joint_lists(trace, cell)
    values = {**cell.named, **{str(unknown): start for unknown, start in equations.start.items()}}
    if equations.blocks:
        lists = _with_blocks(equations, values, lists)
        equal = {u: right + u for u, right in equations.unknowns.items()} | equations.linear
        for unknown, right in equal.items():
            found, known = float(evaluated(right, values, lists)), equations.start[unknown]
            if not abs(found - known) <= 1e-6 * abs(known) + 1e-9 * abs(value):
                raise ArithmeticError(
                    f"the equation of {unknown} gives {found:.10g} and the unreduced ones {known:.10g}"
                )
    forms = [equations.value, *([] if equations.eliminated is None else [equations.eliminated])]
    for form in forms:
        found = float(evaluated(form, values, lists))
        if not abs(found - value) <= 1e-6 * abs(value):
            raise ArithmeticError(f"the reduced equations give {found:.10g} and the unreduced ones {value:.10g}")
