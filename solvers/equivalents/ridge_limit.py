"""What a trace tends to as a ridge goes to 0, where its equation has no root at 0 itself.

At a hard edge, such as n = d, the unknowns grow like a power of 1/ridge while traces may tend to numbers. They are read
at many digits, at ridges 10^-4 apart: differences that shrink by a constant ratio leave the limit (Aitken), differences
that do not shrink leave an infinite trace, with its sign.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from solvable.solvers.equivalents.matrix_expression import Matrix, combined, identity, product
from solvable.solvers.equivalents.matrix_values import Cell, names_of
from solvable.solvers.equivalents.scalar_expression import Scalar
from solvable.solvers.equivalents.trace_expression import Trace

__all__ = ["RATIOS", "continued", "limit_of", "ridges", "with_ridge"]

RATIOS = (0.1, 0.1, 0.01, *[1e-4] * 5)  # of one ridge to the one before: the limit is read at the last five
_SHRINKS = 0.8  # the ratio of differences, which is 1e-4 to the power of the exponent
_NOTHING = 1e-5  # of the last value, itself a power of 1e-24 or so: what an extrapolation to 0 leaves


def ridges(summands: Sequence[tuple[Scalar, Matrix]]) -> list[str]:
    """Names of the multiples of the identity inside inverses; those that are called ridges first."""
    found: set[str] = set()
    todo = [node for _, node in summands]
    while todo:
        node = todo.pop()
        inner = [a[1] if isinstance(a, tuple) else a for a in node.args]
        todo += inner
        if node.op == "inverse" and inner[0].op == "sum":
            shifts = [scalar for scalar, part in inner[0].args if part.op == "identity"]
            found |= {str(name) for scalar in shifts for name in scalar.names}
    return sorted(found, key=lambda name: (not name.startswith(("lam", "ridge", "delta")), name))


def with_ridge(trace: Trace, cell: Cell) -> tuple[Trace, Callable[[float], Cell]] | None:
    """Return a trace with one ridge to send to 0, and its cells: a named one, or one added to each random inverse.

    None where several named ridges are 0: the limit may depend on their ratio.
    """
    named = [name for name in ridges(trace.summands) if cell.scalars.get(name) == 0]
    if len(named) > 1:
        return None
    name = named[0] if named else "ridge"
    if not named:
        while name in names_of(trace) or name in cell.sizes:
            name += "_"
        shift = Scalar.named(name, 0.0)
        trace = Trace([(scalar, _shifted(node, shift)) for scalar, node in trace.summands])
    return trace, lambda ridge: Cell(cell.spaces, {**cell.scalars, name: ridge}, cell.sizes)


def _shifted(node: Matrix, shift: Scalar) -> Matrix:
    """Add a shift to the argument of every inverse that is random."""
    if node.op == "sum":
        return combined([(scalar, _shifted(inner, shift)) for scalar, inner in node.args], (node.rows, node.cols))
    if node.op == "product":
        return product([_shifted(factor, shift) for factor in node.args])
    if node.op == "inverse" and node.random:
        inner = _shifted(node.args[0], shift)
        return combined([(Scalar.of(1), inner), (shift, identity(inner.rows))]).inv()
    return node


def continued(before: Any, after: Any, ratio: float, ahead: float) -> Any:
    """Unknowns at a ridge `ahead` times the last one, by the powers that the last two show, of which `ratio` is."""
    import mpmath as mp

    grown = mp.log(ahead) / mp.log(ratio)
    pairs = zip(map(mp.mpf, before), map(mp.mpf, after), strict=True)
    return np.array([a * (a / b) ** grown if b * a > 0 else a for b, a in pairs], object)


def limit_of(values: Sequence[Any], roundings: Sequence[Any]) -> tuple[float, float]:
    """Limit of a quantity along ridges of one ratio, with its error; infinite where it grows on.

    Raises
    ------
    ArithmeticError
        The last values show neither.
    """
    *_, a, b, c, d = values
    first, second, third = b - a, c - b, d - c
    if abs(third) <= 8 * max(roundings[-3:]):
        return float(d), float(abs(third) + max(roundings[-3:]))
    ratio, earlier = third / second, second / first
    if abs(ratio - earlier) > 0.05 * max(abs(ratio), abs(earlier)):
        raise ArithmeticError("as the ridge goes to 0 the trace shows no power of it")
    if ratio > _SHRINKS:
        return float(np.copysign(np.inf, float(third))), 0.0
    end, end_before = d + third * ratio / (1 - ratio), c + second * earlier / (1 - earlier)
    if abs(end) <= _NOTHING * abs(d):
        return 0.0, float(abs(end - end_before))
    return float(end), float(abs(end - end_before) + max(roundings[-3:]) / (1 - ratio) ** 2)
