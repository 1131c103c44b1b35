"""`derive`: an expression in random matrices, its deterministic equivalent, and the verdict of its simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.claim import Claim
from solvable.analysis.verification.verifier import Verdict, verify
from solvable.solvers.equivalents.dyson_path import Fold
from solvable.solvers.equivalents.matrix_values import Cell, check_names, dimensions_of, names_of
from solvable.solvers.equivalents.trace_equation import is_hermitised, solve_trace
from solvable.solvers.equivalents.trace_expression import Trace
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import as_choice, as_finite, as_kind, as_positive, as_scalar, broadcast, refuse

if TYPE_CHECKING:
    from solvable.analysis.equivalents.export import RidgelessForm
    from solvable.analysis.equivalents.reduction import Equations

__all__ = ["Derivation", "TraceSolution", "derive"]

Array = NDArray[np.float64]


@record
class TraceSolution(Solution):
    """Value of a derived equivalent, arrays over the grid of its arguments.

    Attributes
    ----------
    error : ndarray
        First-order bound of the relative rounding error of `value`; what was above 1e-9 has been computed again at 40
        digits, where matrices inside inverses commute.
    """

    error: Array = field(default_factory=lambda: np.zeros(()))


@dataclass(frozen=True, eq=False, repr=False)
class Derivation:
    """What `derive` returns.

    Attributes
    ----------
    trace : Trace
        The expression.
    at : dict
        Sizes and scalars, arrays allowed.
    hermitise : bool
        Whether inverses of what is not self-adjoint were asked for.
    on_failure : {"raise", "warn", "ignore"}
        What happens where there is no value.
    seconds : float
        After which a reduction in symbols is stopped.
    """

    trace: Trace
    at: dict[str, Any]
    hermitise: bool
    on_failure: OnFailure
    seconds: float = 60.0

    def __repr__(self) -> str:
        """Show the expression and the cell."""
        return f"Derivation({self.trace!r}, at={self.at})"

    def _cell(self, values: Mapping[str, float]) -> Cell:
        spaces = dimensions_of(self.trace)
        scalars = {name: values[name] for name in names_of(self.trace)}
        return Cell(spaces, scalars, {name: values[name] for name in spaces})

    @cached_property
    def value(self) -> TraceSolution:
        """The equivalent, over the grid of `at`; its relative error as the sizes grow together is O(1/size).

        At a ridge of 0 it is the limit of small positive ridges, which may be infinite.
        """
        cells, shape = self._cells()
        return self._solution([self._one(cell) for cell in cells], shape)

    def _cells(self) -> tuple[list[dict[str, float]], tuple[int, ...]]:
        """Sizes and scalars of every cell, and the shape of the grid."""
        names = list(self.at)
        grid = broadcast(**{name: np.asarray(self.at[name], float) for name in names})
        flat = zip(*map(np.ravel, grid), strict=True)
        return [dict(zip(names, map(float, row), strict=True)) for row in flat], grid[0].shape if grid else ()

    def _solution(self, rows: list[tuple[float, float, int, int, float]], shape: tuple[int, ...]) -> TraceSolution:
        """Value, residual, status, iterations and error of the cells as arrays."""
        columns = [np.array(column) for column in zip(*rows, strict=True)] or [np.zeros(0)] * 5
        value, residual, status, iterations, error = columns
        solution = TraceSolution(
            value.reshape(shape), residual.reshape(shape), status.astype(np.int8).reshape(shape),
            iterations.astype(np.int64).reshape(shape), error=error.reshape(shape),
        )  # fmt: skip
        report_failures(solution, "derive", self.on_failure)
        return solution

    def _one(self, values: dict[str, float]) -> tuple[float, float, int, int, float]:
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                found, _ = solve_trace(self.trace, self._cell(values), self.hermitise)
        except ArithmeticError as error:
            if self.on_failure == "raise":
                raise self._refusal(values, error) from None
            status = Status.NO_SOLUTION if isinstance(error, Fold) else Status.MAX_ITERATIONS
            return np.nan, np.nan, int(status), 0, np.nan
        return found.value, found.residual, int(found.status), found.iterations, found.error

    @staticmethod
    def _refusal(values: Mapping[str, float], error: ArithmeticError, what: str = "derive") -> ValueError:
        where = ", ".join(f"{name} = {value:g}" for name, value in values.items())
        why = "a scalar divides by zero" if isinstance(error, ZeroDivisionError) else error
        return ValueError(f"{what} at {where} is not allowed: {why}.")

    @cached_property
    def reduced_value(self) -> TraceSolution:
        """The same numbers through the reduced equations, all cells at once: hundreds of times as fast.

        For one effective ridge, with spaces that have joint lists at one size in all cells. Cells with a ridge that is
        not positive, without a root in 26 decades, or where nine digits are not certain, go through the pencil as in
        `value`, and so do a few others, with which the reduction is compared.
        """
        from solvable.analysis.equivalents.degrees_of_freedom import joint_lists
        from solvable.analysis.equivalents.many_cells import ManyCells, moderate
        from solvable.analysis.equivalents.operator_form import has_dense

        cells, shape = self._cells()
        if not cells or self.hermitise:
            return self.value
        if has_dense(self.trace):
            raise refuse("at", list(self.at), "all cells at once need matrices that commute: take `value`")
        lists = joint_lists(self.trace, self._cell(cells[0]))
        start = moderate(cells, names_of(self.trace), lists)
        single = Derivation(self.trace, start, False, self.on_failure, self.seconds)
        columns = {name: np.array([cell[name] for cell in cells]) for name in cells[0]}
        for name, (_, counts) in lists.items():
            if np.size(counts) > 1 and np.ptp(columns[name]) > 0:
                raise refuse(f"at[{name!r}]", self.at[name], "all cells at once need one size of a space with a list")
        found = ManyCells(_equations_of(single), lists).solve(columns)
        rows = list(zip(*found.rows(), strict=True))
        for k in np.flatnonzero(~found.converged):
            rows[k] = self._one(cells[k])
        solved = np.flatnonzero(found.converged)
        for k in solved[:: max(1, solved.size // 4)]:
            known = self._one(cells[k])[0]
            if not abs(rows[k][0] - known) <= 1e-8 * abs(known):
                both = f"{rows[k][0]:.10g} and the unreduced ones {known:.10g}"
                raise ArithmeticError(f"the reduced equations give {both}")
        return self._solution(rows, shape)

    @cached_property
    def equations(self) -> Equations:
        """Reduced equations in sympy: unknowns, value, steps.

        Where matrices are dense they are those of the blocks as matrices, with traces of first order and linear ones.
        Where the reduction does not end in `seconds`, they are those of first order in the blocks of the resolvents,
        with the linear ones between resolvents.

        The value they give at this cell is compared with `value` before they are returned.
        """
        from solvable.analysis.equivalents.degrees_of_freedom import check_reduction
        from solvable.analysis.equivalents.reduction import reduced

        cell = self._cell(self._single())
        if self.hermitise and is_hermitised(self.trace):
            raise refuse("hermitise", True, "the limit of a Hermitisation is a number without equations: take `value`")
        try:
            found = reduced(self.trace, cell, seconds=self.seconds)
        except ArithmeticError as error:  # a fold or a pole: there are no numbers to compare with
            raise self._refusal(self._single(), error, "equations") from None
        check_reduction(self.trace, cell, found, float(self.value))
        return found

    def to_latex(self) -> str:
        """Equations and value as LaTeX."""
        from solvable.analysis.equivalents import export

        return export.to_latex(self.equations)

    def to_python(self) -> str:
        """Source of a module that computes the value with numpy alone.

        Where one effective ridge is left, its root is bracketed; else Newton's method starts from the unknowns of
        this derivation.
        """
        from solvable.analysis.equivalents import matrix_module, python_module
        from solvable.analysis.equivalents.reduction import by_blocks

        found = self.equations
        if found.operators:
            return matrix_module.module_of_matrices(found)
        if len(found.unknowns) == 1 and str(next(iter(found.unknowns))).startswith("kappa"):
            return python_module.module_of_one_ridge(found)
        blocks = found if found.blocks else by_blocks(self.trace, self._cell(self._single()))
        return python_module.module_of_blocks(blocks)

    def limit(self, ridge: str) -> RidgelessForm:
        """Exact form at ridge 0: the factors of the equation and the value, in which the ridge no longer stands.

        Parameters
        ----------
        ridge : str
            Name of the scalar.

        Returns
        -------
        RidgelessForm
        """
        from solvable.analysis.equivalents import export
        from solvable.analysis.equivalents.reduction import reduced

        found = self.equations
        named = as_kind("ridge", ridge, str, "it must be the name of a scalar") in names_of(self.trace)
        if named and ridge not in map(str, found.explicit):  # another one was eliminated
            found = reduced(self.trace, self._cell(self._single()), ridge, self.seconds)
        return export.ridgeless(found, ridge)

    def _single(self) -> dict[str, Any]:
        for name, value in self.at.items():
            if np.ndim(value):
                raise refuse(f"at[{name!r}]", value, "equations and claims have one cell: derive at single numbers")
        return {name: float(value) for name, value in self.at.items()}

    def claim(
        self,
        name: str,
        *,
        size: str | None = None,
        start: int | None = None,
        tolerance: float = 0.02,
        experiment: Callable[..., float] | None = None,
        symbols: bool = False,
    ) -> Claim:
        """Return the equivalent and the simulation of its expression as a claim.

        Parameters
        ----------
        name : str
            ``family/what``.
        size : str, optional
            The space whose dimension grows, all others in proportion; the first one by default.
        start : int, optional
            Its smallest dimension; that of the derivation by default. Joint eigenvalue lists follow by quantiles.
        tolerance : float
            Of the ratio of simulation and equivalent in the limit.
        experiment : callable, optional
            ``experiment(rng, **parameters) -> float``: your own simulation of the model, in place of the expression's.
            The parameters are `size` and all scalars. At a larger size each eigenvalue of a list stands there as
            often as its space has grown.
        symbols : bool
            Whether the equations are reduced in symbols: `check` may then compare at 50 digits, with kappa, and with
            df1 and df2 where one effective ridge of one matrix is left.

        Returns
        -------
        Claim
            Of kind ASYMPTOTIC; what `verify` and `check` take.

        Raises
        ------
        ValueError
            The derivation has more than one cell, or no such space.
        """
        from solvable.analysis.equivalents.derived_claim import claim_of

        return claim_of(self, name, size, start, tolerance, experiment, symbols)

    def verify(
        self,
        size: str | None = None,
        *,
        start: int | None = None,
        tolerance: float = 0.02,
        experiment: Callable[..., float] | None = None,
        rng: int = 0,
        most_draws: int | None = None,
    ) -> Verdict:
        """Simulate the expression, or `experiment`, at three sizes and judge the equivalent by it.

        Parameters
        ----------
        size, start, tolerance, experiment
            As `claim`.
        rng : int
            Root seed of the draws.
        most_draws : int, optional
            At most so many for each size.

        Returns
        -------
        Verdict
        """
        claim = self.claim("derived/expression", size=size, start=start, tolerance=tolerance, experiment=experiment)
        return verify(claim, seed=rng, most_draws=most_draws)


_reductions: dict[Any, Equations] = {}  # of the last expressions: values of scalars and sizes are no part of them
_MOST_REDUCTIONS = 32


def _equations_of(single: Derivation) -> Equations:
    """Reduced equations of an expression, whatever cell they were found at; numbers are to be compared there."""
    key = single.trace.summands
    if key not in _reductions:
        found = single.equations
        if found.blocks:  # not reduced in time
            return found
        if len(_reductions) >= _MOST_REDUCTIONS:
            _reductions.clear()
        _reductions[key] = found
    return _reductions[key]


def derive(
    trace: Trace,
    *,
    at: Mapping[str, Any] | None = None,
    hermitise: bool = False,
    on_failure: OnFailure = "raise",
    seconds: float = 60.0,
) -> Derivation:
    r"""Derive the deterministic equivalent of traces of a rational expression in Gaussian matrices.

    The expression becomes a linear pencil :math:`W + U L^{-1} V`, affine in the Gaussians, and the pencil the Dyson
    equation :math:`M = (D - \Sigma[M])^{-1}`, whose root is followed from small to full variance. As all sizes grow in
    proportion, the trace of the expression is the value up to a relative error of order 1/size.

    Parameters
    ----------
    trace : Trace
        Sums of scalars times `tr` of expressions in the matrices of a `MatrixModel`: independent Gaussian matrices with
        deterministic covariance on both sides and deterministic means, Wigner matrices, deterministic matrices.
    at : mapping, optional
        Values of scalars and dimensions by name, arrays allowed (they are broadcast); the declared ones otherwise.
    hermitise : bool
        Whether inverses of matrices that are not self-adjoint as written are meant; they are taken as the limit of
        their Hermitisation.
    on_failure : {"raise", "warn", "ignore"}
        What happens where there is no value: a refusal, or nan with a status.
    seconds : float
        After which a reduction in symbols (``.equations``) is stopped; the equations are then given by blocks.

    Returns
    -------
    Derivation
        ``.value`` (a `Solution` with an error bound), ``.verify()``, ``.claim(name)``; ``.equations``,
        ``.limit(ridge)``, ``.to_latex()``, ``.to_python()``.

    Raises
    ------
    TypeError
        `trace` is no sum of traces.
    ValueError
        A name that is not in it, or an inverse of what is not self-adjoint; at ``.value`` the spectrum of an inverse
        reaches zero.

    Notes
    -----
    Resolvents of F'F + ridge are taken through the smaller of F'F and FF', so no small ridge stands in for the
    ridgeless limit. What stands inside inverses costs O(eigenvalues) where it commutes, a dense inverse else.

    References
    ----------
    helton2018applications, far2008slow

    Examples
    --------
    >>> from solvable import MatrixModel, derive, tr
    >>> m = MatrixModel()
    >>> n, d = m.space("n", 200), m.space("d", 100)
    >>> lam = m.scalar("lambda", 0.1)
    >>> Z = m.gaussian("Z", n, d)
    >>> r = derive(tr((Z.T @ Z / n + lam).inv()) / d, at={"lambda": [0.1, 1.0]})
    >>> r.value.value.round(6)
    array([1.483315, 0.561553])
    """
    as_kind("trace", trace, Trace, "it must be a sum of traces; write tr( ... )")
    if not trace.summands:
        raise refuse("trace", trace, "it must have at least one trace")
    as_kind("hermitise", hermitise, bool, "it must be True or False")
    as_choice("on_failure", on_failure, ("warn", "raise", "ignore"))
    check_names(trace)
    spaces, names = dimensions_of(trace), names_of(trace)
    known: dict[str, Any] = {**names, **{name: space.size for name, space in spaces.items()}}
    for name, value in as_kind(
        "at", {} if at is None else at, Mapping, "it must be a mapping from names to values"
    ).items():
        if name not in known:
            raise refuse("at", name, f"the expression has {', '.join(known)}")
        known[name] = as_positive(name, value) if name in spaces else as_finite(name, value)
        if name in spaces and spaces[name].multiplicities is None and np.ndim(known[name]) == 0:
            known[name] = float(known[name])
    return Derivation(trace, known, hermitise, on_failure, as_scalar("seconds", seconds, as_positive))
