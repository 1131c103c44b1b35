"""Deterministic equivalent of a sum of traces at one cell: parts solved once, linear unknowns, value, error bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.dyson import DysonSystem, scaled_step, units
from solvable.solvers.equivalents.dyson_path import Fold, Path, Pole, detour, shift_path, variance_path
from solvable.solvers.equivalents.matrix_expression import Matrix
from solvable.solvers.equivalents.matrix_values import Cell, check_variances, names_of, traced
from solvable.solvers.equivalents.pencil import Pencil, compiled_pencil
from solvable.solvers.equivalents.ridge_limit import RATIOS, continued, limit_of, with_ridge
from solvable.solvers.equivalents.scalar_expression import Scalar
from solvable.solvers.equivalents.sizes_of_arguments import is_positive, largest, least
from solvable.solvers.equivalents.smaller_gram import through_smaller_gram
from solvable.solvers.equivalents.trace_expression import Trace
from solvable.solvers.solution import Status

__all__ = ["CellValue", "Solved", "is_hermitised", "solve_trace", "solved_as_written"]

Array = NDArray[Any]
Summands = list[tuple[Scalar, Matrix]]
_EPS = float(np.finfo(float).eps)
_DIGITS = 40
_FEW = 60  # unknowns for which more digits are a matter of seconds
_FIRST_RIDGE = 1e-6  # of a limit, in units of the arguments
_MOST_STEPS = 24  # of Newton at many digits
_NEWTON_STEPS = 12  # between parts, besides one for each level
_ROUNDINGS = 4  # of a scalar in front, its product and the sum
ERROR_THAT_IS_REFINED = 1e-9

pencil_of = lru_cache(maxsize=256)(compiled_pencil)


@dataclass(frozen=True)
class CellValue:
    """Value of a cell, with the scaled residual, a first-order bound of the relative error, and how it ended."""

    value: float
    residual: float
    status: Status
    iterations: int
    error: float
    note: str = ""


@dataclass
class Solved:
    """One trace: its equation with the unknowns found."""

    scalar: Any
    pencil: Pencil
    system: DysonSystem
    tau: Array
    value: Any
    residual: float
    error: float  # absolute
    lost: bool = False  # products below the range of doubles: other digits are needed


class _Parts:
    """Parts that were solved at a cell, shared among its traces."""

    def __init__(self, cell: Cell, limit: float) -> None:
        self.cell, self.limit = cell, limit
        self.found: dict[Any, Array] = {}
        self.iterations = 0

    def tau(self, part: Pencil) -> Array:
        key = part.key
        if key not in self.found:
            path = _path(part, self.cell, self.limit)
            self.iterations += path.iterations
            self.found[key] = path.tau
        return self.found[key]


def _path(part: Pencil, cell: Cell, limit: float) -> Path:
    """Choose the path: shifts for positive arguments, the variance else, a detour where that folds."""
    sizes = [largest(corner.argument, cell) for corner in part.corners]
    system = DysonSystem(part, cell, np.array(sizes), limit)
    positive = [corner.limit or is_positive(corner.argument, cell) for corner in part.corners]
    if all(positive):
        ridges = [limit if c.limit else least(c.argument, cell) / s for c, s in zip(part.corners, sizes, strict=True)]
        path = shift_path(system, min(ridges, default=1.0))
        _check_signs(system, part, path.tau)
        return path
    try:
        return variance_path(system)
    except Fold as fold:
        around = detour(system)
        if around is None:
            raise fold from None
        return around


def _check_signs(system: DysonSystem, part: Pencil, tau: Array) -> None:
    """Resolvents of positive matrices are positive: another root is an error, never an answer."""
    system.update(tau)
    for corner in part.corners:
        if not corner.limit and corner.row == corner.col and np.any(system.diagonal(corner.row) * corner.sign <= 0):
            raise ArithmeticError("the root found is not that of a positive matrix")


def _linear(system: DysonSystem, tau: Array, known: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Solve the unknowns between parts, given those inside; return them and the Jacobian.

    They enter level by level, so that every Newton step ends one level at least. Without parts (polynomials) they are
    functions of those of levels below: substitution ends, and adds terms of one sign where Newton would subtract.
    """
    free = np.flatnonzero(~known)
    count = system.count
    substitutions = 3 if np.any(known) else count + 1  # three: the sizes of what is unknown
    for _ in range(substitutions):
        system.update(tau)
        before, tau = tau, np.where(known, tau, system.rows()[:count])
        if np.array_equal(before, tau):
            break
    for _ in range(_NEWTON_STEPS + system.pencil.size):
        system.update(tau)
        J = system.jacobian()
        if not free.size:
            return tau, J
        scale = units(tau, np.abs(system.magnitudes()[:count]))
        right = system.rows()[:count] - tau
        if not np.any(right[free]):
            break
        step = scaled_step(J[np.ix_(free, free)], right[free], scale[free])
        tau = tau.copy()
        tau[free] += step
        if np.max(np.abs(step) / scale[free]) < 1e-14:
            break
    system.update(tau)
    return tau, J


def _solved(scalar: Any, node: Matrix, cell: Cell, parts: _Parts, hermitise: bool) -> Solved:
    pencil = pencil_of(node, hermitise)
    tau = np.zeros(len(pencil.unknowns))
    known = np.zeros(len(pencil.unknowns), bool)
    for part, held in pencil.resolvents:
        tau[held], known[held] = parts.tau(part), True
    scales = np.array([largest(corner.argument, cell) if corner.limit else 1.0 for corner in pencil.corners])
    system = DysonSystem(pencil, cell, scales, parts.limit)
    tau, J = _linear(system, tau, known)
    return _read(scalar, system, tau, J)


def _read(scalar: Any, system: DysonSystem, tau: Array, J: Array) -> Solved:
    """Value, residual and the first-order bound of rounding errors through the adjoint of the equation."""
    count, pencil, cell = system.count, system.pencil, system.cell
    rows, rounding = system.rows(), np.abs(system.roundings())
    value, error = np.sum(rows[count:]), float(np.sum(rounding[count:]))
    if pencil.constant is not None:
        matrix = cell.matrix(pencil.constant)
        space = pencil.constant.rows
        fixed = traced(cell.array(1.0), matrix, cell.size(space), cell.multiplicities(space))
        value, error = value + fixed, error + float(abs(fixed))
    residual = 0.0
    if count:
        scale = units(tau, np.abs(system.magnitudes()[:count]))
        missed = np.abs(tau - rows[:count]) / scale
        residual = float(np.max(missed))
        gradient = np.asarray(np.sum(J[count:], axis=0) * scale, float)
        matrix = np.asarray(np.eye(count) - J[:count] * scale[None, :] / scale[:, None], float)
        adjoint = np.linalg.solve(matrix.T, gradient)
        errors = rounding[:count] / scale + missed / _unit_of(cell)  # what no step removed is an error too
        error += float(np.sum(np.abs(adjoint) * np.asarray(errors, float)))
    return Solved(scalar, pencil, system, tau, value, residual, error, system.lost())


def _unit_of(cell: Cell) -> Any:
    """Unit of rounding errors: eps of doubles, or of the digits mpmath is set to."""
    if not cell.exact:
        return _EPS
    import mpmath as mp

    return mp.mpf(10) ** -mp.mp.dps


def _refined(solved: Solved, exact: Cell, scalar: Scalar, start: Array | None = None) -> Solved:
    """Newton and readout at more digits, from the doubles or another start."""
    system = DysonSystem(solved.pencil, exact)
    tau = _exact_root(system, solved.tau if start is None else start)
    system.update(tau)
    return _read(exact.scalar(scalar), system, tau, system.jacobian())


def _exact_root(system: DysonSystem, start: Array) -> Array:
    """Newton at the digits mpmath is set to."""
    import mpmath as mp

    tau = np.array([mp.mpf(x) for x in start], object)
    last = mp.inf
    for _ in range(_MOST_STEPS if system.count else 0):
        system.update(tau)
        J, value = system.jacobian(), system.rows()[: system.count]
        scale = units(tau, np.abs(system.magnitudes()[: system.count]))
        right = (value - tau) / scale
        matrix = mp.eye(system.count) - mp.matrix((J[: system.count] * scale[None, :] / scale[:, None]).tolist())
        step = np.array(list(mp.lu_solve(matrix, mp.matrix(right.tolist()))), object)
        tau = tau + step * scale
        size = max(abs(x) for x in step)
        if size < mp.mpf(10) ** (10 - mp.mp.dps) or (size < mp.mpf(10) ** (-0.6 * mp.mp.dps) and size > 0.1 * last):
            break
        last = size
    return tau


def rewritten(trace: Trace, cell: Cell) -> list[tuple[Scalar, Matrix]]:
    """Return the summands through the smaller Gram matrices, equal ones joined."""
    found: dict[Matrix, Scalar] = {}
    for scalar, node in trace.summands:
        front, made = through_smaller_gram(node, cell)
        for inner, base in _terms(made):
            found[base] = found.get(base, Scalar.of(0)) + scalar * front * inner
    return [(scalar, node) for node, scalar in found.items() if scalar.number != 0]


def _terms(node: Matrix) -> Sequence[tuple[Scalar, Matrix]]:
    return node.args if node.op == "sum" else ((Scalar.of(1), node),)


def is_hermitised(trace: Trace) -> bool:
    """Whether an inverse in it is taken by its Hermitisation, if by any means."""
    return any(corner.limit for _, node in trace.summands for corner in pencil_of(node, True).corners)


def solve_trace(trace: Trace, cell: Cell, hermitise: bool = False) -> tuple[CellValue, list[Solved]]:
    """Value of a sum of traces at a cell, and the equations it was read from.

    Raises
    ------
    Fold
        The spectrum reaches a shift.
    """
    check_variances(trace, cell)
    summands = rewritten(trace, cell)
    if hermitise and is_hermitised(trace):
        return _extrapolated(summands, cell)
    try:
        return _at(summands, cell, hermitise, 0.0)
    except (Pole, ZeroDivisionError):  # Q = (1 - F'Q~F)/ridge at ridge 0
        for scalar, _ in trace.summands:
            cell.scalar(scalar)  # what is divided by zero as it is written has no value
        return _limit(trace, cell)


def solved_as_written(summands: Summands, cell: Cell) -> list[Solved]:
    """Return the equations of traces in the form they were given, solved at a cell."""
    parts = _Parts(cell, 0.0)
    return [_solved(cell.scalar(scalar), node, cell, parts, False) for scalar, node in summands]


def _at(summands: Summands, cell: Cell, hermitise: bool, limit: float) -> tuple[CellValue, list[Solved]]:
    parts = _Parts(cell, limit)
    try:
        solved = [_solved(cell.scalar(scalar), node, cell, parts, hermitise) for scalar, node in summands]
    except np.linalg.LinAlgError:
        raise ArithmeticError("blocks of the resolvent are singular to rounding") from None
    error, value = _total(solved)
    unsettled = any((s.lost or s.residual > ERROR_THAT_IS_REFINED) and s.system.count <= _FEW for s in solved)
    if (unsettled or error > ERROR_THAT_IS_REFINED * abs(value)) and not limit and not _is_mixed(solved):
        import mpmath as mp

        with mp.workdps(_DIGITS):
            exact = cell.converted(_precise)
            solved = [_refined(s, exact, scalar) for s, (scalar, _) in zip(solved, summands, strict=True)]
            value = float(sum(s.scalar * s.value for s in solved))
            error = float(sum(abs(s.scalar) * s.error for s in solved)) * 10.0**-_DIGITS + _EPS * abs(value)
    if any(s.lost for s in solved) or not np.isfinite(value):
        raise ArithmeticError("products of its matrices are beyond the range of doubles; choose other units")
    residual = max((s.residual for s in solved), default=0.0)
    relative = error / abs(value) if value else error
    status = Status.CONVERGED if residual <= 1e-9 and relative < 1 else Status.MAX_ITERATIONS
    return CellValue(float(value), residual, status, parts.iterations, relative), solved


def _limit(trace: Trace, cell: Cell) -> tuple[CellValue, list[Solved]]:
    """Limit of the traces as the ridge goes to 0, at many digits, where there is no root at 0."""
    import mpmath as mp

    found = with_ridge(trace, cell)
    if found is None:
        raise ArithmeticError("several ridges are 0, and the limit may depend on their ratio")
    trace, at = found
    first = at(0.0)
    summands = rewritten(trace, at(1.0))
    arguments = [c.argument for _, node in summands for c in pencil_of(node).corners]
    top = _FIRST_RIDGE * max([largest(argument, first) for argument in arguments], default=1.0)
    before, last = (_at(summands, at(ridge), False, 0.0) for ridge in (10 * top, top))
    if _is_mixed(last[1]) or any(s.system.count > _FEW for s in last[1]):
        raise ArithmeticError("there is no root at ridge 0, and limits are taken of few matrices that commute")
    with mp.workdps(2 * _DIGITS):
        path = _ExactPath(before[1], last[1])
        values, roundings, ridge = [], [], mp.mpf(top)
        for k, ahead in enumerate(RATIOS):
            ridge = ridge * mp.mpf(ahead)
            exact = at(ridge).converted(_precise)
            path.advance(exact, ahead)
            if k >= len(RATIOS) - 5:
                solved = path.read(exact, summands)
                values.append(mp.fsum(s.scalar * s.value for s in solved))
                roundings.append(mp.fsum(abs(s.scalar) * s.error for s in solved) * mp.mpf(10) ** (-2 * _DIGITS))
        value, error = limit_of(values, roundings)
    iterations = last[0].iterations
    if np.isinf(value):
        return CellValue(value, 0.0, Status.DIVERGES, iterations, 0.0, "infinite as the ridge goes to 0"), []
    if not set(names_of(trace)) <= set(
        cell.scalars
    ):  # a ridge that nobody wrote: it makes a pseudo-inverse of an inverse
        raise ArithmeticError("an inverse may not exist: add a ridge to its argument by name, and take that as 0")
    relative = error / abs(value) + _EPS if value else error
    return CellValue(value, 0.0, Status.CONVERGED, iterations, relative), []


class _ExactPath:
    """Roots of all resolvents along a ridge that goes to 0, at many digits, and the traces there."""

    def __init__(self, before: list[Solved], last: list[Solved]) -> None:
        self.last, self.ratio = last, 0.1
        self.tau: dict[Any, tuple[Pencil, Array, Array]] = {}
        for old, new in zip(before, last, strict=True):
            for part, held in new.pencil.resolvents:
                self.tau[part.key] = (part, old.tau[held], new.tau[held])

    def advance(self, exact: Cell, ahead: float) -> None:
        """Go to a ridge `ahead` times the last one."""
        for key, (part, old, tau) in self.tau.items():
            guess = continued(old, tau, self.ratio, ahead)
            system = DysonSystem(part, exact)
            found = _exact_root(system, guess)
            system.update(found)
            scale = units(found, np.abs(system.magnitudes()))
            far = any(abs(x - y) > 0.5 * abs(y) for x, y in zip(found, guess, strict=True))
            if far or max(np.abs(system.rows() - found) / scale) > 10.0**-_DIGITS:
                raise ArithmeticError("the root is lost as the ridge goes to 0")
            self.tau[key] = (part, tau, found)
        self.ratio = ahead

    def read(self, exact: Cell, summands: Summands) -> list[Solved]:
        """Unknowns between resolvents, linear given these, and the traces."""
        found = []
        for solved, (scalar, _) in zip(self.last, summands, strict=True):
            start = np.array(solved.tau, object)
            for part, held in solved.pencil.resolvents:
                start[held] = self.tau[part.key][2]
            found.append(_refined(solved, exact, scalar, start))
        return found


def _extrapolated(summands: Summands, cell: Cell) -> tuple[CellValue, list[Solved]]:
    """Value at x = 0 of a Hermitisation by a polynomial through geometric nodes: at 0 its root is not isolated."""
    nodes = 0.02 * 2.0 ** -np.arange(9)
    found = [_at(summands, cell, True, x) for x in nodes]
    table = np.array([value.value for value, _ in found])
    ends = [table[-1]]
    for k in range(1, len(nodes)):
        table = table[1:] + (table[1:] - table[:-1]) * nodes[k:] / (nodes[:-k] - nodes[k:])
        ends.append(table[-1])
    value, solved = found[-1]
    best = int(np.argmin(np.abs(np.diff(ends)))) + 1
    error = float(abs(ends[best] - ends[best - 1]) / abs(ends[best])) + value.error
    iterations = sum(v.iterations for v, _ in found)
    return CellValue(float(ends[best]), value.residual, value.status, iterations, error), solved


def _precise(number: Any) -> Any:
    import mpmath as mp

    return mp.mpf(number.numerator) / number.denominator if isinstance(number, Fraction) else mp.mpf(number)


def _total(solved: list[Solved]) -> tuple[float, float]:
    value = float(sum(s.scalar * s.value for s in solved))
    # the scalars in front and the last sum are rounded too
    return _EPS * float(sum(abs(s.scalar) * (s.error + _ROUNDINGS * abs(s.value)) for s in solved)), value


def _is_mixed(solved: list[Solved]) -> bool:
    return any(type(group).__name__ == "MixedGroup" for s in solved for group in s.system.groups)
