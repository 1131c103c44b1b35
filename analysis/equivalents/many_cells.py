"""A system in one effective ridge at many cells at once: a table of its traces brackets the root, Newton ends it.

The ridge of a cell is given by kappa, lambda = F(kappa): above the largest root F rises, so that root is the highest
place of a table at which log F crosses log lambda. The traces are functions of kappa alone, shared by all cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from solvable.analysis.equivalents.reduction import Equations
from solvable.analysis.equivalents.symbols_of_traces import opaque
from solvable.solvers.equivalents.bracketed_newton import bracketed_newton
from solvable.solvers.solution import Status
from solvable.solvers.validate import refuse

__all__ = ["ManyCells", "Roots"]

Array = NDArray[np.float64]
Lists = Mapping[str, tuple[Mapping[str, Any], Any]]
_NODES, _DECADES, _EPS = 600, 26, float(np.finfo(float).eps)
_CHUNK = 2**21  # terms of a sum at once


class Roots(NamedTuple):
    """Flat cells: values, scaled residuals, steps of Newton, first-order bounds of the relative rounding errors."""

    value: Array
    residual: Array
    converged: NDArray[np.bool_]
    iterations: NDArray[np.int64]
    error: Array

    def rows(self) -> list[list[Any]]:
        """Columns of a solution: value, residual, status, iterations, error."""
        status = np.where(self.converged, int(Status.CONVERGED), int(Status.MAX_ITERATIONS))
        return [column.tolist() for column in (self.value, self.residual, status, self.iterations, self.error)]


class ManyCells:
    """Compiled equation and value of a reduced system.

    Parameters
    ----------
    equations : Equations
        In one effective ridge, with the ridge explicit.
    lists : mapping
        For every space the matrices over its joint list by name, and the multiplicities: the same in all cells.

    Raises
    ------
    ValueError
        The system is another one.
    """

    def __init__(self, equations: Equations, lists: Lists) -> None:
        """Compile functions of kappa, of the traces, and their derivatives."""
        if len(equations.unknowns) != 1 or not equations.explicit:
            raise refuse("unknowns", list(map(str, equations.unknowns)),
                         "all cells at once need one effective ridge that gives the ridge explicitly")  # fmt: skip
        (self.kappa,) = equations.unknowns
        ((self.ridge, right),) = equations.explicit.items()
        both, self.back = opaque(sp.Tuple(right, equations.eliminated))
        self.F, self.V = both
        names = {s for t in self.back.values() for s in t.args[0].free_symbols} - {self.kappa}
        known = {name for matrices, _ in lists.values() for name in matrices}
        if not {str(s) for s in names} <= known:
            raise refuse("traces", sorted(map(str, names)), "all cells at once need traces in matrices and kappa alone")
        self.scalars = sorted((self.F.free_symbols | self.V.free_symbols) - set(self.back) - {self.kappa}, key=str)
        self.lists = lists
        arguments = [self.kappa, *self.scalars, *self.back]
        slopes = [sp.Dummy("dT") for _ in self.back]
        self.value = sp.lambdify(arguments, self.V, cse=True)
        self.right = sp.lambdify(arguments, self.F, cse=True)

        def along(f: Any) -> Any:
            """Derivative in kappa, that of the traces included."""
            parts = (sp.diff(f, T) * dT for T, dT in zip(self.back, slopes, strict=True))
            return sp.diff(f, self.kappa) + sum(parts, sp.S.Zero)

        self.slope = sp.lambdify([*arguments, *slopes], along(self.F), cse=True)
        self.value_slope = sp.lambdify([*arguments, *slopes], along(self.V), cse=True)
        parts = [*self.scalars, *self.back]
        self.condition = [
            sp.lambdify(arguments, sum((sp.Abs(sp.diff(f, s) * s) for s in parts), sp.S.Zero), cse=True)
            for f in (self.F, self.V)
        ]
        self.terms = [self._term(t, 0) for t in self.back.values()]
        self.derivatives = [self._term(t, 1) for t in self.back.values()]

    def _term(self, trace: Any, order: int) -> tuple[Any, list[Array], Array]:
        f = sp.diff(trace.args[0], self.kappa, order) if order else trace.args[0]
        matrices, counts = self.lists[str(trace.args[1])]
        own = sorted(trace.args[0].free_symbols - {self.kappa}, key=str)
        values = [np.asarray(matrices[str(s)], float) for s in own]
        return sp.lambdify([self.kappa, *own], f, cse=True), values, np.asarray(counts, float)

    def _traces(self, terms: list[tuple[Any, list[Array], Array]], kappa: Array) -> list[Array]:
        found = []
        for function, values, counts in terms:
            step = max(1, _CHUNK // counts.size)
            parts = [function(kappa[i : i + step, None], *values) @ counts for i in range(0, kappa.size, step)]
            found.append(np.concatenate(parts))
        return found

    def solve(self, values: Mapping[str, Array]) -> Roots:
        """Solve flat cells; those without a positive ridge, or without a crossing in the table, do not converge."""
        scalars = [np.asarray(values[str(s)], float) for s in self.scalars]
        ridge = np.asarray(values[str(self.ridge)], float)
        with np.errstate(all="ignore"):
            low, high = self._brackets(scalars, ridge)
            fine = np.isfinite(low)
            at = np.flatnonzero(fine)
            count = ridge.size
            value, residual, error = (np.full(count, np.nan) for _ in range(3))
            out = Roots(value, residual, np.zeros(count, bool), np.zeros(count, np.int64), error)
            if at.size:
                self._polish(out, at, [s[at] for s in scalars], ridge[at], low[at], high[at])
        return out

    def _brackets(self, scalars: list[Array], ridge: Array) -> tuple[Array, Array]:
        """Highest interval of the table where log F - log ridge changes from negative to positive."""
        size = max(float(np.max(v)) for _, values, _ in self.terms for v in values) if self.terms else 1.0
        top = np.log(max(float(np.max(ridge, initial=0.0)), size)) + 12
        x = np.linspace(top - _DECADES * np.log(10) - 12, top, _NODES)
        traces = self._traces(self.terms, np.exp(x))
        low = np.full(ridge.size, np.nan)
        high = low.copy()
        step = max(1, _CHUNK // _NODES)
        for i in range(0, ridge.size, step):
            part = slice(i, i + step)
            columns = [s[part, None] for s in scalars]
            F = self.right(np.exp(x)[None, :], *columns, *(T[None, :] for T in traces))
            above = np.broadcast_to(ridge[part, None] < F, (ridge[part].size, x.size))
            last = x.size - 1 - np.argmax(~above[:, ::-1], axis=1)  # the highest place below
            found = (ridge[part] > 0) & above[:, -1] & ~above.all(axis=1)
            low[part] = np.where(found, x[last], np.nan)
            high[part] = np.where(found, x[np.minimum(last + 1, x.size - 1)], np.nan)
        return low, high

    def _polish(self, out: Roots, at: Any, scalars: list[Array], ridge: Array, low: Array, high: Array) -> None:
        logs = np.log(ridge)

        def evaluate(x: Array, index: Any) -> tuple[Array, Array]:
            kappa = np.exp(x)
            own, traces = [s[index] for s in scalars], self._traces(self.terms, kappa)
            F = self.right(kappa, *own, *traces)
            slope = self.slope(kappa, *own, *traces, *self._traces(self.derivatives, kappa))
            return np.where(F > 0, np.log(F) - logs[index], -np.inf), slope * kappa / F

        found = bracketed_newton(evaluate, low, high, (low + high) / 2)
        kappa = np.exp(found.x)
        traces, changes = self._traces(self.terms, kappa), self._traces(self.derivatives, kappa)
        F, value = self.right(kappa, *scalars, *traces), self.value(kappa, *scalars, *traces)
        moved = self.value_slope(kappa, *scalars, *traces, *changes)
        slope = self.slope(kappa, *scalars, *traces, *changes)
        rounding = [f(kappa, *scalars, *traces) for f in self.condition]
        error = 8 * _EPS * (rounding[1] + np.abs(moved / slope) * (rounding[0] + np.abs(F)))
        out.value[at], out.residual[at] = value, np.abs(F / ridge - 1)
        out.converged[at] = found.converged & np.isfinite(value)
        out.iterations[at], out.error[at] = found.iterations, error / np.abs(value)
