"""A system in one effective ridge at many cells at once: a table of its traces brackets the root, Newton ends it.

The ridge of a cell is given by kappa, lambda = F(kappa): above the largest root F rises, so that root is the highest
place of a table at which log F crosses log lambda. The traces are functions of kappa alone, shared by all cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from solvable.analysis.equivalents.reduction import Equations
from solvable.analysis.equivalents.symbols_of_traces import opaque
from solvable.solvers.equivalents.bracketed_newton import bracketed_newton
from solvable.solvers.solution import Status
from solvable.solvers.validate import refuse

__all__ = ["ManyCells", "Roots", "moderate"]

Array = NDArray[np.float64]
Lists = Mapping[str, tuple[Mapping[str, Any], Any]]
_NODES, _DECADES, _EPS = 600, 26, float(np.finfo(float).eps)
_GOOD, _LEAST = 1e-9, 1e-290  # of residual and error; of traces
_CHUNK = 2**15  # terms of a sum at once: they stay in cache


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


def moderate(cells: Sequence[dict[str, float]], names: Iterable[str], lists: Lists) -> dict[str, float]:
    """Cell whose named scalars are nearest to the largest eigenvalue: there a reduction tells unknowns apart."""
    sizes = [float(np.max(np.abs(v))) for matrices, _ in lists.values() for v in matrices.values()]
    unit, middle = max(sizes, default=0.0) or 1.0, len(cells) // 2

    def distance(k: int) -> tuple[float, int]:
        away = (abs(np.log(max(abs(cells[k][name]) / unit, 1e-300))) for name in names)
        return round(sum(away), 6), abs(k - middle)

    return cells[min(range(len(cells)), key=distance)]


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
        of_right, of_value = ([sp.diff(f, s) for s in arguments] for f in (self.F, self.V))
        self.right = sp.lambdify(arguments, self.F, cse=True)
        self.step = sp.lambdify(arguments, [self.F, of_right[0], *of_right[1 + len(self.scalars) :]], cse=True)
        self.everything = sp.lambdify(arguments, [self.F, self.V, *of_right, *of_value], cse=True)
        self.terms = [self._terms(space) for space in sorted({str(trace.args[1]) for trace in self.back.values()})]

    def _terms(self, space: str) -> tuple[Any, list[Array], Array, list[int]]:
        """Summands of the traces over one space and their derivatives in kappa, and which traces these are."""
        own = [k for k, trace in enumerate(self.back.values()) if str(trace.args[1]) == space]
        f = [trace.args[0] for trace in self.back.values() if str(trace.args[1]) == space]
        symbols = sorted(set().union(*(g.free_symbols for g in f)) - {self.kappa}, key=str)
        matrices, counts = self.lists[space]
        values = [np.asarray(matrices[str(s)], float) for s in symbols]
        both = [*f, *(sp.diff(g, self.kappa) for g in f)]
        return sp.lambdify([self.kappa, *symbols], both, cse=True), values, np.asarray(counts, float), own

    def _traces(self, kappa: Array) -> list[Array]:
        """Traces, then their derivatives."""
        count = len(self.back)
        found = np.empty((2 * count, kappa.size))
        for function, values, counts, own in self.terms:
            rows = [*own, *(count + k for k in own)]
            step = max(1, _CHUNK // counts.size)
            for i in range(0, kappa.size, step):
                at = kappa[i : i + step, None]
                for row, summands in zip(rows, function(at, *values), strict=True):
                    found[row, i : i + step] = np.broadcast_to(summands, (len(at), counts.size)) @ counts
        return list(found)

    def solve(self, values: Mapping[str, Array]) -> Roots:
        """Solve flat cells; those without a positive ridge, a crossing in the table, or nine digits do not converge."""
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
        size = max(float(np.max(v)) for _, values, _, _ in self.terms for v in values) if self.terms else 1.0
        top = np.log(max(float(np.max(ridge, initial=0.0)), size)) + 12
        x = np.linspace(top - _DECADES * np.log(10) - 12, top, _NODES)
        traces = self._traces(np.exp(x))[: len(self.back)]
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
        logs, count = np.log(ridge), len(self.back)

        def evaluate(x: Array, index: Any) -> tuple[Array, Array]:
            kappa = np.exp(x)
            traces = self._traces(kappa)
            F, *partial = self.step(kappa, *(s[index] for s in scalars), *traces[:count])
            slope = _along(partial, traces[count:])
            return np.where(F > 0, np.log(F) - logs[index], -np.inf), slope * kappa / F

        found = bracketed_newton(evaluate, low, high, (low + high) / 2)
        kappa = np.exp(found.x)
        traces = self._traces(kappa)
        given, changes = [*scalars, *traces[:count]], traces[count:]
        F, value, *partial = self.everything(kappa, *given)
        of_right, of_value = partial[: 1 + len(given)], partial[1 + len(given) :]
        slope, moved = (_along([f[0], *f[1 + len(scalars) :]], changes) for f in (of_right, of_value))
        at_right, at_value = (sum(map(np.abs, map(np.multiply, f[1:], given))) for f in (of_right, of_value))
        error = 8 * _EPS * (at_value + np.abs(moved / slope) * (at_right + np.abs(F)))
        out.value[at], out.residual[at] = value, np.abs(F / ridge - 1)
        out.iterations[at], out.error[at] = found.iterations, error / np.abs(value)
        # what the elimination cancels is left to the pencil; a trace that vanished does not show in the bound
        whole = (np.abs(np.array(traces[:count]).reshape(count, -1)) > _LEAST).all(axis=0)
        out.converged[at] = found.converged & whole & (np.maximum(out.residual[at], out.error[at]) <= _GOOD)


def _along(partial: list[Any], changes: list[Array]) -> Any:
    """Derivative in kappa of what has the partial derivatives in kappa and in traces, which change with it."""
    return partial[0] + sum(d * change for d, change in zip(partial[1:], changes, strict=True))
